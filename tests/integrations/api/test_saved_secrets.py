"""What an editor may try through the API to see a secret that somebody else has saved."""

import base64
import json
from urllib.parse import quote

import pytest

from integrations.services import rows
from integrations.services.connecting import saving
from integrations.services.connecting.changes import RESEND, RESEND_TO_USE, Changes
from providers.families.google.assertion import KEY_FILE
from providers.outbound.addresses import parse_allowed
from providers.sandbox import google, google_ads
from providers.sandbox.server import Answer, Server
from tests.integrations.kept import secrets_of
from tests.integrations.services.credentials import typed
from tests.integrations.services.credentials.typed import Typed

KEY = "rp7Qx+Vd2m/Tz9Lk4Wb8"
CRM = {
    "vendor": "generic",
    "health_path": "/me",
    "auth_kind": "api_key_header",
    "header_name": "x-api-key",
    "account_name_path": "company",
    "access_token": KEY,
}


def echo(asked):
    """A service that sends back what it was sent, as many ways as it can think of."""
    sent = asked.headers.get("X-Api-Key") or asked.headers.get("Authorization") or ""
    return Answer(
        200,
        {
            "company": "Acme CRM",
            "sent": sent,
            "upper": sent.upper(),
            "reversed": sent[::-1],
            "base64": base64.b64encode(sent.encode()).decode(),
            "hex": sent.encode().hex(),
            "cut": sent[2:16],
            "late": "." * 110 + sent,
            "escaped": json.dumps("".join(f"\\u{ord(one):04x}" for one in sent)),
        },
    )


@pytest.fixture
def service(settings):
    with Server(echo) as server:
        settings.OUTBOUND_ALLOW = parse_allowed(server.url.removeprefix("http://"))
        yield server


@pytest.fixture
def crm(workspace, service):
    """Saved by an owner: its key is sent in a header."""
    changes = Changes(config=CRM | {"base_url": service.url}, auth_method="rest")
    return saving.change_connection(rows.unread(workspace, "crm"), changes, by=None).connection


@pytest.fixture
def send(api):
    def ask(slug, body, *, test=False):
        path = f"/api/integrations/{slug}"
        if test:
            return api.post(f"{path}/test", body, "application/json")
        return api.patch(path, body, "application/json")

    return ask


ROBOT = Typed(
    "google_ads",
    "service_account",
    {
        KEY_FILE: google.service_account_json("healthy"),
        "developer_token": "A1b2C3d4E5f6G7h8I9j0Kl",
        "account_id": "1234567890",
    },
    google_ads.PLATFORM,
    {},
)
CHANGES = [
    ("authKind", "bearer"),
    ("authKind", "none"),
    ("authKind", None),
    ("headerName", "x-logged"),
    ("headerName", None),
    ("username", "somebody"),
    ("accountNamePath", "sent"),
    ("accountNamePath", None),
]


@pytest.mark.parametrize("test", [False, True], ids=["saved", "dry run"])
@pytest.mark.parametrize(("name", "value"), CHANGES)
def test_how_a_key_is_sent_changes_only_together_with_it(send, crm, service, name, value, test):
    reply = send("crm", {"config": {name: value}}, test=test)

    assert reply.status_code == 400
    assert reply.json()["config"] == {name: [RESEND_TO_USE]}
    assert service.requests_seen == []
    assert rows.find(crm.workspace, "crm").config == crm.config


def test_with_the_key_typed_again_it_changes(send, crm):
    reply = send("crm", {"config": {"authKind": "bearer", "accessToken": KEY}})

    assert (reply.status_code, reply.json()["config"]["authKind"]) == (200, "bearer")


def test_what_has_no_say_in_it_changes_alone(send, crm):
    reply = send("crm", {"config": {"expectPath": "company", "accountId": "Acme CRM"}})

    assert reply.status_code == 200


def test_a_place_says_that_it_is_one(send, crm):
    reply = send("crm", {"config": {"healthPath": "/of/somebody", "authKind": "bearer"}})

    assert reply.json()["config"] == {"healthPath": [RESEND], "authKind": [RESEND_TO_USE]}


@pytest.mark.parametrize("detour", [[], ["client_credentials"], ["sign_in"]])
def test_another_method_would_send_the_key_in_another_way(send, crm, service, detour):
    for method in detour:
        send("crm", {"authMethod": method})

    reply = send("crm", {"authMethod": "access_token"})

    assert reply.status_code == 400
    assert reply.json()["authMethod"] == [RESEND_TO_USE]
    assert service.requests_seen == []


