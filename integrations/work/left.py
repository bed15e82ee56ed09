"""Jobs that wait in the rows of the other engine, after TASKS_URL was set or unset."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet
from django.tasks import task_backends
from django.utils.module_loading import import_string
from django_ox.backend import OxBackend
from django_ox.models import OxTask

from integrations.models import Job

AT_ONCE = 100
# Its holder was the other engine's: so long after its last sign of life it is not there any more.
DEAD = timedelta(minutes=2)


def take_over(now: datetime) -> None:
    """Ask for them again, of the present engine. Part of each tick."""
    if isinstance(task_backends["default"], OxBackend):
        _ask_again(Job.objects.filter(Q(lease_until=None) | Q(lease_until__lt=now - DEAD)))
    else:
        waiting = Q(status=OxTask.Status.READY)
        _ask_again(
            OxTask.objects.filter(
                waiting | Q(status=OxTask.Status.RUNNING, locked_at__lt=now - DEAD)
            )
        )


def _ask_again(left: QuerySet[Job] | QuerySet[OxTask]) -> None:
    if not left.exists():
        return
    with transaction.atomic():
        for row in left.select_for_update(skip_locked=True)[:AT_ONCE]:
            path, ids = (row.task, row.ids) if isinstance(row, Job) else (row.task_path, row.args)
            import_string(path).enqueue(*ids)
            row.delete()


def forget(now: datetime, kept: timedelta) -> None:
    """What the engine in the database did, while that is not the present one."""
    OxTask.objects.filter(finished_at__lt=now - kept).delete()
