"""Connections' rows: found to be read, or locked to be written."""

from collections import Counter
from collections.abc import Collection
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from django.db import connection as database
from django.db.models import (
    Count,
    F,
    Func,
    IntegerField,
    Model,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    prefetch_related_objects,
)

from integrations import clock, platforms
from integrations.compiled import Compiled, CompiledRows, Row, columns_of, update
from integrations.models import (
    Budget,
    ConnectionTest,
    Credential,
    IntegrationConnection,
    Status,
    Watch,
    Workspace,
    naming,
)
from integrations.services.refusals import NoConnection
from providers.declare import SIGN_IN

ANY_ID = UUID(int=1)
MOST_WORDS = 20  # of a search; more find nothing that these do not
DRAFT = Q(version=0, is_default=False)  # a dialog began it, and nobody saved it yet
State = dict[str, Any]

CONNECTION, LAST_TEST = columns_of(IntegrationConnection), columns_of(ConnectionTest)
WATCH = columns_of(
    Watch,
    (
        *("connection_id", "provider", "due_at", "every_seconds", "budget_id"),
        *("muted_until", "is_quiet"),
    ),
)
BUDGET = columns_of(Budget, ("id", "day", "used"))
SHOWN = (
    *CONNECTION,
    *(f"last_test__{name}" for name in LAST_TEST),
    *(f"watch__{name}" for name in WATCH),
    *(f"watch__budget__{name}" for name in BUDGET),
)
CARDS = Compiled(
    lambda workspace_id: IntegrationConnection.objects.filter(
        ~DRAFT, workspace_id=workspace_id
    ).values_list(*SHOWN),
    -2_000_000_000,
)
OF_PLATFORM = Compiled(
    lambda workspace_id, provider: IntegrationConnection.objects.filter(
        ~DRAFT, workspace_id=workspace_id, provider=provider
    ).values_list(*SHOWN),
    -2_000_000_000,
    "?",
)
LOCKED = CompiledRows(
    IntegrationConnection, lambda every, pk: every.select_for_update().filter(pk=pk), ANY_ID
)
LOCKED_DEFAULT = CompiledRows(
    IntegrationConnection,
    lambda every, workspace_id, provider: every.select_for_update().filter(
        workspace_id=workspace_id, provider=provider, is_default=True
    ),
    -2_000_000_000,
    "?",
)
SEALED = columns_of(Credential)
# With how many connections point at it.
CREDENTIAL = Compiled(
    lambda pk: Credential.objects.filter(pk=pk).values_list(
        *SEALED,
        Subquery(
            IntegrationConnection.objects.filter(
                Q(credential=OuterRef("pk")) | Q(sign_in=OuterRef("pk"))
            )
            .order_by()
            .annotate(users=Func(F("pk"), function="COUNT", output_field=IntegerField()))
            .values("users")
        ),
    ),
    ANY_ID,
)
TEST = CompiledRows(ConnectionTest, lambda every, pk: every.filter(pk=pk), -2_000_000_000)


def together(
    every: QuerySet[IntegrationConnection],
    workspace_id: int,
    provider: str,
    *,
    sharing: bool,
    credential: UUID | None = None,
) -> QuerySet[IntegrationConnection]:
    """Always in the same order: of two who lock some of the same, one waits for the other.

    Who shares what lets in deletes none of them, so rows that point at them may be written.
    """
    these = IntegrationConnection.objects.filter(workspace_id=workspace_id, provider=provider)
    concerned = Q(workspace_id=workspace_id, provider=provider)
    if sharing:
        concerned |= Q(credential__in=these.values("credential"))
        concerned |= Q(sign_in__in=these.values("sign_in"))
        # What was lent before its lender disconnected is opened by nothing of these.
        concerned |= Q(lender_id=workspace_id, provider=provider)
    if credential:
        concerned |= Q(credential=credential) | Q(sign_in=credential)
    return every.select_for_update(no_key=sharing).filter(concerned).order_by("pk")


LOCKED_TOGETHER = {
    sharing: CompiledRows(
        IntegrationConnection, partial(together, sharing=sharing), -2_000_000_000, "?"
    )
    for sharing in (False, True)
}


