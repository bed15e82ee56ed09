"""A canary, saved through every entrance, is looked for everywhere it must not be."""

import io
import json
import logging
from urllib.parse import parse_qs, urlsplit

import pytest
from django.core.management import call_command
from django.db import connection as database
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from integrations.models import AppRegistration, IntegrationConnection, SignInAttempt
from integrations.services import rows
from integrations.services.connecting import fix_links, saving
from integrations.services.connecting.changes import Changes, overlay
from integrations.services.credentials import apps, tokens
from providers.sandbox import calendly as calendly_sandbox
from providers.sandbox import meta as meta_sandbox
from providers.sandbox.server import Answer
from tests.integrations.conftest import callback_of, signed_in, with_token
from tests.integrations.kept import sign_ins
from tests.integrations.pages.test_pages import Browser
from tests.integrations.services.connecting.test_signing_in import Visitor, here

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

    assert rows.find(editor.memberships.get().workspace, "meta").hints
    assert all(is_clean(text) for text in everything_stored())
    assert is_clean(log.getvalue())


def test_a_crash_with_the_secret_in_hand_tells_nobody(editor, meta, log, monkeypatch):
    """The one place where a fault is forced: nothing else makes our own code crash."""

    def crash(connection, changes, **_):
        raise RuntimeError(f"broken at {connection}")

    monkeypatch.setattr(saving, "apply", crash)
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
    attempt = overlay(connected, changes)

    assert is_clean(repr([changes, attempt, connected, vars(connected)]))


# --- Signing in: codes, states, verifiers, tokens and the app's own secret ------------------------


@pytest.fixture
def own_app(workspace, owner, calendly, settings):
    """The workspace's own app, so that its secret is in the database."""
    settings.APPS = {}
    known = calendly_sandbox.SIGN_IN
    apps.save(
        workspace,
        "calendly",
        client_id=known.client_id,
        client_secret=known.client_secret,
        by=owner,
    )
    return known.client_secret


def pages_about(slug, user, *more):
    """Everything a person can look at after a sign-in."""
    client = signed_in(user)
    for name in ("overview", "settings", "sign-in-apps"):
        yield client.get(reverse(name, args=["main"]))
    for name in ("connection", "history", "disconnect", "card", "send-fix-link"):
        yield client.get(reverse(name, args=["main", slug]), headers={"HX-Request": "true"})
    yield client.get(reverse("sign-in-app", args=["main", slug]))
    for path in ("", "/tests", "/accounts"):
        yield client.get(f"/api/integrations/{slug}{path}")
    yield from more


def is_told_to_nobody(secrets, replies, log):
    """No page, header, table or line of the log holds one of these."""
    assert all(secrets)
    texts = [reply.content.decode() + str(reply.headers) for reply in replies]
    assert len(texts) > 10
    for text in (*texts, *everything_stored(), log.getvalue()):
        for name, secret in secrets.items():
            assert secret not in text, f"{name} in {text[:200]}"
    return True


def secrets_of_a_sign_in(visitor, slug="calendly", person="healthy"):
    """Begin, come back; every secret that was seen on the way, and the reply."""
    url = visitor.leaves(slug)
    attempt = SignInAttempt.objects.get()
    verifier = attempt.credential.typed()["code_verifier"]
    callback = callback_of(url, person)
    reply = visitor.client.get(reverse("sign-in-callback", args=[slug]), callback)
    held = tokens.held_by(sign_ins().get())
    secrets = {
        "state": parse_qs(urlsplit(url).query)["state"][0],
        "code": callback["code"],
        "verifier": verifier,
        "access token": held.access_token,
    }
    return secrets | ({"refresh token": held.refresh_token} if held.refresh_token else {}), reply


def test_nothing_of_a_sign_in_is_found_anywhere(own_app, owner, calendly, log):
    visitor = Visitor(owner)

    secrets, reply = secrets_of_a_sign_in(visitor)
    opened = visitor.opens(visitor.client.get(reply.url))

    secrets["client secret"] = own_app
    assert is_told_to_nobody(secrets, pages_about("calendly", owner, reply, opened), log)


def test_nothing_of_a_sign_in_with_secrets_in_addresses_is_found_anywhere(owner, settings, log):
    known = meta_sandbox.SIGN_IN
    with here(settings, "meta", meta_sandbox.PLATFORM.answer, meta=known):
        secrets, reply = secrets_of_a_sign_in(Visitor(owner), "meta", "ada")
        secrets["client secret"] = known.client_secret

        assert is_told_to_nobody(secrets, pages_about("meta", owner, reply), log)


def test_nothing_of_a_renewal_and_a_disconnect_is_found_anywhere(own_app, owner, calendly, log):
    visitor = Visitor(owner)
    secrets_of_a_sign_in(visitor)
    before = sign_ins().get()
    sign_ins().update(renew_at=timezone.now())
    tokens.renew(before.pk)
    held = tokens.held_by(sign_ins().get())

    reply = visitor.post("disconnect", "calendly")

    assert held.refresh_token != tokens.held_by(before).refresh_token
    secrets = {"access token": held.access_token, "refresh token": held.refresh_token}
    assert is_told_to_nobody(secrets, pages_about("calendly", owner, reply), log)


def test_a_platform_that_quotes_what_it_was_sent_is_not_quoted(own_app, owner, calendly, log):
    visitor = Visitor(owner)
    usual = calendly.answer

    def quoting(asked):
        if asked.path != "/oauth/token":
            return usual(asked)
        return Answer(400, {"error": "invalid_grant", "error_description": asked.body.decode()})

    url = visitor.leaves()
    attempt = SignInAttempt.objects.get()
    verifier = attempt.credential.typed()["code_verifier"]
    callback = callback_of(url)
    calendly.answer = quoting
    dialog = visitor.comes_back(callback)

    secrets = {"code": callback["code"], "verifier": verifier, "client secret": own_app}
    assert is_told_to_nobody(secrets, pages_about("calendly", owner, dialog), log)


def test_a_callback_that_nobody_waits_for_is_not_repeated(editor, calendly, log):
    foreign = {"state": "foreign-state-4711", "code": "foreign-code-4711"}

    for client in (signed_in(editor), Client()):
        reply = client.get("/oauth/calendly/callback/", foreign)
        assert "foreign" not in reply.content.decode() + str(reply.headers)

    assert "fits no sign-in that was begun here" in log.getvalue()
    assert "foreign" not in log.getvalue()


def test_a_fix_link_is_stored_nowhere(calendly_signed_in, owner, workspace, log):
    link = fix_links.send(rows.unread(workspace, "calendly"), recipient="Ben", by=owner)
    token = link.rstrip("/").rpartition("/")[2]
    client = Client()

    replies = [client.get(link), client.get("/fix/")]

    assert is_told_to_nobody(
        {"token": token}, [*replies, *pages_about("calendly", owner)], io.StringIO()
    )


def test_no_repr_shows_what_a_sign_in_holds(own_app, owner, calendly):
    secrets, _ = secrets_of_a_sign_in(Visitor(owner))
    row, app = sign_ins().get(), AppRegistration.objects.get()

    shown = repr(
        [
            *(vars(one) for one in (row, app, SignInAttempt.objects.get())),
            tokens.held_by(row),
            tokens.usable(row.pk),
            apps.find(app.workspace_id, "calendly"),
            Changes(sign_in=row),
        ]
    )

    assert not any(secret in shown for secret in (*secrets.values(), own_app))
