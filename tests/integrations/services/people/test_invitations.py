"""Invitations: one link, one person, one role, for a week, worth what its maker may do now."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.contrib.auth.models import User
from django.utils import timezone
from django_ox.models import OxTask

from integrations.models import Invitation, Membership, Person, Role
from integrations.services.keeping import forgetting
from integrations.services.people import invitations, members, workspaces
from integrations.services.people.guesses import MAIL_TO
from integrations.services.people.invitations import AlreadyAMember, ForSomebodyElse, InvitationGone
from integrations.services.refusals import InvalidChange, TooManyGuesses
from integrations.work import worker

NEW = {"username": "nina", "password": "another horse 9", "first_name": "Nina", "last_name": "New"}


def token_of(link):
    return link.rstrip("/").rsplit("/", 1)[1]


@pytest.fixture
def link(workspace, owner):
    """A link's token, for an editor."""
    _, link = invitations.invite(workspace, Role.EDITOR, by=owner, note=" the  new analyst ")
    return token_of(link)


@pytest.fixture
def mails(settings, mailoutbox):
    settings.EMAIL_IS_CONFIGURED = True
    return mailoutbox


def mailed(mails):
    return re.search(r"/invitation/(\S+)/", mails[-1].body)[1]


def digest(token):
    return invitations.find(token).digest


def test_who_has_an_account_becomes_a_member_with_the_role(link, workspace, stranger):
    invitations.accept(digest(link), stranger)

    mine = stranger.memberships.get()
    assert (mine.workspace, mine.role, mine.is_default) == (workspace, Role.EDITOR, True)


def test_who_has_none_makes_one(link, workspace):
    nina = invitations.join(digest(link), **NEW)

    assert nina.check_password(NEW["password"])
    assert (nina.get_full_name(), nina.email, nina.is_staff) == ("Nina New", "", False)
    assert nina.memberships.get().role == Role.EDITOR


def test_a_link_works_once(link, stranger, person):
    found = digest(link)
    invitations.accept(found, stranger)

    with pytest.raises(InvitationGone):
        invitations.join(found, **NEW)
    assert not User.objects.filter(username="nina").exists()


def test_only_its_digest_is_stored(link):
    kept = Invitation.objects.get()

    assert link not in str(vars(kept))
    assert kept.note == "the new analyst"


def test_it_lives_for_a_week(link):
    with time_machine.travel(timezone.now() + timedelta(days=6, hours=23)):
        assert invitations.find(link)
    later = timezone.now() + timedelta(days=7, minutes=1)
    with time_machine.travel(later), pytest.raises(InvitationGone):
        invitations.find(link)


def test_a_new_link_ends_the_old_one(link, workspace, owner):
    _, again = invitations.renew(workspace, Invitation.objects.get().pk, by=owner)

    with pytest.raises(InvitationGone):
        invitations.find(link)
    assert invitations.find(token_of(again)).role == Role.EDITOR


def test_a_withdrawn_one_opens_nothing(link, workspace, owner):
    assert invitations.withdraw(workspace, Invitation.objects.get().pk, by=owner)

    with pytest.raises(InvitationGone):
        invitations.find(link)


@pytest.mark.parametrize(
    "loses",
    [
        lambda owner: owner.memberships.update(role=Role.EDITOR),
        lambda owner: owner.memberships.all().delete(),
        lambda owner: User.objects.filter(pk=owner.pk).update(is_active=False),
        lambda owner: owner.delete(),
    ],
)
def test_it_is_worth_what_its_maker_may_do_now(link, owner, loses):
    loses(owner)

    with pytest.raises(InvitationGone):
        invitations.find(link)


def test_it_leads_into_no_archived_workspace(link, workspace, owner):
    workspaces.archive(workspace, by=owner)

    with pytest.raises(InvitationGone):
        invitations.find(link)


def test_an_empty_digest_is_nobodys(workspace, owner, mails, settings):
    """As one has whose mail was not sent yet."""
    Invitation.objects.create(
        workspace=workspace,
        role=Role.OWNER,
        email="a@b.example",
        invited_by=owner,
        expires_at=timezone.now() + timedelta(days=1),
    )

    with pytest.raises(InvitationGone):
        invitations.opened("")


def test_a_member_leaves_it_for_somebody_else(link, editor, viewer, stranger):
    with pytest.raises(AlreadyAMember):
        invitations.accept(digest(link), viewer)

    assert viewer.memberships.get().role == Role.VIEWER
    invitations.accept(digest(link), stranger)