def find(workspace: Workspace, provider: str, slug: str = "") -> IntegrationConnection:
    """A platform's default connection, or an unsaved empty one: a card needs no row.

    With a slug the one of that slug. Raises NoConnection where there is none.
    """
    of_platform = _whole().filter(~DRAFT, workspace=workspace, provider=provider)
    found = of_platform.filter(**({"slug": slug} if slug else {"is_default": True})).first()
    if slug and not found:
        raise NoConnection
    return found or unread(workspace, provider)


def find_by_id(
    workspace: Workspace, connection_id: UUID, *, drafts: bool = False
) -> IntegrationConnection:
    """One of the workspace's, with `drafts` also one that is none yet. Raises NoConnection."""
    known = _whole().filter(workspace=workspace, provider__in=platforms.catalogue())
    found = known.filter(pk=connection_id).first()
    if found and (drafts or not is_draft(found)):
        return found
    raise NoConnection


def again(connection: IntegrationConnection) -> IntegrationConnection:
    """The same one as it is by now. Raises NoConnection when it was removed."""
    if is_unread(connection):
        return find(connection.workspace, connection.provider)
    return find_by_id(connection.workspace, connection.pk, drafts=True)


def _whole() -> QuerySet[IntegrationConnection]:
    """With what whoever changes or shows one reads."""
    return IntegrationConnection.objects.select_related(
        *("last_test", "edited_by", "credential", "sign_in", "workspace", "lender"),
        *("taken_back_by", "watch__budget"),
    )


def unread(workspace: Workspace, provider: str) -> IntegrationConnection:
    """A default connection by name alone, for whoever locks the row and reads it then."""
    return IntegrationConnection(
        workspace=workspace, provider=provider, status=Status.NOT_CONNECTED
    )


def catalogue(workspace: Workspace) -> list[list[IntegrationConnection]]:
    """Every platform's connections with their last tests, in catalogue order; one query.

    The default one comes first, and is there in any case.
    """
    saved: dict[str, list[IntegrationConnection]] = {}
    for row in map(_with_test, CARDS.rows(workspace.pk)):
        saved.setdefault(row.provider, []).append(row)
    return [
        sorted(saved.get(slug) or [unread(workspace, slug)], key=_in_order)
        for slug in platforms.catalogue()
    ]


def of_platform(workspace: Workspace, provider: str) -> list[IntegrationConnection]:
    """A platform's connections with their last tests, the default one first; one query."""
    return _of_place(workspace.pk, provider) or [unread(workspace, provider)]


def _of_place(workspace_id: int, provider: str) -> list[IntegrationConnection]:
    return sorted(map(_with_test, OF_PLATFORM.rows(workspace_id, provider)), key=_in_order)


def with_tests(ids: Collection[UUID]) -> list[IntegrationConnection]:
    """These, in any order, with their last tests and their watches; one query."""
    found = IntegrationConnection.objects.filter(pk__in=ids)
    return [*found.select_related("last_test", "watch")]


def all_of_platform(workspace: Workspace, provider: str) -> QuerySet[IntegrationConnection]:
    """A platform's connections, to be searched or counted."""
    return IntegrationConnection.objects.filter(~DRAFT, workspace=workspace, provider=provider)


def with_others(connection: IntegrationConnection) -> list[IntegrationConnection]:
    """`of_platform` with this one among them as it is here, its last test and its watch read."""
    found = {one.pk: one for one in _of_place(*place(connection))}
    if stored := found.get(connection.pk):
        connection._state.fields_cache["watch"] = stored.watched  # noqa: SLF001 - as a join does
        if stored.last_test_id == connection.last_test_id:
            connection.last_test = stored.last_test
    others = [one for one in found.values() if one != connection]
    return sorted([connection, *others], key=_in_order) if others else [connection]


def saved_in(workspace: Workspace) -> QuerySet[IntegrationConnection]:
    """All that somebody ever saved something for, of platforms that there are."""
    return IntegrationConnection.objects.filter(
        workspace=workspace, provider__in=platforms.catalogue(), version__gt=0
    )


def matching(
    connections: QuerySet[IntegrationConnection], words: str
) -> QuerySet[IntegrationConnection]:
    """Those in whose name, slug, account or platform every one of the words is."""
    for word in words.replace("\0", " ").split()[:MOST_WORDS]:
        named = platforms.named_like(word)
        connections = connections.filter(
            Q(name__icontains=word)
            | Q(slug__icontains=word)
            | Q(platform_account_id__icontains=word)
            | Q(platform_account_name__icontains=word)
            | Q(config__account_id__icontains=word)
            | Q(former_account_id__icontains=word)
            | Q(former_account_name__icontains=word)
            | Q(provider__in=named)
        )
    return connections


