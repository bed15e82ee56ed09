"""Workspaces: made by operators, renamed, archived and brought back by owners."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from integrations.models import (
    ConnectionTest,
    Credential,
    ExpiryNotice,
    IntegrationConnection,
    Membership,
    Role,
    Trigger,
)
from integrations.services.keeping import renewals
from integrations.services.people import people, workspaces
from integrations.services.people.members import NotAnOwner
from integrations.services.people.people import NoWorkspace
from integrations.services.proving import runs
from integrations.services.refusals import InvalidChange
from integrations.services.telling import notices
from tests.integrations.conftest import with_token
from tests.integrations.kept import sign_ins


@pytest.fixture
def root(workspace):
    return User.objects.create_superuser("root")


def test_an_operator_makes_one_and_owns_it(root):
    made = workspaces.make(" Acme  Studio ", by=root)

    assert (made.name, made.slug) == ("Acme Studio", "acme-studio")
    assert root.memberships.get(workspace=made).role == Role.OWNER


def test_an_owner_makes_none(owner):
    with pytest.raises(NotAnOwner):
        workspaces.make("Acme", by=owner)


@pytest.mark.parametrize(
    ("name", "slug", "field"),
    [
        (" ", "", "name"),
        ("n" * 101, "", "name"),
        ("工作区", "", "slug"),
        ("Acme", "!!", "slug"),
        ("Main", "", "slug"),
    ],
)
def test_what_cannot_be_is_said_at_its_field(root, name, slug, field):
    with pytest.raises(InvalidChange) as refused:
        workspaces.make(name, slug, by=root)

    assert list(refused.value.errors) == [field]


def test_a_name_without_a_latin_letter_takes_a_short_name(root):
    assert workspaces.make("工作区", "work", by=root).slug == "work"


def test_a_new_name_leaves_the_address(workspace, owner):
    workspaces.rename(workspace, "Acme", by=owner)

    workspace.refresh_from_db()
    assert (workspace.name, workspace.slug) == ("Acme", "main")


@pytest.mark.parametrize("act", ["rename", "archive"])
def test_an_editor_changes_none(workspace, owner, editor, act):
    with pytest.raises(NotAnOwner):
        {
            "rename": lambda: workspaces.rename(workspace, "Mine", by=editor),
            "archive": lambda: workspaces.archive(workspace, by=editor),
        }[act]()


# --- Archived ------------------------------------------------------------------------------------


@pytest.fixture
def archived(workspace, owner):
    workspaces.archive(workspace, by=owner)
    return workspace


def test_nobody_opens_it_and_no_list_has_it(archived, owner, root):
    for user in (owner, root):
        with pytest.raises(NoWorkspace):
            people.access(user, archived.slug)
        with pytest.raises(NoWorkspace):
            people.access(user)
        assert not people.workspaces_of(user).exists()
    assert with_token(owner).get("/api/integrations?workspace=main").status_code == 404


def test_another_one_opens_in_place_of_it(workspace, owner, root):
    second = workspaces.make("Second", by=root)
    Membership.objects.create(user=owner, workspace=second, role=Role.VIEWER)

    workspaces.archive(workspace, by=owner)

    assert people.access(owner).workspace == second
    assert people.access(root).workspace == second


def test_it_is_brought_back_with_all_that_was_in_it(connected, owner):
    workspaces.archive(connected.workspace, by=owner)

    back = workspaces.bring_back("main", by=owner)

    assert people.access(owner).workspace == back
    assert IntegrationConnection.objects.get() == connected


def test_who_does_not_own_it_brings_nothing_back(archived, editor, stranger):
    for user in (editor, stranger):
        with pytest.raises(NoWorkspace):
            workspaces.bring_back("main", by=user)


def test_its_sign_ins_are_not_renewed(calendly_signed_in, person):
    now = timezone.now()
    sign_ins().update(renew_at=now)
    assert renewals.due(now)

    workspaces.archive(calendly_signed_in.workspace, by=person("otto", Role.OWNER))

    assert not renewals.due(now)
    assert Credential.objects.exists()


def test_its_ends_are_not_told(calendly_signed_in, person):
    sign_ins().update(is_ended=True, failure_kind="auth_expired", failure_message="Ended.")
    workspaces.archive(calendly_signed_in.workspace, by=person("otto", Role.OWNER))

    renewals.tell_ends(timezone.now())
    assert not IntegrationConnection.objects.get().last_error

    workspaces.bring_back("main", by=User.objects.get(username="otto"))
    renewals.tell_ends(timezone.now())
    assert IntegrationConnection.objects.get().last_error


def test_what_waits_in_a_run_is_not_tested_any_more(connected, owner):
    run = runs.start_run(connected.workspace, trigger=Trigger.PAGE, by=owner).run
    workspaces.archive(connected.workspace, by=owner)

    runs.perform_item(run.items.get().pk)

    assert run.items.get().problem == runs.ARCHIVED
    assert not ConnectionTest.objects.exists()


def test_no_notice_is_given_of_what_is_in_it(connected, owner):
    now = timezone.now()
    IntegrationConnection.objects.update(expires_at=now + timedelta(days=3))
    workspaces.archive(connected.workspace, by=owner)

    notices.give_due(now)
    assert not ExpiryNotice.objects.exists()

    workspaces.bring_back("main", by=owner)
    notices.give_due(now)
    assert ExpiryNotice.objects.exists()


# --- Searching -----------------------------------------------------------------------------------


def test_the_search_finds_words_of_names_and_addresses_among_ones_own(root, owner):
    for name in ("Acme North", "Acme South", "Beta North"):
        workspaces.make(name, by=root)

    assert [one.name for one in workspaces.search(root, "north ACME")] == ["Acme North"]
    assert [one.slug for one in workspaces.search(root, "acme-s")] == ["acme-south"]
    assert not workspaces.search(owner, "north").exists()


def test_the_one_that_opens_first_is_chosen(root, owner, workspace):
    second = workspaces.make("Second", by=root)
    Membership.objects.create(user=owner, workspace=second)

    workspaces.make_default(owner, second)

    assert people.access(owner).workspace == second
    assert owner.memberships.filter(is_default=True).count() == 1
