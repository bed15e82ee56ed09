"""Lending on the pages: what the lender does, and what a borrower is offered."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from integrations.models import IntegrationConnection, Workspace
from integrations.services import events, rows
from integrations.services.connecting import disconnecting, lending, saving, several
from integrations.services.connecting.changes import Changes
from integrations.services.people import workspaces
from integrations.services.telling import notices, owed
from tests.integrations.conftest import signed_in
from tests.integrations.pages.people import Visitor, text_of
from tests.integrations.pages.test_pages import Browser
from tests.integrations.services.connecting.agency import VALUES, connect

SETTINGS = "/w/north/dashboard/settings/"


@pytest.fixture
def agency(workspace, meta):
    return connect(workspace)


@pytest.fixture
def north(db, owner):
    place = Workspace.objects.create(slug="north", name="North")
    place.memberships.create(user=owner, role="owner")
    return place


@pytest.fixture
def lent(agency, north):
    lending.lend(agency, north, ["act_1003"], by=None)
    return rows.find(north, "meta")


@pytest.fixture
def olga(owner):
    return Visitor(owner)


def path_of(connection):
    return f"/w/main/integrations/{connection.provider}/lend/{connection.pk}/"


def break_it(connection, **more):
    values = {"last_error": "The access token was revoked.", "error_kind": "auth_invalid"}
    values |= {"failing_since": timezone.now(), "error_action": "Ask the owners.", **more}
    IntegrationConnection.objects.filter(pk=connection.pk).update(**values)


# --- The lender's page ---------------------------------------------------------------------------


def test_an_owner_lends_for_the_accounts_that_were_chosen(olga, agency, north):
    page = path_of(agency)
    assert page in text_and_links(olga.get("/w/main/dashboard/settings/"))

    chosen = {"to": "north", "account": ["act_1003", "act_4001"], "act": "lend"}
    done = olga.send(page + "?ask=1", page, **chosen)

    found = IntegrationConnection.objects.filter(workspace=north)
    assert {one.config["account_id"] for one in found} == {"act_1003", "act_4001"}
    assert done.redirect_chain[-1][0].startswith("/w/north/runs/")
    assert "2 connections lent to North" in text_of(done)
    assert page in text_and_links(done)
    assert "North" in text_of(olga.get(page))


def text_and_links(response):
    return response.content.decode()


def test_without_a_list_the_same_account_is_lent(olga, stripe, workspace, north):
    source = saving.change_connection(
        rows.unread(workspace, "stripe"),
        Changes(config={"access_token": "rk_test_healthy"}),
        by=None,
    ).connection
    page = path_of(source)
    assert "The same account as here" in olga.says(f"{page}?ask=1")

    olga.send(f"{page}?ask=1", page, to="north", act="lend")

    assert rows.find(north, "stripe").is_lent


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"account": "act_1003"}, "Choose the workspace"),
        ({"to": "north"}, "No account is chosen"),
        ({"to": "main", "account": "act_1003"}, "Choose the workspace"),
        ({"to": "elsewhere", "account": "act_1003"}, "Choose the workspace"),
        ({"to": "north", "account": "act_9"}, "not among those"),
    ],
)
def test_what_cannot_be_lent_is_told_beside_what_was_chosen(olga, agency, north, sent, said):
    Workspace.objects.create(slug="elsewhere", name="Elsewhere")
    page = path_of(agency)

    answer = olga.send(page + "?ask=1", page, act="lend", **sent)

    assert answer.status_code == 422
    assert said in text_of(answer)
    assert IntegrationConnection.objects.filter(lender=agency.workspace).count() == 0


def test_a_search_keeps_what_was_ticked(olga, agency, north):
    page = path_of(agency)

    found = olga.send(page + "?ask=1", page, act="search", which="act_4003", account="act_1003")

    [(here, status)] = found.redirect_chain  # the way back leads to a page like any other
    assert status == 302
    assert olga.get(here).content.decode().count("act_1003") == 1
    assert '<input type="hidden" name="account" value="act_1003">' in found.content.decode()
    assert 'value="act_4003"' in found.content.decode()


def test_only_owners_lend(editor, agency):
    visitor = Visitor(editor)

    assert visitor.get(path_of(agency)).status_code == 403
    assert path_of(agency) not in text_and_links(visitor.get("/w/main/dashboard/settings/"))


def test_taking_back_asks_and_says_what_stops_there(olga, agency, lent):
    question = f"/w/main/workspace/take-back/?connection={lent.pk}&of={agency.pk}"
    assert question.replace("&", "&amp;") in text_and_links(olga.get(path_of(agency)))
    assert "stop working in North." in olga.says(question)

    assert "Take back Meta (Acme Winter) from North?" in olga.says(question)

    done = olga.send(question, "/w/main/workspace/take-back/")

    assert "Taken back from North." in text_of(done)
    assert not rows.again(lent).is_lent


def test_where_others_stay_nothing_is_said_to_stop(olga, agency, north, lent):
    lending.lend(agency, north, ["act_4001"], by=None)

    asked = olga.says(f"/w/main/workspace/take-back/?connection={lent.pk}")

    assert "stop working" not in asked
    assert "Other connections of Meta stay in North." in asked


def test_what_one_workspace_was_lent_is_taken_back_at_once(olga, owner, agency, north, lent):
    south = Workspace.objects.create(slug="south", name="South")
    south.memberships.create(user=owner, role="owner")
    lending.lend(agency, north, ["act_4001"], by=None)
    lending.lend(agency, south, ["act_4001"], by=None)
    question = f"/w/main/workspace/take-back/?workspace=north&of={agency.pk}"
    assert question.replace("&", "&amp;") in text_and_links(olga.get(path_of(agency)))
    assert "Take back 3 connections of Meta in 2 workspaces?" in olga.says(
        f"/w/main/workspace/take-back/?of={agency.pk}"
    )
    assert "Take back 2 connections of Meta in North?" in olga.says(question)

    done = olga.send(question, "/w/main/workspace/take-back/")

    assert "2 connections taken back from North." in text_of(done)
    assert [one.workspace for one in lending.lent_by(agency.workspace)] == [south]


def test_all_that_is_lent_is_found_a_page_at_a_time(olga, agency, north):
    many = [f"act_{number}" for number in range(4001, 4053)]
    lending.lend(agency, north, many, by=None)

    assert "51 to 52 of 52" in olga.says(f"{path_of(agency)}?ask=1&lent=2")


def test_who_borrows_reads_who_took_it_back_and_when(olga, agency, north, lent):
    since = events.latest_id(north)
    lending.take_back(agency.workspace, [lent.pk], by=None)

    told = olga.says("/w/north/dashboard/")
    card = olga.says(SETTINGS)
    history = olga.says(reverse("history", args=["north", "meta"]))
    line = olga.get(reverse("changes", args=["north"], query={"since": since, "of": "overview"}))

    assert "1 of 13 platforms needs someone now" in told
    assert "Main took this back at" in told
    assert "Connect the platform whose silence" not in told
    assert "Main took this back at" in card
    assert "act_1003" in card
    assert "Main took this back at" in history
    assert "Meta was taken back by Main." in text_of(line)


def test_who_has_seen_that_it_was_taken_back_says_so(olga, agency, lent):
    lending.take_back(agency.workspace, [lent.pk], by=None)

    olga.send(SETTINGS, reverse("disconnect", args=["north", "meta"]))

    assert "took this back" not in olga.says(SETTINGS)


def test_nothing_is_counted_where_all_of_several_were_disconnected(olga, agency, north, lent):
    lending.lend(agency, north, ["act_4001"], by=None)
    for one in lending.lent_by(agency.workspace):
        disconnecting.disconnect(one, by=None)

    assert "Behind them" not in olga.says(SETTINGS)


def test_all_is_taken_back_at_once(olga, agency, north, lent):
    lending.lend(agency, north, ["act_4001"], by=None)

    olga.send("/w/main/workspace/take-back/?of=", "/w/main/workspace/take-back/")

    assert not lending.lent_by(agency.workspace)


def test_of_one_that_was_removed_nothing_is_asked(olga, agency, other, lent):
    several.remove(other, by=None)

    page = olga.get(reverse("take-back", args=["main"]) + f"?of={other.pk}", follow=True)

    assert "That was taken back already." in text_of(page)
    assert rows.again(lent).is_lent


@pytest.fixture
def other(agency):
    changes = Changes(config=VALUES | {"access_token": "EAAother", "account_id": "act_5001"})
    return several.add(agency.workspace, "meta", changes, by=None).connection


@pytest.mark.parametrize("view", ["one:disconnect", "one:remove"])
def test_who_disconnects_what_is_lent_may_take_it_back_too(owner, agency, other, lent, view):
    visitor = Browser(owner)

    asked = text_of(visitor.get(view, agency.pk))
    visitor.post(view, agency.pk, take_back="yes")

    assert "What lets it in is kept: a connection of another workspace uses it." in asked
    assert "Yes, take it back from North" in asked
    assert not any(said in asked for said in ("credentials are deleted", "stay valid until"))
    after = rows.again(lent)
    assert (after.status, after.lender) == ("not_connected", None)


def test_only_owners_are_asked_whether_to_take_it_back_too(editor, agency, lent):
    visitor = Browser(editor)

    asked = text_of(visitor.get("disconnect", "meta"))
    visitor.post("disconnect", "meta", take_back="yes")

    assert "take it back" not in asked
    assert rows.again(agency).status == "not_connected"
    assert rows.again(lent).is_lent


def test_what_others_lend_is_asked_about_by_nobody(olga, owner, lent):
    third = Workspace.objects.create(slug="third", name="Third")
    third.memberships.create(user=owner, role="owner")

    done = olga.get(f"/w/third/workspace/take-back/?connection={lent.pk}", follow=True)

    assert "taken back already" in text_of(done)
    assert rows.again(lent).is_lent


def test_a_workspace_that_lends_says_so_instead_of_archiving(olga, lent):
    assert "Take that back first" in olga.says("/w/main/workspace/")

    olga.handler.enforce_csrf_checks = False
    for ask in (olga.get, olga.post):
        answer = ask("/w/main/workspace/archive/", follow=True)
        assert workspaces.LENDS in text_of(answer)


# --- The borrower's faces ------------------------------------------------------------------------


def test_card_and_row_name_the_lender_and_offer_nothing_of_its(olga, lent, north):
    single = text_and_links(olga.get(SETTINGS))
    lending.lend(
        rows.find(Workspace.objects.get(slug="main"), "meta"), north, ["act_4001"], by=None
    )
    several = text_and_links(olga.get("/w/north/integrations/meta/"))

    for page in (single, several):
        assert "Lent by <bdi>Main</bdi>" in page
        assert "Details" in page
        for gone in ("/accounts/", "fix-link", "/lend/", "Configure"):
            assert gone not in page.partition("card-meta")[2].partition("card-google_ads")[0]
        assert "Disconnect…" in page


@pytest.mark.parametrize("path", [SETTINGS, "/w/north/dashboard/"])
def test_what_fails_sends_to_the_owners_of_the_lender(olga, lent, path):
    break_it(lent)

    page = olga.says(path)

    assert "Ask the owners of Main" in page
    assert "Enter new credentials" not in page


def test_what_ends_is_renewed_by_the_lender(olga, lent):
    soon = timezone.now() + timedelta(days=3)
    IntegrationConnection.objects.filter(pk=lent.pk).update(
        expires_at=soon, proven_at=timezone.now()
    )

    for path in (SETTINGS, "/w/north/dashboard/"):
        page = olga.says(path)
        assert "The owners of Main have to renew it before then" in page
        assert "Ask the owners of Main" in page


def test_the_strip_says_whose_it_is_to_renew(olga, lent):
    assert "What Main lends, only the owners there renew." in olga.says("/w/north/dashboard/")


def test_disconnecting_says_what_stays(olga, lent):
    path = f"{SETTINGS}integrations/meta/disconnect/"
    assert "What let it in is Main’s and stays there." in olga.says(path)

    olga.send(f"{path}?ask=1", path)

    assert not rows.again(lent).has_anything


def test_a_notice_names_who_has_to_act(olga, lent, settings, mailoutbox, owner):
    settings.EMAIL_IS_CONFIGURED = True
    owner.email = "olga@acme.example"
    owner.save()
    soon = timezone.now() + timedelta(days=6)
    IntegrationConnection.objects.filter(pk=lent.pk).update(expires_at=soon)
    notices.give_due(timezone.now())

    owed.catch_up(lent.workspace_id, timezone.now())

    assert "lent by Main, whose owners alone can renew it" in mailoutbox[-1].body


def test_the_administration_shows_who_lends_and_changes_nothing(lent, owner):
    owner.is_staff = owner.is_superuser = True
    owner.save()
    visitor = signed_in(owner)
    path = f"/admin/integrations/integrationconnection/{lent.pk}/change/"

    shown = visitor.get(path)
    refused = visitor.post(path, {"access_token": "EAAmine", "version": lent.version})

    assert "Main. What lets this connection in is lent by another workspace" in text_of(shown)
    assert 'name="access_token"' not in shown.content.decode()
    assert refused.status_code == 403
    listed = text_of(visitor.get("/admin/integrations/integrationconnection/?lent=yes"))
    assert "1 connection" in listed
    assert VALUES["access_token"] not in shown.content.decode()
