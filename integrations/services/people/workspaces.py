"""Workspaces: made by whoever runs the installation, renamed and archived by their owners.

What is archived is not deleted: nobody opens it, nothing in it is renewed or told, and it can be
brought back.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.utils.text import slugify

from integrations import clock
from integrations.models import (
    Event,
    EventType,
    IntegrationConnection,
    Membership,
    Role,
    Workspace,
)
from integrations.services.people import members, people
from integrations.services.people.members import NotAnOwner
from integrations.services.people.people import NoWorkspace
from integrations.services.refusals import InvalidChange


class NotArchived(Exception):
    """Somebody brought the workspace back already."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        super().__init__("It is not archived.")


LONGEST_NAME = 100
LONGEST_SLUG = 50
MOST_WORDS = 20  # of a search; more find nothing that these do not
NO_NAME = "Give it a name, such as the team's or the client's."
NO_SLUG = "Addresses need a Latin letter or a digit. Type a short name for them, such as acme."
LENDS = (
    "Other workspaces are let in by what this one lends them, which ends with it. "
    "Take it back first."
)
SLUG_TAKEN = "Another workspace has this address, maybe an archived one. Choose another."


def make(name: str, slug: str = "", *, by: User) -> Workspace:
    """A new one, owned by who makes it. Raises NotAnOwner unless they run the installation.

    Raises InvalidChange.
    """
    if not may_make(by):
        raise NotAnOwner
    return make_for([by], name, slug, by=by)


def may_make(by: User | None) -> bool:
    """Whoever runs the installation; nobody is `by` for a command."""
    return by is None or (by.is_active and by.is_superuser)


def make_for(owners: Iterable[User], name: str, slug: str = "", *, by: User | None) -> Workspace:
    """`make`, owned by these, for who knows that `by` may. Raises InvalidChange."""
    name, slug = checked_name(name), slug_of(slug or name)
    try:
        with transaction.atomic():
            made = Workspace.objects.create(name=name, slug=slug)
            for owner in sorted(owners, key=lambda one: one.pk):
                is_first = members.is_first(owner)
                Membership.objects.create(
                    user=owner, workspace=made, role=Role.OWNER, is_default=is_first
                )
                members.tell(made, "joined", owner.pk, by=by, role=Role.OWNER)
    except IntegrityError:
        raise InvalidChange({"slug": [SLUG_TAKEN]}) from None
    return made


def slug_of(text: str) -> str:
    """The address that this makes. Raises InvalidChange."""
    slug = slugify(text)[:LONGEST_SLUG].strip("-")
    if not slug:
        raise InvalidChange({"slug": [NO_SLUG]})
    return slug


def rename(workspace: Workspace, name: str, *, by: User) -> None:
    """Its address stays: links lead there. Raises InvalidChange, NotAnOwner, Archived."""
    name = checked_name(name)
    with members.changing(workspace, by=by):
        Workspace.objects.filter(pk=workspace.pk).update(name=name)


def archive(workspace: Workspace, *, by: User) -> None:
    """Raises NotAnOwner, Archived, and InvalidChange while it lends something to others."""
    with members.changing(workspace, by=by):
        if IntegrationConnection.objects.filter(lender=workspace).exists():
            raise InvalidChange({"workspace": [LENDS]})
        Workspace.objects.filter(pk=workspace.pk).update(archived_at=clock.now())
        members.tell_all(workspace, "archived", by=by)


def bring_back(slug: str, *, by: User) -> Workspace:
    """Raises NoWorkspace, also for who does not own it; NotArchived."""
    found = Workspace.objects.filter(slug=slug).first()
    if found is None:
        raise NoWorkspace
    with members.holding(found) as held:
        if not members.owns(by, held):
            raise NoWorkspace
        if held.archived_at is None:
            raise NotArchived(held)
        held.archived_at = None
        held.save(update_fields=["archived_at"])
        members.tell_all(held, "brought_back", by=by)
    return held


@dataclass(frozen=True)
class Archived:
    """One that is archived, as one of its members is told of it."""

    workspace: Workspace
    by: User | None  # whose account may be deleted
    owners: list[str]
    is_mine: bool  # to bring back


def archived_of(user: User, slug: str = "") -> QuerySet[Workspace]:
    """Those that the person would open, had nobody archived them; of this address alone."""
    archived = Workspace.objects.exclude(archived_at=None)
    named = archived.filter(slug=slug) if slug else archived
    return named if user.is_superuser else named.filter(memberships__user=user)


def told_of(archived: Workspace, user: User) -> Archived:
    """Who archived it, and who brings it back."""
    told = Event.objects.filter(workspace=archived, type=EventType.MEMBER_CHANGED)
    last = told.filter(data__what="archived").select_related("by").order_by("-pk").first()
    return Archived(
        archived, last.by if last else None, people.owners(archived), members.owns(user, archived)
    )


def search(user: User, query: str) -> QuerySet[Workspace]:
    """The person's workspaces whose name or address holds every word, each with their `role`.

    An operator has none where they are no member.
    """
    mine = Membership.objects.filter(user=user, workspace=OuterRef("pk")).values("role")
    return matching(people.workspaces_of(user).annotate(role=Subquery(mine)), query)


def matching(found: QuerySet[Workspace], query: str) -> QuerySet[Workspace]:
    """Those whose name or address holds every word."""
    for word in query.replace("\0", " ").split()[:MOST_WORDS]:
        found = found.filter(Q(name__icontains=word) | Q(slug__icontains=word))
    return found


def make_default(user: User, workspace: Workspace) -> None:
    """The one that opens when none is named."""
    mine = Membership.objects.filter(user=user)
    if not mine.filter(workspace=workspace).exists():
        return  # an operator's own one stays
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).get(pk=user.pk)  # one at a time
        mine.update(is_default=False)
        mine.filter(workspace=workspace).update(is_default=True)


def checked_name(name: str) -> str:
    """As it is kept. Raises InvalidChange."""
    name = " ".join(name.split())
    if not name:
        raise InvalidChange({"name": [NO_NAME]})
    if len(name) > LONGEST_NAME:
        raise InvalidChange({"name": [f"This is longer than {LONGEST_NAME} characters."]})
    return name
