"""Tries are counted before they are compared, and say nothing about who tried."""

import threading
from datetime import timedelta

import pytest
import time_machine
from django.db import connection as database
from django.utils import timezone

from integrations.models import Guesses
from integrations.services.people import guesses
from integrations.services.people.guesses import OLD_PASSWORD, SIGN_IN_AS, SIGN_IN_HERE, Limit
from integrations.services.refusals import TooManyGuesses
from tests.integrations.services.proving.test_races import at_once

FEW = Limit("few", 3, 15, "Tried too often.")
HOME, ELSEWHERE = "203.0.113.1", "198.51.100.7"
START = timezone.now().replace(microsecond=0)


def at(minutes):
    return time_machine.travel(START + timedelta(minutes=minutes), tick=False)


def wrong(*keys):
    """Whether one more may be compared."""
    try:
        guesses.begin(*keys)
    except TooManyGuesses:
        return False
    return True


@pytest.mark.django_db(transaction=True)
def test_of_eighty_at_once_no_more_are_compared_than_there_may_be():
    start, compared = threading.Barrier(8), []

    def guess():
        start.wait()
        compared.extend(wrong((FEW, "dana")) for _ in range(10))
        database.close()

    threads = [threading.Thread(target=guess) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)

    assert (len(compared), sum(compared)) == (80, 3)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("round_", range(3))
def test_what_is_refused_at_once_with_others_was_not_compared_so_it_is_not_counted(round_):
    begun = at_once(12, lambda _: guesses.begin((FEW, "dana")))
    compared = [one for one in begun if isinstance(one, guesses.Guess)]
    assert len(compared) == FEW.most

    for one in compared:
        one.was_right()

    assert Guesses.objects.get().count == 0


@pytest.mark.django_db
class TestOneAfterTheOther:
    def test_what_is_right_is_given_back_and_what_was_wrong_stays(self):
        guesses.begin((FEW, "dana"))
        guesses.begin((FEW, "dana"))
        for _ in range(5):
            guesses.begin((FEW, "dana")).was_right()

        assert Guesses.objects.get().count == 2

    def test_who_has_few_left_is_warned(self):
        told = []
        for _ in range(SIGN_IN_HERE.most):
            guesses.begin(*guesses.at_sign_in("dana", HOME))
            told.append(guesses.warning(*guesses.at_sign_in("dana", HOME)))

        two, one = (f"{few} left, then wait 15 minutes." for few in ("Two tries", "One try"))
        assert told == ["", "", two, one, ""]

    def test_what_is_over_warns_nobody(self):
        with at(0):
            for _ in range(FEW.most - 1):
                guesses.begin((FEW, "dana"))
        with at(16):
            assert guesses.warning((FEW, "dana")) == ""

    def test_the_last_wrong_one_is_told_that_it_was(self):
        guesses.begin((FEW, "dana")).was_wrong()
        guesses.begin((FEW, "dana")).was_wrong()

        with pytest.raises(TooManyGuesses) as refused:
            guesses.begin((FEW, "dana")).was_wrong()
        assert refused.value.wait == "Try again in 15 minutes."

    def test_the_minutes_are_counted_from_the_last_that_was_compared(self):
        with at(0):
            assert all(wrong((FEW, "dana")) for _ in range(2))
        with at(14):
            assert wrong((FEW, "dana"))
        with at(28):
            assert not wrong((FEW, "dana"))
        with at(29):
            assert all(wrong((FEW, "dana")) for _ in range(3))

    def test_who_tries_on_while_locked_waits_no_longer(self):
        with at(0):
            assert [wrong((FEW, "dana")) for _ in range(4)] == [True, True, True, False]
        with at(10):
            assert not wrong((FEW, "dana"))
        with at(15):
            assert wrong((FEW, "dana"))

    def test_nothing_is_counted_of_nobody(self):
        assert all(wrong((FEW, "")) for _ in range(10))
        assert not Guesses.objects.exists()

    def test_what_is_counted_for_one_purpose_says_nothing_about_another(self):
        assert not all(wrong((FEW, "dana")) for _ in range(4))
        assert wrong((OLD_PASSWORD, "dana"))

    def test_a_stranger_elsewhere_locks_nobody_out(self):
        for _ in range(SIGN_IN_HERE.most * 20):
            wrong(*guesses.at_sign_in("dana", ELSEWHERE))

        assert not wrong(*guesses.at_sign_in("dana", ELSEWHERE))
        assert wrong(*guesses.at_sign_in("dana", HOME))

    def test_many_strangers_together_have_a_limit_too(self):
        tried = [
            wrong(*guesses.at_sign_in("dana", f"10.0.{place}.1"))
            for place in range(SIGN_IN_AS.most + 10)
        ]

        assert sum(tried) == SIGN_IN_AS.most

    def test_many_names_from_one_address_have_a_limit_too(self):
        tried = [wrong(*guesses.at_sign_in(f"person{n}", HOME)) for n in range(60)]

        assert sum(tried) == guesses.SIGN_IN_FROM.most
        assert wrong(*guesses.at_sign_in("person1", ELSEWHERE))

    def test_who_goes_on_while_locked_writes_nothing_more(self, django_assert_num_queries):
        for n in range(guesses.SIGN_IN_FROM.most):
            wrong(*guesses.at_sign_in(f"person{n}", HOME))
        rows = Guesses.objects.count()

        with django_assert_num_queries(3):
            assert not any(wrong(*guesses.at_sign_in(f"other{n}", HOME)) for n in range(3))
        assert Guesses.objects.count() == rows

    def test_the_same_name_in_other_letters_is_the_same_name(self):
        assert all(wrong(*guesses.at_sign_in("ﬁona", HOME)) for _ in range(5))
        assert not wrong(*guesses.at_sign_in("fiona", HOME))

    def test_what_says_no_address_locks_each_name_by_itself(self):
        for _ in range(60):
            wrong(*guesses.at_sign_in("dana", ""))

        assert not wrong(*guesses.at_sign_in("dana", ""))
        assert wrong(*guesses.at_sign_in("olga", ""))

    def test_neither_a_name_nor_an_address_is_kept(self):
        guesses.begin(*guesses.at_sign_in("dana", HOME))

        kept = " ".join(str(vars(row)) for row in Guesses.objects.all())
        assert Guesses.objects.count() == 3
        assert "dana" not in kept
        assert HOME not in kept

    def test_whose_account_it_proved_to_be_is_let_in_again(self):
        while wrong(*guesses.at_sign_in("dana", HOME)):
            pass
        guesses.forget_sign_in("dana", HOME)

        assert wrong(*guesses.at_sign_in("dana", HOME))

    def test_what_is_over_is_forgotten(self):
        with at(0):
            guesses.begin((FEW, "dana"))
        with at(10):
            guesses.begin((FEW, "olga"))

        guesses.forget_old(START + timedelta(minutes=16))
        assert Guesses.objects.get().key == guesses.digest(FEW, "olga")


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("203.0.113.1", "203.0.113.1"),
        ("::ffff:203.0.113.1", "203.0.113.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1::/56"),
        ("2001:db8:1:2::9", "2001:db8:1::/56"),
        ("", ""),
    ],
)
def test_an_address_counts_as_what_one_household_has(address, counted):
    assert guesses.network(address) == counted