@pytest.mark.parametrize("name", ["emil", "EMIL"])
def test_a_name_that_somebody_has_is_said_and_the_link_still_works(link, editor, name):
    with pytest.raises(InvalidChange) as refused:
        invitations.join(digest(link), **NEW | {"username": name})

    assert "Choose another one." in refused.value.errors["username"][0]
    assert invitations.find(link)


def test_an_editor_invites_nobody(workspace, editor):
    with pytest.raises(members.NotAnOwner):
        invitations.invite(workspace, Role.VIEWER, by=editor)


# --- By mail -------------------------------------------------------------------------------------


def test_a_mail_brings_a_link_and_the_account_has_its_address(workspace, owner, mails):
    _, link = invitations.invite(workspace, Role.VIEWER, by=owner, email=" Carla@Acme.example ")

    nina = invitations.join(digest(mailed(mails)), **NEW)

    assert link is None
    assert mails[0].to == ["Carla@Acme.example"]
    assert "olga invites you to Main" in mails[0].body
    assert "as a viewer" in mails[0].body
    assert nina.email == "Carla@acme.example"
    assert Person.objects.get(user=nina).email_confirmed_at


def test_what_waits_in_the_queue_opens_nothing(workspace, owner, mails, settings):
    settings.TASKS = {"default": {"BACKEND": worker.ENGINE}}
    made, _ = invitations.invite(workspace, Role.VIEWER, by=owner, email="carla@acme.example")

    waiting = OxTask.objects.get()
    assert waiting.args == [str(made.pk)]
    assert "carla" not in str(vars(waiting))
    assert Invitation.objects.get().digest == ""
    assert mails == []


def test_it_is_for_whoever_has_the_address(workspace, owner, person, mails):
    invitations.invite(workspace, Role.VIEWER, by=owner, email="carla@acme.example")
    carla = person("carla", email="CARLA@acme.example")

    with pytest.raises(ForSomebodyElse):
        invitations.accept(digest(mailed(mails)), person("sven", email="sven@acme.example"))
    invitations.accept(digest(mailed(mails)), carla)
    assert carla.memberships.exists()


def test_a_known_and_an_unknown_address_are_treated_alike(workspace, owner, person, mails):
    person("carla", email="carla@acme.example")
    for email in ("carla@acme.example", "nobody@acme.example"):
        invitations.invite(workspace, Role.VIEWER, by=owner, email=email)

    known, unknown = mails
    without_link = [re.sub(r"/invitation/\S+", "", one.body) for one in (known, unknown)]
    assert without_link[0] == without_link[1]


def test_a_second_one_to_the_same_address_ends_the_first(workspace, owner, mails):
    invitations.invite(workspace, Role.OWNER, by=owner, email="carla@acme.example")
    invitations.invite(workspace, Role.VIEWER, by=owner, email="Carla@acme.example")

    assert Invitation.objects.get().role == Role.VIEWER


def test_nobody_gets_many_mails(workspace, owner, mails):
    for _ in range(MAIL_TO.most):
        invitations.invite(workspace, Role.VIEWER, by=owner, email="carla@acme.example")

    with pytest.raises(TooManyGuesses):
        invitations.invite(workspace, Role.VIEWER, by=owner, email="carla@acme.example")
    assert len(mails) == MAIL_TO.most


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"email": "carla"}, "email"),
        ({"email": f"{'a' * 250}@b.example"}, "email"),
        ({"note": "n" * 101}, "note"),
    ],
)
def test_what_cannot_be_is_said_at_its_field(workspace, owner, mails, given, field):
    with pytest.raises(InvalidChange) as refused:
        invitations.invite(workspace, Role.VIEWER, by=owner, **given)

    assert list(refused.value.errors) == [field]
    assert not Invitation.objects.exists()


def test_without_a_mail_server_it_says_so(workspace, owner):
    with pytest.raises(InvalidChange) as refused:
        invitations.invite(workspace, Role.VIEWER, by=owner, email="carla@acme.example")

    assert refused.value.errors == {"email": [invitations.NO_MAIL]}


def test_what_ended_unused_is_forgotten_a_week_later(link):
    now = timezone.now()
    forgetting.forget(now + timedelta(days=13))
    assert Invitation.objects.exists()

    forgetting.forget(now + timedelta(days=15))
    assert not Invitation.objects.exists()
    assert Membership.objects.exists()
