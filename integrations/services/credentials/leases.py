"""Leases: one renewal at a time for each row, over processes and machines.

Whoever holds the lease in a row asks the platform, everyone else waits for what comes back. It
is taken under a row lock, and the row is read again under it. A process that dies leaves its
lease behind: the next one takes over when it has run out.
"""

import atexit
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from random import SystemRandom
from uuid import UUID, uuid4

from django.db import transaction

from integrations import clock
from integrations.database import release_connection
from integrations.models import Credential
from integrations.models.credentials import LEASE

JITTER = SystemRandom()
POLL_SECONDS = (0.05, 0.15)
# Whoever stores an answer after the database was away is quicker than this.
TAKEOVER_SECONDS = 1.0
# A process that ends waits so long for its renewals, and for a database to store them in.
LAST_WAIT_SECONDS = 300.0

Judge = Callable[[Credential, datetime], bool]


class _UnderWay:
    """The renewals of this process, which waits for them when it ends.

    Whoever asks may be a daemon thread, and an answer that nobody stores a sign-in that is lost.
    """

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._count = 0

    def __enter__(self) -> None:
        with self._condition:
            self._count += 1

    def __exit__(self, *_exception: object) -> None:
        with self._condition:
            self._count -= 1
            self._condition.notify_all()

    def wait(self) -> None:
        with self._condition:
            self._condition.wait_for(lambda: self._count == 0, LAST_WAIT_SECONDS)


UNDER_WAY = _UnderWay()
atexit.register(UNDER_WAY.wait)


def end_process(*_signal: object) -> None:
    """At once, since a signal says so."""
    UNDER_WAY.wait()  # an answer that nobody stores is a sign-in that is lost
    os._exit(0)


def pause() -> None:
    """A moment, for somebody else to come further."""
    release_connection()
    time.sleep(JITTER.uniform(*POLL_SECONDS))


def claim(credential_id: UUID, is_needless: Judge) -> UUID | None:
    """The lease to renew with; None when somebody else has it, or there is nothing to do."""
    with transaction.atomic():
        row = Credential.objects.select_for_update().filter(pk=credential_id).first()
        now = clock.now()
        if row is None or row.is_ended or not row.can_renew or row.is_leased(now):
            return None
        if is_needless(row, now):
            return None
        if row.lease_until:  # left behind: nobody saw how that renewal ended
            row.interrupted_at = min(row.lease_until, now) - LEASE
        row.lease, row.lease_until = uuid4(), now + LEASE
        row.save(update_fields=["lease", "lease_until", "interrupted_at"])
        return row.lease


@contextmanager
def alone(credential_id: UUID) -> Iterator[None]:
    """While nobody else renews a row: what is asked meanwhile may replace its refresh token."""
    row = hold(credential_id)
    try:
        yield
    finally:
        if row:
            mine = Credential.objects.filter(pk=row.pk, lease=row.lease)
            mine.update(lease=None, lease_until=None)


def hold(credential_id: UUID) -> Credential | None:
    """The row under a lease of its own, once no renewal runs; None when it is gone."""
    while True:
        with transaction.atomic():
            row = Credential.objects.select_for_update().filter(pk=credential_id).first()
            if row is None:
                return None
            now = clock.now()
            if not row.is_leased(now):
                row.lease, row.lease_until = uuid4(), now + LEASE
                row.save(update_fields=["lease", "lease_until"])
                return row
        pause()
