"""Django's admin: what it shows, what it changes, and what it never shows."""

import html
import re
from datetime import timedelta
from uuid import uuid4

import pytest
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from integrations.admin.forms import OTHER_METHOD, TYPE_AGAIN
from integrations.models import (
    ApiToken,
    ConnectionTest,
    IntegrationConnection,
    Membership,
    Role,
    Workspace,
)
from integrations.services import connections
from integrations.services.connections import Changes
from providers import registry
from tests.integrations.conftest import TOKEN, signed_in

CANARY = "EAAcanary0123456789x9Qd"
LIST = reverse("admin:integrations_integrationconnection_changelist")
TESTS = reverse("admin:integrations_connectiontest_changelist")
TOKENS = reverse("admin:integrations_apitoken_changelist")


class Admin:
    """A staff person's browser, which sends what a page's form holds."""

    def __init__(self, user: User) -> None:
        self.client = Client()
        self.client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")

    def text(self, url: str) -> str:
        reply = self.client.get(url, follow=True)
        assert reply.status_code == 200, url
        return words(reply)

    def act(self, action: str, *rows: IntegrationConnection, **more: str) -> str:
        data = {"action": action, "_selected_action": [str(row.pk) for row in rows], **more}
        return words(self.client.post(LIST, data, follow=True))

    def save(self, connection: IntegrationConnection, **typed: str):
        """Open a connection's page, type over some values and save."""
        url = page_of(connection)
        form = self.client.get(url).context["adminform"].form
        shown = {name: form[name].value() for name in form.fields}
        data = {
            name: value for name, value in (shown | typed).items() if value not in (None, False)
        }
        return self.client.post(url, data, follow=True)


def words(reply) -> str:
    text = re.sub(r"<[^>]+>", " ", reply.content.decode())
    return re.sub(r"\s+", " ", html.unescape(text))


def page_of(connection: IntegrationConnection) -> str:
    return reverse("admin:integrations_integrationconnection_change", args=[connection.pk])


@pytest.fixture
def root(workspace) -> User:
    return User.objects.create_superuser("root", password="pass-word-1")


@pytest.fixture
def site(root) -> Admin:
    return Admin(root)


@pytest.fixture
def staff(person):
    """A staff person who may do to connections only what is named."""

    def make(*permissions: str) -> Admin:
        user = person("stan", is_staff=True)
        names = [f"{permission}_integrationconnection" for permission in permissions]
        user.user_permissions.set(Permission.objects.filter(codename__in=names))
        return Admin(user)

    return make


def reload(connection: IntegrationConnection) -> IntegrationConnection:
    return connections.find(connection.workspace, connection.provider)


# --- Who gets in ---------------------------------------------------------------------------------


def test_only_staff_get_in(owner):
    reply = signed_in(owner).get(LIST)

    assert reply.status_code == 302
    assert reply.url.startswith(reverse("admin:login"))


def test_staff_without_a_permission_see_no_connection(staff, connected):
    client = staff().client

    assert client.get(LIST).status_code == 403
    assert client.get(page_of(connected)).status_code == 403


def test_staff_who_may_view_see_facts_and_change_nothing(staff, connected):
    viewer = staff("view")

    page = viewer.client.get(page_of(connected))
    changed = viewer.client.post(page_of(connected), {"account_id": "2002", "version": "1"})

    assert "Not proven yet" in words(page)
    assert "access_token" not in page.content.decode()
    assert changed.status_code == 403
    assert "disconnect" not in viewer.client.get(LIST).content.decode()
    viewer.act("disconnect", connected, confirmed="yes")
    assert reload(connected).is_complete


def test_staff_who_may_change_change(staff, connected):
    staff("view", "change").save(connected, account_id="2002")

    assert reload(connected).config == {"account_id": "act_2002"}


# --- The list ------------------------------------------------------------------------------------


def test_the_list_says_in_words_how_a_connection_is(site, proven):
    text = site.text(LIST)

    assert f"Meta {proven.workspace}" in text
    assert "● Connected" in text
    assert "Passed, " in text


def test_the_list_says_why_a_person_should_look(site, connected):
    assert "Not proven yet" in site.text(LIST)


def test_the_list_asks_the_database_as_often_for_many_as_for_one(site, connected):
    def queries() -> int:
        with CaptureQueriesContext(database) as seen:
            site.text(LIST)
        return len(seen)

    before = queries()
    for slug in ("stripe", "x", "fiverr"):
        connections.lock(connected.workspace.pk, slug)

    assert queries() == before


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("status=connected", True),
        ("status=error", False),
        ("provider__exact=meta", True),
        ("provider__exact=x", False),
        ("workspace=main", True),
        ("workspace=other", False),
        ("is_enabled__exact=1", True),
        ("is_enabled__exact=0", False),
        ("q=act_1001", True),
        ("q=act_9", False),
        ("q=Test+account", False),
    ],
)
def test_the_list_filters_and_searches(site, connected, query, found):
    assert (page_of(connected) in site.client.get(f"{LIST}?{query}").content.decode()) == found


