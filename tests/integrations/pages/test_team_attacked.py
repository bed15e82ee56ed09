"""What somebody tries who means the team no good."""

import re

import pytest
from django.contrib.auth.models import User

from integrations.models import Membership, Role, Workspace
from integrations.services.people import invitations, members, own, workspaces
from tests.integrations.pages.people import Visitor


@pytest.fixture
def mails(settings, mailoutbox):
    settings.EMAIL_IS_CONFIGURED = True
    return mailoutbox


@pytest.fixture
def asked(editor, mails):
    """A thief at an open session asked for an address of theirs; the token of that link."""
    User.objects.filter(pk=editor.pk).update(email="victim@acme.example")
    editor.refresh_from_db()
    own.ask_to_confirm(editor, "evil@x.example")
    [mail] = [one for one in mails if one.to == ["evil@x.example"]]
    return re.search(r"/accounts/email/(\S+)/", mail.body)[1]


def path_of(link):
    return f"/invitation/{link.rstrip('/').rpartition('/')[2]}/"


def test_a_new_password_ends_an_address_that_was_asked_for_before(editor, asked):
    editor.set_password("brand new 77")
    editor.save()

    with pytest.raises(own.LinkGone):
        own.confirm(asked)

    editor.refresh_from_db()
    assert editor.email == "victim@acme.example"


def test_so_does_an_address_that_somebody_else_set_since(editor, asked):
    editor.email = "rescued@acme.example"
    editor.save()

    with pytest.raises(own.LinkGone):
        own.confirm(asked)


@pytest.mark.parametrize("token", ["", "-", "zz-nobody", "é-x", "x" * 300])
def test_an_odd_link_is_gone(db, token):
    with pytest.raises(own.LinkGone):
        own.confirm(token)


def test_a_page_joins_what_it_shows(workspace, owner, stranger):
    other = Workspace.objects.create(name="Other", slug="other")
    eve = User.objects.create_user("eve")
    Membership.objects.create(user=eve, workspace=other, role=Role.OWNER)
    _, shown = invitations.invite(workspace, Role.EDITOR, by=owner)
    _, opened_since = invitations.invite(other, Role.VIEWER, by=eve)
    visitor = Visitor(stranger)
    page = visitor.get(path_of(shown), follow=True).content.decode()
    form = dict(re.findall(r'name="(csrfmiddlewaretoken|invitation)" value="([^"]+)"', page))

    visitor.get(path_of(opened_since))
    visitor.post("/invitation/accept/", form)

    assert not stranger.memberships.exists()


def test_a_name_is_one_line(workspace, owner):
    _, link = invitations.invite(workspace, Role.EDITOR, by=owner)
    digest = invitations.find(link.rstrip("/").rpartition("/")[2]).digest

    nina = invitations.join(
        digest, username="nina", password="x", first_name="Bank\n\nCall us", last_name=" N "
    )

    assert nina.get_full_name() == "Bank Call us N"


def test_a_search_for_what_no_database_keeps_finds_nothing(owner):
    assert Visitor(owner).get("/workspaces/?q=%00").status_code == 200


def test_an_operator_keeps_the_workspace_that_opens_first(workspace):
    operator = User.objects.create_superuser("op")
    other = Workspace.objects.create(name="B", slug="b")

    workspaces.make_default(operator, other)

    assert operator.memberships.get(is_default=True).workspace == workspace


def test_a_workspace_without_a_name_is_not_made(workspace):
    operator = User.objects.create_superuser("op")

    reply = Visitor(operator).send("/workspaces/", "/workspaces/new/")

    assert reply.status_code == 422


def test_an_invitation_is_worth_nothing_once_its_owner_lost_the_workspace(
    workspace, owner, stranger
):
    Membership.objects.create(user=stranger, workspace=workspace, role=Role.OWNER)
    _, link = invitations.invite(workspace, Role.OWNER, by=owner)
    with members.keeping_owners(by=None):
        owner.memberships.all().delete()  # as the admin's rows do
    Membership.objects.create(user=owner, workspace=workspace, role=Role.OWNER)

    with pytest.raises(invitations.InvitationGone):
        invitations.find(link.rstrip("/").rpartition("/")[2])
