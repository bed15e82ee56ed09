"""Invitations: a link that makes one person a member, in the role that it was made for.

It works once and for a week, and is worth what whoever made it may do now. With an address it
goes there by mail and is for whoever has it; whether an account has it, nobody is told.
"""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.template.loader import render_to_string

from integrations import clock, crypto, queue
from integrations.models import Invitation, Membership, Person, Role, Workspace
from integrations.services.people import guesses, members
from integrations.services.people.guesses import Limit
from integrations.services.people.members import changing, owns
from integrations.services.refusals import InvalidChange
from integrations_center import public_url

LIVES = timedelta(days=7)
KEPT = timedelta(days=7)  # one that ended unused: whoever made it may make it anew
LONGEST_NOTE = 100
LONGEST_EMAIL = 254
NO_MAIL = "This installation sends no mail. Leave the address out, and pass the link on yourself."
NOT_AN_ADDRESS = "This is not an e-mail address. Check it, or leave it out to get a link."
TAKEN = "Somebody has this name already. Choose another one."
INVITED_BY = Limit("invitations by", 30, 60, "You sent many invitations within an hour.")


class InvitationGone(Exception):
    """Unknown, used, withdrawn, too old, or of somebody who may not invite any more."""


class ForSomebodyElse(Exception):
    """It was mailed to another address than the account's."""


class AlreadyAMember(Exception):
    """The account is a member; the invitation is left for somebody else."""


def invite(
    workspace: Workspace, role: Role, *, by: User | None, email: str = "", note: str = ""
) -> tuple[Invitation, str | None]:
    """The invitation and its link, which nobody sees again; None for one that goes by mail.

    Raises InvalidChange, NotAnOwner, Archived, TooManyGuesses.
    """
    email, note = email.strip(), " ".join(note.split())
    _check(email, note)
    if email:
        _count_mail(email, by)
    with changing(workspace, by=by):
        made = Invitation(workspace=workspace, role=role, email=email, note=note, invited_by=by)
        link = _give_out(made)
        members.tell_all(workspace, "invited", by=by, invitation=str(made.pk), role=role)
    return made, link


def renew(workspace: Workspace, invitation_id: UUID, *, by: User) -> tuple[Invitation, str | None]:
    """The same for another week: a new link, and the old one ends. Raises as `invite` does.

    From then on it is worth what this person may do.
    """
    with changing(workspace, by=by):
        found = Invitation.objects.filter(workspace=workspace, pk=invitation_id).first()
    if found is None:
        raise InvitationGone
    if found.email:
        _check(found.email, found.note)
        _count_mail(found.email, by)
    with changing(workspace, by=by):
        again = Invitation.objects.filter(pk=found.pk).first()
        if again is None:
            raise InvitationGone
        again.invited_by = by
        return again, _give_out(again)


def withdraw(workspace: Workspace, invitation_id: UUID, *, by: User | None) -> bool:
    """Whether there was such an invitation. Raises NotAnOwner, Archived."""
    with changing(workspace, by=by):
        found = Invitation.objects.filter(workspace=workspace, pk=invitation_id)
        deleted, _ = found.delete()
        if deleted:
            id_ = str(invitation_id)
            members.tell_all(workspace, "invitation_withdrawn", by=by, invitation=id_)
    return bool(deleted)


def of(workspace: Workspace) -> QuerySet[Invitation]:
    """The open ones, and those that ended unused in the last days."""
    return Invitation.objects.filter(workspace=workspace).select_related("invited_by")


def forget_old(now: datetime) -> None:
    Invitation.objects.filter(expires_at__lt=now - KEPT).delete()


def find(token: str) -> Invitation:
    """Raises InvitationGone, without telling apart what is wrong."""
    return opened(crypto.digest(token))


def opened(digest: str) -> Invitation:
    """One whose link was opened in this browser. Raises InvitationGone."""
    known = Invitation.objects.select_related("workspace", "invited_by")
    found = known.filter(digest=digest, expires_at__gt=clock.now()).first() if digest else None
    if found is None or not _is_worth_something(found):
        raise InvitationGone
    return found


def role_here(invitation: Invitation, user: User) -> Role | None:
    """What the person is in that workspace already."""
    found = Membership.objects.filter(workspace=invitation.workspace, user=user).first()
    return Role(found.role) if found else None


def is_for(invitation: Invitation, user: User) -> bool:
    """One that was mailed is for whoever has the address, or has none here yet."""
    if not invitation.email or not user.email:
        return True
    return guesses.folded(user.email) == guesses.folded(invitation.email)


def accept(digest: str, user: User) -> Invitation:
    """Make the person a member.

    Raises InvitationGone, ForSomebodyElse, AlreadyAMember, Archived.
    """
    with _taken(digest) as invitation:
        if not is_for(invitation, user):
            raise ForSomebodyElse
        _, is_new = Membership.objects.get_or_create(
            user=user,
            workspace=invitation.workspace,
            defaults={
                "role": invitation.role,
                "is_default": members.is_first(user),
            },
        )
        if not is_new:
            raise AlreadyAMember
        _tell_who_joined(invitation, user)
    return invitation


