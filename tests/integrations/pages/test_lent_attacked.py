"""What a borrower tries, to learn or to spend what only lets them in."""

import json

import pytest
from django.contrib.auth.models import User

from integrations.models import IntegrationConnection, Membership, Role, Workspace
from integrations.services import rows
from integrations.services.connecting import lending, saving
from integrations.services.connecting.changes import Changes
from providers.sandbox.server import Server, ok
from tests.integrations.conftest import signed_in
from tests.integrations.pages.people import Visitor, text_of

SECRET = "EAAagency"
VALUES = {"access_token": SECRET, "account_id": "act_1001", "pixel_id": "2001"}
BOSS = "Zelda Quartermaine"
NOT_FOR_BORROWERS = (SECRET, "act_4001", "act_1001", BOSS, "zelda")
CHANGES = (
    {"config": {"baseUrl": "EVIL"}},
    {"config": {"accountId": "act_4001"}},
    {"config": {"accessToken": None}},
    {"config": {"accessToken": "EAAmine"}},
    {"config": {"accessToken": "EAAmine", "baseUrl": "EVIL"}},
    {"authMethod": "access_token", "config": {"pixelId": "2002"}},
    {"authMethod": "sign_in"},
)


@pytest.fixture
def lent(workspace, meta):
    """An agency's token, lent to North for one account."""
    boss = User.objects.create_user("zelda", first_name="Zelda", last_name="Quartermaine")
    north = Workspace.objects.create(slug="north", name="North")
    for place in (workspace, north):
        Membership.objects.update_or_create(
            user=boss, workspace=place, defaults={"role": Role.OWNER}
        )
    source = saving.change_connection(
        rows.unread(workspace, "meta"), Changes(config=VALUES), by=boss
    ).connection
    lending.lend(source, north, ["act_1003"], by=None)
    Membership.objects.filter(user=boss, workspace=north).delete()
    return rows.find(north, "meta")


@pytest.fixture
def eve(lent):
    """She owns North, and is nothing in the agency's workspace."""
    user = User.objects.create_user("eve")
    user.memberships.all().delete()
    Membership.objects.create(user=user, workspace=lent.workspace, role=Role.OWNER)
    return user


@pytest.fixture
def hers(eve):
    return Page(eve)


@pytest.fixture
def evil():
    """A server of hers, that waits for the secret."""
    with Server(lambda _: ok({})) as server:
        yield server


class Page(Visitor):
    """Her browser, as any script would use it too."""

    def __init__(self, user):
        super().__init__(user)
        self.handler.enforce_csrf_checks = False

    def ask(self, method, path, data=None, **more):
        answer = getattr(self, method)(path, data, **more)
        said = text_of(answer) + answer.content.decode() + str(answer.headers)
        assert not [word for word in NOT_FOR_BORROWERS if word in said], path
        assert answer.status_code < 500, path
        return answer

    def call(self, method, path, body=None, **more):
        headers = {"X-Workspace": "north"} | more.pop("headers", {})
        data = json.dumps(body) if body is not None else None
        return self.ask(method, path, data, content_type="application/json", headers=headers)


def state_of(one):
    found = IntegrationConnection.objects.get(pk=one.pk)
    return found.revision, found.lender_id, found.credential_id, found.config


def dialog_of(one, more=""):
    return f"/w/north/dashboard/settings/connections/{one.pk}/{more}"


# --- Over the pages ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["", "sign-in/", "accounts/"])
@pytest.mark.parametrize("by_script", [True, False])
def test_no_form_of_the_dialog_is_taken(hers, lent, evil, meta, name, by_script):
    before, asked = state_of(lent), len(meta.requests_seen)
    data = VALUES | {"base_url": evil.url, "version": lent.version, "auth_method": "access_token"}
    headers = {"HX-Request": "true"} if by_script else {}

    for path in (dialog_of(lent, name), f"/w/north/dashboard/settings/integrations/meta/{name}"):
        answer = hers.ask("post", path, data | {"access_token": ""}, headers=headers)
        assert answer.status_code == 422
        assert "lent by another workspace" in text_of(answer)

    assert state_of(lent) == before
    assert len(meta.requests_seen) == asked
    assert not evil.requests_seen


def test_the_dialog_is_a_plain_panel(hers, lent):
    shown = hers.ask("get", dialog_of(lent))

    assert "Lent by Main" in text_of(shown)
    assert "<form" not in shown.content.decode().split('id="dialog-content"')[1]


