"""The engine at work in a scratch database, whose time passes without being waited for.

The checker, the worker and what the tick starts are the real ones, and so is their clock. Time
passes for them by setting back all that is written down: an hour from now is now, and everything
is an hour older. Only the marks of who lives stay, as of an engine that never stopped.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from random import Random
from typing import Any

from django.apps import apps
from django.db import connection, models
from django.db.models import F, Q
from django.test import override_settings
from django_ox.models import OxTask

from integrations import clock, queue
from integrations.models import Budget, Heartbeat, IntegrationConnection, Watch
from integrations.models.connections import IN_TROUBLE
from integrations.services.telling import deliveries, owed
from integrations.services.watching import engine, schedule
from integrations.work import tick, worker
from integrations.work.checker import Checker
from providers.outbound.transport import Timeouts

THREADS = 2
LOOK_SECONDS = 0.02  # of the worker at its queue
POLL_SECONDS = 0.01
PATIENCE_SECONDS = 60.0
# Who is silent is silent for longer than this: nothing would be learned from waiting.
TIMEOUTS = Timeouts(dns=1, connect=1, read=0.3, total=2)
A_LITTLE = timedelta(milliseconds=5)
ALIVE = Q(name__in=(engine.NAME, engine.KEEPER)) | Q(name__startswith=queue.WORKER)
NOT_DONE = ("READY", "RUNNING")


class Engine:
    """`with engine.at_work() as it: it.wait(timedelta(hours=1))`."""

    def __init__(self) -> None:
        self.waited = timedelta()
        self._checker = Checker(THREADS, chance=Random(13))  # nosec B311 - the same each time
        self._worker = worker.engine(THREADS, LOOK_SECONDS, None)

    @property
    def now(self) -> datetime:
        """As it is for whoever was here since the start."""
        return clock.now() + self.waited

    def wait(self, by: timedelta) -> None:
        """So long nothing was due: now it is that much later."""
        if by <= timedelta():
            return
        for model in apps.get_app_config("integrations").get_models():
            fields = model._meta.concrete_fields
            moments = [one.name for one in fields if isinstance(one, models.DateTimeField)]
            if moments:
                rows: models.QuerySet[Any] = models.QuerySet(model)
                aged = rows.exclude(ALIVE) if model is Heartbeat else rows
                aged.update(**{name: F(name) - by for name in moments})
        # What intervals are counted from is a moment as well, and budgets are of a day.
        schedule.EPOCH -= by
        days = (self.now + by).date() - self.now.date()
        for budget in Budget.objects.all() if days else ():
            Budget.objects.filter(pk=budget.pk).update(day=budget.day - days)
        self.waited += by

    def go_on(self, most: timedelta) -> None:
        """To the next check, or for so long if none is due before; and all that is done then."""
        due = Watch.objects.filter(connection__is_enabled=True).order_by("due_at").first()
        until_due = due.due_at - clock.now() + A_LITTLE if due else most
        self.wait(min(most, until_due))
        self.do_what_is_due()

    def do_what_is_due(self) -> None:
        """Rounds, which come each half minute, are only gone while they may find anything."""
        self._check()
        self._start(tick.start_reconciling)
        if self._has_work_for_a_round():
            self._start(tick.start_round)
        self._start(deliveries.wake)

    @staticmethod
    def _has_work_for_a_round() -> bool:
        asked = IntegrationConnection.objects.filter(IN_TROUBLE | Q(watch=None), is_enabled=True)
        return asked.exists() or bool(owed.behind())

    def _start(self, work: Callable[[datetime], None]) -> None:
        work(clock.now())
        self._until(self._is_idle)

    def _check(self) -> None:
        self._checker.wake()
        self._until(lambda: not self._is_checking())

    def _is_checking(self) -> bool:
        on = Watch.objects.filter(connection__is_enabled=True)
        return on.filter(Q(due_at__lte=clock.now()) | Q(lease_until__isnull=False)).exists()

    def _is_idle(self) -> bool:
        return not OxTask.objects.filter(status__in=NOT_DONE).exists()

    def _until(self, holds: Callable[[], bool]) -> None:
        give_up = time.monotonic() + PATIENCE_SECONDS
        while not holds():
            if time.monotonic() > give_up:
                raise RuntimeError("The engine did not come to what was due.")
            time.sleep(POLL_SECONDS)

    @contextmanager
    def running(self) -> Iterator["Engine"]:
        threads = [
            threading.Thread(target=one.run, daemon=True) for one in (self._checker, self._worker)
        ]
        for thread in threads:
            thread.start()
        try:
            yield self
        finally:
            self._checker.stop()
            self._worker.request_stop()
            for thread in threads:
                thread.join()


@contextmanager
def at_work() -> Iterator[Engine]:
    """An engine that has nothing to check yet."""
    with override_settings(OUTBOUND_TIMEOUTS=TIMEOUTS), Engine().running() as it:
        now = clock.now()
        queue.beat(now)
        it.do_what_is_due()
        yield it
    connection.close()
