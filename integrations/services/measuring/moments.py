"""When the engine was last seen at work. Moments, not ages: these go on while nothing runs."""

from dataclasses import dataclass
from datetime import datetime

from integrations import platforms, queue
from integrations.models import Heartbeat, Watch
from integrations.services.watching import engine


@dataclass(frozen=True)
class Moments:
    """None for what never was: nothing was looked for or gone round yet, nothing is watched."""

    last_tick: datetime | None
    last_round: datetime | None
    oldest_due: datetime | None
    workers: int


def read(now: datetime) -> Moments:
    beats = dict(Heartbeat.objects.values_list("name", "at"))
    watched = Watch.objects.filter(provider__in=platforms.catalogue())
    return Moments(
        last_tick=beats.get(engine.NAME),
        last_round=beats.get(engine.KEEPER),
        oldest_due=watched.order_by("due_at").values_list("due_at", flat=True).first(),
        workers=sum(
            name.startswith(queue.WORKER) and now - at < queue.SEEN for name, at in beats.items()
        ),
    )
