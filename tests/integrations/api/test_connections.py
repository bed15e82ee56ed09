"""/api/connections: several of a platform, each by its id."""

from uuid import uuid4

import pytest
from django.utils import timezone

from integrations.models import Event, IntegrationConnection
from integrations.services import rows
from integrations.services.connecting import saving
from integrations.services.connecting.changes import Changes
from tests.integrations.conftest import TOKEN, VALUES, signed_in, with_token
from tests.integrations.kept import secrets_of

PATH = "/api/connections"
META = "/api/integrations/meta"
NORTH = {"accessToken": TOKEN, "accountId": "1002"}


@pytest.fixture
def add(api):
    def send(path=PATH, /, **body):
        return api.post(path, {"provider": "meta", **body}, "application/json")

    return send


@pytest.fixture
def north(connected, add):
    """A second connection of Meta beside the default one."""
    reply = add(name="North", config=NORTH)
    assert reply.status_code == 201, reply.json()
    return reply.json()


def at(one, *more):
    return "/".join([PATH, one["id"], *more])


def default_slug():
    return IntegrationConnection.objects.get(provider="meta", is_default=True).slug


def test_the_first_of_a_platform_is_the_default_one(add, api):
    reply = add(config=NORTH)

    one = reply.json()
    assert reply.status_code == 201
    assert reply.headers["Location"].endswith(f"{PATH}/{one['id']}")
    assert (one["isDefault"], one["status"], one["version"]) == (True, "connected", 1)
    assert api.get(META).json()["config"]["accountId"] == "act_1002"


def test_another_one_leaves_the_default_one_as_it_is(connected, north, api):
    assert (north["name"], north["slug"], north["isDefault"]) == ("North", "north", False)
    assert north["credential"]["sharedBy"] == 1

    meta = api.get(META).json()
    assert meta["config"]["accountId"] == "act_1001"
    assert [(one["slug"], one["status"]) for one in meta["connections"]] == [
        ("main", "connected"),
        ("north", "connected"),
    ]


def test_a_connection_is_called_as_its_account_unless_it_has_a_name(proven, api):
    (one,) = api.get(PATH).json()["results"]
    assert one["name"] == "Acme Shop"

    named = api.patch(at(one), {"name": " South  shop "}, "application/json").json()
    unnamed = api.patch(at(one), {"name": None}, "application/json").json()

    assert (named["name"], unnamed["name"]) == ("South shop", "Acme Shop")
    assert named["slug"] == unnamed["slug"] == "main"
    assert unnamed["provenAt"] == one["provenAt"]


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({"provider": "nobody"}, "provider"),
        ({"slug": "Not A Slug"}, "slug"),
        ({"slug": "a" * 51}, "slug"),
        ({"slug": "main"}, "slug"),
        ({"name": "x" * 101}, "name"),
        ({"config": {"unknown": "1"}}, "config"),
        ({"credential": "none"}, "credential"),
        ({"credential": str(uuid4())}, "credential"),
        ({"authMethod": "none"}, "authMethod"),
        ({"isEnabled": False}, "isEnabled"),
    ],
)
def test_what_is_not_right_is_named_and_adds_nothing(connected, add, body, named):
    reply = add(**body)

    assert reply.status_code == 400
    assert list(reply.json()) == [named]
    assert IntegrationConnection.objects.count() == 1


def test_what_is_missing_is_named(api):
    reply = api.post(PATH, {"name": "North"}, "application/json")

    assert reply.json() == {"provider": ["Say which platform: GET /api/integrations lists them."]}


def test_the_id_of_a_connection_is_no_credentials(connected, add):
    reply = add(credential=str(connected.pk), config={"accountId": "1002"})

    assert "Take the `credential.id` of a connection" in reply.json()["credential"][0]


def test_slugs_are_made_of_names_and_of_accounts_and_never_twice(connected, add):
    bodies = [
        {"name": "Nord Österreich", "config": {"accountId": "1010"}},
        {"name": "Nord österreich", "config": {"accountId": "1011"}},
        {"config": {"accountId": "act_1012"}},
        {"name": "日本", "config": {"accountId": "1013"}},
    ]

    slugs = [add(**body).json()["slug"] for body in bodies]

    assert slugs == ["nord-osterreich", "nord-osterreich-2", "act-1012", "main-2"]


