"""Waking: what waits for a mute or for quiet hours is looked at as soon as people change these."""

from datetime import datetime

from django.db.models import QuerySet

from integrations import queue
from integrations.models import Channel, Delivery, Workspace
from integrations.services.telling.outcomes import WAITING
from integrations.services.telling.takes import MUTED, QUIET

AT_ONCE = 100


def after_mute(workspace: Workspace, now: datetime) -> None:
    """Whatever still has to wait is put off again."""
    _wake(Delivery.objects.filter(workspace=workspace, sentence=MUTED), now)


def after_quiet(channel: Channel, now: datetime) -> None:
    _wake(Delivery.objects.filter(channel=channel, sentence=QUIET), now)


def _wake(found: QuerySet[Delivery], now: datetime) -> None:
    """In the transaction that changed it; of very many the rest is looked at a little later."""
    waiting = found.filter(outcome=WAITING, due_at__gt=now).order_by("due_at")
    ids = list(waiting.values_list("pk", flat=True)[:AT_ONCE])
    Delivery.objects.filter(pk__in=ids, outcome=WAITING).update(due_at=now)
    for delivery_id in ids:
        queue.enqueue("telling.deliver", str(delivery_id))
