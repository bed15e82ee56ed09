"""Digests: each Monday morning, how a workspace's week was, once to whoever wants to hear of it.

Told by channels that want it, or to the owners by mail where no channel is on. It is written down
as any message is, under a source that names the Monday: who looks holds the row of the channel, or
of the workspace, so of two who look at once, or again after one died, one finds it written.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.text import get_text_list

from integrations import platforms, queue
from integrations.models import (
    Channel,
    Delivery,
    Heartbeat,
    Incident,
    IncidentConnection,
    IntegrationConnection,
    Workspace,
)
from integrations.services import rows, weeks
from integrations.services.telling import audience, deliveries
from integrations.services.telling.kinds import cut
from integrations.services.telling.messages import SHOWN, clock, length, some
from integrations.services.telling.told import Moment, Severity, Told
from integrations.services.weeks import Record, Week
from integrations_center import public_url

SOURCE = "week"
AT = time(8)
NEWS = timedelta(hours=24)  # after that Monday's news are old
AT_ONCE = 500
ENDS_WITHIN = timedelta(days=14)
MOST_BREAKS, MOST_ENDS, MOST_LOW = 5, 3, 3
LONGEST = 180  # letters of one line, so that all of them fit into every channel
NOTHING = "Left out: nothing of the platforms that it is for is connected."
SUMMED = "summed"  # the heartbeat of the days that are summed


# --- When ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Monday:
    """A Monday in some zone; `source` is the same wherever it is that Monday."""

    day: date
    at: datetime

    @property
    def source(self) -> str:
        return f"{SOURCE}-{self.day:%G-%V}"


def monday(now: datetime, zone: ZoneInfo) -> Monday | None:
    """This week's, while it is news that it began; None before eight, and after a day."""
    local = now.astimezone(zone)
    day = local.date() - timedelta(days=local.weekday())
    at = datetime.combine(day, AT, zone).astimezone(UTC)
    return Monday(day, at) if at <= now < at + NEWS else None


def look(now: datetime) -> None:
    """Have those told whose Monday it is: a job for each workspace, some at a time."""
    found = {*_by_channels(now), *_by_mail(now)}
    for workspace_id in sorted(found)[:AT_ONCE]:
        queue.enqueue("telling.tell_week", workspace_id)


def _by_channels(now: datetime) -> Iterable[int]:
    wanting = _wanting()
    for name in wanting.order_by().values_list("time_zone", flat=True).distinct():
        if its := monday(now, ZoneInfo(name)):
            told = Delivery.objects.filter(
                workspace=OuterRef("workspace"), source=its.source, channel=OuterRef("pk")
            )
            left = wanting.filter(~Exists(told), time_zone=name)
            yield from left.values_list("workspace", flat=True)[:AT_ONCE]


def _by_mail(now: datetime) -> Iterable[int]:
    """Those whose owners are mailed, by the clock that such mails go by."""
    its = monday(now, ZoneInfo("UTC"))
    if its is None or not settings.EMAIL_IS_CONFIGURED:
        return ()
    on = Channel.objects.filter(workspace=OuterRef("pk"), is_enabled=True)
    told = Delivery.objects.filter(workspace=OuterRef("pk"), source=its.source, channel=None)
    mailed = audience.mailed_owners().filter(workspace=OuterRef("pk"))
    left = Workspace.objects.filter(
        ~Exists(on), ~Exists(told), Exists(mailed), Exists(_watched("pk")), archived_at=None
    )
    return left.order_by("pk").values_list("pk", flat=True)[:AT_ONCE]


def _wanting() -> QuerySet[Channel]:
    return Channel.objects.filter(
        Exists(_watched("workspace")),
        is_enabled=True,
        tells_week=True,
        workspace__archived_at=None,
    )


def _watched(workspace: str) -> QuerySet[IntegrationConnection]:
    """Without one of these there is nothing to tell."""
    return IntegrationConnection.objects.filter(workspace=OuterRef(workspace), is_complete=True)


# --- Once ----------------------------------------------------------------------------------------


