"""Many accounts at once: of those that a connection's credentials reach, each becomes one more."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.contrib.auth.models import User
from django.db import transaction

from integrations import clock
from integrations.models import Credential, IntegrationConnection, TestRun, Trigger, Workspace
from integrations.services import rows, twins
from integrations.services.connecting import fix_links, naming, saving
from integrations.services.credentials import sealing
from integrations.services.credentials.unused import is_going
from integrations.services.proving import background, discovery, runs
from integrations.services.proving.facts import start_revision
from integrations.services.refusals import InvalidChange
from integrations.services.twins import ACCOUNT_FIELD
from providers.declare import Account, InvalidValues, Provider

ACCOUNTS = "accounts"
NONE_CHOSEN = "No account is chosen. Choose one or more."
NOT_OFFERED = (
    "Some of these accounts are not among those that can be reached now. "
    "Look at the list again, and choose anew."
)
CHANGED = (
    "This connection was changed while you were choosing, so nothing was added. "
    "Look at the list again, and choose anew."
)
ENDED = (
    "What lets this connection in has ended, so nothing was added. Connect it again, then choose."
)
UNFINISHED = (
    "Not everything that is required is there yet, and nobody to whom it is lent could add it. "
    "Finish connecting this one first, then lend it."
)


@dataclass(frozen=True)
class Reachable:
    """An account, and the connection that has it already."""

    account: Account
    connection: IntegrationConnection | None = None


def reachable(connection: IntegrationConnection) -> list[Reachable]:
    """All accounts that what lets this one in reaches. Raises what `discovery.accounts` does."""
    return matched(connection, discovery.accounts(connection))


def matched(connection: IntegrationConnection, accounts: Iterable[Account]) -> list[Reachable]:
    """Each with the connection that has it already."""
    every = rows.of_platform(connection.workspace, connection.provider)
    return [Reachable(one, has) for one, has in matched_among(connection, accounts, every)]


def add_many(
    connection: IntegrationConnection,
    account_ids: Sequence[str],
    *,
    by: User | None,
    trigger: Trigger = Trigger.PAGE,
) -> TestRun:
    """A connection for each of these accounts, let in as this one is; a run then tests them.

    What is connected already is left as it is. Raises InvalidChange, NoConnection, and what
    `discovery.accounts` does.
    """
    accounts = offered(connection, account_ids)
    with transaction.atomic():
        _hold(connection)
        added = added_for(connection, accounts, by=by)
        return background.start_chosen(connection.workspace, added, trigger=trigger, by=by)


def add_for_shell(connection: IntegrationConnection, account_ids: Sequence[str]) -> TestRun:
    """`add_many` for a shell, which performs the run itself and waits."""
    accounts = offered(connection, account_ids)
    with transaction.atomic():
        _hold(connection)
        added = added_for(connection, accounts, by=None)
        return runs.start_chosen(connection.workspace, added, trigger=Trigger.COMMAND, by=None)


def offered(connection: IntegrationConnection, account_ids: Sequence[str]) -> list[Account]:
    """Those of the accounts that it reaches. Raises InvalidChange where it does not reach all."""
    if not account_ids:
        raise InvalidChange({ACCOUNTS: [NONE_CHOSEN]})
    found = {one.id: one for one in discovery.accounts(connection)}
    if not found.keys() >= set(account_ids):
        raise InvalidChange({ACCOUNTS: [NOT_OFFERED]})
    return [found[account_id] for account_id in dict.fromkeys(account_ids)]


def _hold(connection: IntegrationConnection) -> None:
    """One adds at a time: who waited sees what was added meanwhile."""
    Workspace.objects.select_for_update(no_key=True).get(pk=connection.workspace_id)


def added_for(
    connection: IntegrationConnection,
    accounts: Sequence[Account] | None,
    *,
    by: User | None,
    into: Workspace | None = None,
) -> list[IntegrationConnection]:
    """A connection for each that has none yet, saved: in its workspace, or lent `into` another.

    Without `accounts` it is for its own. For who holds the rows of both workspaces. Raises
    InvalidChange where what was asked about is no more.
    """
    place = (into.pk if into else connection.workspace_id, connection.provider)
    source, others = rows.lock_to_add(connection, place[0])
    _check_still(source, connection)
    every = [one for one in (source, *others) if rows.place(one) == place]
    if accounts is None:
        new = [] if _is_there(source, place, every) else [_own(source)]
    else:
        new = [account for account, has in matched_among(source, accounts, every) if has is None]
    return _save(source, new, every, place[0], by=by)


def _own(source: IntegrationConnection) -> Account:
    """The account that the connection itself is for, with all that it takes to reach it."""
    values = {name: value for name, value in source.config.items() if name != ACCOUNT_FIELD}
    account_id = source.config.get(ACCOUNT_FIELD) or ""
    return Account(account_id, source.platform_account_name, values)


def _is_there(
    source: IntegrationConnection,
    place: tuple[int, str],
    every: Sequence[IntegrationConnection],
) -> bool:
    """Whether its like is at that place: for its account, or as far as that is not known yet."""
    like = IntegrationConnection(
        workspace_id=place[0],
        provider=source.provider,
        config=source.config,
        platform_account_id=source.platform_account_id,
    )
    if twins.find(like, every):
        return True
    opened_by = source.opened_by_id
    return any(one.opened_by_id == opened_by and one.config == source.config for one in every)


def _check_still(source: IntegrationConnection, asked: IntegrationConnection) -> None:
    """Raise InvalidChange where it is not as it was when it was asked for its accounts."""
    ids = [pk for pk in (source.credential_id, source.sign_in_id) if pk]
    opens = Credential.objects.filter(pk__in=ids)
    # Whoever is about to delete what lets in waits, and finds it used.
    locked = {row.pk: row for row in opens.select_for_update().order_by("pk")}
    if source.revision != asked.revision or not locked:
        raise InvalidChange({ACCOUNTS: [CHANGED]})
    opened_by = locked.get(source.opened_by_id) if source.opened_by_id else None
    if opened_by and (opened_by.is_ended or is_going(opened_by)):
        raise InvalidChange({ACCOUNTS: [ENDED]})


def _save(
    source: IntegrationConnection,
    accounts: Sequence[Account],
    every: Sequence[IntegrationConnection],
    workspace_id: int,
    *,
    by: User | None,
) -> list[IntegrationConnection]:
    """A row for each: the one that had this account before, or a default one that never was
    anything, or else a new one.
    """
    never = [one for one in every if one.is_default and saving.was_never_anything(one)]
    former = {one.former_account_id: one for one in every if saving.is_blank(one)}
    taken, has_default = {one.slug for one in every}, any(one.is_default for one in every)
    made: list[IntegrationConnection] = []
    new: list[IntegrationConnection] = []
    for account in accounts:
        account_id = as_kept(source.platform, account.id) or source.platform_account_id
        one = former.pop(account_id, None) if account_id else None
        if one is None and never:
            one = never.pop()
        is_new = one is None
        if one is None:
            called = account.name or account.id
            one = IntegrationConnection(
                workspace_id=workspace_id,
                provider=source.provider,
                slug=naming.free_slug(taken, called if has_default else ""),
                is_default=not has_default,
            )
            taken.add(one.slug)
            has_default = True
        before = rows.state(one)
        _let_in(one, source, account, by=by)
        if one.is_lent and not one.is_complete:
            raise InvalidChange({ACCOUNTS: [UNFINISHED]})
        if is_new:
            new.append(one)
        else:
            fix_links.end_unused(one)  # whom it was sent to would sign in for its lender
            rows.save_changes(one, before)
        made.append(one)
    IntegrationConnection.objects.bulk_create(new)
    for one in made:
        saving.record(one, "edited", by=by, fields=one.edited_fields)
    return made


def _let_in(
    one: IntegrationConnection,
    source: IntegrationConnection,
    account: Account,
    *,
    by: User | None,
) -> None:
    """Have it opened for this account as the source is; whoever asked saves it."""
    platform = source.platform
    one.auth_method = source.auth_method
    one.lender_id = None if one.workspace_id == source.workspace_id else source.workspace_id
    one.config = {**_shared(source), **account.values}
    one.edited_fields = ["added"]
    if account.id:
        one.config[ACCOUNT_FIELD] = as_kept(platform, account.id)
        one.edited_fields.append(platform.field(ACCOUNT_FIELD).label)
    sealing.point(one, source.credential)
    one.credentials_at = source.credentials_at
    one.sign_in, one.sign_in_key_id = source.sign_in, source.sign_in_key_id
    # Without an id it leads to where the source does.
    one.platform_account_id = "" if account.id else source.platform_account_id
    one.platform_account_name = account.name
    one.version += 1
    one.edited_at, one.edited_by_id = clock.now(), by.pk if by else None
    one.is_complete = saving.is_complete(one)
    start_revision(one)


def matched_among(
    connection: IntegrationConnection,
    accounts: Iterable[Account],
    every: Iterable[IntegrationConnection],
) -> list[tuple[Account, IntegrationConnection | None]]:
    """Which of these has an account and uses it at the same place."""
    having: dict[str, list[IntegrationConnection]] = defaultdict(list)
    for one in every:
        for account_id in {one.config.get(ACCOUNT_FIELD), one.platform_account_id}:
            having[account_id or ""].append(one)
    shared, platform = _shared(connection), connection.platform
    names = platform.bound(connection.auth_method, connection.config).keys()

    def has(account: Account) -> IntegrationConnection | None:
        ids = {account.id, as_kept(platform, account.id)} - {""}
        those = (one for account_id in ids for one in having.get(account_id, ()))
        return next((one for one in those if _is_same_place(one, shared, names)), None)

    return [(account, has(account)) for account in accounts]


def _is_same_place(
    one: IntegrationConnection, shared: Mapping[str, str], names: Iterable[str]
) -> bool:
    return all((one.config.get(name) or None) == shared.get(name) for name in names)


def _shared(connection: IntegrationConnection) -> dict[str, str]:
    """The plain values that say where and how what lets it in is used.

    Others, such as a dataset, belong to one account alone.
    """
    names = {*connection.platform.bound(connection.auth_method, connection.config)}
    for row in (connection.credential, connection.sign_in):
        names |= row.values.keys() if row else set()
    kept = connection.config
    return {name: kept[name] for name in sorted(names) if kept.get(name)}


def as_kept(platform: Provider, account_id: str) -> str:
    """As it would be kept if somebody had typed it."""
    try:
        cleaned, _ = platform.clean({ACCOUNT_FIELD: account_id})
    except InvalidValues:
        return account_id
    return cleaned[ACCOUNT_FIELD] or account_id
