"""Signing in at a server that nobody here wrote: django-oauth-toolkit, as strict as it can be.

It runs as a site of its own (`tests/authorization_server`), and a person signs in there with
its forms. What Calendly's API would answer is left to the stand-in, for whoever the server says
that a token belongs to.
"""

import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import parse_qsl, urljoin, urlsplit

import pytest
import requests
from django.urls import reverse
from django.utils import timezone

from integrations import platforms
from integrations.models import IntegrationConnection, SignInAttempt, Trigger
from integrations.services import rows
from integrations.services.connecting import candidates, disconnecting, signing_in
from integrations.services.connecting.changes import Changes
from integrations.services.credentials import apps, tokens
from integrations.services.keeping import renewals
from integrations.services.proving import testing
from providers import errors, registry
from providers.access import flow as oauth
from providers.access.refusals import AppRefused
from providers.declare import App
from providers.declare.oauth import Conversation
from providers.sandbox import calendly as sandbox
from providers.sandbox.server import Answer, Asked, Server
from tests.authorization_server.apps import APP, NARROW, PASSWORD, REDIRECT_URI
from tests.integrations.conftest import SESSION, signed_in
from tests.integrations.kept import sign_ins

ROOT = Path(__file__).parents[4]
VERIFIER = "verifier-" * 6
PEOPLE = {
    "ada": sandbox.Token("an owner", ((sandbox.ACME, "owner"),)),
    "ben": sandbox.Token("the owner of another organization", ((sandbox.OUTLET, "owner"),)),
    "cara": sandbox.Token("a colleague of ada's", ((sandbox.ACME, "admin"),)),
}


@dataclass
class RealServer:
    """Where it is, and the file in which it keeps what it knows."""

    url: str
    file: Path

    def knows(self, token: str | None) -> dict[str, object]:
        """RFC 7662: `{"active": bool, "username": str, …}`."""
        asked = {"token": token, "client_id": APP.client_id, "client_secret": APP.client_secret}
        return requests.post(f"{self.url}/oauth/introspect", data=asked, timeout=10).json()

    def lets_end(self, table: str) -> None:
        """What is in this table has run out, as if somebody had waited for it."""
        with closing(sqlite3.connect(self.file, timeout=20, autocommit=True)) as database:
            database.execute(f"UPDATE oauth2_provider_{table} SET expires = '2020-01-01'")

    def api(self, asked: Asked) -> Answer:
        """Calendly's API for whoever the token belongs to."""
        known = self.knows(asked.bearer)
        if not known["active"]:
            return sandbox.refusal(401, "Unauthenticated", "The access token is invalid")
        return sandbox._data(asked, PEOPLE[str(known["username"])])


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[RealServer]:
    file = tmp_path_factory.mktemp("authorization-server") / "db.sqlite3"
    command = [sys.executable, "-m", "tests.authorization_server", str(file)]
    log = file.with_suffix(".log")
    with (
        log.open("w") as said,
        subprocess.Popen(
            command,
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=said,
            text=True,
        ) as process,
    ):
        assert process.stdin
        assert process.stdout
        port = process.stdout.readline().strip()
        assert port, log.read_text()
        yield RealServer(f"http://127.0.0.1:{port}", file)
        process.stdin.close()


@pytest.fixture
def real(server, settings, db) -> Iterator[RealServer]:
    """The server in place of Calendly's, with its own API beside it."""
    with Server(server.api) as api:
        hosts = registry.get("calendly").hosts
        settings.PROVIDER_ORIGINS = {
            "calendly": {**dict.fromkeys(hosts, server.url), "API": api.url}
        }
        settings.APPS = {"calendly": APP}
        settings.PUBLIC_URL = REDIRECT_URI.removesuffix("/oauth/calendly/callback/")
        platforms.catalogue.cache_clear()
        yield server
    platforms.catalogue.cache_clear()


class Form(HTMLParser):
    """The values that a page's form would send unseen."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.values: dict[str, str] = {}
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if tag == "input" and given.get("type") == "hidden":
            self.values[given["name"]] = given.get("value") or ""


class Person:
    """Somebody at a browser, who signs in at the server when asked to."""

    def __init__(self, name: str = "ada") -> None:
        self.name = name
        self.browser = requests.Session()

    def visits(self, url: str, *, allows: bool = True) -> requests.Response:
        """What the server answers in the end, once they have said yes or no."""
        page = self._go("GET", url)
        if "password" in page.text:
            typed = {"username": self.name, "password": PASSWORD}
            page = self._go("POST", page.url, {**Form(page.text).values, **typed})
        if "authorizationForm" not in page.text:
            return page
        pressed = {"allow": "Authorize"} if allows else {}
        return self._go("POST", page.url, {**Form(page.text).values, **pressed})

    def brings_back(self, url: str, *, allows: bool = True) -> dict[str, str]:
        """The callback's query."""
        reply = self.visits(url, allows=allows)
        assert reply.headers.get("Location", "").startswith(f"{REDIRECT_URI}?"), reply.text
        return query_of(reply.headers["Location"])

    def _go(self, method: str, url: str, data: dict[str, str] | None = None) -> requests.Response:
        """Along the server's redirects, and not to where it sends people back to."""
        reply = self.browser.request(method, url, data=data, timeout=10, allow_redirects=False)
        while reply.is_redirect and not reply.headers["Location"].startswith(REDIRECT_URI):
            there = urljoin(reply.url, reply.headers["Location"])
            reply = self.browser.get(there, timeout=10, allow_redirects=False)
        return reply


