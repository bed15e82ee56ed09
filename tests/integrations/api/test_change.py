"""PATCH /api/integrations/{provider}"""

import pytest
from django.conf import settings

from integrations.models import IntegrationConnection
from integrations.services import rows
from integrations.services.connecting import changes, saving
from providers.sandbox import calendly as calendly_sandbox
from providers.sandbox import crm as crm_sandbox
from providers.sandbox.crm import hubspot as hubspot_sandbox
from tests.integrations.conftest import TOKEN, VALUES, signed_in
from tests.integrations.kept import secrets_of
from tests.integrations.services.connecting.test_signing_in import Visitor, here

PATH = "/api/integrations/meta"


@pytest.fixture
def patch(api):
    def send(body, path=PATH, **headers):
        return api.patch(path, body, "application/json", headers=headers)

    return send


def saved():
    return IntegrationConnection.objects.get(provider="meta")


def test_values_are_saved_under_their_api_names(patch):
    reply = patch({"config": {"accessToken": TOKEN, "accountId": "1001"}})

    assert reply.status_code == 200
    body = reply.json()
    assert (body["status"], body["version"]) == ("connected", 1)
    assert body["config"]["accountId"] == "act_1001"
    assert body["secrets"]["accessToken"] == {"isSet": True, "hint": None}
    assert reply.headers["ETag"] == '"1"'
    assert secrets_of(saved()) == {"access_token": TOKEN}


def test_saving_asks_no_platform(patch, meta):
    patch({"config": {"accessToken": TOKEN, "accountId": "1001"}})

    assert meta.requests_seen == []


def test_a_name_left_out_keeps_its_value_and_null_clears_it(patch, connected):
    patch({"config": {"pixelId": "2001", "appSecret": "s" * 32}})

    body = patch({"config": {"pixelId": None, "appSecret": None}}).json()

    assert body["config"]["accountId"] == "act_1001"
    assert body["config"]["pixelId"] is None
    assert body["secrets"]["appSecret"]["isSet"] is False
    assert secrets_of(saved()) == {"access_token": TOKEN}


def test_a_half_filled_method_is_saved_and_stays_not_connected(patch):
    body = patch({"config": {"accountId": "1001"}}).json()

    assert (body["status"], body["version"]) == ("not_connected", 1)
    assert body["config"]["accountId"] == "act_1001"


def test_an_unusual_value_is_taken_with_a_warning(patch):
    reply = patch({"config": {"accessToken": "not-the-usual-form"}})

    assert reply.status_code == 200
    [sentence] = reply.json()["warnings"]["config"]["accessToken"]
    assert "usually start with EAA" in sentence


def test_without_anything_unusual_there_are_no_warnings(patch):
    assert patch({"config": {"accessToken": TOKEN}}).json()["warnings"] == {}


def test_nothing_to_change_changes_nothing(patch, connected):
    before = patch({}).json()

    again = patch({"config": {"accountId": "act_1001"}, "isEnabled": True}).json()

    assert again == before
    assert again["version"] == 1


@pytest.mark.parametrize("body", [{}, {"config": {}}, {"config": {"pixelId": None}}])
def test_nothing_to_change_leaves_what_was_never_saved(patch, api, body):
    before = api.get(PATH).json()

    assert patch(body).status_code == 200

    assert api.get(PATH).json() == before
    assert before["version"] == 0


def test_a_method_can_be_chosen_before_anything_else(patch):
    one = patch({"authMethod": "access_token"}).json()

    assert (one["authMethod"], one["version"], one["status"]) == (
        "access_token",
        1,
        "not_connected",
    )


def test_other_values_drop_the_proof(patch, proven):
    body = patch({"config": {"accountId": "act_1003"}}).json()

    assert (body["light"], body["attention"]) == ("amber", "unproven")
    assert (body["provenAt"], body["account"]) == (None, None)


