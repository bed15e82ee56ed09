"""Accounts, workspaces and API tokens: who may do what, and the very first account."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.contrib.auth.models import User
from django.db import connection as database
from django.db import transaction
from django.db.models import QuerySet
from django.utils.functional import cached_property

from integrations import clock, crypto
from integrations.compiled import Compiled, CompiledRows
from integrations.models import ApiToken, Membership, OwnerLink, Role, Workspace
from integrations.services.people import members
from integrations_center import public_url

OWNER_LINK_LIVES = timedelta(hours=1)
DEFAULT_SLUG = "main"
MOST_IN_A_MENU = 8
ANY_USER, ANY_SLUG = -2_000_000_000, "?"  # what no user's id and no workspace's name can be


class LinkRefused(Exception):
    """The one-time link is used, old or unknown, or somebody has an account already."""


class NoWorkspace(Exception):
    """No workspace of this name is this person's."""


def _memberships(user_id: int, **more: str) -> QuerySet[Membership, Any]:
    """The role and the workspace of each, the default one first."""
    mine = Membership.objects.filter(user_id=user_id, workspace__archived_at=None, **more)
    found = mine.order_by("-is_default", "pk")
    facts = (f"workspace__{name}" for name in WORKSPACE.names)
    return found.values_list("role", *facts)[:1]


# Each request asks one of these.
WORKSPACE = CompiledRows(
    Workspace, lambda every, slug: every.filter(slug=slug, archived_at=None), ANY_SLUG
)
IN_DEFAULT = Compiled(_memberships, ANY_USER)
IN_NAMED = Compiled(
    lambda user_id, slug: _memberships(user_id, workspace__slug=slug), ANY_USER, ANY_SLUG
)


@dataclass(frozen=True)
class Access:
    """A person's place in one workspace."""

    workspace: Workspace
    role: Role
    user: User

    @property
    def can_edit(self) -> bool:
        return self.allows(Role.EDITOR)

    @property
    def is_owner(self) -> bool:
        return self.allows(Role.OWNER)

    @cached_property
    def menu(self) -> list[Workspace]:
        """The person's workspaces, the first of many; none where there is none to choose."""
        found = list(workspaces_of(self.user)[: MOST_IN_A_MENU + 1])
        return found if found != [self.workspace] or self.user.is_superuser else []

    def allows(self, role: Role) -> bool:
        return self.role.includes(role)


def access(user: User, slug: str | None = None) -> Access:
    """The person's role in the named workspace, or in their default one.

    Raises NoWorkspace. A superuser owns every workspace.
    """
    if user.is_superuser and slug is not None:
        named = WORKSPACE.first(slug)
        if named:
            return Access(named, Role.OWNER, user)
        raise NoWorkspace
    found = IN_DEFAULT.rows(user.pk) if slug is None else IN_NAMED.rows(user.pk, slug)
    if found:
        role, *facts = found[0]
        workspace = Workspace.from_db(database.alias, WORKSPACE.names, facts)
        return Access(workspace, Role.OWNER if user.is_superuser else Role(role), user)
    open_ones = Workspace.objects.filter(archived_at=None).order_by("pk")
    workspaces = open_ones[:1] if user.is_superuser else ()
    for first in workspaces:
        return Access(first, Role.OWNER, user)
    raise NoWorkspace


def workspaces_of(user: User) -> QuerySet[Workspace]:
    """Those a person may open, by name."""
    open_ones = Workspace.objects.filter(archived_at=None)
    return open_ones if user.is_superuser else open_ones.filter(memberships__user=user)


def default_of(user: User) -> Workspace | None:
    """The one that opens when none is named."""
    try:
        return access(user).workspace
    except NoWorkspace:
        return None


def owners(workspace: Workspace) -> list[str]:
    """The names of those who may do everything in a workspace; the first ones of many."""
    found = User.objects.filter(
        is_active=True, memberships__workspace=workspace, memberships__role=Role.OWNER
    )
    return [user.get_full_name() or user.get_username() for user in found.order_by("pk")[:3]]


def give_default_workspace(user: User) -> None:
    """The first account, and every superuser, owns the default workspace."""
    is_first = not User.objects.exclude(pk=user.pk).exists()
    workspace = Workspace.objects.filter(archived_at=None).order_by("pk").first()
    if workspace and (is_first or user.is_superuser):
        with transaction.atomic():
            _, is_new = Membership.objects.get_or_create(
                user=user, workspace=workspace, defaults={"role": Role.OWNER, "is_default": True}
            )
            if is_new:
                members.tell(workspace, "joined", user.pk, by=user, role=Role.OWNER)


def nobody_has_an_account() -> bool:
    return not User.objects.exists()


def make_owner_link() -> str:
    """A link, good for an hour, on which the first person makes the first account.

    Others that were made stay good as well, until there is that account.

    Raises LinkRefused when somebody has an account.
    """
    token = secrets.token_urlsafe(32)
    with transaction.atomic():
        _lock_accounts()
        if not nobody_has_an_account():
            raise LinkRefused
        OwnerLink.objects.filter(expires_at__lte=clock.now()).delete()
        OwnerLink.objects.create(
            digest=crypto.digest(token), expires_at=clock.now() + OWNER_LINK_LIVES
        )
    return public_url.link("welcome", token)


def is_owner_link(token: str) -> bool:
    links = OwnerLink.objects.filter(digest=crypto.digest(token), expires_at__gt=clock.now())
    return nobody_has_an_account() and links.exists()


def make_owner(token: str, *, username: str, email: str, password: str) -> User:
    """The first account, a superuser. Raises LinkRefused; of two at once, one succeeds."""
    with transaction.atomic():
        _lock_accounts()
        if not is_owner_link(token):
            raise LinkRefused
        OwnerLink.objects.all().delete()
        return User.objects.create_superuser(username, email, password)


def _lock_accounts() -> None:
    """Hold the default workspace's row, so that first accounts are made one at a time."""
    Workspace.objects.select_for_update(no_key=True).order_by("pk").first()


def make_token(user: User, name: str, *, expires_at: datetime | None) -> str:
    """A new API token in clear: the only time anybody sees it."""
    expiry = expires_at - clock.now() if expires_at else None
    _, token = ApiToken.objects.create(user=user, expiry=expiry, name=name)
    return str(token)


def revoke_token(user: User, reference: UUID) -> bool:
    """Whether there was such a token of this person."""
    deleted, _ = ApiToken.objects.filter(user=user, reference=reference).delete()
    return bool(deleted)
