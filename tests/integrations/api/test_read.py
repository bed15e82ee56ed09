"""GET /api/integrations/{provider}"""

import pytest

from integrations.models import IntegrationConnection
from providers import registry
from tests.integrations.conftest import TOKEN, signed_in

PATH = "/api/integrations/meta"


def test_one_platform_comes_with_its_form(api):
    meta = api.get(PATH).json()

    assert meta["status"] == "not_connected"
    assert (meta["version"], meta["updatedAt"]) == (0, None)
    assert [method["name"] for method in meta["methods"]] == ["access_token", "sign_in"]
    token, account, *_ = meta["fields"]
    assert (token["name"], token["isSecret"], token["isRequired"]) == ("accessToken", True, True)
    assert token["methods"] == ["access_token"]
    assert account["name"] == "accountId"
    assert account["pattern"] == "(act_)?[0-9]+"
    assert account["example"] == "act_1234567890"


@pytest.mark.parametrize("slug", [one.slug for one in registry.own()])
def test_each_platform_can_be_read(api, slug):
    one = api.get(f"/api/integrations/{slug}").json()

    assert one["provider"] == slug
    names = {field["name"] for field in one["fields"]}
    assert {"accessToken", "accountId", "baseUrl"} <= names
    assert names == {*one["config"], *one["secrets"]}


def test_the_version_is_the_entity_tag_and_there_is_no_304(api, connected):
    reply = api.get(PATH)

    assert reply.headers["ETag"] == '"1"'
    assert api.get(PATH, headers={"If-None-Match": '"1"'}).status_code == 200


def test_reading_writes_nothing(api):
    api.get(PATH)

    assert not IntegrationConnection.objects.exists()


def test_a_failed_test_tells_what_broke(api, connected, meta):
    api.patch(PATH, {"config": {"accessToken": "EAAexpired"}}, "application/json")
    test = api.generic("POST", f"{PATH}/test").json()

    one = api.get(PATH).json()

    assert (one["status"], one["light"], one["attention"]) == ("error", "red", "failing")
    assert one["needsReauth"] is True
    assert one["lastError"] == one["failure"]["message"] == test["message"]
    assert one["errorKind"] == one["failure"]["kind"] == "auth_expired"
    assert one["failure"]["testId"] == one["lastTest"]["id"] == test["id"]
    assert one["provenAt"] is None


def test_a_long_secret_shows_four_characters_and_no_more(api, connected):
    api.patch(PATH, {"config": {"accessToken": "EAAlongertoken1x9Qd"}}, "application/json")

    reply = api.get(PATH)

    assert reply.json()["secrets"]["accessToken"] == {"isSet": True, "hint": "…x9Qd"}
    assert "1x9Qd" not in reply.content.decode()
    assert TOKEN not in reply.content.decode()


@pytest.mark.parametrize("slug", ["tiktok", "test", "schema", "events", "Meta", "me-ta"])
def test_an_unknown_platform_is_not_found(api, slug):
    reply = api.get(f"/api/integrations/{slug}")

    assert reply.status_code == 404
    assert reply.json()["code"] == "not_found"


def test_one_platform_takes_five_queries(viewer, connected, django_assert_num_queries):
    browser = signed_in(viewer)

    with django_assert_num_queries(5):
        browser.get(PATH)
