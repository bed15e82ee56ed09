"""How a page orders and counts the cards."""

import pytest

from integrations.models import Status
from integrations.pages import sections
from tests.integrations.pages.test_cards import BROKEN, LATELY, card


def test_the_counts_add_up_to_all():
    shown = [card(), card(proven_at=LATELY), card("fiverr", "public_page"), card(status="disabled")]

    counts = {chip.value: chip.count for chip in sections.chips(shown, "proven")}

    assert counts.pop("") == 4
    found = dict.fromkeys(["unproven", "proven", "unprovable", "disabled"], 1)
    assert sum(counts.values()) == 4
    assert {group: count for group, count in counts.items() if count} == found


def test_a_rare_group_that_none_is_in_has_no_chip_unless_it_is_chosen():
    def values(chosen):
        found = sections.chips([card(proven_at=LATELY)], chosen)
        return [chip.value for chip in found if not chip.is_hidden]

    assert values("") == ["", "error", "proven", "not_connected"]
    assert values("disabled") == ["", "error", "proven", "disabled", "not_connected"]


@pytest.mark.parametrize(
    ("shown", "said"),
    [
        ([card(**BROKEN), card()], "1 of 2 platforms needs someone now"),
        ([card(**BROKEN), card(**BROKEN)], "2 of 2 platforms need someone now"),
        ([card(), card(proven_at=LATELY)], "1 of 2 platforms will need someone"),
        ([card(status=Status.NOT_CONNECTED)], "Nothing is connected yet"),
        (
            [card(proven_at=LATELY), card(status=Status.NOT_CONNECTED)],
            "Everything that is connected works",
        ),
    ],
)
def test_the_headline_is_the_state_of_all(shown, said):
    assert sections.headline(shown) == said


def test_the_sections_are_burning_first_and_what_stops_most_before_the_rest():
    shown = [card("calendly"), card("meta"), card("reddit", **BROKEN)]

    found = [(section.slug, [one.slug for one in its]) for section, its in sections.of(shown)]

    assert found == [("now", ["reddit"]), ("soon", ["meta", "calendly"])]


def test_a_filter_of_another_day_is_all():
    found = sections.chips([card()], "connected")

    assert [chip.value for chip in found if chip.is_chosen] == [""]