def query_of(url: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(url).query))


def begin(workspace, user) -> str:
    """The address to which a person who presses Connect is sent."""
    version = rows.find(workspace, "calendly").version
    return signing_in.begin(
        rows.unread(workspace, "calendly"),
        Changes(),
        user=user,
        session_key=SESSION,
        base_version=version,
    )


def come_back(callback: dict[str, str]) -> signing_in.CameBack:
    return signing_in.come_back("calendly", callback, session_key=SESSION)


def ended(callback: dict[str, str]) -> SignInAttempt:
    """The attempt, which gave nothing."""
    back = come_back(callback)
    assert back.candidate is None
    assert not sign_ins().exists()
    return back.attempt


@pytest.fixture
def connected(real, workspace, editor) -> IntegrationConnection:
    """Calendly, connected by a sign-in of ada's."""
    back = come_back(Person("ada").brings_back(begin(workspace, editor)))
    assert back.candidate, back.attempt.problem
    candidates.prove(back.candidate)
    return rows.find(workspace, "calendly")


@pytest.fixture
def talk(real) -> Iterator[Conversation]:
    with oauth.flow(platforms.get("calendly"), APP, {}) as talk:
        yield talk


def code_for(talk: oauth.Flow) -> dict[str, str]:
    url = talk.authorization_url(redirect_uri=REDIRECT_URI, state="s" * 20, code_verifier=VERIFIER)
    return Person().brings_back(url)


def exchange(talk: oauth.Flow, callback: dict[str, str], **more: str):
    with_these = {"redirect_uri": REDIRECT_URI, "code_verifier": VERIFIER} | more
    return talk.exchange(callback, **with_these)


def again(connection: IntegrationConnection) -> IntegrationConnection:
    return rows.find(connection.workspace, connection.provider)


# --- Connecting ----------------------------------------------------------------------------------


def test_a_person_connects_on_the_pages(real, workspace, editor):
    client = signed_in(editor)
    dialog = client.get(reverse("connection", args=["main", "calendly"])).content.decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', dialog)[1]
    data = {"auth_method": "sign_in", "version": "0", "is_enabled": "on"}
    leaving = client.post(
        reverse("sign-in", args=["main", "calendly"]),
        {**data, "csrfmiddlewaretoken": token},
        headers={"HX-Request": "true"},
    )

    callback = Person("ada").brings_back(leaving["HX-Redirect"])
    back = client.get(urlsplit(REDIRECT_URI).path, callback, follow=True)

    assert callback["iss"] == real.url
    assert back.status_code == 200
    saved = rows.find(workspace, "calendly")
    assert (saved.status, saved.platform_account_id) == ("connected", sandbox.ACME)
    assert saved.proven_at
    assert saved.sign_in.scopes == sorted(scope.name for scope in saved.platform.oauth.scopes)


def test_its_tokens_are_the_servers(real, connected):
    held = tokens.usable(connected.sign_in_id).held.tokens

    known = real.knows(held.access_token)

    assert (known["active"], known["username"]) == (True, "ada")
    assert known["client_id"] == APP.client_id


def test_the_app_is_proven(real, workspace, owner):
    row = apps.save(
        workspace, "calendly", client_id=APP.client_id, client_secret=APP.client_secret, by=owner
    )

    assert apps.prove(row)
    assert row.problem == ""


# --- Keeping it alive ----------------------------------------------------------------------------


def test_a_renewal_replaces_both_tokens(real, connected):
    before = tokens.usable(connected.sign_in_id).held.tokens

    assert tokens.renew(connected.sign_in_id)

    after = tokens.usable(connected.sign_in_id).held.tokens
    assert after.refresh_token != before.refresh_token
    assert real.knows(after.access_token)["active"]
    assert not real.knows(before.access_token)["active"]


def test_every_renewal_can_be_renewed(real, connected):
    for _ in range(4):
        assert tokens.renew(connected.sign_in_id)

    test = testing.test_connection(connected, trigger=Trigger.SCHEDULE)

    assert test.outcome == "passed"


