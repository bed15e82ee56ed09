"""A person's own page, and the workspaces of theirs, as a browser without script sees them."""

import json
import re
from datetime import UTC, datetime

import pytest
from django.contrib.auth.models import User
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from integrations.models import Membership, Role, Workspace
from integrations.services.people import workspaces
from integrations.services.people.guesses import LINK
from tests.integrations.pages.people import MEMBERS, PASSWORD, Visitor, text_of

PAGE = "/w/main/dashboard/settings/profile/"
NEW = "dana@acme.example"
FACTS = {"first_name": "Dana", "last_name": "Kim", "wants_notices": "on"}


@pytest.fixture
def emil(editor):
    return Visitor(editor)


def test_a_name_is_changed(emil, editor):
    page = emil.send(PAGE, PAGE, time_zone="", **FACTS)

    assert "Saved." in text_of(page)
    assert User.objects.get(pk=editor.pk).get_full_name() == "Dana Kim"


def test_times_are_in_the_zone_that_a_person_set(emil, owner, viewer):
    User.objects.filter(pk=owner.pk).update(last_login=datetime(2026, 7, 1, 12, tzinfo=UTC))
    assert "1 Jul 12:00 UTC" in emil.says(MEMBERS)

    page = emil.send(PAGE, PAGE, time_zone="Europe/Madrid", **FACTS)

    assert '<meta name="time-zone" content="Europe/Madrid">' in page.content.decode()
    assert "1 Jul 14:00 Europe/Madrid" in emil.says(MEMBERS)
    assert "1 Jul 12:00 UTC" in Visitor(viewer).says(MEMBERS)


def test_the_zone_costs_no_statement_more(emil):
    emil.get(PAGE)

    with CaptureQueriesContext(database) as seen:
        emil.get(MEMBERS)
    (asked,) = [one for one in seen.captured_queries if "integrations_person" in one["sql"]]
    assert asked["sql"].startswith('SELECT "auth_user"."id"')


def test_an_unknown_zone_is_said(emil):
    page = emil.send(PAGE, PAGE, time_zone="Mars/Olympus", **FACTS)

    assert page.status_code == 422
    assert "Select a valid choice." in text_of(page)


# --- The mail address ----------------------------------------------------------------------------


def change_email(visitor, password=PASSWORD, email=NEW):
    return visitor.send(PAGE, f"{PAGE}email/", email=email, password=password)


@pytest.fixture
def link(emil, settings, mailoutbox):
    settings.EMAIL_IS_CONFIGURED = True
    page = change_email(emil)
    assert f"A link goes to {NEW}" in text_of(page)
    assert f"{NEW} waits to be confirmed." in text_of(page)
    return re.search(r"http://[^/]+(/accounts/email/\S+)", mailoutbox[0].body)[1]


def test_a_link_confirms_by_a_button_and_not_by_being_opened(link, editor):
    guest = Visitor()
    assert "Is this address yours?" in text_of(guest.get(link))
    assert User.objects.get(pk=editor.pk).email == ""

    page = guest.send(link, link)

    assert "Your address is confirmed" in text_of(page)
    assert User.objects.get(pk=editor.pk).email == NEW
    assert guest.get(link).status_code == 410


def test_the_old_one_is_kept_by_a_button(link, emil):
    emil.send(PAGE, f"{PAGE}email/keep/")

    assert Visitor().get(link).status_code == 410


def test_made_up_links_are_counted(db):
    replies = [Visitor().get(f"/accounts/email/no-{one}/") for one in range(LINK.most + 1)]

    assert {reply.status_code for reply in replies} == {410, 429}


def test_without_the_password_no_link_goes(emil, settings, mailoutbox):
    settings.EMAIL_IS_CONFIGURED = True
    page = change_email(emil, password="wrong")

    assert page.status_code == 422
    assert "This is not your password." in text_of(page)
    assert mailoutbox == []


def test_without_a_mail_server_the_page_says_whom_to_ask(emil):
    assert "manage.py members email" in emil.says(PAGE)


def test_without_a_mail_server_an_operator_sets_their_own(workspace):
    root = User.objects.create_superuser("root", password=PASSWORD)

    page = change_email(Visitor(root))

    assert "counts at once" in text_of(page)
    assert User.objects.get(pk=root.pk).email == NEW


# --- Workspaces ----------------------------------------------------------------------------------


@pytest.fixture
def root(workspace):
    return User.objects.create_superuser("root", password=PASSWORD)


def test_the_list_has_all_of_a_person_and_is_searched(emil, editor, root):
    for number in range(60):
        made = workspaces.make(f"Client {number}", by=root)
        Membership.objects.create(user=editor, workspace=made)
    workspaces.make("Not Emil's", by=root)

    page = emil.says("/workspaces/")

    assert "61 that you may open." in page
    assert "Page 1 of 2" in page
    assert "Not Emil's" not in page
    assert "1 of yours match" in emil.says("/workspaces/?q=client-59")


def test_the_switcher_searches_them(emil, editor, root):
    Membership.objects.create(user=editor, workspace=workspaces.make("Acme", by=root))

    found = emil.get("/workspaces/", {"q": "acm"}, headers={"HX-Request": "true"})

    assert text_of(found).strip() == "Acme"
    assert 'action="/workspaces/"' in emil.get(MEMBERS).content.decode()


