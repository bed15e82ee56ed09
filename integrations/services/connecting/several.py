"""Several connections of a platform in a workspace: how another one is added, and removed."""

import re
from contextlib import suppress
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from django.contrib.auth.models import User
from django.db import transaction

from integrations import compiled, platforms
from integrations.models import Credential, IntegrationConnection, RunItem, Workspace
from integrations.services import rows
from integrations.services.connecting import begun, disconnecting, naming, saving
from integrations.services.connecting.changes import Changes
from integrations.services.connecting.disconnecting import Disconnected
from integrations.services.credentials import sealing
from integrations.services.credentials.unused import is_going
from integrations.services.proving import runs
from integrations.services.refusals import InvalidChange, NoConnection, VersionConflict
from integrations.services.twins import ACCOUNT_FIELD
from providers.declare import SIGN_IN

LONGEST_NAME = 100
DRAFTS_LIVE = timedelta(days=1)
SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
LETS_IN = (
    *("auth_method", "config", "hints", "key_id"),
    *("credential", "sign_in", "sign_in_key_id"),
)
NOT_A_SLUG = "Use small letters, digits and single dashes, such as north or north-2, 50 at most."
NO_CREDENTIAL = (
    "No credential of this workspace has this id, or this platform cannot use it. Take the "
    "`credential.id` of a connection, not its own."
)
TYPED_TOO = "Send either a credential or secrets, not both: its secrets are there already."
OF_ONE_PLATFORM = "This one gets tokens for its own platform alone. Send the secrets here, too."
GOING = "This is just being disconnected. Sign in again, or take another one."
NOT_ANOTHER = "Choose the id of another connection of this platform."


def cleaned_name(name: str) -> str:
    """Raises InvalidChange."""
    name = " ".join(name.replace("\0", "").split())
    if len(name) > LONGEST_NAME:
        raise InvalidChange({"name": [f"This is longer than {LONGEST_NAME} characters."]})
    return name


def check_slug(slug: str) -> None:
    """Raises InvalidChange for what can be none; "" is no choice."""
    if slug and (len(slug) > naming.LONGEST_SLUG or not SLUG.fullmatch(slug)):
        raise InvalidChange({"slug": [NOT_A_SLUG]})


def add(
    workspace: Workspace,
    provider: str,
    changes: Changes,
    *,
    by: User | None,
    slug: str = "",
    credential_id: UUID | None = None,
) -> saving.Saved:
    """Another connection of a platform; the first one is the default. Asks nobody.

    With `credential_id` it is let in by what lets in another one already. A default one that never
    was anything, or had this account before, is used; in place of another that nothing is saved
    for it is the default one. Raises InvalidChange, as
    SameAccount where another one has this account.
    """
    check_slug(slug)
    with transaction.atomic():
        Workspace.objects.select_for_update(no_key=True).get(pk=workspace.pk)  # one adds at a time
        there_are = _locked(workspace, provider, credential_id)
        shared = _shared(workspace, provider, credential_id, changes) if credential_id else None
        made = _place_for(workspace, provider, there_are, slug, changes, shared)
        connection, others = rows.lock_together(made, sharing=True)
        warnings = saving.apply(connection, changes, others, by=by, is_new=True)
    return saving.Saved(connection, warnings)


def _locked(
    workspace: Workspace, provider: str, credential_id: UUID | None
) -> list[IntegrationConnection]:
    """The platform's connections. In this order everywhere: these, then what they point at."""
    every = IntegrationConnection.objects.all()
    concerned = rows.together(every, workspace.pk, provider, sharing=True, credential=credential_id)
    return [one for one in concerned if rows.place(one) == (workspace.pk, provider)]


def _shared(
    workspace: Workspace, provider: str, credential_id: UUID, changes: Changes
) -> Credential:
    """What lets in others, locked: whoever is about to delete it waits, and finds it used."""
    platform = platforms.get(provider)
    using = Credential.objects.filter(workspace=workspace, family=sealing.family_of(platform))
    row = using.exclude(connections=None, signed_in=None).select_for_update(of=("self",))
    found = row.filter(pk=credential_id).first()
    if found is None or found.method not in {method.slug for method in platform.methods}:
        raise InvalidChange({"credential": [NO_CREDENTIAL]})
    if is_going(found):
        raise InvalidChange({"credential": [GOING]})
    if found.can_renew and not found.app and found.provider != provider:
        # Its kept token was asked for with the permissions of that platform.
        raise InvalidChange({"credential": [OF_ONE_PLATFORM]})
    if found.method != SIGN_IN and changes.config.keys() & platform.secret_names:
        raise InvalidChange({"credential": [TYPED_TOO]})
    return found