def test_a_fix_link_is_made_for_nobody(hers, lent):
    for method in ("get", "post"):
        answer = hers.ask(method, dialog_of(lent, "fix-link/"), {"recipient": "Eve"})
        assert "Its owners mend it" in text_of(answer)

    assert not lent.fix_links.exists()


@pytest.mark.parametrize("query", ["", "?ask=1"])
def test_the_page_of_accounts_lists_none(hers, lent, meta, query):
    path = f"/w/north/integrations/meta/accounts/{lent.pk}/{query}"
    asked = len(meta.requests_seen)

    answers = [hers.ask("get", path), hers.ask("post", path, {"account": "act_4002", "add": "1"})]

    assert all("Only its owners see" in text_of(one) for one in answers)
    assert len(meta.requests_seen) == asked
    assert lent.workspace.connections.count() == 1


@pytest.mark.parametrize(
    "path",
    [
        "/w/north/dashboard/",
        "/w/north/dashboard/settings/",
        "/w/north/integrations/meta/",
        "/w/north/dashboard/settings/changes/?after=0",
        "/w/north/workspace/",
    ],
)
def test_no_page_tells_of_the_lender_more_than_its_name(hers, path):
    assert hers.ask("get", path).status_code in (200, 204)


@pytest.mark.parametrize("name", ["history/", "disconnect/", "rename/", "card/"])
def test_no_dialog_does_either(hers, lent, name):
    asked = hers.ask("get", dialog_of(lent, name), headers={"HX-Request": "true"})

    assert asked.status_code == 200


def test_a_test_asks_the_platform_alone_and_tells_no_secret(hers, lent, meta, evil):
    hers.ask("post", dialog_of(lent, "test/"), {"base_url": evil.url}, follow=True)

    assert rows.again(lent).last_test.outcome == "passed"
    assert meta.requests_seen
    assert not evil.requests_seen


# --- Over the API --------------------------------------------------------------------------------


@pytest.mark.parametrize("body", CHANGES)
@pytest.mark.parametrize("act", ["patch", "test"])
def test_the_api_takes_nothing_of_how_it_is_let_in(hers, lent, meta, evil, body, act):
    body = json.loads(json.dumps(body).replace("EVIL", evil.url))
    before, asked = state_of(lent), len(meta.requests_seen)

    for path in (f"/api/connections/{lent.pk}", "/api/integrations/meta"):
        if act == "patch":
            answer = hers.call("patch", path, body)
        else:
            answer = hers.call("post", f"{path}/test", body)
        assert answer.status_code == 400
        assert "lent by another workspace" in text_of(answer)

    assert state_of(lent) == before
    assert len(meta.requests_seen) == asked
    assert not evil.requests_seen


def test_the_api_lists_no_account(hers, lent, meta):
    asked = len(meta.requests_seen)

    for path in (f"/api/connections/{lent.pk}/accounts", "/api/integrations/meta/accounts"):
        answer = hers.call("get", path)
        assert (answer.status_code, answer.json()["code"]) == (409, "no_list")
        assert "Only its owners see" in answer.json()["detail"]

    assert len(meta.requests_seen) == asked


def test_what_is_lent_lets_in_no_other_connection(hers, lent):
    body = {"provider": "meta", "config": {"accountId": "act_4002"}}

    answer = hers.call("post", "/api/connections", body | {"credential": str(lent.credential_id)})

    assert answer.status_code == 400
    assert lent.workspace.connections.count() == 1


def test_the_api_counts_only_ones_own_for_who_borrows(hers, lent, workspace):
    told = hers.call("get", f"/api/connections/{lent.pk}").json()

    assert told["credential"]["sharedBy"] == 1
    assert told["credential"]["lentBy"] == "Main"
    assert told["secrets"]["accessToken"] == {"isSet": True, "hint": None}


def test_the_api_counts_all_for_who_lends(hers, lent):
    boss = signed_in(User.objects.get(username="zelda"))

    [told] = boss.get("/api/connections", headers={"X-Workspace": "main"}).json()["results"]

    assert told["credential"]["sharedBy"] == 2
    assert told["credential"]["lentBy"] is None


# --- Elsewhere -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    [
        "/w/main/dashboard/",
        "/w/main/integrations/meta/",
        "/api/connections?workspace=main",
        "/admin/",
        "/admin/integrations/integrationconnection/",
    ],
)
def test_the_lender_stays_shut(hers, path):
    assert hers.ask("get", path).status_code in (302, 403, 404)
