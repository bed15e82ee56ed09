"""Plans: what would become of each line of a table, before anything is done."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal
from unicodedata import category, normalize

from django.contrib.auth.models import User

from integrations.models import IntegrationConnection, Membership, Role, Workspace
from integrations.services.connecting import choosing
from integrations.services.connecting.tables import Row
from integrations.services.people import members, workspaces
from integrations.services.proving import discovery
from integrations.services.refusals import InvalidChange
from providers.declare import Account

State = Literal["problem", "connect", "there", "left_out"]
NO_ACCOUNT = "It names no account."
NO_WORKSPACE = "It names no workspace, so it is left out."
UNKNOWN = "This account is not among those that are reached. Compare its ID with the list."
SHORTENED = "A spreadsheet shortened this number. Format its column as text, and write it anew."
TWICE = "The same as line {}."
AMBIGUOUS = "Several workspaces have this name. Write the address of one: {}."
ANOTHERS_ADDRESS = (
    "This is the address of one workspace and the name of another. Write the other's address, {}, "
    "or the name of the first in the third column."
)
NAME_TAKEN = "A workspace has this name already, at the address {}. Write that, or another name."
NOT_OWNED = "You do not own this workspace. One of its owners has to lend it something."
NOT_OF_YOURS = (
    "No workspace of yours has this name or address. New ones are made by whoever runs this "
    "installation."
)
NOBODYS = "Nobody owns the lender, so nobody would own this one. Give the lender an owner first."
ARCHIVED = "This workspace is archived. Bring it back first, or choose another."
# As a spreadsheet writes a long number.
SCIENTIFIC = re.compile(r"\d([.,]\d+)?e\+\d+", re.IGNORECASE)


@dataclass(eq=False)
class Target:
    """A workspace of the table; without a row it would be made."""

    slug: str
    name: str
    row: Workspace | None = None
    accounts: list[Account] = field(default_factory=list)  # that would be connected

    @property
    def is_new(self) -> bool:
        return self.row is None


@dataclass(frozen=True)
class Line:
    """What would become of one; the typed row is shown beside it."""

    row: Row
    state: State
    sentence: str = ""
    account: Account | None = None
    target: Target | None = None


@dataclass(frozen=True)
class Plan:
    """For the values that the connection had when it was asked."""

    connection: IntegrationConnection
    lines: list[Line]

    @property
    def counts(self) -> Counter[str]:
        return Counter(line.state for line in self.lines)

    @property
    def problems(self) -> list[Line]:
        return [line for line in self.lines if line.state == "problem"]

    @property
    def targets(self) -> list[Target]:
        """Those that would get something, in the table's order."""
        found = dict.fromkeys(line.target for line in self.lines if line.target)
        return [target for target in found if target.accounts]

    @property
    def made(self) -> list[Target]:
        return [target for target in self.targets if target.is_new]


class Refused(Exception):
    """Why a line cannot be done."""


def plan(connection: IntegrationConnection, rows: Sequence[Row], *, by: User | None) -> Plan:
    """What would become of each. Nobody is `by` for a command.

    Asks the platform for the accounts: raises what `discovery.accounts` does.
    """
    accounts = _Accounts(connection, discovery.accounts(connection))
    places = _Places(connection, by)
    lines: list[Line] = []
    seen: dict[tuple[str, Target], int] = {}
    for row in rows:
        if not row.workspace and row.account:
            lines.append(Line(row, "left_out", NO_WORKSPACE))
            continue
        try:
            account, target = accounts.find(row.account), places.find(row)
        except Refused as refused:
            lines.append(Line(row, "problem", str(refused)))
            continue
        first = seen.setdefault((account.id, target), row.number)
        if first != row.number:
            lines.append(Line(row, "left_out", TWICE.format(first), account, target))
        else:
            lines.append(Line(row, "connect", "", account, target))
    return Plan(connection, _with_what_is_there(connection, lines))


def _with_what_is_there(connection: IntegrationConnection, lines: list[Line]) -> list[Line]:
    """The lines, each target given the accounts that it has not."""
    wanted: dict[Target, list[Account]] = defaultdict(list)
    for line in lines:
        if line.state == "connect" and line.account and line.target:
            wanted[line.target].append(line.account)
    having: dict[int, list[IntegrationConnection]] = defaultdict(list)
    ids = [target.row.pk for target in wanted if target.row]
    every = IntegrationConnection.objects.filter(provider=connection.provider)
    for one in every.filter(workspace__in=ids):
        having[one.workspace_id].append(one)
    there = set()
    for target, accounts in wanted.items():
        here = having[target.row.pk] if target.row else []
        for account, has in choosing.matched_among(connection, accounts, here):
            if has is None:
                target.accounts.append(account)
            else:
                there.add((account.id, target))

    def settled(line: Line) -> Line:
        is_there = line.account and line.target and (line.account.id, line.target) in there
        if line.state != "connect" or not is_there:
            return line
        return Line(line.row, "there", "", line.account, line.target)

    return [settled(line) for line in lines]