def test_a_token_that_ended_before_its_time_is_renewed_by_the_test(real, connected):
    before = tokens.usable(connected.sign_in_id).held.tokens
    real.lets_end("accesstoken")

    test = testing.test_connection(connected, trigger=Trigger.SCHEDULE)

    assert test.outcome == "passed"
    assert tokens.usable(connected.sign_in_id).held.tokens.access_token != before.access_token


def use_twice(connection):
    """Renew, put the database back to before that, and renew once more; what was lost."""
    mine = sign_ins().filter(pk=connection.sign_in_id)
    before = mine.get().tokens
    tokens.renew(connection.sign_in_id)
    lost = tokens.usable(connection.sign_in_id).held.tokens
    mine.update(tokens=before, renew_at=timezone.now())
    renewals.renew(connection.sign_in_id)
    return lost


def test_a_refresh_token_used_twice_ends_the_sign_in(real, connected):
    newest = use_twice(connected)

    assert not real.knows(newest.access_token)["active"]  # the server ended the whole chain
    now = again(connected)
    assert (now.status, now.error_kind, now.needs_reauth) == ("error", "auth_expired", True)
    assert now.error_action == "Sign in to Calendly again."


def test_a_sign_in_that_ended_is_replaced_by_a_new_one(connected, workspace, editor):
    use_twice(connected)
    assert again(connected).needs_reauth

    back = come_back(Person("ada").brings_back(begin(workspace, editor)))
    candidates.prove(back.candidate)

    now = again(connected)
    assert (now.pk, now.status, now.needs_reauth) == (connected.pk, "connected", False)
    assert now.sign_in_id != connected.sign_in_id


# --- Ending it -----------------------------------------------------------------------------------


def test_disconnecting_ends_it_at_the_server(real, connected, workspace, editor, talk):
    held = tokens.usable(connected.sign_in_id).held.tokens

    gone = disconnecting.disconnect(rows.unread(workspace, "calendly"), by=editor)

    assert (gone.warning, gone.connection.status) == ("", "not_connected")
    assert not real.knows(held.access_token)["active"]
    with pytest.raises(errors.AuthExpired):
        talk.renew(held)


def test_disconnecting_again_is_harmless(real, connected, workspace, editor):
    disconnecting.disconnect(rows.unread(workspace, "calendly"), by=editor)

    gone = disconnecting.disconnect(rows.unread(workspace, "calendly"), by=editor)

    assert (gone.warning, gone.connection.status) == ("", "not_connected")


# --- Somebody else signs in ----------------------------------------------------------------------


def test_somebody_of_another_account_has_to_say_so(real, connected, workspace, editor):
    candidate = come_back(Person("ben").brings_back(begin(workspace, editor))).candidate
    candidates.prove(candidate)

    candidate.refresh_from_db()
    assert (candidate.is_choosing, candidate.accounts[0][0]) == (True, sandbox.OUTLET)
    assert again(connected).sign_in_id == connected.sign_in_id

    candidates.choose_account(candidate, sandbox.OUTLET)
    candidates.prove(candidate)
    candidate.refresh_from_db()
    assert (candidate.is_switch, again(connected).sign_in_id) == (True, connected.sign_in_id)

    candidates.save_candidate(candidate)
    now = again(connected)
    assert (now.pk, now.platform_account_id) == (connected.pk, sandbox.OUTLET)
    held = tokens.usable(now.sign_in_id).held.tokens
    assert real.knows(held.access_token)["username"] == "ben"


def test_a_colleague_may_take_it_over(real, connected, workspace, editor):
    back = come_back(Person("cara").brings_back(begin(workspace, editor)))
    candidates.prove(back.candidate)

    now = again(connected)
    assert (now.pk, now.platform_account_id) == (connected.pk, sandbox.ACME)
    held = tokens.usable(now.sign_in_id).held.tokens
    assert real.knows(held.access_token)["username"] == "cara"


def test_after_disconnecting_anybody_may_connect(connected, workspace, editor):
    disconnecting.disconnect(rows.unread(workspace, "calendly"), by=editor)

    back = come_back(Person("ben").brings_back(begin(workspace, editor)))
    candidates.prove(back.candidate)

    now = again(connected)
    assert (now.status, now.platform_account_id) == ("connected", sandbox.OUTLET)


# --- What is not kept ----------------------------------------------------------------------------


def test_a_sign_in_that_was_cancelled_is_ended_there(real, connected, workspace, editor):
    waiting = come_back(Person().brings_back(begin(workspace, editor))).candidate
    tried = tokens.held_by(waiting.sign_in)

    candidates.discard(waiting)

    assert not real.knows(tried.access_token)["active"]
    assert real.knows(tokens.held_by(again(connected).sign_in).access_token)["active"]


