"""POST /api/integrations/{provider}/test"""

from datetime import timedelta

import pytest
from django.utils import timezone

from integrations.models import ConnectionTest, IntegrationConnection
from providers.sandbox.meta.login import refusal
from tests.integrations.conftest import TOKEN, signed_in, with_token
from tests.integrations.services.proving.test_races import at_once

PATH = "/api/integrations/meta/test"


@pytest.fixture
def test(api):
    def send(body=None, path=PATH):
        if body is None:
            return api.generic("POST", path)
        return api.post(path, body, "application/json")

    return send


def test_the_platform_is_asked_and_its_answer_returned(test, connected, meta, editor):
    reply = test()

    assert reply.status_code == 200
    body = reply.json()
    assert (body["outcome"], body["trigger"], body["dryRun"]) == ("passed", "api", False)
    assert body["account"] == {"id": "act_1001", "name": "Acme Shop"}
    assert [step["label"] for step in body["steps"]][:2] == ["Token is valid", "Permissions"]
    assert body["durationMs"] >= sum(step["durationMs"] for step in body["steps"][:1])
    assert meta.requests_seen[0].path == "/v26.0/me"
    row = ConnectionTest.objects.get(pk=body["id"])
    assert row.started_by == editor


def test_a_refusal_is_a_result(test, api, connected, meta):
    api.patch(PATH.removesuffix("/test"), {"config": {"accessToken": "EAAexpired"}},
              "application/json")  # fmt: skip

    reply = test()

    assert reply.status_code == 200
    body = reply.json()
    assert (body["outcome"], body["errorKind"]) == ("failed", "auth_expired")
    assert body["steps"][0]["outcome"] == "failed"
    assert body["steps"][1]["outcome"] == "skipped"
    assert body["message"]
    assert body["action"]


@pytest.mark.parametrize("content_type", ["", "application/x-www-form-urlencoded", "text/plain"])
def test_a_body_without_content_may_be_of_any_type(api, connected, meta, content_type):
    assert api.generic("POST", PATH, content_type=content_type).json()["outcome"] == "passed"


@pytest.mark.parametrize("body", [{}, {"config": {}}])
def test_an_empty_body_tests_what_is_saved(test, connected, meta, body):
    reply = test(body)

    assert reply.json()["dryRun"] is False
    connected.refresh_from_db()
    assert connected.last_test_id == reply.json()["id"]


def test_a_dry_run_saves_nothing_and_is_only_history(test, api, connected, meta):
    before = api.get(PATH.removesuffix("/test")).json()

    reply = test({"config": {"accountId": "1003"}})

    assert reply.json()["dryRun"] is True
    assert reply.json()["account"] == {"id": "act_1003", "name": "Acme Winter"}
    assert api.get(PATH.removesuffix("/test")).json() == before
    assert [row["id"] for row in api.get(f"{PATH}s").json()["results"]] == [reply.json()["id"]]


def test_a_dry_run_needs_nothing_saved(test, meta):
    reply = test({"config": {"accessToken": TOKEN, "accountId": "1001"}})

    assert (reply.status_code, reply.json()["outcome"]) == (200, "passed")
    assert IntegrationConnection.objects.get().status == "not_connected"
    assert IntegrationConnection.objects.get().credential is None


def test_a_method_alone_is_tried_without_saving_it(test, connected, meta):
    assert test({"authMethod": "access_token"}).json()["dryRun"] is True


@pytest.mark.parametrize(
    ("body", "sentences"),
    [
        ({"foo": 1}, {"foo": ["Unknown key. Use: config, authMethod."]}),
        ({"isEnabled": True}, {"isEnabled": ["Unknown key. Use: config, authMethod."]}),
        ({"config": {"accountId": 5}}, {"config": {"accountId": ["This must be a text."]}}),
        ({"config": {"accountId": "x"}},
         {"config": {"accountId": ["An ad account ID is a number, with or without act_ before "
                                   "it. Copy it from the account menu of Ads Manager."]}}),
        ({"authMethod": "magic"}, {"authMethod": ["Choose one of these: access_token, sign_in."]}),
        ({"authMethod": False}, {"authMethod": ["This must be a text."]}),
    ],
)  # fmt: skip
def test_what_is_not_right_is_named_and_nobody_is_asked(test, connected, meta, body, sentences):
    reply = test(body)

    assert (reply.status_code, reply.json()) == (400, sentences)
    assert meta.requests_seen == []
    assert not ConnectionTest.objects.exists()


def test_a_saved_secret_is_not_sent_to_a_new_place(test, api, workspace):
    api.patch(
        "/api/integrations/crm",
        {"config": {"accessToken": "pat-na1-secret", "vendor": "hubspot"}},
        "application/json",
    )

    reply = test({"config": {"vendor": "pipedrive"}}, path="/api/integrations/crm/test")

    assert reply.status_code == 400
    assert "Enter the secrets again." in reply.json()["config"]["vendor"][0]


@pytest.mark.parametrize("body", [None, {"config": {"accountId": "1001"}}])
def test_without_all_that_is_needed_there_is_nothing_to_test(test, meta, body):
    reply = test(body)

    assert reply.status_code == 409
    assert reply.json() == {
        "detail": "Not everything that a test needs is saved. Save it, or send it along.",
        "code": "not_connected",
    }
    assert meta.requests_seen == []


def test_too_many_tests_in_a_minute_are_told_when_to_come_back(
    test, connected, meta, settings, time_machine
):
    settings.TEST_RATE = 2
    start = timezone.now()
    time_machine.move_to(start, tick=False)
    assert [test().status_code, test().status_code] == [200, 200]
    time_machine.move_to(start + timedelta(seconds=18.6), tick=False)

    reply = test()

    assert reply.status_code == 429
    assert reply.headers["Retry-After"] == "42"
    assert reply.json() == {
        "detail": "This was tested too often in a minute. Test again in 42 seconds.",
        "code": "throttled",
    }


def test_what_a_platform_limits_is_a_429_that_says_until_when(test, connected, meta, time_machine):
    time_machine.move_to("2026-11-30T14:00:10Z", tick=False)
    meta.answer = lambda _: refusal(17, "User request limit reached")
    assert test().json()["errorKind"] == "rate_limited"

    reply = test()

    assert (reply.status_code, reply.headers["Retry-After"]) == (429, "60")
    assert reply.json() == {
        "detail": "Meta limits these credentials until 2026-11-30 14:02 UTC, so it was not asked.",
        "code": "throttled",
    }


def test_a_disabled_connection_can_be_tested_and_stays_disabled(test, api, connected, meta):
    api.patch(PATH.removesuffix("/test"), {"isEnabled": False}, "application/json")

    assert test().json()["outcome"] == "passed"
    assert api.get(PATH.removesuffix("/test")).json()["status"] == "disabled"


@pytest.mark.django_db(transaction=True)
def test_two_requests_at_once_share_one_test(editor, connected, meta):
    replies = at_once(2, lambda _number: with_token(editor).generic("POST", PATH).json())

    assert [reply["outcome"] for reply in replies] == ["passed", "passed"]


def test_a_viewer_may_not_test(viewer, connected, meta):
    reply = with_token(viewer).generic("POST", PATH)

    assert (reply.status_code, reply.json()["code"]) == (403, "permission_denied")
    assert meta.requests_seen == []


def test_a_session_without_its_csrf_token_is_refused(editor, connected, meta):
    reply = signed_in(editor).generic("POST", PATH)

    assert reply.status_code == 403
    assert reply.json()["detail"].startswith("CSRF Failed")
    assert meta.requests_seen == []
