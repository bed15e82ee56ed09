"""How a connection was between its tests: what each answer says, and for how long."""

import pytest

from integrations.services.watching import states
from integrations.services.watching.states import Answer, Course, Edit, State
from tests.integrations.services.watching.history import DAY, HOUR, MIDNIGHT, MINUTE


def at(hour):
    return MIDNIGHT + hour * HOUR


def answer(hour, outcome="passed", *, begun=None, saves=False):
    return Answer(at(hour), at(begun if begun is not None else hour), outcome, saves)


def edit(hour, *fields, first=False):
    return Edit(at(hour), frozenset(fields), first)


def hours(*history, until=24, lasts=DAY, is_on=True, is_connected=True):
    """`{"proven": 14, "off": 10}` hours of the day."""
    found = states.seconds(history, at(0), at(until), Course(lasts, is_on, is_connected))
    return {str(state): round(length / 3600, 2) for state, length in found.items() if length}


def test_nothing_is_known_before_the_first_test():
    assert hours(answer(10)) == {"unproven": 10, "proven": 14}


def test_a_proof_stands_until_its_time_is_over_and_then_nobody_knows():
    assert hours(answer(-20), answer(2, "passed"), lasts=6 * HOUR) == {"unproven": 18, "proven": 6}


def test_an_error_lasts_until_a_test_passes():
    assert hours(answer(-1), answer(3, "failed"), answer(5)) == {"proven": 22, "error": 2}


def test_no_answer_takes_no_error_away():
    error = answer(3, "failed"), answer(4, "inconclusive"), answer(5)

    assert hours(answer(-1), *error) == {"proven": 22, "error": 2}


def test_no_answer_is_told_until_there_is_one():
    assert hours(answer(-1), answer(3, "inconclusive"), answer(5)) == {"proven": 22, "silent": 2}


def test_a_time_in_which_nobody_asked_is_no_time_in_error():
    """Whatever the last answer was: it speaks for as long as a proof lasts."""
    assert hours(answer(1, "failed"), lasts=4 * HOUR) == {"unproven": 20, "error": 4}
    assert hours(answer(1, "inconclusive"), lasts=4 * HOUR) == {"unproven": 20, "silent": 4}


def test_an_error_that_nobody_could_ask_about_again_becomes_no_answer():
    asked = [answer(hour, "inconclusive") for hour in range(2, 24)]

    assert hours(answer(1, "failed"), *asked, lasts=4 * HOUR) == {
        "unproven": 1,
        "error": 4,
        "silent": 19,
    }


def test_a_refusal_of_values_that_were_replaced_meanwhile_says_nothing():
    late = answer(6, "failed", begun=4)

    assert hours(answer(-1), edit(5, "credentials"), late) == {"proven": 5, "unproven": 19}


def test_other_values_have_to_be_proven_anew():
    assert hours(answer(-1), edit(5, "credentials"), answer(6)) == {"proven": 23, "unproven": 1}


@pytest.mark.parametrize("label", ["name", "default", "report"])
def test_what_is_no_value_changes_nothing(label):
    assert hours(answer(-1), edit(5, label)) == {"proven": 23, "unproven": 1}


def test_values_that_were_tested_before_they_were_saved_are_proven_from_then_on():
    saved = answer(5, begun=5, saves=True), Edit(at(5) + MINUTE, frozenset({"credentials"}))

    assert hours(*saved, is_connected=False) == {"off": 5, "proven": 19}


def test_those_that_are_replaced_after_that_are_not():
    saved = answer(5, saves=True), edit(6, "credentials"), edit(7, "credentials")

    assert hours(*saved) == {"unproven": 5 + 17, "proven": 2}


def test_an_error_that_somebody_cleared_is_over():
    assert hours(answer(-1), answer(3, "failed"), edit(4, "error")) == {
        "proven": 3,
        "error": 1,
        "unproven": 20,
    }


def test_what_is_disabled_is_off_and_its_proof_stands_behind_it():
    assert hours(answer(-1), edit(2, "disabled"), edit(4, "enabled")) == {
        "proven": 21,
        "off": 2,
        "unproven": 1,
    }


def test_what_is_disconnected_is_off_until_something_is_saved():
    assert hours(answer(-1), edit(2, "disconnected"), edit(4, "credentials"), answer(5)) == {
        "proven": 21,
        "off": 2,
        "unproven": 1,
    }


@pytest.mark.parametrize(
    ("history", "is_now", "was"),
    [
        pytest.param([], (False, True), (False, True), id="nothing happened"),
        pytest.param([edit(3, "disabled")], (False, True), (True, True), id="disabled since"),
        pytest.param(
            [edit(3, "enabled"), edit(4, "disabled")], (False, True), (False, True), id="twice"
        ),
        pytest.param([edit(3, "method", first=True)], (True, True), (True, False), id="first"),
        pytest.param([edit(3, "added")], (True, True), (True, False), id="added"),
        pytest.param([edit(3, "disconnected")], (True, False), (True, True), id="disconnected"),
        pytest.param([edit(3, "taken back")], (True, False), (True, True), id="taken back"),
        pytest.param([edit(3, "name")], (True, False), (True, False), id="renamed"),
    ],
)
def test_how_it_was_before_is_known_from_how_it_is_now(history, is_now, was):
    is_on, is_connected = is_now

    assert states.before(history, is_on=is_on, is_connected=is_connected) == was


def test_whole_seconds_add_up():
    """Of 100.4, 99.4 and the rest each would be rounded down."""
    odd = [answer(100.4 / 3600), answer(401.2 / 3600, "failed"), answer(500.6 / 3600)]

    found = states.seconds(odd, at(0), at(24), Course(DAY, is_on=True, is_connected=True))

    assert (found.total(), found[State.UNPROVEN], found[State.ERROR]) == (86400, 100, 99)
