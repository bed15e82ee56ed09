"""A canary, saved through every entrance, is looked for everywhere it must not be."""

import io
import json
import logging

import pytest
from django.core.management import call_command
from django.db import connection as database
from django.urls import reverse

from integrations.models import IntegrationConnection
from integrations.services import connections
from integrations.services.connections import Changes
from tests.integrations.conftest import signed_in, with_token
from tests.integrations.test_pages import Browser

CANARY = "EAAcanaryDoNotLeak4711"
APP_SECRET = "5a4d1b0c5a4d1b0c5a4d1b0c5a4dCAFE"
VALUES = {"access_token": CANARY, "account_id": "act_1001", "app_secret": APP_SECRET}
API_VALUES = {"accessToken": CANARY, "accountId": "act_1001", "appSecret": APP_SECRET}
LEAKS = (CANARY, APP_SECRET)


@pytest.fixture
def log(caplog):
    """Everything that is logged, by anybody, at DEBUG, as the console would print it."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    for name in ("urllib3", "django", "integrations", "providers"):
        logging.getLogger(name).setLevel(logging.DEBUG)
    yield stream
    root.removeHandler(handler)
    root.setLevel(level)
    for name in ("urllib3", "integrations", "providers"):
        logging.getLogger(name).setLevel(logging.NOTSET)
    logging.getLogger("django").setLevel(logging.INFO)


def through_the_page(user):
    browser = Browser(user)
    browser.prove(is_enabled="on", app_id="1000200030004000", **VALUES)
    return [browser.prove(is_enabled="on", **VALUES)]


def through_the_api(user):
    client = with_token(user)
    body = json.dumps({"config": API_VALUES})
    ask = {"content_type": "application/json"}
    return [
        client.patch("/api/integrations/meta", body, **ask),
        client.post("/api/integrations/meta/test", body, **ask),
        client.post("/api/integrations/meta/test", **ask),
        client.patch(
            "/api/integrations/meta",
            json.dumps({"status": "error", "lastError": f"{CANARY} and {APP_SECRET} fail"}),
            **ask,
        ),
    ]


def through_the_command(user, tmp_path):
    rows = tmp_path / "rows.json"
    rows.write_text(json.dumps([{"provider": "meta", "accessToken": CANARY}]))
    out = io.StringIO()
    call_command("integrations", "import", str(rows), stdout=out)
    return out.getvalue()


def everything_stored():
    """Every text in every table."""
    with database.cursor() as cursor:
        for table in database.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')  # names from the schema itself
            yield from (str(value) for row in cursor.fetchall() for value in row)


def every_page(user):
    client = signed_in(user)
    args = ["main"]
    for name in ("overview", "settings", "api-access", "profile"):
        yield client.get(reverse(name, args=args))
    for name in ("connection", "history", "disconnect", "card"):
        yield client.get(reverse(name, args=[*args, "meta"]), headers={"HX-Request": "true"})
    for path in ("/api/integrations", "/api/integrations/meta", "/api/integrations/meta/tests"):
        yield client.get(path)


def is_clean(text):
    return not any(leak in text for leak in LEAKS)


@pytest.mark.parametrize("entrance", [through_the_page, through_the_api])
def test_a_secret_is_found_nowhere(entrance, editor, meta, log):
    replies = entrance(editor)

    assert IntegrationConnection.objects.filter(provider="meta").exists()
    for reply in (*replies, *every_page(editor)):
        assert is_clean(reply.content.decode()), reply.request["PATH_INFO"]
    assert all(is_clean(text) for text in everything_stored())
    assert is_clean(log.getvalue())
    assert log.getvalue()


def test_an_imported_secret_is_found_nowhere(editor, meta, log, tmp_path):
    assert is_clean(through_the_command(editor, tmp_path))

    assert connections.find(editor.memberships.get().workspace, "meta").hints
    assert all(is_clean(text) for text in everything_stored())
    assert is_clean(log.getvalue())


def test_a_crash_with_the_secret_in_hand_tells_nobody(editor, meta, log, monkeypatch):
    """The one place where a fault is forced: nothing else makes our own code crash."""

    def crash(connection, changes, **_):
        raise RuntimeError(f"broken at {connection}")

    monkeypatch.setattr(connections, "apply", crash)
    client = with_token(editor)
    client.raise_request_exception = False

    reply = client.patch(
        "/api/integrations/meta",
        json.dumps({"config": API_VALUES}),
        content_type="application/json",
    )

    assert (reply.status_code, reply.json()["code"]) == (500, "server_error")
    assert is_clean(reply.content.decode())
    assert is_clean(log.getvalue())


def test_no_repr_shows_a_secret(connected, workspace):
    changes = Changes(config=VALUES)
    attempt = connections.overlay(connected, changes)

    assert is_clean(repr([changes, attempt, connected, vars(connected)]))
