"""Hands a workspace over: its owner asks another member, who says yes or no."""

from datetime import datetime, timedelta

from django.contrib.auth.models import User

from integrations import clock
from integrations.models import After, HandOver, Membership, Role, Workspace
from integrations.services.people import members
from integrations.services.people.members import NoMember, NotAnOwner, changing

LIVES = timedelta(days=7)


class NotAsked(Exception):
    """Nobody asks this person for this, or not any more."""


def ask(workspace: Workspace, member_id: int, after: After, *, by: User) -> HandOver:
    """Ask somebody to own the workspace; an earlier question ends.

    Raises NotAnOwner, also for an operator who is no member: they make an owner by themselves.
    Raises NoMember when it is nobody else; Archived.
    """
    with changing(workspace, by=by):
        if not members.owners(workspace).filter(user=by).exists():
            raise NotAnOwner
        member = members.find(workspace, member_id)
        if member.user_id == by.pk or not member.user.is_active:
            raise NoMember
        HandOver.objects.filter(workspace=workspace).delete()
        members.tell(workspace, "asked_to_own", member.user_id, by=by)
        return HandOver.objects.create(
            workspace=workspace,
            asked_by=by,
            asked=member.user,
            after=after,
            expires_at=clock.now() + LIVES,
        )


def pending(workspace: Workspace) -> HandOver | None:
    waiting = HandOver.objects.select_related("asked", "asked_by")
    return waiting.filter(workspace=workspace, expires_at__gt=clock.now()).first()


def forget_old(now: datetime) -> None:
    HandOver.objects.filter(expires_at__lt=now).delete()


def accept(workspace: Workspace, user: User) -> HandOver:
    """Raises NotAsked, also when whoever asked may not any more; Archived."""
    with changing(workspace, by=None):
        waiting = pending(workspace)
        if waiting is None or waiting.asked_id != user.pk:
            raise NotAsked
        if not members.owners(workspace).filter(user=waiting.asked_by).exists():
            raise NotAsked
        new = Membership.objects.filter(workspace=workspace, user=user)
        if not new.update(role=Role.OWNER):
            raise NotAsked
        _settle(workspace, waiting.asked_by, user, After(waiting.after), by=user)
        waiting.delete()
    return waiting


def _settle(workspace: Workspace, old: User, new: User, after: After, *, by: User | None) -> None:
    """What becomes of whoever handed over. For who holds the workspace's row."""
    if after == After.LEAVE:
        members.let_go(members.of(workspace).get(user=old))
    elif after == After.EDITOR:
        members.give_role(members.of(workspace).get(user=old), Role.EDITOR)
    members.tell(workspace, "handed_over", new.pk, by=by, before=old.pk, after=after.value)


def end(workspace: Workspace, user: User) -> bool:
    """Say no, or take the question back. Whether there was one that this person may end.

    Raises Archived.
    """
    with changing(workspace, by=None):
        waiting = pending(workspace)
        if waiting is None or not (waiting.asked_id == user.pk or members.owns(user, workspace)):
            return False
        waiting.delete()
        members.tell(workspace, "not_asked", waiting.asked_id, by=user)
    return True


def at_once(workspace: Workspace, old: Membership, new: Membership, after: After) -> None:
    """As whoever runs the installation does, by a command: for when nobody can be asked."""
    with changing(workspace, by=None):
        members.give_role(members.find(workspace, new.pk), Role.OWNER)
        _settle(workspace, old.user, new.user, after, by=None)