class _Accounts:
    """Those that are reached, by however their ids are written."""

    def __init__(self, connection: IntegrationConnection, found: Iterable[Account]) -> None:
        self._platform = connection.platform
        self._found: dict[str, Account] = {}
        for one in found:
            if one.id:
                self._found.setdefault(choosing.as_kept(self._platform, one.id), one)
                self._found.setdefault(one.id, one)

    def find(self, typed: str) -> Account:
        if not typed:
            raise Refused(NO_ACCOUNT)
        found = self._found.get(typed)
        found = found or self._found.get(choosing.as_kept(self._platform, typed))
        if found is None:
            raise Refused(SHORTENED if SCIENTIFIC.fullmatch(typed) else UNKNOWN)
        return found


class _Places:
    """Workspaces by what a table calls them: address or name. Others' are not spoken of."""

    def __init__(self, connection: IntegrationConnection, by: User | None) -> None:
        self._may_make = workspaces.may_make(by)
        self._would_be_nobodys = by is None and not members.owners(connection.workspace).exists()
        every = Workspace.objects.all()
        self._owned: set[int] | None = None
        if by is not None and not self._may_make:
            roles = dict(Membership.objects.filter(user=by).values_list("workspace", "role"))
            every = every.filter(pk__in=roles)
            self._owned = {pk for pk, role in roles.items() if role == Role.OWNER}
        self._by_slug = {one.slug: Target(one.slug, one.name, one) for one in every}
        self._by_name: dict[str, list[Target]] = defaultdict(list)
        for target in self._by_slug.values():
            self._by_name[_folded(target.name)].append(target)

    def find(self, row: Row) -> Target:
        """Raises Refused."""
        target = self._known(row) or self._new(row)
        if target.row is None:
            return target
        if target.row.archived_at:
            raise Refused(ARCHIVED)
        if self._owned is not None and target.row.pk not in self._owned:
            raise Refused(NOT_OWNED)
        return target

    def _known(self, row: Row) -> Target | None:
        """Whose address or name it is; of several that the third column, or the address, tells."""
        typed = _folded(row.workspace)
        addressed, named = self._by_slug.get(typed), self._by_name.get(typed, [])
        if addressed in named and row.workspace == addressed.slug:
            return addressed
        found = [*dict.fromkeys([addressed, *named] if addressed else named)]
        if len(found) > 1 and row.name:
            called = [one for one in found if _folded(one.name) == _folded(row.name)]
            found = called or found
        if len(found) < 2:
            return found[0] if found else None
        if addressed in found and addressed not in named:
            raise Refused(ANOTHERS_ADDRESS.format(_addresses(named)))
        raise Refused(AMBIGUOUS.format(_addresses(found)))

    def _new(self, row: Row) -> Target:
        """One to be made; later lines find it by whatever this one called it."""
        if not row.workspace:
            raise Refused(NO_WORKSPACE)
        if not self._may_make:
            raise Refused(NOT_OF_YOURS)
        if self._would_be_nobodys:
            raise Refused(NOBODYS)
        try:
            slug = workspaces.slug_of(row.workspace)
            name = workspaces.checked_name(row.name or row.workspace)
        except InvalidChange as invalid:
            raise Refused(*next(iter(invalid.errors.values()))) from None
        if taken := self._by_slug.get(slug):
            # Made by an earlier spread of this very line, or somebody else's: never guessed.
            if _folded(taken.name) != _folded(name):
                raise Refused(workspaces.SLUG_TAKEN)
            return taken
        if same := self._by_name.get(_folded(name)):
            raise Refused(NAME_TAKEN.format(_addresses(same)))
        target = Target(slug, name)
        self._by_slug[slug] = target
        for called in {_folded(name), _folded(row.workspace)}:
            self._by_name[called].append(target)
        return target


def _folded(text: str) -> str:
    """The same for what reads the same: however wide, composed, or with what nobody sees."""
    seen = normalize("NFKC", text).casefold()
    return "".join(one for one in normalize("NFKC", seen) if category(one) != "Cf")


def _addresses(targets: Iterable[Target]) -> str:
    return " or ".join([one.slug for one in targets][:5])
