"""Whether anything is checked at all: the beat of those who check, and what is said without one."""

from datetime import UTC, datetime, timedelta

from integrations import platforms
from integrations.models import Heartbeat, IntegrationConnection, Watch
from integrations.services.watching import sweep

NAME = "checks"
KEEPER = "keeper"  # the mark of those who go through what was found
BEAT = timedelta(seconds=10)
GAP = timedelta(minutes=1)  # of nobody's beat: the machine slept, or nothing ran
STOPPED = timedelta(minutes=2)
BEHIND = timedelta(minutes=10)
LATE = timedelta(minutes=5)  # a worker that is started anew takes less


def beat(now: datetime) -> None:
    """Somebody checks. After a gap of everybody's, one spreads what is overdue by now.

    The mark moves after that: who dies at it leaves both to the next, and to spread twice is
    harmless.
    """
    last = Heartbeat.objects.filter(name=NAME).first()
    if last is None:
        Heartbeat.objects.get_or_create(name=NAME, defaults={"at": now})
    elif not timedelta() <= now - last.at < BEAT:
        if now - last.at > GAP:
            sweep.spread_overdue(now)
        Heartbeat.objects.filter(name=NAME, at=last.at).update(at=now)


def problem(now: datetime) -> str | None:
    """What is wrong with the checks, in a sentence; None while they go on, or none are due."""
    marks = Heartbeat.objects.filter(name__in=(NAME, KEEPER)).values_list("name", "at")
    at = dict[str, datetime](marks)
    last, kept = at.get(NAME), at.get(KEEPER)
    if last is None or now - last > STOPPED:
        return _stopped(last, now)
    if kept and now - kept > LATE and has_any(now):
        return (
            f"Nobody has gone through what was found since {_said(kept)}: what breaks is not told, "
            "and sign-ins are not renewed."
        )
    oldest = _oldest()
    if oldest is None or now - oldest.due_at <= BEHIND:
        return None
    minutes = int((now - oldest.due_at).total_seconds() // 60)
    name = platforms.get(oldest.provider).name
    return (
        f"Checks are {minutes} minutes behind, the oldest one of {name}: "
        "there is more to check than the worker does."
    )


def stopped_since(now: datetime) -> datetime | None:
    """Since when nothing has been checked, if that is longer than a worker takes to start again;
    None also where nothing was ever checked, or nothing is there to be.
    """
    last = Heartbeat.objects.filter(name=NAME).first()
    return last.at if last and now - last.at > LATE and has_any(now) else None


def behind_since(now: datetime) -> datetime | None:
    """Since when a check waits that should be done by now, though somebody checks."""
    oldest = _oldest()
    is_late = oldest is not None and now - oldest.due_at > BEHIND
    return oldest.due_at if oldest and is_late and goes_on(now) else None


def goes_on(now: datetime) -> bool:
    """Whether somebody checked just now."""
    return Heartbeat.objects.filter(name=NAME, at__gt=now - STOPPED).exists()


def _oldest() -> Watch | None:
    """What is due first."""
    return Watch.objects.filter(provider__in=platforms.catalogue()).order_by("due_at").first()


def is_late(at: datetime, now: datetime) -> bool:
    """Whether a mark is of too long ago, or of a clock that was wrong."""
    return abs(now - at) > LATE


def has_any(now: datetime) -> bool:
    """Whether there is anything to check; a start takes a moment."""
    waiting = IntegrationConnection.objects.filter(is_complete=True, is_enabled=True)
    return waiting.filter(created_at__lt=now - STOPPED).exists()


def _stopped(last: datetime | None, now: datetime) -> str | None:
    if not has_any(now):
        return None
    if last is None:
        return "Nothing was checked yet: the worker is not running."
    return f"Nothing has been checked since {_said(last)}: the worker is not running."


def _said(at: datetime) -> str:
    """As pages find it in a sentence, and show it in the reader's own zone."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
