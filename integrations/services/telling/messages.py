"""Messages in words: what a Told says to a person, whatever the channel."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from django.utils.text import get_text_list

from integrations.services.telling.told import LASTS, Moment, Severity, Told

Tone = Literal["bad", "ok", "warn", "idle"]
SHOWN = 3  # names, then how many more there are
NO_BREAK_SPACE = "\N{NO-BREAK SPACE}"
AGAIN = "You hear again when it is over, and at most once a day until then."
HELP = (
    "Has the right person no account here? An owner opens the link and chooses "
    '"Another way", then "Send a fix link".'
)


@dataclass(frozen=True)
class Letter:
    """A message for whoever writes it in a channel's own way.

    `state` is its first word, `subject` the same for all of a thread. `headline` and `more` say it
    all in a line, since that is what a notification shows. `facts` are pairs of a label and words,
    `why` says why one gets it and where that is changed.
    """

    state: str
    tone: Tone
    subject: str
    where: str
    headline: str
    more: str
    facts: tuple[tuple[str, str], ...]
    link: str
    act: str
    end: str
    why: str = ""
    is_end: bool = False

    @property
    def first_line(self) -> str:
        return f"{self.state}: {self.headline}"

    @property
    def lines(self) -> list[str]:
        """Plain text without the link."""
        return [
            f"{self.first_line} {self.more}".strip(),
            *(f"{label}: {words}" for label, words in self.facts),
        ]


def letter_of(told: Told, zone: ZoneInfo, now: datetime) -> Letter:
    """Times are told in the zone of who reads it."""
    writer = _Writer(told, zone, now)
    where = f"{told.workspace} · {told.about}" if told.about else told.workspace
    state, headline, more = writer.opening()
    return Letter(
        state=f"DRILL, nothing is broken. {state}" if told.is_drill else state,
        tone=_tone(told),
        subject=_subject(told),
        where=where,
        headline=headline,
        more=more,
        facts=tuple((label, words) for label, words in writer.facts() if words),
        link=told.link,
        act=told.act,
        end=writer.end(),
        is_end=told.moment == Moment.CLOSED,
    )


def answering(letter: Letter, first: Letter) -> Letter:
    """In the thread of the first one: by its subject mails are joined. An end says so in its own,
    as a list of mails shows nothing else; headers join it all the same.
    """
    return letter if letter.is_end else replace(letter, subject=first.subject)


def some(names: Sequence[str], number: int) -> str:
    """ "A, B and C", "A, B, C and 10 more": of so many."""
    shown = list(names[:SHOWN])
    if number > SHOWN:
        return f"{', '.join(shown)} and {number - SHOWN} more"
    return get_text_list(shown, "and")


def length(lasted: timedelta) -> str:
    """ "24 hours and 48 minutes", "3 days", "less than a minute"."""
    minutes = int(lasted.total_seconds()) // 60
    if minutes < 1:
        return "less than a minute"
    if minutes >= 3 * 24 * 60:
        return _counted(minutes // (24 * 60), "day")
    hours, rest = divmod(minutes, 60)
    parts = [_counted(hours, "hour") if hours else "", _counted(rest, "minute") if rest else ""]
    return " and ".join(filter(None, parts))


def clock(at: datetime, zone: ZoneInfo, now: datetime) -> str:
    """ "Fri 27 Nov, 09:14", with its year where that is another one; and the zone's name."""
    local = at.astimezone(zone)
    year = f" {local:%Y}" if local.year != now.astimezone(zone).year else ""
    return f"{local:%a} {local.day} {local:%b}{year}, {local:%H:%M} {_zone_name(local, zone)}"


def _zone_name(local: datetime, zone: ZoneInfo) -> str:
    """ "CET", or "in Sao Paulo" where the zone's short name is a number."""
    name = local.tzname() or ""
    return name if name.isalpha() else f"in {zone.key.rpartition('/')[2].replace('_', ' ')}"


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _tone(told: Told) -> Tone:
    if told.is_drill or told.moment == Moment.TEST:
        return "idle"
    if told.moment == Moment.CLOSED:
        return "idle" if told.state else "ok"
    if told.is_well:
        return "ok"
    return "bad" if told.severity == Severity.BREAK else "warn"