def test_the_list_finds_the_text_of_an_error(site, connected):
    report = Changes(status="error", reported_error="Leads stopped coming")
    connections.change_connection(connected.workspace, "meta", report, by=None)

    reply = site.client.get(f"{LIST}?q=leads+stopped")

    assert page_of(connected) in reply.content.decode()
    assert "Another system reports an error" in words(reply)


def test_a_connection_of_a_removed_package_does_not_break_the_list(site, connected):
    IntegrationConnection.objects.create(workspace=connected.workspace, provider="gone")

    assert "1 connection" in site.text(LIST)


# --- Actions -------------------------------------------------------------------------------------


def test_the_test_action_says_how_each_test_went(site, connected, meta):
    other = Workspace.objects.create(name="Acme", slug="acme")
    blank = connections.lock(other.pk, "meta")

    text = site.act("test", connected, blank)

    assert f"Meta of {connected.workspace}: The test passed." in text
    assert "Meta of Acme: There is nothing to test yet." in text
    test = reload(connected).last_test
    assert (test.trigger, test.started_by.username) == ("admin", "root")


def test_the_test_action_says_what_failed(site, workspace, meta):
    values = {"access_token": "EAAexpired", "account_id": "act_1001"}
    saved = connections.change_connection(workspace, "meta", Changes(config=values), by=None)

    text = site.act("test", saved.connection)

    assert "The Meta access token has expired. Paste a new one" in text


def test_the_test_action_keeps_the_rate(site, connected, meta, settings):
    settings.TEST_RATE = 1
    site.act("test", connected)

    assert "This was tested as often as a minute allows." in site.act("test", connected)


def test_more_tests_than_a_page_can_wait_for_are_not_started(site, workspace, root):
    for number in range(14):
        other = Workspace.objects.create(name=f"W{number}", slug=f"w{number}")
        connections.lock(other.pk, "meta")

    text = site.act("test", *IntegrationConnection.objects.all())

    assert "Choose 13 connections or fewer to test at once." in text
    assert not ConnectionTest.objects.exists()


def test_disabling_and_enabling_say_what_they_did(site, connected):
    assert f"Disabled: Meta of {connected.workspace}." in site.act("disable", connected)
    assert reload(connected).status == "disabled"
    assert "was disabled already." in site.act("disable", connected)

    assert f"Enabled: Meta of {connected.workspace}." in site.act("enable", connected)
    assert reload(connected).status == "connected"
    assert reload(connected).edited_by.username == "root"
    logged = LogEntry.objects.order_by("pk").values_list("change_message", flat=True)
    assert list(logged) == ["Disabled.", "Enabled."]


def test_disconnecting_first_says_what_stops_working(site, connected):
    text = site.act("disconnect", connected)

    assert "Without Meta, Ads monitor and Pixel/CAPI lead tracking stop working." in text
    assert reload(connected).is_complete


def test_disconnecting_forgets_the_values(site, connected):
    text = site.act("disconnect", connected, confirmed="yes")

    assert "Its values are gone; its history stays." in text
    assert reload(connected).status == "not_connected"
    assert not reload(connected).saved_names


# --- A connection's page -------------------------------------------------------------------------


def test_a_saved_secret_is_announced_and_not_sent(site, workspace):
    values = {"access_token": CANARY, "account_id": "1001", "app_secret": "f" * 32}
    saved = connections.change_connection(workspace, "meta", Changes(config=values), by=None)

    page = site.client.get(page_of(saved.connection)).content.decode()

    assert "Saved, ends in …x9Qd; leave empty to keep it." in page
    assert CANARY not in page
    assert saved.connection.credentials not in page
    assert 'name="remove_app_secret"' in page
    assert 'name="remove_access_token"' not in page
    assert 'value="act_1001"' in page


def test_saving_goes_through_the_service(site, connected):
    reply = site.save(connected, access_token=CANARY, account_id="2002")

    saved = reload(connected)
    assert "was changed successfully" in words(reply)
    assert saved.secrets() == {"access_token": CANARY}
    assert saved.config == {"account_id": "act_2002"}
    assert (saved.version, saved.edited_by.username) == (2, "root")


def test_a_blank_secret_keeps_the_saved_one_and_nothing_is_counted(site, connected):
    site.save(connected)

    saved = reload(connected)
    assert (saved.secrets(), saved.version) == ({"access_token": TOKEN}, 1)
    assert LogEntry.objects.get().get_change_message() == "No fields changed."