def test_the_same_account_with_the_same_values_is_refused_by_name(proven, add):
    reply = add(config={"accessToken": "EAAhealthy2", "accountId": "act_1001"})

    assert reply.status_code == 409
    assert reply.json() == {
        "detail": "Acme Shop is connected to this account already. Use that one.",
        "code": "same_account",
    }
    assert IntegrationConnection.objects.count() == 1


def test_one_account_with_another_dataset_is_another_connection(proven, add):
    reply = add(config={"accessToken": TOKEN, "accountId": "1001", "pixelId": "2001"})

    assert reply.status_code == 201


def test_an_edit_does_not_make_twins_either(connected, north, api):
    reply = api.patch(at(north), {"config": {"accountId": "1001"}}, "application/json")

    assert reply.status_code == 409
    assert api.get(at(north)).json()["config"]["accountId"] == "act_1002"


def test_an_account_that_only_the_platform_knows_is_refused_when_it_is_proven(stripe, add, api):
    keys = [{"accessToken": f"{kind}_test_healthy"} for kind in ("rk", "sk")]
    first, second = (add(provider="stripe", config=key).json() for key in keys)
    passed = api.post(at(first, "test"), {}, "application/json").json()

    refused = api.post(at(second, "test"), {}, "application/json").json()

    assert passed["outcome"] == "passed"
    assert (refused["outcome"], refused["errorKind"]) == ("failed", "invalid_config")
    assert refused["message"].endswith("is connected to this account already. Use that one.")
    assert api.get(at(second)).json()["light"] == "red"
    assert api.post(at(first, "test"), {}, "application/json").json()["outcome"] == "passed"


def test_a_default_one_that_nothing_is_saved_for_is_used(api, add, editor, workspace):
    api.post(f"{META}/disconnect")  # makes its row

    one = add(slug="north", config=NORTH).json()

    assert (one["isDefault"], one["slug"]) == (True, "north")
    assert IntegrationConnection.objects.count() == 1


def test_a_disconnected_default_one_gives_way_to_another_slug(connected, api, add):
    api.post(f"{META}/disconnect", {}, "application/json")

    one = add(slug="north", config=NORTH).json()

    assert one["isDefault"] is True
    assert [row["slug"] for row in api.get(META).json()["connections"]] == ["north", "main"]


# --- One of them ---------------------------------------------------------------------------------


def test_a_test_asks_with_this_ones_values(proven, north, api, meta):
    meta.requests_seen.clear()

    test = api.post(at(north, "test"), {}, "application/json").json()

    assert test["provider"] == "meta"
    assert any("act_1002" in asked.path for asked in meta.requests_seen)
    assert not any("act_1001" in asked.path for asked in meta.requests_seen)


def test_each_has_its_own_history(proven, north, api):
    api.post(at(north, "test"), {}, "application/json")

    (of_north,) = api.get(at(north, "tests")).json()["results"]
    (of_default,) = api.get(f"{META}/tests").json()["results"]

    assert of_north["id"] != of_default["id"]
    assert api.get(at(north, "tests", str(of_north["id"]))).json() == of_north
    assert api.get(at(north, "tests", str(of_default["id"]))).status_code == 404


def test_values_of_one_are_laid_over_its_own(proven, north, api, meta):
    test = api.post(at(north, "test"), {"config": {"pixelId": None}}, "application/json").json()

    assert test["dryRun"] is True
    assert api.get(at(north)).json()["lastTest"] is None


def test_a_version_that_is_no_more_is_refused(north, api):
    first = api.patch(
        at(north), {"isEnabled": False}, "application/json", headers={"If-Match": '"1"'}
    )
    second = api.patch(
        at(north), {"isEnabled": True}, "application/json", headers={"If-Match": '"1"'}
    )

    assert (first.status_code, second.status_code) == (200, 412)
    assert first.headers["ETag"] == '"2"'


