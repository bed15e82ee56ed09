from datetime import timedelta
from importlib import import_module

import pytest
import time_machine
from django.apps import apps
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db.migrations import RunPython
from django.utils import timezone

from integrations.models import ApiToken, Membership, OwnerLink, Role, Workspace
from integrations.services.people import people

PASSWORD = "correct horse battery"


def token_of(link):
    return link.rstrip("/").rsplit("/", 1)[1]


def make_owner(link):
    return people.make_owner(token_of(link), username="dana", email="", password=PASSWORD)


def test_the_first_migration_makes_a_workspace(db):
    Workspace.objects.all().delete()  # whatever ran before on this database
    first = import_module("integrations.migrations.0001_initial")

    first.make_default_workspace(apps, None)

    assert Workspace.objects.get().slug == "main"
    steps = [step.code for step in first.Migration.operations if isinstance(step, RunPython)]
    assert steps == [first.make_default_workspace]


def test_the_link_makes_a_superuser_who_owns_the_workspace(workspace):
    owner = make_owner(people.make_owner_link())

    assert owner.is_superuser
    assert owner.check_password(PASSWORD)
    assert people.access(owner) == people.Access(workspace, Role.OWNER, owner)


def test_the_link_is_stored_only_as_a_digest(workspace):
    link = people.make_owner_link()

    assert token_of(link) not in OwnerLink.objects.get().digest


def test_each_link_works_for_an_hour_until_one_was_used(workspace):
    old, new = people.make_owner_link(), people.make_owner_link()
    assert people.is_owner_link(token_of(old))

    with time_machine.travel(timezone.now() + timedelta(minutes=61)):
        assert not people.is_owner_link(token_of(new))
    make_owner(old)
    for link in (old, new):
        with pytest.raises(people.LinkRefused):
            make_owner(link)


def test_links_that_ran_out_are_forgotten(workspace):
    people.make_owner_link()
    with time_machine.travel(timezone.now() + timedelta(minutes=61)):
        people.make_owner_link()

    assert OwnerLink.objects.count() == 1


def test_with_an_account_there_is_no_link(workspace):
    waiting = people.make_owner_link()
    User.objects.create_user("somebody")

    assert not people.is_owner_link(token_of(waiting))
    with pytest.raises(people.LinkRefused):
        people.make_owner_link()


def test_createsuperuser_owns_the_workspace(workspace, monkeypatch):
    User.objects.create_user("first")
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", PASSWORD)

    call_command("createsuperuser", username="root", email="r@example.com", interactive=False)

    membership = Membership.objects.get(user__username="root")
    assert (membership.role, membership.is_default) == (Role.OWNER, True)


def test_a_later_account_belongs_nowhere_until_somebody_adds_it(owner, workspace):
    late = User.objects.create_user("late")

    with pytest.raises(people.NoWorkspace):
        people.access(late)


def test_another_workspace_is_not_yours_unless_you_are_a_superuser(editor, workspace):
    Workspace.objects.create(name="Client", slug="client")
    root = User.objects.create_superuser("root")

    with pytest.raises(people.NoWorkspace):
        people.access(editor, "client")
    assert people.access(root, "client").role == Role.OWNER
    assert people.access(root).workspace == workspace


def test_a_token_is_kept_as_a_digest_and_can_be_revoked(editor, stranger):
    token = people.make_token(editor, "Dashboard", expires_at=None)
    kept = ApiToken.objects.get()

    assert token not in (kept.digest, kept.token_key, str(kept))
    assert not people.revoke_token(stranger, kept.reference)
    assert people.revoke_token(editor, kept.reference)
    assert not ApiToken.objects.exists()