def test_a_saved_optional_secret_can_be_removed(site, connected):
    site.save(connected, app_secret="f" * 32)

    site.save(connected, remove_app_secret="on")

    assert reload(connected).hints.keys() == {"access_token"}


def test_a_wrong_value_is_said_at_its_field_and_the_secret_asked_for_again(site, connected):
    reply = site.save(connected, access_token=CANARY, account_id="one")

    form = reply.context["adminform"].form
    assert form.errors["account_id"][0].startswith("An ad account ID is a number")
    assert form.errors["access_token"] == [TYPE_AGAIN]
    assert CANARY not in reply.content.decode()
    assert reload(connected).version == 1


def test_an_unusual_value_is_saved_with_a_warning(site, connected):
    reply = site.save(connected, access_token="unusual-0123456789")

    assert "Access token: Tokens that can read ads usually start with EAA" in words(reply)
    assert reload(connected).version == 2


def test_a_saved_secret_is_not_sent_to_a_new_address(site, workspace):
    values = {"access_token": CANARY, "base_url": "https://data.example.com/f"}
    saved = connections.change_connection(workspace, "fiverr", Changes(config=values), by=None)

    reply = site.save(saved.connection, base_url="https://other.example.com/f")

    assert reply.context["adminform"].form.errors["base_url"] == [connections.RESEND]


def test_a_value_of_a_method_that_is_not_chosen_is_refused(site, workspace):
    row = connections.lock(workspace.pk, "fiverr")

    reply = site.save(row, auth_method="public_page", account_id="acme", access_token=CANARY)

    assert reply.context["adminform"].form.errors["access_token"] == [OTHER_METHOD]
    assert reload(row).version == 0


def test_who_saves_second_is_told_who_saved_what(site, connected, editor):
    url = page_of(connected)
    form = site.client.get(url).context["adminform"].form
    data = {"version": form["version"].value(), "auth_method": "access_token", "is_enabled": "on"}
    theirs = Changes(config={"account_id": "2002"})
    connections.change_connection(connected.workspace, "meta", theirs, by=editor)

    reply = site.client.post(url, data | {"account_id": "3003"})

    assert re.search(r"emil saved Ad account ID at .*, while this page was open\.", words(reply))
    assert reload(connected).config == {"account_id": "act_2002"}


def test_a_platforms_name_for_a_field_never_reaches_a_column(site, connected):
    """Such as `credentials`: the page of a viewer reads rows by the names of its fields."""
    page = site.client.get(page_of(connected)).content.decode()

    assert connected.key_id not in page


def test_a_connection_is_added_in_two_steps(site, workspace):
    add = reverse("admin:integrations_integrationconnection_add")

    reply = site.client.post(add, {"workspace": workspace.pk, "provider": "stripe"})

    row = connections.find(workspace, "stripe")
    assert reply.url == page_of(row)
    again = site.client.post(add, {"workspace": workspace.pk, "provider": "stripe"})
    assert "Stripe has a connection in this workspace already." in words(again)


def test_no_connection_is_deleted_but_with_its_workspace(site, proven):
    delete = reverse("admin:integrations_integrationconnection_delete", args=[proven.pk])
    assert site.client.post(delete, {"post": "yes"}).status_code == 403

    url = reverse("admin:integrations_workspace_delete", args=[proven.workspace.pk])
    site.client.post(url, {"post": "yes"})

    assert not IntegrationConnection.objects.exists()


@pytest.mark.parametrize("slug", registry.catalogue())
def test_every_platform_has_a_page(site, workspace, slug):
    row = connections.lock(workspace.pk, slug)

    text = site.text(page_of(row))

    assert all(method.label in text for method in row.platform.methods)


# --- History, people, tokens ---------------------------------------------------------------------


def test_the_history_is_only_to_read(site, proven):
    test = proven.last_test
    url = reverse("admin:integrations_connectiontest_change", args=[test.pk])

    text = site.text(url)

    assert all(
        f"{step['label']}: {step['outcome']}" in re.sub(r" :", ":", text) for step in test.steps
    )
    assert site.client.post(url, {}).status_code == 403
    assert site.client.get(url.replace("change", "delete")).status_code == 403


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("outcome__exact=passed", True),
        ("outcome__exact=failed", False),
        ("trigger__exact=schedule", True),
        ("error_kind=auth_expired", False),
    ],
)
def test_the_history_filters(site, proven, query, found):
    url = reverse("admin:integrations_connectiontest_change", args=[proven.last_test.pk])

    page = site.client.get(f"{TESTS}?{query}").content.decode()

    assert (url.replace("/change/", "/") in page or url in page) == found