def tell(workspace_id: int, now: datetime) -> None:
    """Write down what is owed to each of a workspace's channels, or to its owners, and was not."""
    workspace = Workspace.objects.filter(pk=workspace_id, archived_at=None).first()
    saved = IntegrationConnection.objects.filter(workspace=workspace_id, is_complete=True)
    if workspace is None or not saved.exists():
        return
    for channel in _wanting().filter(workspace=workspace).order_by("pk"):
        if its := monday(now, ZoneInfo(channel.time_zone)):
            _tell(workspace, channel, its, now)
    on = Channel.objects.filter(workspace=workspace, is_enabled=True)
    its = monday(now, ZoneInfo("UTC"))
    if its and not on.exists() and audience.owners_are_mailed(workspace):
        _tell(workspace, None, its, now)


def _tell(workspace: Workspace, channel: Channel | None, its: Monday, now: datetime) -> None:
    with transaction.atomic():
        if channel:
            held = Channel.objects.select_for_update().filter(pk=channel.pk, tells_week=True)
            if not held.exists():
                return
        else:
            Workspace.objects.select_for_update(no_key=True).get(pk=workspace.pk)
        told = Delivery.objects.filter(workspace=workspace, source=its.source, channel=channel)
        if told.exists():
            return
        zone = ZoneInfo(channel.time_zone if channel else "UTC")
        its_week = of_week(workspace, zone, now, channel.platforms if channel else ())
        deliveries.owe_to(
            workspace,
            channel,
            replace(its_week, key=f"{its.source}/{its.day}"),
            now,
            left_out="" if its_week.platforms else NOTHING,
        )


# --- What ----------------------------------------------------------------------------------------


def of_week(
    workspace: Workspace, zone: ZoneInfo, now: datetime, only: Collection[str] = ()
) -> Told:
    """How the last seven days were that are summed; with `only` of these platforms alone."""
    week = weeks.until(workspace, _last_day(now), only)
    complete = IntegrationConnection.objects.filter(
        ~rows.DRAFT,
        workspace=workspace,
        is_complete=True,
        provider__in=only or platforms.catalogue(),
    )
    connections = list(complete.order_by("created_at", "pk"))
    several = rows.several_in(workspace.pk)
    breaks = list(_broken(workspace, week, only))
    return _Digest(workspace, week, connections, several, breaks, zone, now).told()


def _last_day(now: datetime) -> date:
    """The last one that is over, by UTC, and is summed: east of there its Sunday lasts longer."""
    today = now.astimezone(UTC).date()
    beat = Heartbeat.objects.filter(name=SUMMED).first()
    summed = beat.at.astimezone(UTC).date() if beat else today
    return max(min(summed, today), today - timedelta(days=1)) - timedelta(days=1)


def _broken(workspace: Workspace, week: Week, only: Collection[str]) -> QuerySet[Incident]:
    """What people were told of as broken in the week, or is by now; in their order."""
    began = datetime.combine(week.first, time(), UTC)
    found = Incident.objects.filter(workspace=workspace).exclude(confirmed_at=None)
    found = found.filter(Q(closed_at=None) | Q(closed_at__gte=began))
    if only:
        members = IncidentConnection.objects.filter(incident=OuterRef("pk"), provider__in=only)
        found = found.filter(Exists(members))
    return found.select_related("cause").order_by("opened_at", "pk")


