"""Several connections of a platform in a workspace: how another one is added, and removed."""

import re
from uuid import UUID

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.text import slugify

from integrations import compiled, platforms
from integrations.models import Credential, IntegrationConnection, Workspace
from integrations.services import rows
from integrations.services.connecting import disconnecting, saving
from integrations.services.connecting.changes import Changes
from integrations.services.connecting.disconnecting import Disconnected
from integrations.services.credentials import sealing
from integrations.services.refusals import InvalidChange, VersionConflict
from integrations.services.twins import ACCOUNT_FIELD
from providers.declare import SIGN_IN

LONGEST_NAME = 100
LONGEST_SLUG = 50
SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
MAIN = "main"
NOT_A_SLUG = "Use small letters, digits and single dashes, such as north or north-2, 50 at most."
SLUG_TAKEN = "Another connection of this platform has this slug. Choose another."
NO_CREDENTIAL = "No credential of this workspace has this id, or this platform cannot use it."
TYPED_TOO = "Send either a credential or secrets, not both: its secrets are there already."
NOT_ANOTHER = "Choose the id of another connection of this platform."


def cleaned_name(name: str) -> str:
    """Raises InvalidChange."""
    name = " ".join(name.replace("\0", "").split())
    if len(name) > LONGEST_NAME:
        raise InvalidChange({"name": [f"This is longer than {LONGEST_NAME} characters."]})
    return name


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

    With `credential_id` it is let in by what lets in another one already. A default one that
    nothing is saved for is used, rather than left empty beside it. Raises InvalidChange, as
    SameAccount where another one has this account.
    """
    if slug and (len(slug) > LONGEST_SLUG or not SLUG.fullmatch(slug)):
        raise InvalidChange({"slug": [NOT_A_SLUG]})
    with transaction.atomic():
        Workspace.objects.select_for_update(no_key=True).get(pk=workspace.pk)  # one adds at a time
        shared = _shared(workspace, provider, credential_id, changes) if credential_id else None
        made = _place_for(workspace, provider, slug, changes, shared)
        connection, others = rows.lock_together(made, sharing=True)
        warnings = saving.apply(connection, changes, others, by=by, is_new=True)
    return saving.Saved(connection, warnings)


def _shared(
    workspace: Workspace, provider: str, credential_id: UUID, changes: Changes
) -> Credential:
    """What lets in others, locked: whoever is about to delete it waits, and finds it used."""
    platform = platforms.get(provider)
    # In this order everywhere: the connections first, then what they point at.
    concerned = Q(workspace=workspace, provider=provider)
    concerned |= Q(credential=credential_id) | Q(sign_in=credential_id)
    list(IntegrationConnection.objects.filter(concerned).select_for_update().order_by("pk"))
    using = Credential.objects.filter(workspace=workspace, family=sealing.family_of(platform))
    row = using.exclude(connections=None, signed_in=None).select_for_update(of=("self",))
    found = row.filter(pk=credential_id).first()
    if found is None or found.method not in {method.slug for method in platform.methods}:
        raise InvalidChange({"credential": [NO_CREDENTIAL]})
    if found.method != SIGN_IN and changes.config.keys() & platform.secret_names:
        raise InvalidChange({"credential": [TYPED_TOO]})
    return found


def _place_for(
    workspace: Workspace, provider: str, slug: str, changes: Changes, shared: Credential | None
) -> IntegrationConnection:
    """A row that nothing is saved for but what lets it in. Raises InvalidChange."""
    of_platform = IntegrationConnection.objects.filter(workspace=workspace, provider=provider)
    default = of_platform.filter(is_default=True).first()
    is_left_empty = default is not None and saving.is_blank(default)
    if default and is_left_empty and default.version == 0:  # nobody was told its slug yet
        default.slug = _free(of_platform.exclude(pk=default.pk), slug, changes)
    elif default is None or not is_left_empty or slug not in ("", default.slug):
        if default and is_left_empty:
            compiled.update(IntegrationConnection, {"is_default": False}, id=default.pk)
        default = IntegrationConnection(
            workspace=workspace,
            provider=provider,
            slug=_free(of_platform, slug, changes),
            is_default=default is None or is_left_empty,
        )
    _let_in(default, shared)
    default.save()
    return default


def _let_in(connection: IntegrationConnection, shared: Credential | None) -> None:
    if shared is None:
        return
    connection.auth_method, connection.config = shared.method, dict(shared.plain)
    if shared.app:  # obtained by a sign-in, not typed
        connection.sign_in, connection.sign_in_key_id = shared, shared.key_id
    else:
        sealing.point(connection, shared)


def _free(of_platform: QuerySet[IntegrationConnection], slug: str, changes: Changes) -> str:
    """The slug that was asked for, or one of its name, or account, that nobody has.

    Raises InvalidChange.
    """
    taken = set(of_platform.values_list("slug", flat=True))
    if slug in taken:
        raise InvalidChange({"slug": [SLUG_TAKEN]})
    if slug:
        return slug
    account = changes.config.get(ACCOUNT_FIELD) if taken else None  # the first is the main one
    stem = slugify(changes.name or account or "").replace("_", "-")
    wanted = stem[: LONGEST_SLUG - 5].strip("-") or MAIN
    numbered = (f"{wanted}-{number}" for number in range(2, len(taken) + 3))
    return next(one for one in (wanted, *numbered) if one not in taken)


def remove(
    connection: IntegrationConnection, *, by: User | None, default_id: UUID | None = None
) -> Disconnected:
    """Disconnect it, then forget it with its history. Asks the platform, as disconnecting does.

    The default is then that one, or else the oldest that is left. Raises InvalidChange,
    NoConnection, VersionConflict and Busy.
    """
    if default_id is not None:
        left = rows.siblings(connection).filter(pk=default_id)
        if not left.exists():
            raise InvalidChange({"default": [NOT_ANOTHER]})
    done = disconnecting.disconnect(connection, by=by)
    with transaction.atomic():
        gone, others = rows.lock_together(done.connection, sharing=False)
        if gone.has_anything:  # somebody connected it meanwhile
            raise VersionConflict(gone)
        saving.record(gone, "removed", by=by)
        gone.delete()
        if gone.is_default and others:
            heir = next((one for one in others if one.pk == default_id), None)
            heir = heir or min(others, key=lambda one: one.created_at)
            compiled.update(IntegrationConnection, {"is_default": True}, id=heir.pk)
    return done