def join(digest: str, *, username: str, password: str, first_name: str, last_name: str) -> User:
    """Make an account with the invitation, whose mail address is then proven to be its own.

    Raises InvitationGone, Archived; InvalidChange when somebody has the name.
    """
    username = User.normalize_username(username)
    if User.objects.filter(username__iexact=username).exists():
        raise InvalidChange({"username": [TAKEN]})
    first_name, last_name = (" ".join(name.split()) for name in (first_name, last_name))
    user = User(username=username, first_name=first_name, last_name=last_name)
    user.set_password(password)  # which takes long, so nothing is held meanwhile
    try:
        with _taken(digest) as invitation:
            user.email = User.objects.normalize_email(invitation.email)
            user.save()
            if invitation.email:
                Person.objects.create(user=user, email_confirmed_at=clock.now())
            Membership.objects.create(
                user=user, workspace=invitation.workspace, role=invitation.role, is_default=True
            )
            _tell_who_joined(invitation, user)
    except IntegrityError:  # at the same moment
        raise InvalidChange({"username": [TAKEN]}) from None
    return user


def mail(invitation_id: UUID) -> None:
    """Its link is made here: what waits in the queue opens nothing."""
    with transaction.atomic():
        waiting = Invitation.objects.select_for_update(of=("self",)).filter(mailed_at=None)
        known = waiting.select_related("workspace", "invited_by")
        found = known.filter(pk=invitation_id, expires_at__gt=clock.now()).first()
        if found is None or not found.email or not _is_worth_something(found):
            return
        token = secrets.token_urlsafe(32)
        found.digest = crypto.digest(token)
        found.save(update_fields=["digest"])
    context = {
        "invitation": found,
        "by": full_name(found.invited_by) if found.invited_by else "",
        "role": Role(found.role),
        "site": settings.PUBLIC_URL,
        "link": _address(token),
    }
    subject = f"You are invited to {' '.join(found.workspace.name.split())}"
    body = render_to_string("invitations/mail.txt", context)
    EmailMessage(subject, body, to=[found.email]).send()
    Invitation.objects.filter(pk=found.pk).update(mailed_at=clock.now())


def full_name(user: User) -> str:
    return user.get_full_name() or user.get_username()


def _check(email: str, note: str) -> None:
    if len(note) > LONGEST_NOTE:
        raise InvalidChange({"note": [f"This is longer than {LONGEST_NOTE} characters."]})
    if not email:
        return
    if not settings.EMAIL_IS_CONFIGURED:
        raise InvalidChange({"email": [NO_MAIL]})
    try:
        validate_email(email)
    except ValidationError:
        raise InvalidChange({"email": [NOT_AN_ADDRESS]}) from None
    if len(email) > LONGEST_EMAIL:
        raise InvalidChange({"email": [NOT_AN_ADDRESS]})


def _count_mail(email: str, by: User | None) -> None:
    """Before anything is locked: what is counted is committed at once."""
    who = str(by.pk) if by else ""
    guesses.begin((INVITED_BY, who), guesses.mail_to(email))


def _give_out(invitation: Invitation) -> str | None:
    """Save it for another week, with a new link. For who holds the workspace's row."""
    now = clock.now()
    invitation.invited_at, invitation.expires_at = now, now + LIVES
    invitation.mailed_at, invitation.digest = None, ""
    if invitation.email:
        _end_others_to_the_same(invitation)
        invitation.save()
        queue.enqueue("people.mail_invitation", str(invitation.pk))
        return None
    token = secrets.token_urlsafe(32)
    invitation.digest = crypto.digest(token)
    invitation.save()
    return _address(token)


def _end_others_to_the_same(invitation: Invitation) -> None:
    mailed = Invitation.objects.filter(workspace=invitation.workspace).exclude(email="")
    for other in mailed.exclude(pk=invitation.pk):
        if guesses.folded(other.email) == guesses.folded(invitation.email):
            other.delete()


@contextmanager
def _taken(digest: str) -> Iterator[Invitation]:
    """Hold the workspace's row, and use the invitation up unless what is done with it fails."""
    workspace = opened(digest).workspace
    with changing(workspace, by=None):
        invitation = opened(digest)
        yield invitation
        invitation.delete()


def _tell_who_joined(invitation: Invitation, user: User) -> None:
    members.tell(invitation.workspace, "joined", user.pk, by=user, role=invitation.role)


def _is_worth_something(invitation: Invitation) -> bool:
    """Whoever invited, unless it was by a command, must own the workspace now."""
    if invitation.workspace.archived_at:
        return False
    by = invitation.invited_by
    return by is None or owns(by, invitation.workspace)


def _address(token: str) -> str:
    return public_url.link("invitation", token)