def counted_by_credential(connections: Collection[IntegrationConnection]) -> dict[UUID, int]:
    """How many connections each credential lets in that lets in one of these."""
    return Counter(pk for pk, _ in let_in_with(connections))


def let_in_with(connections: Collection[IntegrationConnection]) -> list[tuple[UUID, int]]:
    """Of all that is let in by what lets in one of these: the credential and the workspace."""
    sign_ins = {one.sign_in_id for one in connections if one.is_signed_in}
    typed = {one.credential_id for one in connections if one.auth_method != SIGN_IN} - {None}
    # To whom it is lent only those of their own are counted.
    here = {one.workspace_id for one in connections}
    using = IntegrationConnection.objects.filter(Q(workspace__in=here) | Q(lender__in=here))
    by_sign_in = using.filter(sign_in__in=sign_ins, auth_method=SIGN_IN)
    by_typed = using.filter(credential__in=typed).exclude(auth_method=SIGN_IN)
    return [
        *by_sign_in.values_list("sign_in", "workspace"),
        *by_typed.values_list("credential", "workspace"),
    ]


def siblings(connection: IntegrationConnection) -> QuerySet[IntegrationConnection]:
    """The others of its workspace and platform."""
    of_place = IntegrationConnection.objects.filter(
        ~DRAFT, workspace=connection.workspace_id, provider=connection.provider
    )
    return of_place.exclude(pk=connection.pk)


def several_in(workspace_id: int) -> set[str]:
    """The platforms of which a workspace has several connections, so that each has to be named."""
    saved = IntegrationConnection.objects.filter(~DRAFT, workspace=workspace_id)
    counted = saved.order_by().values("provider").annotate(number=Count("pk"))
    return {*counted.filter(number__gt=1).values_list("provider", flat=True)}


def _in_order(connection: IntegrationConnection) -> tuple[bool, list[str | int], datetime]:
    """The default one, then by name."""
    return not connection.is_default, naming.natural(connection.title), connection.created_at


def _with_test(row: Row) -> IntegrationConnection:
    facts, row = row[: len(CONNECTION)], row[len(CONNECTION) :]
    connection = IntegrationConnection.from_db(database.alias, CONNECTION, facts)
    of_test, row = row[: len(LAST_TEST)], row[len(LAST_TEST) :]
    if connection.last_test_id:
        connection.last_test = ConnectionTest.from_db(database.alias, LAST_TEST, of_test)
    _read_watch(connection, row[: len(WATCH)], row[len(WATCH) :])
    return connection


def _read_watch(connection: IntegrationConnection, of_watch: Row, of_budget: Row) -> None:
    if of_watch[0] is None:
        connection._state.fields_cache["watch"] = None  # noqa: SLF001 - as a join finds it
        return
    connection.watch = Watch.from_db(database.alias, WATCH, of_watch)
    if connection.watch.budget_id:
        connection.watch.budget = Budget.from_db(database.alias, BUDGET, of_budget)


def read_for_cards(connections: Collection[IntegrationConnection]) -> None:
    """What a page shows beside: their sign-ins, and who reported; a query each where any are."""
    prefetch_related_objects([one for one in connections if one.sign_in_id], "sign_in")
    prefetch_related_objects([one for one in connections if one.reported_by_id], "reported_by")
    read_lenders(connections)


def read_lenders(connections: Collection[IntegrationConnection]) -> None:
    """The workspaces that lend what lets these in, or took it back; a query where there are any."""
    prefetch_related_objects([one for one in connections if one.lender_id], "lender")
    taken_back = [one for one in connections if one.taken_back_by_id]
    prefetch_related_objects(taken_back, "taken_back_by")


def lock(connection: IntegrationConnection) -> IntegrationConnection:
    """The connection's row, locked until the transaction ends; an unread one is made if need be.

    What it points at is read after that: in one query it could be as it was before the lock.
    Raises NoConnection when it was removed meanwhile.
    """
    if is_unread(connection):
        where = place(connection)
        return _with_what_opens(LOCKED_DEFAULT.first(*where) or made(*where))
    if locked := LOCKED.first(connection.pk):
        return _with_what_opens(locked)
    raise NoConnection


