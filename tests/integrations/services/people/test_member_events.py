"""What becomes of members is written down with it, in numbers and words of ours alone."""

import threading

import pytest
from django.contrib.auth.models import User
from django.db import connection as database
from django.db import transaction

from integrations.models import Event, EventType, Membership, Role
from integrations.services import events
from integrations.services.people import hand_over, invitations, members, workspaces
from integrations.services.people.members import LastOwner


def told():
    """Since the accounts were made."""
    found = Event.objects.filter(type="member.changed").order_by("pk")
    return [(one.data, one.by_id, one.connection_id) for one in found]


@pytest.fixture(autouse=True)
def nothing_told(db, owner, editor, viewer):
    Event.objects.all().delete()


def number(user):
    return user.memberships.get().pk


def test_its_name_is_part_of_the_contract():
    assert EventType.MEMBER_CHANGED == "member.changed"


def test_who_joins_with_an_invitation(workspace, owner, stranger):
    made, _ = invitations.invite(workspace, Role.EDITOR, by=owner)
    invitations.accept(made.digest, stranger)

    invited = {"what": "invited", "invitation": str(made.pk), "role": "editor"}
    assert told() == [
        (invited, owner.pk, None),
        ({"what": "joined", "user": stranger.pk, "role": "editor"}, stranger.pk, None),
    ]


def test_who_makes_an_account_with_one(workspace, owner):
    made, _ = invitations.invite(workspace, Role.VIEWER, by=owner)
    nina = invitations.join(
        made.digest, username="nina", password="x", first_name="Nina", last_name=""
    )

    joined = {"what": "joined", "user": nina.pk, "role": "viewer"}
    assert told()[1:] == [(joined, nina.pk, None)]
    assert "ina'" not in str(told())


def test_another_role_and_the_same_one_is_none(workspace, owner, editor):
    for _ in range(2):
        members.change_role(workspace, number(editor), Role.VIEWER, by=owner)

    assert told() == [
        ({"what": "role_changed", "user": editor.pk, "role": "viewer"}, owner.pk, None)
    ]


def test_who_is_removed_and_who_leaves(workspace, owner, editor, viewer):
    members.remove(workspace, number(editor), by=owner)
    members.leave(workspace, viewer)

    assert told() == [
        ({"what": "removed", "user": editor.pk}, owner.pk, None),
        ({"what": "left", "user": viewer.pk}, viewer.pk, None),
    ]


@pytest.mark.parametrize("after", ["owner", "editor", "leave"])
def test_a_question_and_its_end_are_one_event_each(workspace, owner, editor, after):
    hand_over.ask(workspace, number(editor), after, by=owner)
    asked = ({"what": "asked_to_own", "user": editor.pk}, owner.pk, None)
    assert told() == [asked]

    hand_over.accept(workspace, editor)

    data = {"what": "handed_over", "user": editor.pk, "before": owner.pk, "after": after}
    assert told() == [asked, (data, editor.pk, None)]
    assert not hand_over.end(workspace, owner)


def test_an_archiving_and_its_end_are_told(workspace, owner):
    workspaces.archive(workspace, by=owner)
    workspaces.bring_back("main", by=owner)

    assert told() == [({"what": what}, owner.pk, None) for what in ("archived", "brought_back")]


def test_an_invitation_that_is_withdrawn_is_told_once(workspace, owner):
    made, _ = invitations.invite(workspace, Role.EDITOR, by=owner)
    for _ in range(2):
        invitations.withdraw(workspace, made.pk, by=owner)

    gone = {"what": "invitation_withdrawn", "invitation": str(made.pk)}
    assert told()[1:] == [(gone, owner.pk, None)]


def test_what_a_command_does_is_nobodys(workspace, owner, editor):
    both = [workspace.memberships.get(user=user) for user in (owner, editor)]
    hand_over.at_once(workspace, *both, hand_over.After.EDITOR)

    data = {"what": "handed_over", "user": editor.pk, "before": owner.pk, "after": "editor"}
    assert told() == [(data, None, None)]


def test_who_makes_a_workspace_joins_it(db, owner):
    root = User.objects.create_superuser("root")
    made = workspaces.make("Acme", by=root)

    joined = {"what": "joined", "user": root.pk, "role": "owner"}
    assert told() == [(joined, root.pk, None)] * 2  # of the first workspace by themselves
    assert events.latest_id(made)


def test_what_the_admin_does_with_rows_is_told_too(workspace, owner, editor, viewer, stranger):
    with members.keeping_owners(by=owner):
        Membership.objects.filter(user=editor).update(role=Role.VIEWER)
        Membership.objects.create(user=stranger, workspace=workspace, role=Role.EDITOR)
        User.objects.filter(pk=viewer.pk).delete()

    gone = {"what": "removed", "user": viewer.pk}
    changed = {"what": "role_changed", "user": editor.pk, "role": "viewer"}
    joined = {"what": "joined", "user": stranger.pk, "role": "editor"}
    by_user = sorted([gone, changed, joined], key=lambda one: one["user"])
    assert told() == [(one, owner.pk, None) for one in by_user]


def test_what_is_undone_is_not_told(workspace, owner):
    with pytest.raises(LastOwner):
        members.leave(workspace, owner)
    with pytest.raises(LastOwner), members.keeping_owners(by=owner):
        Membership.objects.filter(user=owner).delete()

    assert told() == []


@pytest.mark.skipif(database.vendor == "sqlite", reason="SQLite has one writer at a time anyway.")
@pytest.mark.django_db(transaction=True)
def test_who_writes_an_event_of_a_test_waits_for_nobody_who_changes_members(connected, owner):
    """Else each would wait for the other: one for the workspace's row, one for its turn."""
    written = []

    def write():
        with transaction.atomic(), database.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '5s'")
            events.record(connected, EventType.CHANGED, what="proven")
            written.append(True)
        database.close()

    with members.holding(connected.workspace):
        other = threading.Thread(target=write)
        other.start()
        other.join(timeout=20)
        assert written == [True]
        members.tell(connected.workspace, "left", owner.pk, by=owner)
