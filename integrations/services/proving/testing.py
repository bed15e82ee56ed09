"""Tests connections: asks the platform, keeps the answer, one test of a connection at a time.

No transaction is open while a platform answers, and an answer writes its own columns: values
that were replaced meanwhile win, and their own test will follow.
"""

import math
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from django.contrib.auth.models import User
from django.db import transaction

from integrations import clock, compiled
from integrations.compiled import CompiledRows
from integrations.database import release_connection
from integrations.models import ConnectionTest, FixLink, IntegrationConnection, TestOutcome, Trigger
from integrations.models.tests import LEASE
from integrations.services import rows, waiting
from integrations.services.credentials.attempts import Attempt
from integrations.services.credentials.sealing import keep_renewed
from integrations.services.proving import asking, pauses, progress, results, tested
from integrations.services.proving.tested import RATE_WINDOW, RATED, Tested
from integrations.services.refusals import NothingToTest, TooManyTests
from providers.access.door import Renewed

SOON = timedelta(seconds=2)  # for a new test to be performed
POLL_SECONDS = 0.1
RUNNING = CompiledRows(
    ConnectionTest,
    lambda every, connection_id: every.filter(
        connection_id=connection_id, outcome=TestOutcome.RUNNING
    ),
    rows.ANY_ID,
)


@dataclass(frozen=True)
class Started:
    """A test's row, and whether it was running already when it was asked for."""

    test: ConnectionTest
    joined: bool


def test_connection(
    connection: IntegrationConnection, *, trigger: Trigger, by: User | None = None
) -> ConnectionTest:
    """Ask the platform now and return its answer. A refusal is a result, not an exception.

    A test that is running already is joined. Raises NothingToTest, TooManyTests and Busy.
    """
    with waiting.place(connection.workspace_id):
        while True:
            started = start_when_free(connection, trigger=trigger, by=by)
            if not started.joined:
                return perform(started.test)
            ended = wait_for(started.test)
            if not ended.is_running:  # else it died with its process, and a new start ends it
                return ended


def start_when_free(
    connection: IntegrationConnection,
    *,
    trigger: Trigger,
    by: User | None,
    dry_run: bool = False,
    joins: bool = True,
    fix_link: FixLink | None = None,
) -> Started:
    """`start`, but a running test of other values is waited for instead of joined."""
    while True:
        started = start(connection, trigger=trigger, by=by, dry_run=dry_run, fix_link=fix_link)
        running = started.test
        if not started.joined or (joins and is_of_saved_values(running, connection)):
            return started
        wait_for(running)


def is_of_saved_values(test: ConnectionTest, connection: IntegrationConnection) -> bool:
    return not test.dry_run and test.revision == connection.revision


def start(
    connection: IntegrationConnection,
    *,
    trigger: Trigger,
    by: User | None,
    dry_run: bool = False,
    fix_link: FixLink | None = None,
) -> Started:
    """Write the row of a new test, or find the one that runs: of these the database has one.

    Raises NothingToTest for an incomplete connection (a dry run brings its own values), and
    TooManyTests, as Paused while the platform limits what it counts together: of a dry run that
    is found out with its values. A test whose lease ran out died with its process and is ended
    here; one of the schedule's is gone on with by the schedule, for nobody learned anything.
    """
    while True:
        now = clock.now()
        found = tested.read(connection, now)
        connection.pk, connection.revision = found.connection.pk, found.connection.revision
        refusal = _refusal(found, trigger, now, dry_run=dry_run)
        if refusal is None:
            test = ConnectionTest(
                connection=found.connection,
                revision=found.connection.revision,
                trigger=trigger,
                started_by_id=by.pk if by else None,
                fix_link=fix_link,
                dry_run=dry_run,
                started_at=now,
                lease_until=now + LEASE,
            )
            if compiled.insert(test):
                return Started(test, joined=False)
        running = RUNNING.first(connection.pk)
        if running and running.is_leased(now):
            return Started(running, joined=True)
        if running and refusal is None and _goes_on(running, found.connection, trigger):
            return Started(running, joined=False)
        if running:
            results.interrupt(running)
        elif refusal:
            raise refusal


def _goes_on(dead: ConnectionTest, connection: IntegrationConnection, trigger: Trigger) -> bool:
    is_same = dead.revision == connection.revision and not dead.dry_run
    return is_same and dead.trigger == trigger == Trigger.SCHEDULE


def _refusal(
    found: Tested, trigger: Trigger, now: datetime, *, dry_run: bool
) -> NothingToTest | TooManyTests | None:
    """Why no new test may begin, unless one runs that can be joined."""
    connection = found.connection
    if not dry_run and not connection.is_complete and connection.platform.tester:
        return NothingToTest()
    if found.full_since and trigger in RATED:
        free_in = found.full_since + RATE_WINDOW - now
        return TooManyTests(max(1, math.ceil(free_in.total_seconds())))
    if found.may_be_paused and not dry_run:
        asked = pauses.asking(connection)
        pause = pauses.standing(asked, now)
        return pauses.refusal(asked, pause, now) if pause else None
    return None


def wait_for(test: ConnectionTest) -> ConnectionTest:
    """The test once it has ended, or as it stands when its lease runs out."""
    while test.is_leased(clock.now()):
        release_connection()
        time.sleep(POLL_SECONDS)
        test.refresh_from_db()
    return test


def perform(
    test: ConnectionTest,
    attempt: Attempt | None = None,
    *,
    on_renewed: Renewed | None = None,
    got_since: datetime | None = None,
) -> ConnectionTest:
    """Run a started test and keep what it found. Asks nobody if it was ended meanwhile.

    Without an attempt it is about the saved values. `on_renewed` is told of values that the
    platform has replaced; without it they replace the saved ones. `got_since` is as in `ask`;
    what is tested to be saved uses no token that was got before.
    """
    if test.trigger == Trigger.SAVE:
        got_since = clock.now()
    if _has_waited(test) and not _lease_again(test):
        return test
    connection = test.connection
    keep = on_renewed or partial(keep_renewed, connection)
    try:
        with progress.kept(test) as on_progress:
            result = asking.ask(
                connection,
                attempt,
                on_progress,
                keep,
                got_since=got_since,
            )
    except Exception:
        results.interrupt(test)
        raise
    results.finish(test, result)
    return test


def _has_waited(test: ConnectionTest) -> bool:
    """Whether too little of its lease is left to be tested in."""
    now = clock.now()
    return not test.is_leased(now) or test.lease_until < now + LEASE - SOON


def _lease_again(test: ConnectionTest) -> bool:
    """For a test that waited for a thread. False when it was ended, or taken, in the meantime."""
    lease_until = test.lease_until
    with transaction.atomic():
        IntegrationConnection.objects.select_for_update().get(pk=test.connection_id)
        test.refresh_from_db()
        if not test.is_running or test.lease_until != lease_until:
            return False
        now = clock.now()
        test.started_at, test.lease_until = min(test.started_at, now), now + LEASE
        test.save(update_fields=["started_at", "lease_until"])
    return True