def test_disconnecting_one_leaves_the_other(connected, north, api):
    gone = api.post(at(north, "disconnect"), {}, "application/json").json()

    assert gone["status"] == "not_connected"
    assert api.get(META).json()["status"] == "connected"


def test_the_default_one_can_be_another(connected, north, api):
    reply = api.patch(at(north), {"isDefault": True}, "application/json").json()

    assert reply["isDefault"] is True
    assert api.get(META).json()["config"]["accountId"] == "act_1002"
    assert api.patch(at(north), {"isDefault": False}, "application/json").status_code == 400


def test_one_that_is_removed_is_gone_with_its_history(connected, north, api):
    reply = api.delete(at(north))

    assert (reply.status_code, reply.content) == (204, b"")
    assert api.get(at(north)).status_code == 404
    assert api.get(META).json()["status"] == "connected"
    about = {"provider": "meta", "slug": "north", "id": north["id"]}
    assert Event.objects.order_by("-pk")[0].data == {"what": "removed", **about}


def test_what_somebody_changed_meanwhile_is_not_removed(connected, north, api):
    reply = api.delete(at(north), headers={"If-Match": '"7"'})

    assert reply.status_code == 412
    assert api.get(at(north)).status_code == 200


def test_without_the_default_one_the_oldest_is(connected, north, add, api):
    add(name="East", config=NORTH | {"accountId": "1003"})

    api.delete(f"{PATH}/{connected.pk}")

    assert default_slug() == "north"


def test_or_the_one_that_is_named(connected, north, add, api):
    east = add(name="East", config=NORTH | {"accountId": "1003"}).json()

    for wrong in ("none", str(uuid4()), str(connected.pk)):
        assert api.delete(f"{PATH}/{connected.pk}?default={wrong}").status_code == 400
    api.delete(f"{PATH}/{connected.pk}?default={east['id']}")

    assert default_slug() == "east"


def test_what_somebody_elses_workspace_has_is_not_there(connected, stranger, workspace):
    workspace.memberships.create(user=stranger, role="viewer")
    other = with_token(stranger)
    elsewhere = workspace.__class__.objects.create(name="Else", slug="else")
    hidden = saving.change_connection(
        rows.unread(elsewhere, "meta"), Changes(config=VALUES), by=None
    ).connection

    assert other.get(f"{PATH}/{connected.pk}").status_code == 200
    assert other.get(f"{PATH}/{hidden.pk}").status_code == 404


def test_a_viewer_may_look_and_not_touch(connected, viewer):
    script = with_token(viewer)

    assert script.get(PATH).status_code == 200
    assert script.post(PATH, {"provider": "meta"}, "application/json").status_code == 403
    assert script.delete(f"{PATH}/{connected.pk}").status_code == 403


def test_a_session_without_a_csrf_token_adds_nothing(editor):
    reply = signed_in(editor).post(PATH, {"provider": "meta"}, "application/json")

    assert reply.status_code == 403


# --- All of them ---------------------------------------------------------------------------------


@pytest.fixture
def three(north, add):
    add(provider="stripe", name="Shop", config={"accessToken": "rk_test_" + "a" * 40})
    return ["main", "north", "shop"]


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("", ["main", "north", "shop"]),
        ("?provider=meta", ["main", "north"]),
        ("?status=error", []),
        ("?q=nor", ["north"]),
        ("?q=act_1002", ["north"]),
        ("?q=facebook+1001", ["main"]),
        ("?q=nothing+north", []),
        ("?q=%00", ["main", "north", "shop"]),
    ],
)
def test_they_are_found_by_platform_status_and_words(three, api, asked, found):
    assert [one["slug"] for one in api.get(PATH + asked).json()["results"]] == found


@pytest.mark.parametrize(
    "asked",
    [
        *("provider=nobody", "status=fine", "pageSize=0", "cursor=7", "cursor="),
        *("cursor=cD1mb28%3D", f"cursor={'9' * 18}-{'a' * 32}", f"cursor=1-{'g' * 32}"),
    ],
)
def test_what_nobody_can_answer_is_refused_by_name(three, api, asked):
    reply = api.get(f"{PATH}?{asked}")

    assert reply.status_code == 400
    assert list(reply.json()) == [asked.partition("=")[0]]


