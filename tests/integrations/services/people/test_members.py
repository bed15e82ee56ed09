"""Members: roles and leaving. Whatever happens, and at whatever moment, an owner stays."""

import pytest
from django.contrib.auth.models import User

from integrations.models import Invitation, Membership, Role, Workspace
from integrations.services.people import hand_over, invitations, members, people
from integrations.services.people.members import LastOwner, NoMember, NotAnOwner
from tests.integrations.conftest import with_token
from tests.integrations.services.proving.test_races import at_once

LIST = "/api/integrations"


def member(user):
    return user.memberships.get()


def demote(workspace, user, by):
    return members.change_role(workspace, member(user).pk, Role.EDITOR, by=by)


def remove(workspace, user, by):
    return members.remove(workspace, member(user).pk, by=by)


def leave(workspace, user, by):
    assert user == by
    members.leave(workspace, user)


def test_owners_come_first_then_editors_then_viewers(workspace, viewer, owner, editor):
    assert [one.user for one in members.of(workspace)] == [owner, editor, viewer]


@pytest.mark.parametrize("act", [demote, remove, leave])
def test_the_last_owner_stays_one(workspace, owner, editor, act):
    with pytest.raises(LastOwner):
        act(workspace, owner, owner)

    assert member(owner).role == Role.OWNER


def test_an_owner_whose_account_is_off_is_no_owner(workspace, owner, person):
    person("otto", Role.OWNER)
    User.objects.filter(username="otto").update(is_active=False)

    with pytest.raises(LastOwner):
        members.leave(workspace, owner)


def test_with_a_second_owner_the_first_may_go(workspace, owner, person):
    person("otto", Role.OWNER)

    members.leave(workspace, owner)

    assert not owner.memberships.exists()


@pytest.mark.parametrize("act", [demote, remove])
def test_only_an_owner_changes_members_whatever_the_entrance_let_in(
    workspace, owner, editor, viewer, act
):
    with pytest.raises(NotAnOwner):
        act(workspace, viewer, editor)

    assert member(viewer).role == Role.VIEWER


def test_an_operator_manages_every_workspace(workspace, owner, editor):
    root = User.objects.create_superuser("root")
    root.memberships.all().delete()

    assert remove(workspace, editor, root).user == editor


def test_a_member_of_another_workspace_is_none_of_this_one(workspace, owner, editor):
    other = Workspace.objects.create(name="Other", slug="other")
    there = Membership.objects.create(user=editor, workspace=other, role=Role.OWNER)

    with pytest.raises(NoMember):
        members.remove(workspace, there.pk, by=owner)


def test_who_is_removed_loses_access_at_once_also_with_a_token(workspace, owner, editor):
    script = with_token(editor)
    assert script.get(LIST).status_code == 200

    remove(workspace, editor, owner)

    assert script.get(LIST).status_code == 404
    with pytest.raises(people.NoWorkspace):
        people.access(editor, workspace.slug)


def test_a_token_acts_with_the_role_that_its_holder_has_now(workspace, owner, editor):
    script = with_token(editor)
    members.change_role(workspace, member(editor).pk, Role.VIEWER, by=owner)

    assert script.post(f"{LIST}/meta/disconnect").status_code == 403


@pytest.mark.parametrize("act", [demote, remove])
def test_what_an_owner_asked_ends_with_the_ownership(workspace, owner, person, act):
    otto = person("otto", Role.OWNER)
    invitations.invite(workspace, Role.OWNER, by=otto)
    hand_over.ask(workspace, member(owner).pk, "owner", by=otto)

    act(workspace, otto, owner)

    assert not Invitation.objects.exists()
    assert hand_over.pending(workspace) is None


# --- At once -------------------------------------------------------------------------------------


def outcomes(results):
    return sorted(type(one).__name__ for one in results)


@pytest.mark.django_db(transaction=True)
class TestAtOnce:
    @pytest.fixture
    def two(self, transactional_db):
        """A workspace with two owners, and these."""
        workspace, _ = Workspace.objects.get_or_create(slug="main", defaults={"name": "Main"})
        owners = [User.objects.create_user(name) for name in ("olga", "otto")]
        Membership.objects.all().delete()
        for user in owners:
            Membership.objects.create(user=user, workspace=workspace, role=Role.OWNER)
        return workspace, owners

    @pytest.mark.parametrize("round_", range(5))
    def test_of_two_owners_who_leave_one_stays(self, two, round_):
        workspace, owners = two

        left = at_once(2, lambda number: members.leave(workspace, owners[number]))

        assert outcomes(left) == ["LastOwner", "NoneType"]
        assert members.owners(workspace).count() == 1

    @pytest.mark.parametrize("act", [demote, remove])
    def test_of_two_owners_who_put_each_other_out_one_stays(self, two, act):
        workspace, owners = two

        done = at_once(2, lambda number: act(workspace, owners[number], owners[1 - number]))

        assert outcomes(done) == ["Membership", "NotAnOwner"]
        assert members.owners(workspace).count() == 1

    def test_of_many_who_open_one_link_one_becomes_a_member(self, two):
        workspace, owners = two
        made, _ = invitations.invite(workspace, Role.EDITOR, by=owners[0])
        guests = [User.objects.create_user(f"guest{number}") for number in range(4)]

        taken = at_once(4, lambda number: invitations.accept(made.digest, guests[number]))

        assert outcomes(taken) == ["Invitation"] + ["InvitationGone"] * 3
        assert workspace.memberships.count() == 3