def test_members_are_kept_with_their_workspace(site, workspace, stranger):
    url = reverse("admin:integrations_workspace_change", args=[workspace.pk])
    count = Membership.objects.filter(workspace=workspace).count()
    rows = {
        "memberships-TOTAL_FORMS": str(count + 1),
        "memberships-INITIAL_FORMS": str(count),
        f"memberships-{count}-user": str(stranger.pk),
        f"memberships-{count}-role": Role.EDITOR.value,
        f"memberships-{count}-workspace": str(workspace.pk),
    }
    for number, member in enumerate(Membership.objects.filter(workspace=workspace)):
        rows |= {
            f"memberships-{number}-id": str(member.pk),
            f"memberships-{number}-user": str(member.user_id),
            f"memberships-{number}-role": member.role,
        }

    site.client.post(url, {"name": workspace.name, "slug": workspace.slug, **rows})

    assert stranger.memberships.get().role == Role.EDITOR


def test_a_persons_page_lists_their_workspaces(site, editor, workspace):
    text = site.text(reverse("admin:auth_user_change", args=[editor.pk]))

    assert "Memberships" in text
    assert workspace.name in text


def test_a_new_account_starts_with_name_and_password(site):
    reply = site.client.post(
        reverse("admin:auth_user_add"),
        {
            "username": "nina",
            "usable_password": "true",
            "password1": "long-enough-1",
            "password2": "long-enough-1",
        },
    )

    assert reply.status_code == 302
    assert not User.objects.get(username="nina").memberships.exists()


def test_tokens_are_listed_without_their_digest_and_revoked(site, editor):
    token, clear = ApiToken.objects.create(user=editor, name="Dashboard", expiry=timedelta(days=30))

    page = site.client.get(TOKENS).content.decode()
    revoke = re.search(r'href="([^"]+/revoke/)"', page)[1]
    question = site.client.get(revoke).content.decode()
    site.client.post(revoke)

    for shown in (page, question):
        assert "Dashboard" in shown
        assert token.digest not in shown
        assert token.token_key not in shown
        assert clear not in shown
    assert not ApiToken.objects.exists()
    assert LogEntry.objects.get().change_message == "Revoked the API token “Dashboard”."


def test_a_token_is_revoked_only_by_who_may_delete_it(staff, editor):
    token, _ = ApiToken.objects.create(user=editor, name="Dashboard")
    reply = staff().client.post(reverse("admin:revoke_token", args=[token.reference]))

    assert reply.status_code == 403
    assert ApiToken.objects.exists()


def test_an_unknown_token_is_not_found(site):
    assert site.client.post(reverse("admin:revoke_token", args=[uuid4()])).status_code == 404


def test_tokens_have_no_page_of_their_own(site, editor):
    token, _ = ApiToken.objects.create(user=editor, name="Dashboard")

    reply = site.client.get(f"{TOKENS}{token.digest}/change/")

    assert reply.status_code in (302, 404)


def test_what_nobody_should_open_is_not_registered():
    names = {model._meta.label for model in admin.site._registry}

    assert "integrations.ApiToken" in names
    assert not names & {"integrations.Candidate", "integrations.OwnerLink", "knox.AuthToken"}


# --- What is never shown -------------------------------------------------------------------------


def every_cell() -> str:
    """All that the database holds, as text."""
    rows: list[str] = []
    with database.cursor() as cursor:
        for table in database.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {database.ops.quote_name(table)}")
            rows.append(repr(cursor.fetchall()))
    return "\n".join(rows)


def every_page() -> list[str]:
    """Each list of the admin, and each page that a row has."""
    urls = [reverse("admin:index")]
    for model in admin.site._registry:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        urls.append(reverse(f"{name}_changelist"))
        if model is not ApiToken:
            for row in model._default_manager.all()[:50]:
                urls += [reverse(f"{name}_{page}", args=[row.pk]) for page in ("change", "history")]
    return urls


def test_no_page_has_an_inline_script_or_style(site, proven):
    for url in (LIST, page_of(proven), TESTS, TOKENS):
        page = site.client.get(url).content.decode()
        assert not re.search(r"<script(?![^>]*\bsrc=)[^>]*>", page), url
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=", page), url


def test_a_secret_saved_in_the_admin_is_found_nowhere(site, connected, meta):
    site.save(connected, access_token=CANARY, app_secret=CANARY * 2)
    site.save(connected, access_token=CANARY, account_id="wrong")
    site.act("test", connected)
    ApiToken.objects.create(user=User.objects.get(username="root"), name="t")

    assert reload(connected).secrets()["access_token"] == CANARY
    assert CANARY not in every_cell()
    urls = every_page()
    assert len(urls) > 15
    for url in urls:
        page = site.client.get(url, follow=True)
        assert page.status_code == 200, url
        assert CANARY not in page.content.decode(), url
    assert LogEntry.objects.count() == 1
    assert LogEntry.objects.get().get_change_message() == "Changed credentials."
