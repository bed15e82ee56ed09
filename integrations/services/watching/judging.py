"""Judges what several connections fail for: one cause where they share one. Asks nobody.

What is wrong with a connection is one of five natures. A refusal is about what lets it in, or
about itself; silence is the platform's, or this installation's own; a limit is about what the
platform counts; a report is about the connection; and a key that is missing here is ours.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from uuid import UUID

from integrations.models import Scope
from integrations.models.incidents import OURS, REPORTED
from integrations.services.watching.keys import OUR_NETWORK, Key, Nature
from providers.errors import (
    AccountNotFound,
    AuthExpired,
    AuthInvalid,
    CredentialsUnreadable,
    Network,
    PermissionMissing,
    ProviderUnavailable,
    QuotaExhausted,
    RateLimited,
    Unanswered,
    of_kind,
)

MANY = 3  # platforms without an answer, or credentials of an app that are refused
LET_IN = (AuthInvalid.kind, AuthExpired.kind)
LIMITS = (RateLimited.kind, QuotaExhausted.kind)
OUTAGE = (Network.kind, ProviderUnavailable.kind)
# What a credential may do, and sees: several connections of it may lose that at once.
ALLOWED = (PermissionMissing.kind, AccountNotFound.kind)
AT_ONCE = timedelta(hours=2)  # as checks find it, which come once an hour


@dataclass(frozen=True)
class Trouble:
    """What is wrong with one connection, and what it may share with others.

    `asks` names who is asked and `name` is that one's own; `opens` is what lets it in and
    `app` with what client ID somebody signed in, `counted` what a limit was counted by, `key_id`
    the key that is missing. `tried_at` is when it was last asked, `answered_at` the same if
    whoever is asked then answered anything at all, and `passed_at` when it last passed with the
    present values. `is_elsewhere` where anybody may answer, so that nothing is learned about the
    way there.
    """

    connection_id: UUID
    workspace_id: int
    provider: str
    name: str
    kind: str
    since: datetime
    tried_at: datetime
    asks: str
    opens: str = ""
    app: str = ""
    counted: tuple[Scope, str] | None = None
    key_id: str = ""
    is_elsewhere: bool = False
    answered_at: datetime | None = None
    passed_at: datetime | None = None
    method: str = ""
    message: str = ""
    action: str = ""
    action_url: str = ""

    @property
    def own(self) -> str:
        return self.connection_id.hex

    @property
    def was_proven(self) -> bool:
        return self.passed_at is not None

    @property
    def nature(self) -> Nature:
        return _nature(self.kind)

    @property
    def might_be_ours(self) -> bool:
        return self.kind == Network.kind and not self.is_elsewhere

    @property
    def silence(self) -> str:
        """What it is with others that are silent: an outage, or else the same kind of reply."""
        return self.asks if self.kind in OUTAGE else f"{self.asks} {self.kind}"


@cache
def _nature(kind: str) -> Nature:
    if kind == REPORTED:
        return Nature.REPORTED
    if kind == CredentialsUnreadable.kind:
        return Nature.OURS
    if kind in LIMITS:
        return Nature.LIMITED
    silent = issubclass(of_kind(kind), Unanswered)
    return Nature.UNANSWERED if silent else Nature.REFUSED


@dataclass(frozen=True)
class Known:
    """What is known beside: when anything answered, and when those did that are asked in a
    silence, over all and in a workspace; when an app last let somebody in, and when the last
    connection of a cause came right.
    """

    answered_at: datetime | None = None
    answers: Mapping[str, Sequence[datetime]] = field(default_factory=dict)
    answers_in: Mapping[tuple[str, int], Sequence[datetime]] = field(default_factory=dict)
    let_in_at: Mapping[str, datetime] = field(default_factory=dict)
    right_at: Mapping[str, datetime] = field(default_factory=dict)

    def is_waiting(self, one: Trouble, key: Key, present: Mapping[UUID, str]) -> bool:
        """Whether it was of this cause and was not asked again since another one came right."""
        right_at = self.right_at.get(str(key))
        was = present.get(one.connection_id) == str(key)
        return was and right_at is not None and one.tried_at <= right_at


def judge(
    troubles: Collection[Trouble], present: Mapping[UUID, str], known: Known
) -> dict[UUID, Key]:
    """The cause of each, by the connection's id. `present` are those that were found before.

    What was seen to be shared stays so until it is shown to be otherwise: a cause does not fall
    apart because the first of its connections came right.
    """
    cut = our_network(troubles, present, known)
    found = dict.fromkeys(cut, OUR_NETWORK)
    left = [one for one in troubles if one.connection_id not in cut]
    found |= _refused([one for one in left if one.kind in LET_IN], present, known)
    found |= _not_allowed((one for one in left if one.kind in ALLOWED), present, known)
    silent = (one for one in left if one.nature == Nature.UNANSWERED)
    found |= _silent(silent, present, known)
    return found | {
        one.connection_id: _alone(one) for one in left if one.connection_id not in found
    }


def our_network(
    troubles: Iterable[Trouble], present: Mapping[UUID, str], known: Known
) -> set[UUID]:
    """Those that our own network keeps from being answered: many platforms are silent at once,
    and none has answered since. Who was not asked again since one did has to wait for that.
    """
    without = [one for one in troubles if one.might_be_ours]
    answered_at = known.answered_at
    after = [one for one in without if answered_at is None or one.tried_at > answered_at]
    is_cut = len({one.asks for one in after}) >= MANY
    cut = {one.connection_id for one in after} if is_cut else set()
    again = {one.connection_id for one in after}
    were = {pk for pk, key in present.items() if key == str(OUR_NETWORK)}
    return cut | {one.connection_id for one in without if one.connection_id in were - again}


def _refused(
    troubles: Iterable[Trouble], present: Mapping[UUID, str], known: Known
) -> dict[UUID, Key]:
    """An app is refused when many of its credentials are, and none was let in since. Who was not
    asked again since one was has to wait for that.
    """
    found = {}
    by_app: dict[str, list[Trouble]] = defaultdict(list)
    for one in troubles:
        by_app[one.app].append(one)
    for app, alike in by_app.items():
        key = app_key(app)
        at = known.let_in_at.get(app)
        after = [one for one in alike if at is None or one.since > at] if app else []
        is_app = len({one.opens for one in after}) >= MANY
        of_app = {one.connection_id for one in after} if is_app else set()
        for one in alike:
            was = app and present.get(one.connection_id) == str(key)
            stays = was and (at is None or one.tried_at <= at)
            found[one.connection_id] = key if stays or one.connection_id in of_app else _alone(one)
    return found


def app_key(app: str) -> Key:
    return Key(Nature.REFUSED, Scope.APP, app)


def _not_allowed(
    troubles: Iterable[Trouble], present: Mapping[UUID, str], known: Known
) -> dict[UUID, Key]:
    """What a credential may do or sees became less where two connections of it say the same, and
    of accounts, which may go one by one, at once.
    """
    found = {}
    together: dict[tuple[str, str], list[Trouble]] = defaultdict(list)
    for one in troubles:
        together[one.opens, one.kind].append(one)
    for (opens, kind), alike in together.items():
        key = Key(Nature.REFUSED, Scope.CREDENTIAL, f"{opens} {kind}")
        alike.sort(key=lambda one: one.since)
        for one, before, after in zip(alike, [None, *alike], [*alike[1:], None], strict=False):
            beside = [other for other in (before, after) if other]
            if kind == AccountNotFound.kind:
                beside = [other for other in beside if abs(other.since - one.since) <= AT_ONCE]
            shares = opens and (beside or known.is_waiting(one, key, present))
            found[one.connection_id] = key if shares else _alone(one)
    return found


def apps_in_question(troubles: Iterable[Trouble]) -> set[str]:
    """Those of which many credentials are refused."""
    opened: dict[str, set[str]] = defaultdict(set)
    for one in troubles:
        if one.app and one.kind in LET_IN:
            opened[one.app].add(one.opens)
    return {app for app, credentials in opened.items() if len(credentials) >= MANY}


def _silent(
    troubles: Iterable[Trouble], present: Mapping[UUID, str], known: Known
) -> dict[UUID, Key]:
    """A platform is silent when it is to several: by other credentials, or at several places; and
    when few of those that were asked since then got an answer. Where others did, it may still be
    silent to one workspace.
    """
    found: dict[UUID, Key] = {}
    for name, alike in silences(troubles).items():
        key = Key(Nature.UNANSWERED, Scope.FAMILY, name)
        silent = _together(key, alike, known.answers.get(name, ()), present, known)
        by_workspace: dict[int, list[Trouble]] = defaultdict(list)
        for one in alike:
            if one.connection_id not in silent:
                by_workspace[one.workspace_id].append(one)
        for workspace_id, left in by_workspace.items():
            here = Key(Nature.UNANSWERED, Scope.FAMILY, f"{name} in {workspace_id}")
            answers = known.answers_in.get((name, workspace_id), ())
            silent |= _together(here, left, answers, present, known)
        found |= {pk: silent.get(pk) or _alone(one) for pk, one in _by_id(alike).items()}
    return found


def _together(
    key: Key,
    alike: Sequence[Trouble],
    answers: Sequence[datetime],
    present: Mapping[UUID, str],
    known: Known,
) -> dict[UUID, Key]:
    began = _began(alike, answers)
    return {
        one.connection_id: key
        for one in alike
        if (began is not None and one.since >= began) or known.is_waiting(one, key, present)
    }


def _by_id(those: Iterable[Trouble]) -> dict[UUID, Trouble]:
    return {one.connection_id: one for one in those}


def silences(troubles: Iterable[Trouble]) -> dict[str, list[Trouble]]:
    """Those that are silent in one way, by its name; those that waited longest first."""
    found: dict[str, list[Trouble]] = defaultdict(list)
    for one in troubles:
        if one.nature == Nature.UNANSWERED:
            found[one.silence].append(one)
    return {name: sorted(alike, key=lambda one: one.since) for name, alike in found.items()}


def _began(alike: Sequence[Trouble], answers: Sequence[datetime]) -> datetime | None:
    """Since when more of those that were asked are silent than got an answer; None where few are.

    One that got an answer after that counts on both sides: it was not silent all the time.
    """
    oldest_first = sorted(answers)
    first_of_last = _last_several(alike)
    for number, first in enumerate(alike[: first_of_last + 1]):
        answered = len(oldest_first) - bisect_right(oldest_first, first.since)
        if len(alike) - number > answered:
            return first.since
    return None


def _last_several(alike: Sequence[Trouble]) -> int:
    """From which on they still are several; -1 where all of them are not."""
    opens, providers = set(), set()
    for number in range(len(alike) - 1, -1, -1):
        opens.add(alike[number].opens or alike[number].own)
        providers.add(alike[number].provider)
        if len(opens) > 1 or len(providers) > 1:
            return number
    return -1


def _alone(one: Trouble) -> Key:
    """The cause of a trouble that nothing else shows to be wider."""
    if one.nature == Nature.OURS:
        if one.key_id:
            return Key(Nature.OURS, Scope.KEY, one.key_id)
        return Key(Nature.OURS, Scope.CREDENTIAL, one.opens or one.own)
    if one.counted:
        return Key(Nature.LIMITED, *one.counted)
    if one.kind in LET_IN and one.opens:
        return Key(Nature.REFUSED, Scope.CREDENTIAL, one.opens)
    return Key(one.nature, Scope.CONNECTION, one.own)


def kind_of(key: Key, first: Trouble) -> str:
    """What a cause is called: as the first trouble is, unless it is ours."""
    return OURS if key.nature == Nature.OURS else first.kind