def _place_for(
    workspace: Workspace,
    provider: str,
    there_are: list[IntegrationConnection],
    slug: str,
    changes: Changes,
    shared: Credential | None,
) -> IntegrationConnection:
    """A row that nothing is saved for but what lets it in. Raises InvalidChange."""
    default = next((one for one in there_are if one.is_default), None)
    is_left_empty = default is not None and saving.is_blank(default)
    account = changes.config.get(ACCOUNT_FIELD)
    is_same = bool(default and account and default.former_account_id == account)
    is_meant = default and (slug == default.slug or (is_same and not slug))
    if default and is_left_empty and (default.version == 0 or is_meant):
        if default.version == 0:  # nobody was told its slug yet
            others = [one for one in there_are if one != default]
            default.slug = _free(others, slug, changes)
        _let_in(default, shared)
        default.save(update_fields=["slug", *LETS_IN])
        return default
    made = IntegrationConnection(
        workspace=workspace,
        provider=provider,
        slug=_free(there_are, slug, changes),
        is_default=default is None or is_left_empty,
        version=saving.newest(there_are) if default and is_left_empty else 0,
    )
    if default and is_left_empty:
        compiled.update(IntegrationConnection, {"is_default": False}, id=default.pk)
    _let_in(made, shared)
    made.save(force_insert=True)
    return made


def _let_in(connection: IntegrationConnection, shared: Credential | None) -> None:
    if shared is None:
        return
    connection.auth_method, connection.config = shared.method, dict(shared.plain)
    if shared.app:  # obtained by a sign-in, not typed
        connection.sign_in, connection.sign_in_key_id = shared, shared.key_id
    else:
        sealing.point(connection, shared)


def _free(others: list[IntegrationConnection], slug: str, changes: Changes) -> str:
    """The slug that was asked for, or one of its name, or account, that none of them has.

    Raises InvalidChange.
    """
    taken = {one.slug for one in others}
    account = changes.config.get(ACCOUNT_FIELD) if taken else None  # the first is the main one
    return naming.free_slug(taken, changes.name or account or "", asked=slug)


def begin_another(workspace: Workspace, provider: str) -> IntegrationConnection:
    """For a dialog: a draft, or the default one where nothing is saved for that yet."""
    with transaction.atomic():
        Workspace.objects.select_for_update(no_key=True).get(pk=workspace.pk)
        default = rows.find(workspace, provider)
        if rows.is_unread(default) or saving.was_never_anything(default):
            return default
        return IntegrationConnection.objects.create(
            workspace=workspace,
            provider=provider,
            slug=f"draft-{uuid4().hex[:12]}",
            is_default=False,
        )


def discard(connection: IntegrationConnection) -> None:
    """Forget a draft with what was typed into it. One that was saved meanwhile stays."""
    with transaction.atomic(), suppress(NoConnection):
        locked = rows.lock(connection)
        if rows.is_draft(locked):
            sealing.forget(locked.candidates.all())
            begun.close(locked)
            locked.delete()


def forget_drafts(now: datetime) -> None:
    """Those that somebody left."""
    old = IntegrationConnection.objects.filter(rows.DRAFT, created_at__lt=now - DRAFTS_LIVE)
    for draft in old:
        discard(draft)


def remove(
    connection: IntegrationConnection,
    *,
    by: User | None,
    default_id: UUID | None = None,
    takes_back: bool = False,
    expected_version: int | None = None,
) -> Disconnected:
    """Disconnect it, then forget it with its history. Asks the platform, as disconnecting does.

    The default is then that one, or else the oldest that is left. Raises InvalidChange,
    NoConnection, VersionConflict, also when `expected_version` is no longer true, Busy, and
    NotAnOwner of who takes back.
    """
    if rows.is_draft(connection):  # of which nobody was told
        raise NoConnection
    if default_id is not None and not rows.siblings(connection).filter(pk=default_id).exists():
        raise InvalidChange({"default": [NOT_ANOTHER]})
    done = disconnecting.disconnect(
        connection, by=by, takes_back=takes_back, expected_version=expected_version
    )
    with transaction.atomic():
        gone, others = rows.lock_together(done.connection, sharing=False)
        was_renamed = expected_version is not None and gone.version != done.connection.version
        if gone.has_anything or was_renamed:  # by somebody, meanwhile
            raise VersionConflict(gone)
        tested_in = list(RunItem.objects.filter(connection=gone).values_list("run", flat=True))
        about = {"provider": gone.provider, "slug": gone.slug, "id": str(gone.pk)}
        saving.record(gone, "removed", by=by, **about)
        sealing.forget(gone.candidates.all())
        gone.delete()
        others = [one for one in others if not rows.is_draft(one)]
        if gone.is_default and others:
            heir = next((one for one in others if one.pk == default_id), None)
            heir = heir or min(others, key=lambda one: one.created_at)
            # Newer than any that was told of the default one: who knows that is told of the other.
            newer = {"is_default": True, "version": saving.newest([gone, *others]) + 1}
            compiled.update(IntegrationConnection, newer, id=heir.pk)
    for run_id in tested_in:
        runs.finish_if_done(run_id)
    return done
