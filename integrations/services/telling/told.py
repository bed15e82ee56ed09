"""What is told: the facts of one message, before anybody writes it for a channel."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Self


class Moment(StrEnum):
    """When in the life of what it is about a message is sent."""

    OPENED = "opened"
    UPDATED = "updated"
    REMINDER = "reminder"
    CLOSED = "closed"
    NOTICE = "notice"  # of something by itself, such as an end that is near
    TEST = "test"


class Severity(StrEnum):
    BREAK = "break"
    NOTICE = "notice"


LASTS = (Moment.OPENED, Moment.UPDATED, Moment.REMINDER)
MAY_MATTER = (*LASTS, Moment.NOTICE)  # still, to somebody else, where its channel takes nothing


@dataclass(frozen=True, kw_only=True)
class Told:
    """One thing that happened, in words without secrets.

    `key` is the same for all that is told of one break: a source, a slash and which of its breaks.
    `about` names what it is about as a person would, `platforms` and `connections` by slug and id.
    `title` is a sentence; so are `what_happened` and `who_can_fix`, which may be empty. `stops` is
    what people miss meanwhile, `act` the word on the link, `state` the first words of a notice, of
    what became more, or of an end where nothing works again. `are_many` where `about` names
    several, `can_be_sent` where an owner may send somebody a link to put it right. `ends_at` is
    when what a notice is about ends. `event_id` and `at` are of the event that it is told for; a
    reminder has none. `details` are more of a notice,
    as pairs of a label and words; with `is_well` it is good news.
    """

    key: str
    moment: Moment
    severity: Severity
    workspace: str
    about: str
    title: str
    link: str
    act: str
    since: datetime
    state: str = ""
    what_happened: str = ""
    stops: tuple[str, ...] = ()
    who_can_fix: str = ""
    proven_at: datetime | None = None
    lasted: timedelta | None = None
    ends_at: datetime | None = None
    platforms: tuple[str, ...] = ()
    connections: tuple[str, ...] = ()
    is_drill: bool = False
    are_many: bool = False
    event_id: int | None = None
    at: datetime | None = None
    details: tuple[tuple[str, str], ...] = ()
    is_well: bool = False
    can_be_sent: bool = False

    @property
    def source(self) -> str:
        return self.key.partition("/")[0]

    def to_json(self) -> dict[str, Any]:
        facts = {name: value for name, value in asdict(self).items() if value not in (None, "", ())}
        return facts | {
            "since": self.since.isoformat(),
            **({"at": self.at.isoformat()} if self.at else {}),
            **({"proven_at": self.proven_at.isoformat()} if self.proven_at else {}),
            **({"ends_at": self.ends_at.isoformat()} if self.ends_at else {}),
            **({"lasted": self.lasted.total_seconds()} if self.lasted is not None else {}),
        }

    @classmethod
    def from_json(cls, facts: Mapping[str, Any]) -> Self:
        """What `to_json` made, also of an earlier version that knew fewer facts."""
        read = dict(facts)
        read["moment"], read["severity"] = Moment(read["moment"]), Severity(read["severity"])
        for name in ("since", "proven_at", "at", "ends_at"):
            if read.get(name):
                read[name] = datetime.fromisoformat(read[name])
        if read.get("lasted") is not None:
            read["lasted"] = timedelta(seconds=read["lasted"])
        for name in ("stops", "platforms", "connections"):
            read[name] = tuple(read.get(name, ()))
        read["details"] = tuple((label, words) for label, words in read.get("details", ()))
        return cls(**read)
