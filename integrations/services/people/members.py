"""Members of a workspace: their roles, and how they leave. One owner always stays.

Whoever changes members holds the workspace's row, so that of two owners who leave at once the
second one finds that it is the last. What somebody may do is looked up behind that lock again, and
so is whether the workspace was archived. What became of a member is written down with it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Case, Exists, IntegerField, OuterRef, QuerySet, Value, When

from integrations.models import (
    EventType,
    HandOver,
    Invitation,
    Membership,
    Role,
    Workspace,
)
from integrations.services import events

Roles = dict[tuple[int, int], str]


class LastOwner(Exception):
    """Without this person nobody would own the workspace."""


class NotAnOwner(Exception):
    """Whoever asked for it does not own the workspace, or not any more."""


class NoMember(Exception):
    """Nobody here has this number, or not any more."""


class Archived(Exception):
    """Somebody archived the workspace meanwhile, so nothing in it is changed."""


def of(workspace: Workspace) -> QuerySet[Membership]:
    """With their accounts: owners, then editors, then viewers, by name."""
    roles = [When(role=role, then=Value(place)) for place, role in enumerate(reversed(Role))]
    place = Case(*roles, output_field=IntegerField())
    found = Membership.objects.filter(workspace=workspace).select_related("user")
    return found.order_by(place, "user__first_name", "user__last_name", "user__username")


def find(workspace: Workspace, member_id: int) -> Membership:
    """Raises NoMember."""
    found = of(workspace).filter(pk=member_id).first()
    if found is None:
        raise NoMember
    return found


def owners(workspace: Workspace) -> QuerySet[Membership]:
    """Those who can act: an account that is switched off owns nothing."""
    return Membership.objects.filter(
        workspace=workspace, role=Role.OWNER, user__is_active=True
    ).select_related("user")


def is_last_owner(member: Membership) -> bool:
    is_one = member.role == Role.OWNER and member.user.is_active
    return is_one and not owners(member.workspace).exclude(pk=member.pk).exists()


def is_first(user: User) -> bool:
    """Whether what they join now is their default workspace: of two at once, one is.

    Part of a transaction, for who holds the workspace's row or made it.
    """
    User.objects.select_for_update(no_key=True).get(pk=user.pk)
    return not Membership.objects.filter(user=user, is_default=True).exists()


def change_role(workspace: Workspace, member_id: int, role: Role, *, by: User | None) -> Membership:
    """Raises LastOwner, NotAnOwner, NoMember, Archived. Nobody is `by` for a command."""
    with changing(workspace, by=by):
        member = find(workspace, member_id)
        if give_role(member, role):
            tell(workspace, "role_changed", member.user_id, by=by, role=role)
    return member


def give_role(member: Membership, role: Role) -> bool:
    """Whether it is another one. For who holds the workspace's row. Raises LastOwner."""
    if member.role == role:
        return False
    if role != Role.OWNER:
        if is_last_owner(member):
            raise LastOwner
        _end_what_an_owner_asked(member)
    member.role = role
    member.save(update_fields=["role"])
    return True


def remove(workspace: Workspace, member_id: int, *, by: User | None) -> Membership:
    """End somebody's access, at once. Raises LastOwner, NotAnOwner, NoMember, Archived."""
    with changing(workspace, by=by):
        member = let_go(find(workspace, member_id))
        left = by is not None and by.pk == member.user_id
        tell(workspace, "left" if left else "removed", member.user_id, by=by)
    return member


def leave(workspace: Workspace, user: User) -> None:
    """What every member may. Raises LastOwner, NoMember, Archived."""
    with changing(workspace, by=None):
        member = of(workspace).filter(user=user).first()
        if member is None:
            raise NoMember
        let_go(member)
        tell(workspace, "left", user.pk, by=user)


def let_go(member: Membership) -> Membership:
    """For who holds the workspace's row. Raises LastOwner."""
    if is_last_owner(member):
        raise LastOwner
    _end_what_an_owner_asked(member)
    HandOver.objects.filter(workspace=member.workspace, asked=member.user).delete()
    kept = member.pk
    member.delete()
    member.pk = kept
    return member


def tell(workspace: Workspace, what: str, user_id: int, *, by: User | None, **more: Any) -> None:
    """Write down what became of a member: joined, role_changed, removed, left or handed_over.

    So is what waits for one: asked_to_own and not_asked. For who holds the workspace's row, in
    the transaction that made it so.
    """
    tell_all(workspace, what, by=by, user=user_id, **more)


