"""Who may call, and which workspace is meant."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext

from integrations.models import ApiToken, Membership, Role, Workspace
from integrations.services import rows
from integrations.services.connecting import saving
from integrations.services.connecting.changes import Changes
from integrations.services.people.guesses import TOKEN
from tests.integrations.conftest import signed_in, with_token

LIST = "/api/integrations"
ONE = "/api/integrations/meta"
CALLS = [
    ("GET", LIST),
    ("GET", ONE),
    ("PATCH", ONE),
    ("POST", f"{ONE}/test"),
    ("POST", f"{ONE}/disconnect"),
    ("GET", f"{ONE}/tests"),
    ("GET", "/api/"),
    ("GET", "/api/schema"),
    ("GET", "/api/schema/docs"),
]


@pytest.fixture
def agency(editor):
    """A second workspace, in which the editor may only look and X is disabled."""
    agency = Workspace.objects.create(name="Agency", slug="agency")
    Membership.objects.create(user=editor, workspace=agency, role=Role.VIEWER)
    saving.change_connection(
        rows.unread(agency, "x"), Changes(config={"account_id": "acme"}), by=None
    )
    return agency


def account_of_x(reply):
    return next(one for one in reply.json() if one["provider"] == "x")["config"]["accountId"]


@pytest.mark.parametrize(("method", "path"), CALLS)
@pytest.mark.parametrize("accept", ["text/html,*/*;q=0.8", "*/*"])
def test_nobody_gets_a_401_in_json(db, method, path, accept):
    reply = Client().generic(method, path, headers={"Accept": accept})

    assert reply.status_code == 401
    assert reply.headers["WWW-Authenticate"] == "Token"
    assert reply.headers["Content-Type"] == "application/json"
    assert reply.json()["code"] == "not_authenticated"


@pytest.mark.parametrize(
    "header",
    ["Token", "Token a b", "Token wrong", "Token ÿþ", "Token \0", "token " + "a" * 9000],
)
def test_a_bad_token_is_a_401_even_in_a_session(editor, header):
    reply = signed_in(editor).get(LIST, headers={"Authorization": header})

    assert reply.status_code == 401
    assert reply.json()["code"] == "authentication_failed"


def test_another_kind_of_authorization_is_nobodys(db):
    reply = Client().get(LIST, headers={"Authorization": "Basic ZTpl"})

    assert reply.json()["code"] == "not_authenticated"


def test_a_token_that_ran_out_is_refused(editor):
    _, token = ApiToken.objects.create(user=editor, name="old", expiry=timedelta(seconds=-1))

    reply = Client(headers={"Authorization": f"Token {token}"}).get(LIST)

    assert reply.status_code == 401
    assert reply.json()["detail"] == (
        "This token is not valid, or not any more. Make a new one under API access."
    )


def test_the_token_of_a_locked_account_is_refused(editor):
    api = with_token(editor)
    User.objects.update(is_active=False)

    assert api.get(LIST).status_code == 401


@pytest.mark.parametrize("accept", ["text/html", "*/*"])
def test_who_guesses_tokens_is_told_to_wait_and_a_valid_one_still_passes(editor, accept):
    guesser = Client(headers={"Authorization": f"Token {'a' * 64}", "Accept": accept})
    replies = [guesser.get(LIST) for _ in range(TOKEN.most + 1)]

    assert [reply.status_code for reply in replies] == [401] * TOKEN.most + [429]
    assert int(replies[-1].headers["Retry-After"]) > 0
    assert replies[-1].json() == {
        "detail": "Too many requests from here came with a token that is not valid. "
        "Try again in 15 minutes.",
        "code": "throttled",
    }
    assert with_token(editor).get(LIST).status_code == 200


def test_a_valid_token_costs_no_statement_more(editor):
    api = with_token(editor)
    api.get(LIST)

    with CaptureQueriesContext(database) as seen:
        api.get(LIST)
    assert not [one for one in seen.captured_queries if "guesses" in one["sql"]]


@pytest.mark.parametrize(("method", "path"), CALLS[2:5])
def test_a_session_needs_its_csrf_token_to_change_something(editor, connected, method, path):
    browser = signed_in(editor)
    browser.get("/api/", headers={"Accept": "text/html"})
    token = browser.cookies[settings.CSRF_COOKIE_NAME].value

    refused = browser.generic(method, path)
    taken = browser.generic(method, path, headers={"X-CSRFToken": token})

    assert (refused.status_code, refused.json()["code"]) == (403, "permission_denied")
    assert taken.status_code != 403


def test_without_a_name_the_default_workspace_is_meant(api, agency):
    assert account_of_x(api.get(LIST)) is None


def test_the_header_or_the_query_names_a_workspace(api, agency):
    assert account_of_x(api.get(LIST, headers={"X-Workspace": "agency"})) == "acme"
    assert account_of_x(api.get(f"{LIST}?workspace=agency")) == "acme"


def test_the_role_is_that_of_the_named_workspace(api, agency):
    here = api.patch(ONE, {}, "application/json")
    there = api.patch(ONE, {}, "application/json", headers={"X-Workspace": "agency"})

    assert (here.status_code, there.status_code) == (200, 403)
    assert there.json() == {
        "detail": "Your role in this workspace may only look. Ask an owner to make you an editor.",
        "code": "permission_denied",
    }


@pytest.mark.parametrize("slug", ["theirs", "nowhere", "", "a b", "\0", "ÿ", "../x"])
def test_a_workspace_that_is_not_yours_is_not_found(api, slug):
    Workspace.objects.create(name="Theirs", slug="theirs")

    for reply in (api.get(LIST, {"workspace": slug}), api.get(LIST, headers={"X-Workspace": slug})):
        assert reply.status_code == 404
        assert reply.json()["detail"].startswith("No workspace of yours has this name.")


def test_a_member_of_no_workspace_finds_none(stranger):
    assert with_token(stranger).get(LIST).status_code == 404


def test_a_superuser_owns_every_workspace(agency):
    admin = User.objects.create_superuser("root", password="pass-word-1")

    reply = with_token(admin).patch(
        ONE, {"isEnabled": False}, "application/json", headers={"X-Workspace": "agency"}
    )

    assert reply.status_code == 200


@pytest.mark.parametrize(("method", "path"), [call for call in CALLS if call[0] != "GET"])
def test_an_owner_may_do_what_an_editor_may(owner, connected, method, path):
    assert with_token(owner).generic(method, path).status_code == 200
