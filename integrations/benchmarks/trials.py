"""One break after the other under a connection that was green, and what was seen and told of it."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.test import override_settings

from integrations import clock
from integrations.benchmarks import data, scratch
from integrations.benchmarks.engine import Engine
from integrations.models import ConnectionTest, Incident, IntegrationConnection, Watch, Workspace
from integrations.services.telling import changes
from integrations.services.watching import schedule
from integrations.services.watching.causes import COMES_BACK
from integrations.services.watching.intervals import interval
from integrations.services.watching.keys import Key, Nature
from integrations.services.watching.wording import BY_ITSELF
from providers.errors import Refused, of_kind
from providers.outbound.addresses import parse_allowed
from providers.sandbox.__main__ import PLATFORMS
from providers.sandbox.breaks import Break, Breakable, Trial
from providers.sandbox.server import Answer, Asked, Server, prefixed
from providers.sandbox.stand_in import Platform

LOOKS = timedelta(minutes=10)  # at least so often somebody goes round
# Checks of a connection are an interval apart, and a part of that sooner or later.
INTERVALS = 1 + 2 * schedule.JITTER
LONGEST = timedelta(hours=50)  # of a limit that a platform counts by days, and once more
LIMITED = ("rate_limited", "quota_exhausted")


@dataclass
class Seen:
    """What became of one break. `noticed` and `mended` are in intervals, None for never."""

    platform: str
    of: str
    name: str
    means: frozenset[str]
    noticed: float | None = None
    mended: float | None = None
    false_green: bool = False
    false_red: str = ""
    wrong_cause: str = ""
    told: list[str] = field(default_factory=list)

    @property
    def is_break(self) -> bool:
        return bool(self.means)

    @property
    def is_silence(self) -> bool:
        """Whether the platform refuses nothing: nobody can do anything."""
        return not any(issubclass(of_kind(one), Refused) for one in self.means)

    @property
    def is_late(self) -> bool:
        return self.is_break and (self.noticed is None or self.noticed > INTERVALS)

    @property
    def is_badly_told(self) -> bool:
        """One message that it began and one that it is over; none where nothing broke."""
        return self.told != (["opened", "closed"] if self.is_break else [])

    @property
    def is_limit(self) -> bool:
        """Whether the platform itself said when to come back."""
        return bool(self.means & {*LIMITED})

    @property
    def is_not_mended(self) -> bool:
        is_late = self.mended is None or (self.mended > INTERVALS and not self.is_limit)
        return self.is_break and is_late

    @property
    def misses(self) -> list[str]:
        found = {
            "green a full interval after it broke": self.false_green,
            f"false red: {self.false_red}": self.false_red,
            f"noticed after {self.noticed} intervals": self.is_late,
            f"told: {', '.join(self.told) or 'nothing'}": self.is_badly_told,
            f"wrong cause: {self.wrong_cause}": self.wrong_cause,
            f"mended after {self.mended} intervals": self.is_not_mended,
        }
        return [what for what, holds in found.items() if holds]

    def __str__(self) -> str:
        of = f" ({self.of})" if self.of else ""
        return f"{self.platform}{of}, {self.name}: {'; '.join(self.misses)}"


class Receiver:
    """What a channel is told, in its order."""

    def __init__(self) -> None:
        self.told: list[Mapping[str, Any]] = []

    def __call__(self, asked: Asked) -> Answer:
        self.told.append(json.loads(asked.body))
        return Answer(204, "")


def perform(engine: Engine, only: tuple[str, ...] = ()) -> Iterator[Seen]:
    """Every break of every stand-in, or of those platforms."""
    receiver = Receiver()
    with Server(receiver) as server, _allowed(server.url):
        for slug, stand_in in PLATFORMS.items():
            if only and slug not in only:
                continue
            for number, trial in enumerate(stand_in.trials):
                place = Workspace.objects.create(name=slug, slug=f"{slug}-{number}")
                told = changes.Changes(config={"url": server.url}, name="Truth")
                changes.add(place, "webhook", told, by=None)
                yield from _perform(engine, slug, stand_in, trial, place, receiver)


@contextmanager
def _allowed(url: str) -> Iterator[None]:
    allow = parse_allowed(url.partition("://")[2])
    with override_settings(OUTBOUND_ALLOW=allow, PUBLIC_URL="https://control.example"):
        yield


def _perform(
    engine: Engine,
    slug: str,
    stand_in: Platform,
    trial: Trial,
    place: Workspace,
    receiver: Receiver,
) -> Iterator[Seen]:
    answer = Breakable(stand_in.answer)
    with (
        Server(prefixed({slug: answer})) as server,
        scratch.platforms_at({slug: f"{server.url}/{slug}"}),
    ):
        connection = data.save(place, slug, trial.values)
        data.test(connection)
        engine.go_on(LOOKS)
        for one in trial.breaks:
            yield _Trying(engine, connection, answer, one, trial, receiver).perform()
        IntegrationConnection.objects.filter(pk=connection.pk).update(is_enabled=False)


class _Trying:
    def __init__(
        self,
        engine: Engine,
        connection: IntegrationConnection,
        answer: Breakable,
        one: Break,
        trial: Trial,
        receiver: Receiver,
    ) -> None:
        self._engine = engine
        self._id = connection.pk
        self._answer = answer
        self._break = one
        self._receiver = receiver
        provider = connection.platform
        name = (provider.for_values(trial.values) if provider.vendors else provider).name
        self._seen = Seen(name, trial.of, one.name, one.means)
        self._every = interval(Watch.objects.get(connection=connection))

    def perform(self) -> Seen:
        self._until_sound()
        self._receiver.told.clear()
        self._answer.broken = self._break
        self._while_broken(self._engine.now)
        self._answer.broken = None
        self._until_mended(self._engine.now)
        self._seen.told = [one["data"]["moment"] for one in self._receiver.told]
        self._judge_told()
        return self._seen

    def _until_sound(self) -> None:
        """It is long green, and was checked just now: nothing could be noticed later than this."""
        since, checked = self._engine.now, self._checked_at()
        while self._engine.now - since < COMES_BACK + LOOKS or self._checked_at() == checked:
            checked = self._checked_at()
            self._engine.go_on(self._every)
        if self._light != "green":
            raise RuntimeError(f"Not green before it breaks: {self._seen}{self._said()}")

    def _while_broken(self, began: datetime) -> None:
        """Until it is noticed, or was not in time; then until it is told."""
        while self._seen.noticed is None and self._intervals_since(began) <= INTERVALS:
            self._engine.go_on(self._every)
            self._look(began)
        if self._seen.noticed is None:
            return
        while not self._was_told and self._engine.now - began < LONGEST:
            self._engine.go_on(timedelta(minutes=settings.OUTAGE_MINUTES))
            self._look(began)
        self._engine.go_on(LOOKS)
        self._look(began)

    @property
    def _was_told(self) -> bool:
        return bool(self._receiver.told)

    def _until_mended(self, since: datetime) -> None:
        while self._light != "green" and self._engine.now - since < LONGEST:
            self._engine.go_on(self._every)
        if self._light == "green":
            self._seen.mended = self._intervals_since(since)
        self._engine.go_on(LOOKS)

    def _checked_at(self) -> int | None:
        return IntegrationConnection.objects.values_list("last_test", flat=True).get(pk=self._id)

    @property
    def _light(self) -> str:
        return IntegrationConnection.objects.get(pk=self._id).light(clock.now())

    def _intervals_since(self, moment: datetime) -> float:
        return round((self._engine.now - moment) / self._every, 3)

    def _look(self, began: datetime) -> None:
        seen, light = self._seen, self._light
        since = self._intervals_since(began)
        if light != "green" and seen.noticed is None:
            seen.noticed = since
        if seen.is_break:
            seen.false_green |= light == "green" and since > INTERVALS
            if light == "red" and seen.is_silence:
                seen.false_red = "it is red"
            self._judge_cause()
        elif light != "green":
            seen.false_red = f"it is {light}: {self._said()}"

    def _said(self) -> str:
        test = ConnectionTest.objects.filter(connection=self._id).latest("pk")
        return f"{test.error_kind}, {test.message}"

    def _judge_cause(self) -> None:
        test = ConnectionTest.objects.filter(connection=self._id).latest("pk")
        if test.error_kind and test.error_kind not in self._seen.means:
            self._seen.wrong_cause = f"{self._said()} (means {', '.join(sorted(self._seen.means))})"
        every = Incident.objects.filter(workspace=test.connection.workspace, closed_at=None)
        for incident in every.select_related("cause"):
            key = Key.parsed(incident.cause.key)
            if incident.cause.kind not in self._seen.means or key.nature not in self._natures:
                self._seen.wrong_cause = f"told as {incident.cause.kind}, {key.nature}"

    @property
    def _natures(self) -> set[Nature]:
        if not self._seen.is_silence:
            return {Nature.REFUSED}
        of_limits = {Nature.LIMITED} if self._seen.is_limit else set()
        return of_limits | ({Nature.UNANSWERED} if self._seen.means - {*LIMITED} else set())

    def _judge_told(self) -> None:
        for one in self._receiver.told if self._seen.is_silence else ():
            told = one["data"]
            if told["moment"] == "opened" and BY_ITSELF not in (told["whatHappened"] or ""):
                self._seen.false_red = f"it asks somebody to act: {told['whatHappened']}"
