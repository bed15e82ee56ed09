"""GET /api/integrations"""

import pytest

from integrations.models import Status, Trigger
from integrations.services import rows
from integrations.services.connecting import saving
from integrations.services.connecting.changes import Changes
from integrations.services.proving import testing
from providers import registry
from tests.integrations.conftest import TOKEN, signed_in, with_token

PATH = "/api/integrations"


def test_every_platform_is_listed_in_catalogue_order(api):
    reply = api.get(PATH)

    assert reply.status_code == 200
    assert [one["provider"] for one in reply.json()] == list(registry.catalogue())
    assert {one["status"] for one in reply.json()} == {"not_connected"}


def test_a_connection_reads_as_the_contract_says(api, proven):
    meta = api.get(PATH).json()[0]

    test = meta.pop("lastTest")
    assert test["outcome"] == "passed"
    assert meta.pop("provenAt").endswith("Z")
    assert meta.pop("updatedAt").endswith("Z")
    assert meta.pop("standIn").startswith("http://127.0.0.1:")
    (one,) = meta.pop("connections")
    assert one.pop("id") == str(proven.pk)
    assert one == {"name": "Acme Shop", "slug": "main", "status": "connected", "light": "green"}
    assert meta == {
        "provider": "meta",
        "name": "Meta",
        "usedBy": ["Ads monitor", "Pixel/CAPI lead tracking"],
        "status": "connected",
        "light": "green",
        "attention": None,
        "isEnabled": True,
        "needsReauth": False,
        "authMethod": "access_token",
        "account": {"id": "act_1001", "name": "Acme Shop"},
        "canBeProven": True,
        "config": {"accountId": "act_1001", "pixelId": None, "appId": None, "baseUrl": None},
        "secrets": {
            "accessToken": {"isSet": True, "hint": None},
            "appSecret": {"isSet": False, "hint": None},
        },
        "lastError": None,
        "errorKind": None,
        "failure": None,
        "isStale": False,
        "unansweredSince": None,
        "incident": None,
        "expiresAt": None,
        "expiresIsEstimate": False,
        "checksEverySeconds": None,
        "nextCheckAt": None,
        "mutedUntil": None,
        "budget": None,
        "version": 1,
    }


def test_the_filter_leaves_those_with_the_status(api, connected):
    assert [one["provider"] for one in api.get(f"{PATH}?status=connected").json()] == ["meta"]
    assert len(api.get(f"{PATH}?status=not_connected").json()) == len(registry.catalogue()) - 1
    assert api.get(f"{PATH}?status=error").json() == []


@pytest.mark.parametrize("status", ["", "fine", "Connected", "connected,error", "%00", "%ff"])
def test_an_unknown_status_is_refused_by_name(api, status):
    reply = api.get(f"{PATH}?status={status}")

    assert reply.status_code == 400
    known = ", ".join(Status.values)
    assert reply.json() == {"status": [f"Choose one of these: {known}."]}


def test_no_saved_secret_is_in_the_reply(api, proven):
    assert TOKEN not in api.get(PATH).content.decode()


def test_the_number_of_connections_does_not_change_the_number_of_queries(
    viewer, workspace, django_assert_num_queries
):
    browser = signed_in(viewer)
    for slug in registry.catalogue():
        saving.change_connection(rows.unread(workspace, slug), Changes(is_enabled=False), by=viewer)

    with django_assert_num_queries(5):
        browser.get(PATH)


def test_a_saved_secret_is_not_decrypted_for_a_list(api, connected, settings):
    settings.CREDENTIAL_KEYS = []

    meta = api.get(PATH).json()[0]

    assert (meta["light"], meta["attention"]) == ("red", "unreadable")
    assert meta["secrets"]["accessToken"]["isSet"] is True
    assert meta["failure"]["kind"] == "credentials_unreadable"


def test_a_viewer_may_read_with_a_token_and_in_a_session(viewer):
    assert with_token(viewer).get(PATH).status_code == 200
    assert signed_in(viewer).get(PATH).status_code == 200


def test_what_no_test_can_prove_is_no_alarm(api, workspace):
    changes = Changes(auth_method="public_page", config={"account_id": "acme"})
    connection = saving.change_connection(
        rows.unread(workspace, "fiverr"), changes, by=None
    ).connection
    testing.test_connection(connection, trigger=Trigger.API)

    fiverr = api.get("/api/integrations/fiverr").json()

    assert fiverr["lastTest"]["outcome"] == "inconclusive"
    assert (fiverr["light"], fiverr["attention"], fiverr["canBeProven"]) == ("grey", None, False)
    assert fiverr["standIn"] is None