def test_nor_can_the_way_change_while_another_method_is_chosen(send, crm):
    send("crm", {"authMethod": "client_credentials"})

    reply = send("crm", {"config": {"authKind": "bearer"}})

    assert reply.json()["config"] == {"authKind": [RESEND_TO_USE]}


def test_a_method_that_would_use_the_key_alike_may_be_chosen(send, workspace):
    config = {"vendor": "hubspot", "access_token": KEY}
    saving.change_connection(
        rows.unread(workspace, "crm"), Changes(config=config, auth_method="access_token"), by=None
    )

    assert send("crm", {"authMethod": "rest"}).status_code == 200


def test_a_data_service_of_ones_own_is_guarded_too(send, workspace):
    config = {"base_url": "https://data.example", "access_token": KEY}
    saving.change_connection(rows.unread(workspace, "fiverr"), Changes(config=config), by=None)

    kind = send("fiverr", {"config": {"authKind": "api_key_header"}})
    header = send("fiverr", {"config": {"authHeaderName": "x-logged"}})

    assert kind.json()["config"] == {"authKind": [RESEND_TO_USE]}
    assert header.json()["config"] == {"authHeaderName": [RESEND_TO_USE]}


@pytest.mark.parametrize(
    ("case", "name", "value"),
    [
        (ROBOT, "impersonatedEmail", "boss@acme.example"),
        (typed.UPWORK, "clientId", "0" * 32),
        (typed.SALESFORCE, "clientId", "3MVG9another"),
    ],
    ids=["whom a service account stands in for", "client", "consumer key"],
)
def test_a_secret_is_not_used_for_somebody_else(send, workspace, case, name, value):
    typed.save(workspace, case)

    reply = send(case.slug, {"config": {name: value}})

    assert reply.status_code == 400
    assert reply.json()["config"] == {name: [RESEND_TO_USE]}


def test_what_another_method_left_behind_hinders_nobody(send, workspace):
    """A service account's file is kept while somebody goes over to a refresh token."""
    typed.save(workspace, typed.SERVICE_ACCOUNT)

    reply = send(
        "ga4",
        {
            "authMethod": "refresh_token",
            "config": {
                "clientId": "123-abc.apps.googleusercontent.com",
                "clientSecret": "GOCSPX-0123456789",
                "refreshToken": "1//0healthy",
            },
        },
    )

    assert reply.status_code == 200
    assert "service_account_json" in secrets_of(rows.find(workspace, "ga4"))


PATHS = ["sent", "upper", "reversed", "base64", "hex", "cut", "late", "escaped"]


@pytest.mark.parametrize("path", PATHS)
def test_an_echo_of_the_key_is_masked_as_the_accounts_name(send, workspace, service, path):
    config = CRM | {"base_url": service.url, "account_name_path": path}
    changes = Changes(config=config, auth_method="rest")
    saving.change_connection(rows.unread(workspace, "crm"), changes, by=None)

    test = send("crm", {}, test=True).json()
    read = json.dumps([test, send("crm", {}).json()])

    assert "•••" in test["account"]["id"]
    assert [step["outcome"] for step in test["steps"]] == ["passed", "skipped", "warned", "passed"]
    ways = echo_of(KEY)
    assert not [run for way in ways for run in runs_of(way) if run in read.lower()]


def b64(text):
    return base64.b64encode(text.encode()).decode()


def echo_of(key):
    return [way.lower() for way in (key, key[::-1], b64(key), key.encode().hex())]


def runs_of(text, length=8):
    return [text[at : at + length] for at in range(len(text) - length + 1)]


def test_a_reported_error_is_cleared_before_it_is_cut(send, crm):
    report = f"{'x' * 490} {KEY} {'y' * 20}"

    reply = send("crm", {"status": "error", "lastError": report})

    assert reply.json()["lastError"] == f"{'x' * 490} ••• {'y' * 5}"


@pytest.mark.parametrize("of", [KEY, KEY.upper(), quote(KEY, safe=""), b64(KEY)[:-1]])
def test_a_reported_error_shows_nothing_of_the_whole_key_and_all_of_the_rest(send, crm, of):
    report = "Acme CRM refused {} with 403 (request 0123456789abcdef)."

    reply = send("crm", {"status": "error", "lastError": report.format(of)})

    assert reply.json()["lastError"] == report.format("•••")


def test_who_reports_a_part_of_the_key_is_not_told_whether_it_is_one(send, crm):
    """Twelve letters of it would be found out one by one."""
    right = [KEY[:12], KEY[1:13], KEY[:-1], KEY[1:], b64(KEY[:12])]
    report = " ".join(right)

    reply = send("crm", {"status": "error", "lastError": report})

    assert reply.json()["lastError"] == report