def tell_all(workspace: Workspace, what: str, *, by: User | None, **more: Any) -> None:
    """The same of what is about no account.

    That is invited, invitation_withdrawn, archived or brought_back.
    """
    by_id = by.pk if by else None
    events.record(workspace, EventType.MEMBER_CHANGED, by_id=by_id, what=what, **more)


@contextmanager
def changing(workspace: Workspace, *, by: User | None) -> Iterator[None]:
    """Hold the workspace's row, as one of its owners. Raises NotAnOwner, Archived."""
    with holding(workspace) as held:
        if held.archived_at:
            raise Archived
        if by is not None and not owns(by, workspace):
            raise NotAnOwner
        yield


@contextmanager
def operating(*, by: User | None) -> Iterator[None]:
    """For what belongs to the installation, as one of its operators. Raises NotAnOwner."""
    with transaction.atomic():
        if by is not None and not _operates(by):
            raise NotAnOwner
        yield


def _operates(user: User) -> bool:
    """As it is now."""
    return User.objects.filter(pk=user.pk, is_active=True, is_superuser=True).exists()


@contextmanager
def holding(workspace: Workspace) -> Iterator[Workspace]:
    """Hold the workspace's row, and hand it over as it is behind the lock."""
    with transaction.atomic():
        yield _locked().get(pk=workspace.pk)


def _locked() -> QuerySet[Workspace]:
    """Not against rows that point at it: who writes an event of a test waits for none of this."""
    return Workspace.objects.select_for_update(no_key=True)


@contextmanager
def keeping_owners(*, by: User | None) -> Iterator[None]:
    """For who changes accounts and members as rows. Raises LastOwner, and undoes it all, when a
    workspace that had an owner has none any more.
    """
    with transaction.atomic():
        list(_locked().order_by("pk").values_list("pk"))
        owned, before = _owned(), _roles()
        yield
        if Workspace.objects.filter(pk__in=owned - _owned()).exists():
            raise LastOwner
        _end_what_nobody_may_have_asked()
        _tell_what_became_of(before, by)


def _roles() -> Roles:
    """Of every member, by workspace and account."""
    found = Membership.objects.values_list("workspace_id", "user_id", "role")
    return {(workspace, user): role for workspace, user, role in found}


def _tell_what_became_of(before: Roles, by: User | None) -> None:
    after = _roles()
    changed = sorted(
        key for key in before.keys() | after.keys() if before.get(key) != after.get(key)
    )
    workspaces = Workspace.objects.in_bulk({workspace for workspace, _ in changed})
    for workspace_id, user_id in changed:
        if workspace := workspaces.get(workspace_id):
            role = after.get((workspace_id, user_id))
            what = "role_changed" if (workspace_id, user_id) in before else "joined"
            if role is None:
                tell(workspace, "removed", user_id, by=by)
            else:
                tell(workspace, what, user_id, by=by, role=role)


def _end_what_nobody_may_have_asked() -> None:
    """Invitations and hand-overs of those who do not own the workspace any more."""
    for kind, maker in ((Invitation, "invited_by"), (HandOver, "asked_by")):
        owning = Membership.objects.filter(
            user=OuterRef(maker), workspace=OuterRef("workspace"), role=Role.OWNER
        )
        asked = kind.objects.exclude(**{maker: None}).exclude(**{f"{maker}__is_superuser": True})
        asked.filter(~Exists(owning)).delete()


def _owned() -> set[int]:
    owned = Membership.objects.filter(role=Role.OWNER, user__is_active=True)
    return set(owned.values_list("workspace_id", flat=True))


def owns(user: User, workspace: Workspace) -> bool:
    """As it is now: an operator owns every workspace."""
    now = User.objects.filter(pk=user.pk, is_active=True).first()
    return now is not None and (
        now.is_superuser or owners(workspace).filter(user_id=user.pk).exists()
    )


def _end_what_an_owner_asked(member: Membership) -> None:
    """Invitations and a hand-over are worth what their maker may do."""
    Invitation.objects.filter(workspace=member.workspace, invited_by=member.user).delete()
    HandOver.objects.filter(workspace=member.workspace, asked_by=member.user).delete()


def operators(workspace: Workspace) -> QuerySet[User]:
    """Who may act as an owner here without being a member."""
    active = User.objects.filter(is_superuser=True, is_active=True)
    return active.exclude(memberships__workspace=workspace).order_by("username")
