"""What a card says of a connection in a word."""

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import User

from integrations.models import IntegrationConnection, Status
from integrations.pages.cards import GROUPS, Card, chips

NOW = datetime(2026, 11, 29, 14, 2, tzinfo=UTC)
LATELY, LONG_AGO = NOW - timedelta(hours=1), NOW - timedelta(days=3)


def card(provider="meta", method="access_token", **facts):
    facts = {"status": Status.CONNECTED, "is_complete": True, **facts}
    return Card(IntegrationConnection(provider=provider, auth_method=method, **facts), NOW)


@pytest.mark.parametrize(
    ("facts", "tone", "text", "since"),
    [
        ({"proven_at": LATELY}, "ok", "Connected", None),
        ({}, "warn", "Not proven yet", None),
        ({"proven_at": LONG_AGO}, "warn", "Not proven since", LONG_AGO),
        (
            {"proven_at": LATELY, "unanswered_since": NOW},
            "warn",
            "No clear answer since",
            NOW,
        ),
        ({"status": Status.DISABLED, "proven_at": LATELY}, "off", "Disabled", None),
        ({"status": Status.ERROR}, "bad", "Error", None),
    ],
)
def test_a_card_says_no_more_than_is_known(facts, tone, text, since):
    pill = card(**facts).pill

    assert (pill.tone, pill.text, pill.since) == (tone, text, since)


def test_what_no_test_can_prove_is_grey_and_asks_for_nothing():
    page = card("fiverr", "public_page", unanswered_since=LONG_AGO)

    assert (page.pill.tone, page.pill.text) == ("idle", "Public page only")
    assert not page.is_unanswered
    assert page.attention is None


@pytest.mark.parametrize(
    ("shown", "group"),
    [
        (card(proven_at=LATELY), "proven"),
        (card(proven_at=LATELY, unanswered_since=NOW), "proven"),
        (card(), "attention"),
        (card(proven_at=LATELY, expires_at=NOW), "attention"),
        (card(status=Status.ERROR, last_error="No."), "attention"),
        (card("fiverr", "public_page"), "unprovable"),
        (card(status=Status.DISABLED), "disabled"),
        (card(status=Status.NOT_CONNECTED), "not_connected"),
    ],
)
def test_each_card_is_in_one_group(shown, group):
    assert shown.group == group
    assert [name for name, _ in GROUPS if shown.is_shown_by(name)] == [group]


def test_the_counts_add_up_to_all():
    shown = [card(), card(proven_at=LATELY), card("fiverr", "public_page"), card(status="disabled")]

    counts = {chip.value: chip.count for chip in chips(shown, "proven")}

    assert counts.pop("") == 4
    assert counts == dict.fromkeys(["attention", "proven", "unprovable", "disabled"], 1) | {
        "not_connected": 0
    }


def test_a_group_that_none_is_in_has_no_chip_where_it_is_rare():
    values = [chip.value for chip in chips([card()], "")]

    assert values == ["", "attention", "proven", "not_connected", "disabled"]


def test_a_filter_of_another_day_shows_all():
    assert card().is_shown_by("connected")
    assert [chip.value for chip in chips([card()], "connected") if chip.is_chosen] == [""]


def test_who_reported_is_named_and_whether_a_test_has_passed_since():
    reported = {"status": Status.ERROR, "reported_error": "No rows.", "reported_at": LATELY}
    ana = User(username="ana", first_name="Ana", last_name="Alt")

    assert card(**reported, reported_by=ana).reporter == "Ana Alt"
    assert card(**reported).reporter == "Another system"
    assert card(**reported).is_only_reported
    assert not card(**reported, last_error="Refused.").is_only_reported
    assert card(**reported, proven_at=NOW).has_passed_since_report
    assert not card(**reported, proven_at=LONG_AGO).has_passed_since_report