def test_an_operator_makes_one(root):
    page = Visitor(root).send("/workspaces/", "/workspaces/new/", name="Acme", slug="")

    assert "Acme is made. You own it" in text_of(page)
    assert Workspace.objects.get(slug="acme")


def test_a_name_that_is_taken_is_said_at_its_field(root):
    page = Visitor(root).send("/workspaces/", "/workspaces/new/", name="Main", slug="")

    assert page.status_code == 422
    assert "Another workspace has this address" in text_of(page)


def test_others_make_none(owner):
    visitor = Visitor(owner)
    page = visitor.get("/workspaces/").content.decode()
    assert "/workspaces/new/" not in page

    reply = visitor.send("/workspaces/", "/accounts/logout/", follow=False)
    assert reply.status_code == 302
    visitor.force_login(owner, backend="integrations.backend.Backend")
    visitor.handler.enforce_csrf_checks = False
    assert visitor.post("/workspaces/new/", {"name": "Mine"}).status_code == 403


def test_an_owner_renames_archives_and_brings_back(owner):
    visitor, here = Visitor(owner), "/w/main/workspace/"
    assert "The name is changed." in text_of(visitor.send(here, here, name="Acme"))

    gone = visitor.send(f"{here}archive/", f"{here}archive/")
    assert "Acme is archived." in text_of(gone)
    assert visitor.get("/w/main/dashboard/").status_code == 404
    assert "All workspaces of yours are archived" in text_of(visitor.get("/dashboard/"))
    assert "Acme is archived" in text_of(visitor.get("/workspaces/"))
    assert "You are in no workspace" not in text_of(visitor.get("/workspaces/"))

    back = visitor.send("/workspaces/", "/workspaces/main/bring-back/")
    assert "Acme is back, with everything that was in it." in text_of(back)


def test_members_of_an_archived_one_read_who_brings_it_back(workspace, owner, viewer, stranger):
    workspaces.archive(workspace, by=owner)

    told = Visitor(viewer).get("/w/main/dashboard/")
    own = Visitor(owner).get("/w/main/dashboard/settings/")

    assert told.status_code == own.status_code == 404
    assert "Main is archived" in text_of(told)
    assert re.search("olga archived it .* olga can bring it back.", text_of(told))
    assert "Bring it back" not in text_of(told)
    assert "Bring it back" in text_of(own)
    assert "olga can bring it back" in text_of(Visitor(viewer).get("/workspaces/"))
    alien = Visitor(stranger)
    unknown = text_of(alien.get("/w/nothing/dashboard/"))
    assert text_of(alien.get("/w/main/dashboard/")) == unknown


def test_a_part_of_a_page_is_told_that_the_workspace_is_archived(
    workspace, owner, viewer, stranger
):
    workspaces.archive(workspace, by=owner)
    asked = {"HX-Request": "true"}

    told = Visitor(viewer).get("/w/main/dashboard/settings/changes/", headers=asked)
    nothing = Visitor(stranger).get("/w/main/dashboard/settings/changes/", headers=asked)

    event = json.loads(told.headers["HX-Trigger"])["workspace-archived"]
    assert event == {"said": "olga archived this workspace.", "url": "/w/main/dashboard/"}
    assert told.status_code == nothing.status_code == 404
    assert "HX-Trigger" not in nothing.headers


def test_who_archived_it_is_not_guessed_once_the_account_is_gone(workspace, owner, viewer):
    workspaces.archive(workspace, by=owner)
    owner.delete()

    told = text_of(Visitor(viewer).get("/w/main/dashboard/"))

    assert "It was archived" in told
    assert "Whoever runs this installation can bring it back." in told


def test_the_page_of_an_operator_says_what_they_are_here(workspace, root):
    root.memberships.all().delete()
    assert "An operator: may do all that an owner may" in Visitor(root).says(PAGE)

    Membership.objects.create(user=root, workspace=workspace, role=Role.EDITOR)

    told = Visitor(root).says(PAGE)
    assert "Editor of Main, and an operator: may do all that an owner may" in told
    assert "Owner of Main" not in told


def test_an_editor_neither_renames_nor_archives(emil):
    assert emil.get("/w/main/workspace/").status_code == 403
    assert emil.get("/w/main/workspace/archive/").status_code == 403


def test_the_switcher_leads_who_was_signed_out_to_signing_in(db):
    reply = Visitor().get("/workspaces/", {"q": "a"}, headers={"HX-Request": "true"})

    assert reply.headers["HX-Redirect"].startswith("/accounts/login/")
    assert reply.content == b""


def test_nobody_signed_out_sees_a_list(db):
    assert Visitor().get("/workspaces/").url == "/accounts/login/?next=/workspaces/"


def test_the_one_that_opens_first_is_chosen(emil, editor, root):
    acme = workspaces.make("Acme", by=root)
    Membership.objects.create(user=editor, workspace=acme, role=Role.VIEWER)

    emil.send("/workspaces/", "/w/acme/workspace/default/")

    assert emil.get("/dashboard/settings/").url == "/w/acme/dashboard/settings/"