def _subject(told: Told) -> str:
    """Of the first message of a thread; the others answer it."""
    drill = "DRILL: " if told.is_drill else ""
    if told.moment in (Moment.NOTICE, Moment.TEST):
        return f"{drill}{told.title.rstrip('.')}"
    if told.moment == Moment.CLOSED and not told.state:
        return f"{drill}{told.about} {_works_again(told)} ({told.workspace})"
    title = told.title.rstrip(".")
    if told.moment == Moment.CLOSED:
        return f"{drill}Over: {title} ({told.workspace})"
    is_named = title.startswith(told.about)
    state = "Broken" if is_named else f"{told.about} {_is_broken(told)}"
    return f"{drill}{state}: {title} ({told.workspace})"


def _is_broken(told: Told) -> str:
    return "are broken" if told.are_many else "is broken"


def _works_again(told: Told) -> str:
    return "work again" if told.are_many else "works again"


@dataclass(frozen=True)
class _Writer:
    told: Told
    zone: ZoneInfo
    now: datetime

    def opening(self) -> tuple[str, str, str]:
        """The state, a headline, and what it means."""
        told = self.told
        match told.moment:
            case Moment.OPENED:
                return "Broken", f"{told.about}: {told.title}", self._stands_still()
            case Moment.UPDATED:
                state = told.state or "Still broken, in another way"
                return state, f"{told.about}: {told.title}", ""
            case Moment.REMINDER:
                lasted = length(self.now - told.since)
                has = "have" if told.are_many else "has"
                return "Still broken", f"{told.about} {has} been broken for {lasted}.", told.title
            case Moment.CLOSED if told.state:
                return told.state, f"{told.about}: {told.what_happened}", self._was_broken()
            case Moment.CLOSED:
                headline = f"{told.about} {_works_again(told)}."
                return "Works again", headline, self._was_broken()
            case Moment.NOTICE:
                return told.state or "Notice", told.title, told.what_happened
            case Moment.TEST:
                return "Test", told.title, told.what_happened

    def facts(self) -> list[tuple[str, str]]:
        told = self.told
        stops = get_text_list(list(told.stops), "and")
        if told.moment == Moment.CLOSED:
            stood_still = "" if told.is_drill else stops
            return [("From, to", self._from_to()), ("What stood still", stood_still)]
        if told.moment in (Moment.NOTICE, Moment.TEST):
            ends = clock(told.ends_at, self.zone, self.now) if told.ends_at else ""
            return [*told.details, ("When it ends", ends), ("Who can do it", told.who_can_fix)]
        would_stop = "What would stop" if told.is_drill else "What stops"
        return [
            ("What happened", told.what_happened),
            ("Since", self._since()),
            (would_stop, stops),
            ("Who can fix it", told.who_can_fix),
        ]

    def end(self) -> str:
        if self.told.moment not in LASTS or self.told.is_drill:
            return ""
        # A fix link is sent from the dialog of the one that it is about.
        return f"{HELP} {AGAIN}" if self.told.can_be_sent else AGAIN

    def _stands_still(self) -> str:
        stops = self.told.stops
        if not stops or self.told.is_drill:
            return ""
        verb = "stands" if len(stops) == 1 else "stand"
        return f"{some(stops, len(stops))} {verb} still."

    def _was_broken(self) -> str:
        if self.told.is_drill:
            return "The drill is over."
        if self.told.lasted is None:
            return ""
        # As the clocks say it that stand beside it, which show no seconds.
        began, ended = (
            at.replace(second=0, microsecond=0)
            for at in (self.told.since, self.told.since + self.told.lasted)
        )
        they = "They were" if self.told.are_many else "It was"
        return f"{they} broken for {length(ended - began)}."

    def _since(self) -> str:
        proven = self.told.proven_at
        since = clock(self.told.since, self.zone, self.now)
        return f"{since} (last proven {clock(proven, self.zone, self.now)})" if proven else since

    def _from_to(self) -> str:
        told = self.told
        if told.lasted is None:
            return ""
        ended = clock(told.since + told.lasted, self.zone, self.now)
        return f"{clock(told.since, self.zone, self.now)} to {ended}"
