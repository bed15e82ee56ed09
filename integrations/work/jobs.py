"""Jobs as rows, for an engine whose broker only wakes: no job is lost with it, or with a worker.

A row is there exactly when what it speaks of is committed with it. It is taken by a lease, which
a living worker renews; whoever was too slow ends nothing that somebody took over.
"""

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Q

from integrations.models import Job
from integrations.services import held
from integrations_center import broker

logger = logging.getLogger(__name__)

LEASE_SECONDS = 15.0  # unless LEASE_SECONDS of TASKS says otherwise
# A job that ends with an error, or with its worker, is done so often, a lease apart.
TRIES = 3
# What was woken for is taken within milliseconds, unless nobody was, or all are busy.
UNTAKEN = timedelta(seconds=3)


def lease() -> timedelta:
    """How long a dead worker keeps a job. A living one renews it three times meanwhile."""
    return timedelta(seconds=broker.options().get("LEASE_SECONDS", LEASE_SECONDS))


def keep(task: str, ids: list[int | str], priority: int) -> Job:
    """Write one down. Part of the transaction of whoever asks for it."""
    return Job.objects.create(task=task, ids=ids, priority=priority)


def take(job_id: UUID, now: datetime) -> Job | None:
    """Have it to oneself; None where it is done, somebody is at it, or it was tried too often."""
    job = Job.objects.filter(_free(now), pk=job_id).first()
    if job is None:
        return None
    mine = Job.objects.filter(_free(now), pk=job.pk, lease=job.lease)
    if job.lease >= TRIES:
        if mine.delete()[0]:
            logger.error("Task %s was given up: it did not end in %s tries", job, TRIES)
        return None
    if not mine.update(lease=job.lease + 1, lease_until=now + lease()):
        return None
    job.lease += 1
    return job


def renew(in_hand: Mapping[UUID, int], now: datetime) -> None:
    """Keep those that are still being done, by id and lease."""
    for number in set(in_hand.values()):
        ids = [pk for pk, its in in_hand.items() if its == number]
        Job.objects.filter(pk__in=ids, lease=number).update(lease_until=now + lease())


def end(job: Job) -> None:
    """It is done, unless somebody took it over."""
    Job.objects.filter(pk=job.pk, lease=job.lease).delete()


def untaken(now: datetime, most: int) -> list[UUID]:
    """Those that nobody came to take, or whose holder died; what people look at first."""
    asleep = Q(lease=0, made_at__lte=now - UNTAKEN) | Q(lease__gt=0)
    waiting = Job.objects.filter(_free(now), asleep).order_by("-priority", "made_at")
    return list(waiting.values_list("pk", flat=True)[:most])


def _free(now: datetime) -> Q:
    return held.by_nobody(now, far=now + 2 * lease())
