"""The command `members`, for whoever runs the installation."""

import io
import json

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command

from integrations.models import Invitation, Role, Workspace
from integrations.services.people import invitations


def run(*arguments):
    out = io.StringIO()
    call_command("members", *arguments, stdout=out)
    return out.getvalue()


def role_of(user):
    return user.memberships.get().role


def test_it_lists_who_is_in_and_who_is_invited(owner, editor, workspace):
    invitations.invite(workspace, Role.VIEWER, by=owner, note="the new analyst")

    listed = run("list").splitlines()

    assert listed[:2] == ["owner   olga", "editor  emil"]
    assert listed[2].startswith("viewer  invited: the new analyst, until 20")
    assert [one["username"] for one in json.loads(run("list", "--json"))["members"]] == [
        "olga",
        "emil",
    ]


def test_it_prints_a_link_that_works(owner):
    link = run("invite", "editor").strip()

    assert invitations.find(link.rstrip("/").rsplit("/", 1)[1]).role == Role.EDITOR


def test_it_invites_nobody_before_there_is_an_account(workspace):
    with pytest.raises(CommandError, match="Make the first with owner_link"):
        run("invite", "owner")

    assert not Invitation.objects.exists()


def test_it_gives_a_workspace_without_an_owner_one_again(editor, workspace):
    assert run("role", "emil", "owner") == "emil is an owner of Main now.\n"
    assert role_of(editor) == Role.OWNER


def test_it_removes_somebody(owner, editor):
    run("remove", "emil", "--yes")

    assert not editor.memberships.exists()


@pytest.mark.parametrize("arguments", [("remove", "emil"), ("hand-over", "olga", "emil")])
def test_a_loss_is_confirmed_first(owner, editor, arguments):
    with pytest.raises(CommandError, match="Add --yes if that is meant"):
        run(*arguments)

    assert (role_of(owner), role_of(editor)) == (Role.OWNER, Role.EDITOR)


@pytest.mark.parametrize("arguments", [("remove", "olga", "--yes"), ("role", "olga", "viewer")])
def test_the_last_owner_stays_here_too(owner, arguments):
    with pytest.raises(CommandError, match="Make another member an owner first"):
        run(*arguments)

    assert role_of(owner) == Role.OWNER


@pytest.mark.parametrize(
    ("then", "left"), [("owner", ["owner"]), ("editor", ["editor"]), ("leave", [])]
)
def test_it_hands_over_at_once(owner, editor, then, left):
    run("hand-over", "olga", "emil", "--yes", "--then", then)

    assert list(owner.memberships.values_list("role", flat=True)) == left
    assert role_of(editor) == Role.OWNER


def test_nothing_is_handed_to_an_account_that_is_off(owner, editor):
    User.objects.filter(pk=editor.pk).update(is_active=False)

    with pytest.raises(CommandError):
        run("hand-over", "olga", "emil", "--yes", "--then", "leave")
    assert (role_of(owner), role_of(editor)) == (Role.OWNER, Role.EDITOR)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("remove", "nobody"), "nobody is no member of Main."),
        (("role", "sven", "owner"), "sven is no member of Main."),
        (("list", "--workspace", "nowhere"), "There is no such workspace."),
        (("hand-over", "emil", "olga"), "emil does not own Main"),
        (("email", "nobody", "a@b.example"), "Nobody has this name."),
        (("email", "emil", "no"), "This is not an e-mail address."),
        (("invite", "viewer", "--email", "a@b.example"), "This installation sends no mail."),
    ],
)
def test_what_cannot_be_is_said(owner, editor, stranger, arguments, sentence):
    with pytest.raises(CommandError, match=sentence):
        run(*arguments)


def test_it_names_another_workspace(owner, editor):
    Workspace.objects.create(name="Client", slug="client")

    assert run("list", "--workspace", "client") == ""


def test_it_sets_a_mail_address_where_none_can_be_proven(editor):
    run("email", "emil", "emil@acme.example")

    editor.refresh_from_db()
    assert editor.email == "emil@acme.example"