def test_one_that_a_newer_one_replaced_is_ended_there(real, connected, workspace, editor):
    before = tokens.held_by(connected.sign_in)

    candidates.prove(come_back(Person().brings_back(begin(workspace, editor))).candidate)

    assert not real.knows(before.access_token)["active"]
    assert real.knows(tokens.held_by(again(connected).sign_in).access_token)["active"]


# --- What the server refuses ---------------------------------------------------------------------


def test_a_wrong_client_secret_is_an_owners_to_correct(real, workspace, editor, settings):
    settings.APPS = {"calendly": App(APP.client_id, "another-secret")}

    attempt = ended(Person().brings_back(begin(workspace, editor)))

    assert attempt.problem == "Calendly does not accept this app's ID and secret."
    assert attempt.action == "An owner corrects both in Settings, Sign-in apps."


def test_an_app_with_a_wrong_client_secret_is_not_proven(real, workspace, owner):
    row = apps.save(
        workspace, "calendly", client_id=APP.client_id, client_secret="another-secret", by=owner
    )

    assert not apps.prove(row)
    assert row.problem.startswith("Calendly does not accept this app's ID and secret.")


def test_an_unknown_client_id_ends_at_the_server(real, workspace, editor, settings):
    settings.APPS = {"calendly": App("nobody", APP.client_secret)}

    page = Person().visits(begin(workspace, editor))

    assert page.status_code == 400
    assert "Invalid client_id parameter value." in page.text


def test_a_redirect_uri_that_was_not_registered_ends_at_the_server(
    real, workspace, editor, settings
):
    settings.PUBLIC_URL = "http://elsewhere.example"

    page = Person().visits(begin(workspace, editor))

    assert page.status_code == 400
    assert "Mismatching redirect URI" in page.text


def test_saying_no_is_told_as_that(real, workspace, editor):
    attempt = ended(Person().brings_back(begin(workspace, editor), allows=False))

    assert attempt.problem == "The sign-in at Calendly was cancelled. Nothing was changed."


def test_a_scope_that_the_app_was_not_given_is_told(real, workspace, editor, settings):
    settings.APPS = {"calendly": NARROW}

    attempt = ended(Person().brings_back(begin(workspace, editor)))

    assert attempt.problem == (
        "Calendly does not give this app the permissions that were asked for."
    )


def test_without_a_code_challenge_nothing_begins(real, workspace, editor):
    url = re.sub(r"&code_challenge(_method)?=[^&]+", "", begin(workspace, editor))

    callback = Person().brings_back(url)

    assert callback["error"] == "invalid_request"
    assert ended(callback).problem == "Calendly did not understand how it was asked to sign in."


def test_a_code_that_ran_out_is_told(real, workspace, editor):
    callback = Person().brings_back(begin(workspace, editor))
    real.lets_end("grant")

    assert ended(callback).problem == (
        "Calendly did not accept the sign-in: it took too long, or was used already."
    )


def test_an_issuer_other_than_the_server_is_stopped(real, workspace, editor):
    callback = Person().brings_back(begin(workspace, editor))

    attempt = ended({**callback, "iss": "https://elsewhere.example"})

    assert attempt.problem == (
        "Somebody other than Calendly answered this sign-in, so it was stopped."
    )


def test_another_code_verifier_is_refused(talk):
    with pytest.raises(errors.AuthExpired):
        exchange(talk, code_for(talk), code_verifier="another-" * 6)


def test_another_redirect_uri_is_refused(talk):
    with pytest.raises(errors.UnexpectedReply):  # it calls that an invalid request
        exchange(talk, code_for(talk), redirect_uri="http://testserver/elsewhere/")


def test_a_code_is_good_once(talk):
    callback = code_for(talk)
    exchange(talk, callback)

    with pytest.raises(errors.AuthExpired):
        exchange(talk, callback)


def test_a_refresh_token_of_another_app_is_refused(talk):
    held = exchange(talk, code_for(talk))

    with (
        oauth.flow(platforms.get("calendly"), NARROW, {}) as other,
        pytest.raises(errors.AuthExpired),
    ):
        other.renew(held)


def test_another_app_cannot_end_a_sign_in(real, talk):
    held = exchange(talk, code_for(talk))

    with oauth.flow(platforms.get("calendly"), NARROW, {}) as other:
        other.revoke(held)

    assert real.knows(held.access_token)["active"]


def test_revoking_with_a_wrong_secret_is_told(talk):
    held = exchange(talk, code_for(talk))
    wrong = App(APP.client_id, "another-secret")

    with oauth.flow(platforms.get("calendly"), wrong, {}) as other, pytest.raises(AppRefused):
        other.revoke(held)
