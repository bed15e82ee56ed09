"""What is lent, as the workspace sees it that borrows: whose it is, and nothing of it."""

import json

import pytest
from django.contrib.auth.models import User
from django.urls import reverse

from integrations.models import IntegrationConnection, Membership, Role, Trigger, Workspace
from integrations.services import rows
from integrations.services.connecting import lending, saving
from integrations.services.connecting.changes import Changes
from integrations.services.proving import testing

SECRET = "EAAhealthy"
VALUES = {"access_token": SECRET, "account_id": "act_1001", "pixel_id": "2001"}


@pytest.fixture
def agency(workspace, meta, owner):
    """The lender's connection; `owner` owns the lender alone."""
    return saving.change_connection(
        rows.unread(workspace, "meta"), Changes(config=VALUES), by=owner
    ).connection


@pytest.fixture
def lent(agency):
    north = Workspace.objects.create(slug="north", name="North")
    lending.lend(agency, north, [], by=None)
    return rows.again(IntegrationConnection.objects.get(workspace=north))


@pytest.fixture
def borrower(lent, client):
    """Who owns the borrowing workspace, and nothing else."""
    user = User.objects.create_user("bo")
    Membership.objects.create(user=user, workspace=lent.workspace, role=Role.OWNER)
    client.force_login(user)
    return client


def page(name, lent, *more):
    return reverse(name, args=[lent.workspace.slug, lent.provider, *more])


def test_the_card_says_whose_it_is_and_offers_nothing_that_is_the_lenders(borrower, lent):
    seen = borrower.get(reverse("settings", args=["north"])).content.decode()

    assert "Lent by <bdi>Main</bdi>" in seen
    assert page("choose-accounts", lent, lent.pk) not in seen
    assert page("send-fix-link", lent) not in seen


def test_the_dialog_shows_no_form(borrower, lent):
    seen = borrower.get(page("connection", lent)).content.decode()

    assert "<bdi>Main</bdi>" in seen
    assert "connection-form" not in seen


def test_a_broken_one_is_for_its_lender_to_mend(borrower, agency, lent):
    saving.change_connection(agency, Changes(config={"access_token": "EAArevoked"}), by=None)
    testing.test_connection(rows.again(lent), trigger=Trigger.API, by=None)

    card = borrower.get(reverse("settings", args=["north"])).content.decode()
    dialog = borrower.get(page("connection", lent)).content.decode()

    assert "Ask the owners of Main, which lends what lets this in." in card
    assert "Enter new credentials" not in card
    assert "Ask the owners of Main, which lends what lets this in." in dialog


@pytest.mark.parametrize("name", ["connection", "sign-in", "accounts"])
@pytest.mark.parametrize(
    "typed",
    [
        {"base_url": "https://attacker.example"},
        {"account_id": "act_4001"},
        {"access_token": "EAAmine"},
        {"auth_method": "sign_in"},
    ],
)
def test_a_stale_form_changes_nothing(borrower, lent, name, typed):
    data = {"version": lent.version, "auth_method": lent.auth_method, "is_enabled": "on"} | typed

    answer = borrower.post(page(name, lent), data)

    assert answer.status_code < 500
    assert rows.again(lent).revision == lent.revision
    assert not lent.candidates.exists()


def test_its_fix_link_is_its_lenders(borrower, lent):
    answer = borrower.post(page("send-fix-link", lent), {"recipient": "Ann"})

    assert answer.status_code < 500
    assert not lent.fix_links.exists()


def test_the_accounts_that_it_reaches_are_shown_to_nobody_there(borrower, lent):
    seen = borrower.get(page("choose-accounts", lent, lent.pk) + "?ask=1").content.decode()

    assert "lent by another workspace" in seen
    assert "act_1003" not in seen


def test_disconnecting_says_that_it_stays_the_lenders(borrower, lent):
    asked = borrower.get(page("disconnect", lent)).content.decode()
    borrower.post(page("disconnect", lent))

    assert "<bdi>Main</bdi>" in asked
    assert rows.again(lent).lender is None


# --- Over the API --------------------------------------------------------------------------------


def ask(borrower, lent, how, path="", **body):
    url = f"/api/connections/{lent.pk}{path}"
    answer = getattr(borrower, how)(url, json.dumps(body), content_type="application/json")
    return answer.status_code, answer.content.decode()


@pytest.mark.parametrize(
    ("how", "path", "body"),
    [
        ("patch", "", {"config": {"baseUrl": "https://attacker.example"}}),
        ("patch", "", {"config": {"accountId": "act_4001"}}),
        ("patch", "", {"config": {"accessToken": None}}),
        ("post", "/test", {"config": {"baseUrl": "https://attacker.example"}}),
        ("post", "/test", {"config": {"accountId": "act_4001"}}),
    ],
)
def test_no_call_uses_it_otherwise(borrower, lent, how, path, body):
    status, said = ask(borrower, lent, how, path, **body)

    assert status == 400
    assert "lent by another workspace" in said
    assert rows.again(lent).revision == lent.revision


def test_no_call_lists_what_it_reaches(borrower, lent):
    answer = borrower.get(f"/api/connections/{lent.pk}/accounts")

    assert answer.status_code == 409
    assert "act_1003" not in answer.content.decode()


def test_no_call_lets_in_another_connection_with_it(borrower, lent):
    body = {
        "provider": "meta",
        "credential": str(lent.credential_id),
        "config": {"accountId": "act_4001", "pixelId": "2001"},
    }

    answer = borrower.post("/api/connections", json.dumps(body), content_type="application/json")

    assert answer.status_code == 400
    assert IntegrationConnection.objects.filter(workspace=lent.workspace).count() == 1


def test_it_is_told_whose_it_is_and_how_many_of_their_own_use_it(borrower, lent):
    told = borrower.get(f"/api/connections/{lent.pk}").json()

    assert told["credential"]["lentBy"] == "Main"
    assert told["credential"]["sharedBy"] == 1
    assert told["secrets"]["accessToken"] == {"isSet": True, "hint": None}


def test_the_lender_counts_all_that_use_it(agency, lent, client, owner):
    client.force_login(owner)

    told = client.get(f"/api/connections/{agency.pk}").json()

    assert told["credential"] == {
        "id": str(agency.credential_id),
        "method": agency.auth_method,
        "sharedBy": 2,
        "lentBy": None,
    }


def test_nothing_of_the_secret_or_of_who_lends_is_told_anywhere(borrower, agency, lent, owner):
    testing.test_connection(rows.again(lent), trigger=Trigger.API, by=None)
    places = [
        reverse("settings", args=["north"]),
        reverse("overview", args=["north"]),
        page("connection", lent),
        page("history", lent),
        page("platform", lent),
        "/api/integrations",
        f"/api/connections/{lent.pk}",
        f"/api/connections/{lent.pk}/tests",
        reverse("changes", args=["north"]) + "?after=0",
    ]

    for place in places:
        seen = borrower.get(place).content.decode()
        assert SECRET not in seen, place
        assert owner.username not in seen, place
    for place in (reverse("connection", args=["main", "meta"]), f"/api/connections/{agency.pk}"):
        assert borrower.get(place).status_code == 404