@pytest.mark.parametrize(
    ("body", "sentences"),
    [
        ({"foo": 1}, {"foo": ["Unknown key. Use: config, authMethod, isEnabled, status, "
                              "lastError, checksEverySeconds, mutedUntil."]}),
        ({"config": {"accountId": ""}}, {"config": {"accountId": ["This may not be blank."]}}),
        ({"config": {"accountId": "  "}}, {"config": {"accountId": ["This may not be blank."]}}),
        ({"config": {"accountId": 1001}}, {"config": {"accountId": ["This must be a text."]}}),
        ({"config": {"accountId": True}}, {"config": {"accountId": ["This must be a text."]}}),
        ({"config": {"accountId": ["1"]}}, {"config": {"accountId": ["This must be a text."]}}),
        ({"config": ["accountId"]},
         {"config": ["This must be an object of names and values."]}),
        ({"config": None}, {"config": ["This must be an object of names and values."]}),
        ({"config": {"accountId": "one"}},
         {"config": {"accountId": ["An ad account ID is a number, with or without act_ before "
                                   "it. Copy it from the account menu of Ads Manager."]}}),
        ({"config": {"accountId": "1\0"}},
         {"config": {"accountId": ["Null characters are not allowed."]}}),
        ({"config": {"accessToken": "E" * 5000}},
         {"config": {"accessToken": ["This is longer than 4096 characters."]}}),
        ({"isEnabled": "true"}, {"isEnabled": ["This must be true or false."]}),
        ({"isEnabled": 1}, {"isEnabled": ["This must be true or false."]}),
        ({"isEnabled": None}, {"isEnabled": ["This must be true or false."]}),
        ({"authMethod": "magic"}, {"authMethod": ["Choose one of these: access_token, sign_in."]}),
        ({"authMethod": None}, {"authMethod": ["This must be a text."]}),
        ({"lastError": 5}, {"lastError": ["This must be a text."]}),
        ({"lastError": ""}, {"lastError": ["This may not be blank."]}),
        ({"lastError": "Broken"},
         {"lastError": ["A text goes together with the status error."]}),
        ({"status": "error"}, {"lastError": ["Say in lastError what is wrong."]}),
        ({"status": "error", "lastError": None},
         {"lastError": ["Say in lastError what is wrong."]}),
        ({"status": "not_connected"},
         {"status": ["Use disconnect to clear a connection."]}),
        ({"status": "connected"},
         {"status": ["Not everything that is required is saved yet."]}),
        ({"status": "disabled", "isEnabled": True},
         {"isEnabled": ["This and status say different things."]}),
    ],
)  # fmt: skip
def test_what_is_not_right_is_named_and_nothing_is_saved(patch, body, sentences):
    reply = patch(body)

    assert reply.status_code == 400
    assert reply.json() == sentences
    assert not IntegrationConnection.objects.exists()


@pytest.mark.parametrize("status", ["fine", "", None, 1, True, ["connected"], {"connected": 1}])
def test_only_the_four_statuses_are_taken(patch, status):
    reply = patch({"status": status})

    assert reply.status_code == 400
    assert reply.json() == {
        "status": ["Choose one of these: not_connected, disabled, error, connected."]
    }


def test_everything_that_is_not_right_is_said_at_once(patch):
    reply = patch({"foo": 1, "isEnabled": 1, "config": {"accountId": 1, "bar": "x"}})

    assert set(reply.json()) == {"foo", "isEnabled", "config"}
    assert set(reply.json()["config"]) == {"accountId", "bar"}


def test_half_a_surrogate_pair_never_reaches_the_database(api):
    body = r'{"config": {"accountId": "\ud800"}, "lastError": "\udfff", "\ud800": 1}'

    reply = api.patch(PATH, body, "application/json")

    assert reply.status_code == 400
    sentences = reply.json()
    assert "Surrogate characters are not allowed" in sentences["config"]["accountId"][0]
    assert "Surrogate characters are not allowed" in sentences["lastError"][0]
    assert sentences["?"][0].startswith("Unknown key.")
    assert not IntegrationConnection.objects.exists()


def test_a_new_destination_needs_the_secrets_again(patch, connected):
    saved_for = saving.change_connection(
        rows.unread(connected.workspace, "crm"),
        changes.Changes(config={"access_token": "pat-na1-secret", "vendor": "hubspot"}),
        by=None,
    )

    reply = patch({"config": {"vendor": "pipedrive"}}, path="/api/integrations/crm")

    assert reply.status_code == 400
    assert "Enter the secrets again." in reply.json()["config"]["vendor"][0]
    saved_for.connection.refresh_from_db()
    assert saved_for.connection.config["vendor"] == "hubspot"


def test_disabling_and_enabling_need_no_values(patch, connected):
    assert patch({"isEnabled": False}).json()["status"] == "disabled"
    assert patch({"status": "connected"}).json()["status"] == "connected"
    assert patch({"status": "disabled", "isEnabled": False}).json()["isEnabled"] is False


def test_another_system_reports_an_error_and_takes_it_back(patch, proven):
    reported = patch({"status": "error", "lastError": f"No rows with {TOKEN}."}).json()

    assert (reported["status"], reported["errorKind"]) == ("error", "reported")
    assert reported["lastError"] == "No rows with •••."
    assert reported["provenAt"] is not None

    cleared = patch({"lastError": None}).json()

    assert (cleared["status"], cleared["lastError"], cleared["failure"]) == (
        "connected",
        None,
        None,
    )


def test_the_status_connected_clears_an_error(patch, connected):
    patch({"status": "error", "lastError": "Broken."})

    assert patch({"status": "connected", "lastError": None}).json()["lastError"] is None


def test_a_reported_text_is_cut_at_500_characters(patch, connected):
    assert len(patch({"status": "error", "lastError": "e" * 9000}).json()["lastError"]) == 500


@pytest.mark.parametrize("tag", ['"1"', 'W/"1"', '"6", "1"', '"6",W/"1"', "*"])
def test_a_change_based_on_what_is_saved_is_taken(patch, connected, tag):
    reply = patch({"isEnabled": False}, **{"If-Match": tag})

    assert reply.status_code == 200
    assert reply.headers["ETag"] == '"2"'


