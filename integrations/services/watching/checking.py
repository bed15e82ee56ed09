"""One check: asks about a claimed connection as any test does, and says when to ask again."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cached_property
from random import Random

from integrations.models import ConnectionTest, TestOutcome, Trigger, Watch
from integrations.services.proving import testing
from integrations.services.refusals import NoConnection, NothingToTest, Paused
from integrations.services.watching import budgets, claims, schedule
from integrations.services.watching.claims import Claimed
from integrations.services.watching.intervals import interval, is_checked, soonest, usual

Clock = Callable[[], datetime]
SAME_TOKEN = timedelta(minutes=10)  # at least: platforms limit how often one is asked for
MOST_TRIES = 1000  # counting on tells nothing more


def check(claimed: Claimed, clock: Clock, chance: Random) -> ConnectionTest | None:
    """Test it and write back when it is due again; None where nobody was asked.

    What nobody needs to test is only moved on, and so is what somebody tests just now: how that
    ends, the next round looks at.
    """
    found = Watch.objects.select_related("connection__workspace")
    watch = found.filter(pk=claimed.connection_id, lease=claimed.lease).first()
    if watch is None:  # removed, or taken over
        return None
    try:
        return _Check(claimed, watch, clock, chance).perform()
    except Exception:
        _put_off(claimed, watch, clock(), chance)
        raise


def _put_off(claimed: Claimed, watch: Watch, now: datetime, chance: Random) -> None:
    """What fails by our own fault is tried again as a break is: later and later."""
    every = usual(watch)
    due_at = schedule.after_break(watch.pk, watch.tries, schedule.REFUSED, every, now, chance)
    claims.write_back(claimed, due_at=due_at, tries=min(watch.tries + 1, MOST_TRIES))


class _Check:
    def __init__(self, claimed: Claimed, watch: Watch, clock: Clock, chance: Random) -> None:
        self._claimed = claimed
        self._watch = watch
        self._clock = clock
        self._chance = chance

    def perform(self) -> ConnectionTest | None:
        connection = self._watch.connection
        if not is_checked(connection) or connection.workspace.archived_at:
            self._move_on(budget=None)
            return None
        now, budget = self._clock(), budgets.declared(connection)
        if budget and not budgets.reserve(self._watch, budget, now):
            self._move_on(budgets.resets_at(budget, now))
            return None
        test = self._begin()
        if test:
            self._tell(testing.perform(test, got_since=self._clock() - self._token_age))
        elif budget:
            budgets.give_back(self._watch, budget, now)
        return test

    def _begin(self) -> ConnectionTest | None:
        """A test to perform; None where nobody is asked now, which is then written back."""
        try:
            started = testing.start(self._watch.connection, trigger=Trigger.SCHEDULE, by=None)
        except Paused as paused:
            self._wait_until(self._clock() + timedelta(seconds=paused.retry_after_seconds))
            return None
        except (NoConnection, NothingToTest):
            self._move_on()
            return None
        if not started.joined:
            return started.test
        if testing.is_of_saved_values(started.test, self._watch.connection):
            self._move_on(tries=self._watch.tries)
        else:  # which tells nothing about what is saved
            self._write_back(self._clock() + schedule.UNANSWERED)
        return None

    @property
    def _token_age(self) -> timedelta:
        """A token may outlive the key that it was got with, so each interval has its own."""
        return max(SAME_TOKEN, (1 - schedule.TOO_NEAR) * self._every)

    @cached_property
    def _every(self) -> timedelta:
        return interval(self._watch)

    def _tell(self, test: ConnectionTest) -> None:
        now, tries = self._clock(), self._watch.tries
        if test.outcome not in (TestOutcome.FAILED, TestOutcome.INCONCLUSIVE):
            self._move_on(tries=0)
            return
        base = soonest(self._watch, refused=test.outcome == TestOutcome.FAILED)
        due = schedule.after_break(self._watch.pk, tries, base, self._every, now, self._chance)
        if test.retry_at and test.retry_at > now:
            due = max(due, schedule.after_pause(test.retry_at, self._every, self._chance))
        self._write_back(due, tries=min(tries + 1, MOST_TRIES))

    def _wait_until(self, moment: datetime) -> None:
        self._write_back(schedule.after_pause(moment, self._every, self._chance))

    def _move_on(self, after: datetime | None = None, **values: int | None) -> None:
        """To its next point, of now or of then: so of what waits for a budget none comes first."""
        now = after or self._clock()
        due = schedule.next_point(self._watch.pk, self._every, now, self._chance)
        self._write_back(due, **values)

    def _write_back(self, due_at: datetime, **values: int | None) -> None:
        connection = self._watch.connection
        if connection.failing_since or connection.unanswered_since:
            # It is known when what broke is asked about again: no round has to hasten it.
            values.setdefault("tries", max(self._watch.tries, 1))
        claims.write_back(self._claimed, due_at=due_at, **values)