@dataclass(frozen=True)
class _Digest:
    workspace: Workspace
    week: Week
    connections: list[IntegrationConnection]
    several: Collection[str]
    breaks: list[Incident]
    zone: ZoneInfo
    now: datetime

    def told(self) -> Told:
        todo = self._todo()
        return Told(
            key=SOURCE,
            moment=Moment.NOTICE,
            severity=Severity.NOTICE,
            state=self._state(),
            is_well=not self._open(),
            workspace=self.workspace.name,
            about="The week",
            title=cut(self._title(), LONGEST),
            what_happened=todo or "Nothing is left to do.",
            since=self.now,
            details=tuple((label, cut(words, LONGEST)) for label, words in self._details()),
            platforms=tuple(dict.fromkeys(one.provider for one in self.connections)),
            act="See the overview",
            link=public_url.link("overview", self.workspace.slug),
        )

    def _open(self) -> list[Incident]:
        return [one for one in self.breaks if one.is_open and not one.well_since]

    def _state(self) -> str:
        number = len(self._open())
        if not number:
            return "Everything that is connected works" if self._is_known() else "Your week"
        return f"{number} incident{'' if number == 1 else 's'} open"

    def _is_known(self) -> bool:
        """Whether all that is on is proven by now."""
        return all(one.is_fresh(self.now) for one in self._provable())

    def _provable(self) -> list[IntegrationConnection]:
        return [one for one in self.connections if one.is_enabled and not one.unprovable]

    def _title(self) -> str:
        proven = self.week.whole.proven
        record = f"{proven} proven" if proven else "no record yet"
        return f"{self.workspace.name}, {self.week.words}: {record}, {self._counted()}."

    def _counted(self) -> str:
        number, still = len(self.breaks), len(self._open())
        if not number:
            return "nothing broke"
        over = "all over" if not still else f"{still} still open"
        if number == 1:
            over = "still open" if still else "over"
        return f"{number} incident{'' if number == 1 else 's'}, {over}"

    def _todo(self) -> str:
        """What somebody has to do now or this week."""
        parts = []
        if still := self._open():
            parts.append(f"Still open: {some([one.title for one in still[:SHOWN]], len(still))}.")
        if ends := self._ends():
            parts.append(f"Renew {some([self._name(one) for one in ends[:SHOWN]], len(ends))}.")
        return " ".join(parts)

    def _details(self) -> Iterator[tuple[str, str]]:
        yield from self._record()
        for one in self.breaks[-MOST_BREAKS:]:
            yield f"Broke {clock(one.opened_at, self.zone, self.now)}", self._of_break(one)
        if (more := len(self.breaks) - MOST_BREAKS) > 0:
            yield "Before that", f"{more} more incident{'' if more == 1 else 's'}."
        if ends := self._ends():
            said = [self._of_end(one) for one in ends[:MOST_ENDS]]
            yield "Ends soon", f"{some(said, len(ends))}."
        never = [self._name(one) for one in self._provable() if one.proof_at is None]
        if never:
            yield "Not proven by now", f"{some(never[:SHOWN], len(never))}."

    def _record(self) -> Iterator[tuple[str, str]]:
        whole, number = self.week.whole, len(self.week.records)
        if not whole.proven:
            return
        over = f"over {number} connection{'' if number == 1 else 's'}"
        before = f"; {whole.before} the week before" if whole.before else ""
        yield "Proven", f"{whole.proven} of the time, {over}{before}."
        low = sorted(self._low(), key=lambda one: one[0])
        if low and number > 1:
            said = [f"{name} {record.proven}" for _, name, record in low[:MOST_LOW]]
            yield "Least proven", f"{some(said, len(low))}."

    def _low(self) -> Iterator[tuple[float, str, Record]]:
        """Those that were not proven all the time that they were on."""
        by_pk = {one.pk: one for one in self.connections}
        for pk, record in self.week.records.items():
            if pk in by_pk and record.proven_seconds < record.on_seconds:
                part = record.proven_seconds / record.on_seconds
                yield part, self._name(by_pk[pk]), record

    def _of_break(self, one: Incident) -> str:
        ended = one.closed_at or one.well_since
        lasted = length((ended or self.now) - one.opened_at)
        stops = f" It concerned {get_text_list(one.stops, 'and')}." if one.stops else ""
        return f"{one.title}, {'for' if ended else 'not over, by now for'} {lasted}.{stops}"

    def _ends(self) -> list[IntegrationConnection]:
        ahead = self.now + ENDS_WITHIN
        found = [
            one
            for one in self.connections
            if one.is_enabled and one.expires_at and self.now < one.expires_at <= ahead
        ]
        return sorted(found, key=lambda one: one.expires_at or self.now)

    def _of_end(self, one: IntegrationConnection) -> str:
        at = (one.expires_at or self.now).astimezone(self.zone)
        probably = "probably " if one.expires_is_estimate else ""
        return f"{self._name(one)} {probably}on {at:%a} {at.day} {at:%b}"

    def _name(self, one: IntegrationConnection) -> str:
        name = one.platform.name
        return f"{name} ({one.title})" if one.provider in self.several else name