def test_pages_lead_to_each_once(three, api):
    seen, address = [], f"{PATH}?pageSize=2"
    while address:
        page = api.get(address).json()
        seen += [one["slug"] for one in page["results"]]
        address = page["next"]

    assert seen == three


def test_rows_of_one_moment_are_each_told_once(three, api):
    IntegrationConnection.objects.update(created_at=timezone.now())

    first = api.get(f"{PATH}?pageSize=2").json()
    second = api.get(first["next"]).json()

    told = [one["slug"] for one in [*first["results"], *second["results"]]]
    assert sorted(told) == ["main", "north", "shop"]
    assert second["next"] is None


def test_a_search_of_a_thousand_words_is_answered(three, api):
    assert api.get(PATH, {"q": "north " * 1900}).status_code == 200


def test_a_connection_of_a_platform_that_is_gone_is_not_there(workspace, api):
    gone = IntegrationConnection.objects.create(workspace=workspace, provider="gone", version=1)

    assert api.get(f"{PATH}/{gone.pk}").status_code == 404


def test_a_list_takes_as_many_queries_for_one_as_for_many(
    three, viewer, django_assert_max_num_queries
):
    browser = signed_in(viewer)

    with django_assert_max_num_queries(7):
        browser.get(PATH)


# --- One credential for several ------------------------------------------------------------------


@pytest.fixture
def south(north, add):
    """Let in by what lets in North."""
    credential = north["credential"]["id"]
    reply = add(name="South", credential=credential, config={"accountId": "1003"})
    assert reply.status_code == 201, reply.json()
    return reply.json()


def stored(one):
    return IntegrationConnection.objects.get(pk=one["id"])


def test_a_credential_lets_in_another_without_being_sent_once_more(north, south, api):
    assert south["status"] == "connected"
    assert south["credential"] == north["credential"] | {"sharedBy": 2}
    assert south["secrets"] == north["secrets"]
    assert secrets_of(stored(south)) == {"access_token": TOKEN}


def test_secrets_sent_beside_a_credential_are_refused(north, add):
    reply = add(credential=north["credential"]["id"], config=NORTH | {"accountId": "1003"})

    assert list(reply.json()) == ["credential"]


def test_new_secrets_of_one_are_new_for_all_that_share_them(north, south, api, meta):
    for one in (north, south):
        api.post(at(one, "test"), {}, "application/json")
    assert api.get(at(south)).json()["provenAt"]

    api.patch(at(north), {"config": {"accessToken": "EAAhealthy-new"}}, "application/json")

    other = api.get(at(south)).json()
    assert secrets_of(stored(south)) == {"access_token": "EAAhealthy-new"}
    assert (other["provenAt"], other["version"]) == (None, 2)
    assert other["credential"]["sharedBy"] == 2


def test_disconnecting_one_keeps_the_secrets_of_the_other(north, south, api):
    api.post(at(north, "disconnect"), {}, "application/json")

    assert secrets_of(stored(south)) == {"access_token": TOKEN}
    assert api.get(at(south)).json()["credential"]["sharedBy"] == 1


def test_a_plain_value_of_one_is_not_the_others(north, south, api):
    api.patch(at(north), {"config": {"pixelId": "2001"}}, "application/json")

    other = api.get(at(south)).json()
    assert (other["config"]["pixelId"], other["version"]) == (None, 1)


def test_another_workspaces_credential_lets_in_nobody_here(north, owner, editor):
    mine = type(owner.memberships.get().workspace).objects.create(name="Mine", slug="mine")
    mine.memberships.create(user=editor, role="editor")

    reply = with_token(editor).post(
        f"{PATH}?workspace=mine",
        {"provider": "meta", "credential": north["credential"]["id"]},
        "application/json",
    )

    assert (reply.status_code, list(reply.json())) == (400, ["credential"])


def test_nothing_of_a_secret_is_in_any_answer(north, south, api):
    said = [api.get(path).content for path in (PATH, META, at(north), at(south))]

    assert not any(TOKEN.encode() in one for one in said)
