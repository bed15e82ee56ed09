"""What a strip and its figures say of days."""

from datetime import date, timedelta

import pytest

from integrations.models import ConnectionDay
from integrations.pages import record
from integrations.pages.record import Figures
from integrations.services.watching.states import State

TODAY = date(2026, 11, 23)
ALL_DAY = 86400


def day(ago, **seconds):
    named = {f"{state}_seconds": length for state, length in seconds.items()}
    return ConnectionDay(day=TODAY - timedelta(days=ago), **named)


def strip(*days, length=30, now=State.PROVEN):
    return record.strip(days, TODAY, length, now=now)


def states(*days, **more):
    return [str(cell.state) for cell in strip(*days, **more).cells]


@pytest.mark.parametrize(
    ("seconds", "state"),
    [
        pytest.param({"proven": ALL_DAY}, State.PROVEN, id="proven"),
        pytest.param({"proven": ALL_DAY - 60, "error": 60}, State.ERROR, id="a minute in error"),
        pytest.param({"proven": ALL_DAY - 59, "error": 59}, State.PROVEN, id="less than that"),
        pytest.param({"silent": 4000, "error": 3000, "proven": 9}, State.ERROR, id="the worst"),
        pytest.param({"silent": 60, "unproven": 80000}, State.SILENT, id="no answer"),
        pytest.param({"unproven": 600, "proven": 80000}, State.UNPROVEN, id="not proven"),
        pytest.param({"off": ALL_DAY}, State.OFF, id="off"),
        pytest.param({"off": 80000, "proven": 6400}, State.PROVEN, id="connected in the evening"),
        pytest.param({"unproven": 9, "proven": 20}, State.PROVEN, id="seconds after midnight"),
    ],
)
def test_a_day_is_told_by_the_worst_that_lasted_a_minute(seconds, state):
    assert record.state_of(day(1, **seconds)) is state


def test_a_day_without_a_sum_is_one_on_which_nothing_was_connected():
    assert states(day(1, proven=ALL_DAY), length=4) == ["off", "off", "proven", "proven"]


def test_today_is_as_bad_as_it_is_now():
    assert states(day(0, proven=3000), length=1, now=State.ERROR) == ["error"]
    assert states(day(0, error=3000), length=1, now=State.PROVEN) == ["error"]


def test_ninety_days_are_drawn_in_about_as_many_letters_as_a_paragraph():
    each = [day(ago, **{list(State)[ago % 5]: ALL_DAY}) for ago in range(90)]
    paths = strip(*each, length=90).paths

    assert [state for state, _ in paths] == list(State)
    assert sum(len(path) for _, path in paths) < 1400


def test_each_state_has_a_shape_of_its_own():
    assert len({line for line, _ in record.BARS.values()}) == len(State)


def test_the_sentence_names_what_was_wrong_and_when():
    shown = strip(
        *(day(ago, proven=ALL_DAY) for ago in range(1, 19)),
        day(20, error=ALL_DAY),
        day(21, silent=ALL_DAY),
        length=23,
        now=State.ERROR,
    )

    assert shown.sentence.replace("\N{NO-BREAK SPACE}", " ") == (
        "In error on 2 days (3 Nov, today), without an answer on 1 day (2 Nov) "
        "and off or not connected on 1 day; proven on the other 18. The record begins on 2 Nov."
    )


def test_the_sentence_stays_short_after_a_bad_month():
    shown = strip(*(day(ago, error=ALL_DAY) for ago in range(30)))

    assert shown.sentence.replace("\N{NO-BREAK SPACE}", " ") == (
        "In error on 30 days (20 Nov, 21 Nov, 22 Nov, today, 26 more before)."
    )


def test_the_sentence_of_a_good_month_is_short():
    assert strip(*(day(ago, proven=ALL_DAY) for ago in range(30))).sentence == (
        "Proven on every day."
    )


def test_uptime_counts_the_time_of_which_an_answer_is_known():
    """No answer and no question make it neither better nor worse; they are not proven."""
    quarter = ALL_DAY // 4
    figures = Figures("", [day(1, proven=quarter, error=quarter, silent=quarter, unproven=quarter)])

    assert (figures.uptime[:2], figures.proven[:2]) == ("50", "25")


def test_what_was_off_lowers_nothing():
    figures = Figures("", [day(1, off=ALL_DAY), day(2, proven=ALL_DAY)])

    assert figures.uptime == figures.proven == "100\N{NO-BREAK SPACE}%"


def test_of_what_nothing_is_known_there_is_no_uptime():
    assert Figures("", [day(1, unproven=ALL_DAY)]).uptime == ""


def test_a_hundred_per_cent_is_said_of_all_of_it_alone():
    assert record.percent(99_999, 100_000) == "99.99\N{NO-BREAK SPACE}%"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        *((0, ""), (40, "less than a minute"), (60, "1 min"), (18_360, "5 h 6 min")),
        *((7200, "2 h"), (86_400, "1 day"), (2 * 86_400 + 3 * 3600 + 60, "2 days 3 h")),
    ],
)
def test_lengths_of_time_are_said_in_two_words(seconds, words):
    assert record.lasting(seconds).replace("\N{NO-BREAK SPACE}", " ") == words


def test_steps_are_told_in_their_order_with_average_and_slowest():
    days = [day(2), day(1), day(0)]
    days[0].steps = [["Token is valid", 2, 400, 300], ["An old step", 1, 50, 50]]
    days[2].steps = [["Token is valid", 2, 200, 150], ["Account", 1, 90, 90]]

    found = [(one.label, one.average_ms, one.slowest_ms) for one in record.steps(days)]

    assert found == [("Token is valid", 150, 300), ("Account", 90, 90), ("An old step", 50, 50)]
    assert record.steps(days)[0].course == "0,2 120,13"


def test_a_record_of_today_counts_no_day_before_it_as_off():
    assert strip(day(0, error=600), length=90).sentence == (
        "In error on 1 day (today). The record begins today."
    )
    assert strip(day(0, proven=600), length=90).sentence == "Proven since. The record begins today."


def test_less_than_a_day_has_no_decimals():
    assert record.percent(196, 240) == "81\N{NO-BREAK SPACE}%"


def test_figures_say_of_how_much_time_they_are():
    assert Figures("", [day(0, proven=180, error=60, unproven=900)]).known.startswith("4")


def test_a_record_is_as_old_as_its_first_answer():
    assert record.known_for([day(5, off=ALL_DAY), day(3, proven=ALL_DAY)], TODAY) == 4
    assert record.known_for([], TODAY) == 1