@pytest.mark.parametrize("tag", ['"0"', '"01"', '"7", "8"', '"abc"', '""', f'"{"9" * 30}"'])
def test_a_change_based_on_something_else_is_refused(patch, connected, tag):
    reply = patch({"isEnabled": False}, **{"If-Match": tag})

    assert reply.status_code == 412
    assert reply.json()["code"] == "version_conflict"
    assert saved().is_enabled


def test_the_refusal_says_who_saved_what_and_when(patch, connected, editor, time_machine):
    time_machine.move_to("2026-11-22T14:02:11Z", tick=False)
    patch({"config": {"pixelId": "2001"}})

    reply = patch({"isEnabled": False}, **{"If-Match": '"1"'})

    assert reply.json()["detail"] == (
        "Emil Edit saved Dataset (Pixel) ID on 22 Nov 2026 at 14:02 UTC. "
        "Read it again, then repeat your change."
    )


@pytest.mark.parametrize("tag", ["1", "", '"1', 'w/"1"', '"1" "2"', '*, "1"', "'1'", '"1",'])
def test_a_malformed_condition_is_refused_before_anything_is_saved(patch, connected, tag):
    reply = patch({"isEnabled": False}, **{"If-Match": tag})

    assert reply.status_code == 400
    assert reply.json()["detail"].startswith("If-Match is not right.")
    assert saved().is_enabled


def test_a_viewer_may_not_change_anything(viewer, connected):
    browser = signed_in(viewer)
    browser.get("/api/", headers={"Accept": "text/html"})
    csrf = {"X-CSRFToken": browser.cookies[settings.CSRF_COOKIE_NAME].value}

    reply = browser.patch(PATH, {"isEnabled": False}, "application/json", headers=csrf)

    assert reply.status_code == 403
    assert reply.json()["code"] == "permission_denied"
    assert saved().is_enabled


def test_no_typed_secret_comes_back(patch):
    reply = patch({"config": {"accessToken": TOKEN, "accountId": "wrong"}})

    assert reply.status_code == 400
    assert TOKEN not in reply.content.decode()
    assert VALUES["account_id"] not in reply.content.decode()


# --- After a sign-in, or before one --------------------------------------------------------------

CALENDLY = "/api/integrations/calendly"


def test_the_method_sign_in_is_saved_and_waits_for_a_person(patch):
    one = patch({"authMethod": "sign_in"}, path=CALENDLY).json()

    assert (one["authMethod"], one["status"]) == ("sign_in", "not_connected")
    refused = patch({"status": "connected"}, path=CALENDLY)
    assert refused.json() == {"status": ["Not everything that is required is saved yet."]}


def test_a_signed_in_connection_reads_like_any_other(api, calendly_signed_in):
    one = api.get(CALENDLY).json()

    assert (one["status"], one["light"], one["authMethod"]) == ("connected", "green", "sign_in")
    assert one["secrets"] == {"accessToken": {"isSet": False, "hint": None}}
    assert one["config"]["accountId"] == calendly_sandbox.ACME


def test_nothing_that_a_sign_in_holds_is_shown(api, calendly_signed_in):
    shown = api.get(CALENDLY).content.decode() + api.get("/api/integrations").content.decode()

    sign_in = calendly_signed_in.sign_in
    secrets = sign_in.obtained().values()
    assert len(secrets) == 2
    assert not any(secret in shown for secret in secrets)


def test_another_account_of_a_sign_in_keeps_it_and_drops_the_proof(patch, calendly_signed_in):
    one = patch({"config": {"accountId": calendly_sandbox.OUTLET}}, path=CALENDLY).json()

    assert (one["status"], one["provenAt"]) == ("connected", None)
    after = rows.find(calendly_signed_in.workspace, "calendly")
    assert after.sign_in_id == calendly_signed_in.sign_in_id


def test_where_a_sign_in_is_used_cannot_be_changed_without_a_new_one(
    patch, editor, workspace, settings
):
    known = {"hubspot": hubspot_sandbox.SIGN_IN}
    with here(settings, "crm", crm_sandbox.PLATFORM.answer, **known):
        Visitor(editor).connects("healthy", "crm", "hubspot", vendor="hubspot")

        reply = patch({"config": {"vendor": "pipedrive"}}, path="/api/integrations/crm")

    assert reply.status_code == 400
    assert "Sign in again with the new value." in reply.json()["config"]["vendor"][0]
    assert rows.find(workspace, "crm").config["vendor"] == "hubspot"


def test_a_token_that_is_pasted_over_a_sign_in_counts_instead(patch, calendly_signed_in):
    token = calendly_sandbox.token_of("healthy")
    body = {"authMethod": "access_token", "config": {"accessToken": token}}

    one = patch(body, path=CALENDLY).json()

    assert (one["authMethod"], one["status"], one["provenAt"]) == (
        "access_token",
        "connected",
        None,
    )


def test_a_dry_run_with_sign_in_and_none_made_has_nothing_to_test(api, connected):
    reply = api.post(f"{PATH}/test", {"authMethod": "sign_in"}, "application/json")

    assert (reply.status_code, reply.json()["code"]) == (409, "not_connected")