def lock_together(
    connection: IntegrationConnection, *, sharing: bool
) -> tuple[IntegrationConnection, list[IntegrationConnection]]:
    """`lock` for it and for the others of its workspace and platform, whom a change may concern.

    With `sharing` also for those elsewhere that are opened by what opens one of these, or are lent
    by its workspace.
    """
    where = place(connection)
    every = LOCKED_TOGETHER[sharing].all(*where)
    if is_unread(connection):
        found = [one for one in every if one.is_default and place(one) == where]
        mine = found[0] if found else made(*where)
    else:
        found = [one for one in every if one.pk == connection.pk]
        if not found:
            raise NoConnection
        mine = found[0]
    users = _read_what_opens(mine)
    others = [one for one in every if one.pk != mine.pk]
    if sharing and users > sum(_opened_by(one, mine) for one in (mine, *others)):
        # Who waited for a lock knows who shared it before: others came in the meantime.
        return lock_together(mine, sharing=True)
    return mine, others


def lock_to_add(
    connection: IntegrationConnection, into: int
) -> tuple[IntegrationConnection, list[IntegrationConnection]]:
    """`lock` for it, whose like is added, and for those of its platform in that workspace.

    However many share what lets it in: whoever changes that locks all of them, so this one, too.
    """
    concerned = Q(pk=connection.pk) | Q(workspace_id=into, provider=connection.provider)
    every = IntegrationConnection.objects.select_for_update(no_key=True).filter(concerned)
    locked = {one.pk: one for one in every.order_by("pk")}
    if connection.pk not in locked:
        raise NoConnection
    mine = _with_what_opens(locked.pop(connection.pk))
    return mine, [*locked.values()]


def is_unread(connection: IntegrationConnection) -> bool:
    """Whether it is a platform's default one by name alone."""
    return connection._state.adding  # noqa: SLF001 - as Django's own forms ask


def is_draft(connection: IntegrationConnection) -> bool:
    """Whether it is there for a dialog alone: no list, count or test knows it."""
    return connection.version == 0 and not connection.is_default


def place(connection: IntegrationConnection) -> tuple[int, str]:
    """Its workspace's id and its platform: of those of one place, one is the default."""
    return connection.workspace_id, connection.provider


def made(workspace_id: int, provider: str) -> IntegrationConnection:
    """A platform's default connection, locked and made if need be. Part of a transaction.

    One at a time is made in a workspace, by whoever makes one: who waited finds it.
    """
    Workspace.objects.select_for_update(no_key=True).get(pk=workspace_id)
    made, _ = IntegrationConnection.objects.select_for_update().get_or_create(
        workspace_id=workspace_id, provider=provider, is_default=True
    )
    return made


def _with_what_opens(locked: IntegrationConnection) -> IntegrationConnection:
    _read_what_opens(locked)
    return locked


def _read_what_opens(locked: IntegrationConnection) -> int:
    """Read the rows that let it in; how many connections, it included, point at them."""
    users = 0
    for name in ("credential", "sign_in"):
        if (pk := getattr(locked, f"{name}_id")) and (found := CREDENTIAL.rows(pk)):
            row, count = found[0][:-1], found[0][-1]
            setattr(locked, name, Credential.from_db(database.alias, SEALED, row))
            users += count
    return users


def _opened_by(one: IntegrationConnection, other: IntegrationConnection) -> int:
    """How many of the rows that let in the other one let in this one."""
    rows = {other.credential_id, other.sign_in_id} - {None}
    return len(rows & {one.credential_id, one.sign_in_id})


def read_last_test(connection: IntegrationConnection) -> None:
    """For whoever shows it: quicker than when it is first used."""
    if connection.last_test_id:
        connection.last_test = TEST.first(connection.last_test_id)


def state(row: Model) -> State:
    """The columns of a row that were read, to find later what has changed."""
    return {
        field.attname: row.__dict__[field.attname]
        for field in row._meta.concrete_fields
        if field.attname in row.__dict__
    }


def changed(row: Model, before: State) -> State:
    """Those columns that are no longer as in that `state`."""
    now = state(row)
    return {name: value for name, value in now.items() if value != before.get(name)}


def save_changes(connection: IntegrationConnection, before: State) -> None:
    """Write those columns alone, and when that was; its status is then as the database says."""
    connection.updated_at = clock.now()
    values = changed(connection, before) | {"updated_at": connection.updated_at}
    written = update(IntegrationConnection, values, returning="status", id=connection.pk)
    if written is None:
        raise IntegrationConnection.NotUpdated
    (connection.status,) = written
