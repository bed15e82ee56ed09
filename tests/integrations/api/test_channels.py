"""Channels in the API: for owners, strict about what is sent, and without any secret."""

import json

import pytest

from integrations.models import Channel, Workspace
from providers.sandbox.server import Answer
from tests.integrations.conftest import with_token

CHANNELS = "/api/channels"
SECRET = "s3cr3tDoNotLeak4711"


@pytest.fixture
def ask(owner):
    client = with_token(owner)

    def go(method, path=CHANNELS, body=None):
        sent = json.dumps(body) if body is not None else ""
        return client.generic(method, path, sent, content_type="application/json")

    return go


def of(one, what=""):
    return f"{CHANNELS}/{one.pk}{what}"


def test_a_channel_is_added_listed_changed_and_removed(ask, receiver):
    added = ask("POST", body={"kind": "webhook", "config": {"url": receiver.url}, "name": "Mine"})

    assert added.status_code == 201
    one = Channel.objects.get()
    assert added.json()["made"] == {"signingSecret": one.opened()["signing_secret"]}
    [listed] = ask("GET").json()
    assert listed["secrets"]["url"] == {
        "isSet": True,
        "hint": receiver.server.url.partition("://")[2] + "/…",
    }
    assert SECRET not in json.dumps(listed)
    assert "made" not in listed
    night = {"quietFrom": "22:00", "quietUntil": "07:00", "timeZone": "Europe/Madrid"}
    changed = ask("PATCH", of(one), night | {"hears": "breaks", "platforms": ["meta"]})
    assert changed.status_code == 200
    told = changed.json()
    assert {name: told[name] for name in night} == night
    assert (told["hears"], told["platforms"], told["made"]) == ("breaks", ["meta"], {})
    assert (
        ask("PATCH", of(one), {"quietFrom": None, "quietUntil": None}).json()["quietFrom"] is None
    )
    assert ask("DELETE", of(one)).status_code == 204
    assert ask("GET").json() == []


def test_a_test_says_what_became_of_it(ask, channel, receiver):
    one = channel("slack")
    receiver.answers = [Answer(200, "ok"), Answer(403, "")]

    good, bad = ask("POST", of(one, "/test")).json(), ask("POST", of(one, "/test")).json()

    assert good == {"isDelivered": True, "message": "Slack took the message.", "statusCode": 200}
    assert (bad["isDelivered"], bad["statusCode"]) == (False, 403)


def test_too_many_tests_are_told_when_to_come_back(ask, channel, settings):
    settings.TEST_RATE = 1
    one = channel("slack")
    ask("POST", of(one, "/test"))

    reply = ask("POST", of(one, "/test"))

    assert (reply.status_code, reply.headers["Retry-After"]) == (429, "60")


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({"kind": "slack"}, {"config": {"url": ["This is required."]}}),
        (
            {"kind": "webhook", "config": {"signingSecret": "x", "url": "https://a.example"}},
            {"config": {"signingSecret"}},
        ),
        (
            {"kind": "slack", "config": {"uri": "x"}},
            {"config": {"uri": ["Unknown key. Use: url."]}},
        ),
        (
            {"kind": "slack", "config": {"uri": 1, "url": 2}},
            {"config": {"uri": ["Unknown key. Use: url."], "url": ["This must be a text."]}},
        ),
        (
            {"kind": "pigeon", "config": {"uri": "x"}},
            {
                "kind": [
                    "There is no such kind of channel. Use one of these: discord, email, ntfy, "
                    "slack, teams, telegram, webhook."
                ]
            },
        ),
        ({"kind": "slack", "timeZone": "Mars"}, {"timeZone", "config"}),
        ({"kind": "slack", "quietFrom": "25:00"}, {"quietFrom"}),
        ({"kind": "slack", "isEnabled": "yes"}, {"isEnabled": ["This must be true or false."]}),
        ({"kind": "slack", "colour": "red"}, {"colour"}),
    ],
)
def test_a_bad_body_is_told_by_its_keys(ask, body, errors):
    reply = ask("POST", body=body)

    assert reply.status_code == 400
    told = reply.json()
    if isinstance(errors, set):
        assert told.keys() == errors
    elif isinstance(errors.get("config"), set):
        assert told["config"].keys() == errors["config"]
    else:
        assert told == errors
    assert not Channel.objects.exists()


def test_a_refused_secret_is_not_repeated(ask):
    reply = ask("POST", body={"kind": "slack", "config": {"url": f"http://127.0.0.1/{SECRET}"}})

    assert reply.status_code == 400
    assert SECRET not in reply.content.decode()


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", ""), ("POST", ""), ("PATCH", "/{}"), ("DELETE", "/{}"), ("POST", "/{}/test")],
)
def test_only_owners_may(method, path, channel, editor, stranger):
    one = channel("slack")
    url = CHANNELS + path.format(one.pk)

    refused = with_token(editor).generic(method, url)

    assert refused.status_code == 403
    assert refused.json()["detail"].startswith("Only an owner of this workspace manages")
    assert Channel.objects.count() == 1


@pytest.mark.parametrize(("method", "what"), [("PATCH", ""), ("DELETE", ""), ("POST", "/test")])
def test_another_workspaces_channel_is_not_there(ask, channel, owner, method, what):
    one = channel("slack")
    other = Workspace.objects.create(name="Other", slug="other")
    owner.memberships.create(workspace=other, role="owner")

    reply = ask(method, f"{of(one, what)}?workspace=other", {} if method == "PATCH" else None)

    assert reply.status_code == 404
    assert Channel.objects.count() == 1
