"""Signs in at a stand-in as a person does in a browser, and tests as the service does."""

from collections.abc import Mapping
from urllib.parse import parse_qsl, urlsplit

import requests

from providers.declare import SIGN_IN, App, Grant, OAuth, Provider, Tokens
from providers.declare.oauth import Conversation
from providers.run.ladder import run_test
from providers.run.results import Result
from providers.sandbox.sign_in import AuthorizationServer
from tests.providers.asking import held

REDIRECT_URI = "https://control.example/oauth/callback/acme/"
STATE = "st4te-of-this-sign-in"
VERIFIER = "verifier-" * 6


def app_of(server: AuthorizationServer) -> App:
    return App(server.client_id, server.client_secret)


def query_of(url: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(url).query, keep_blank_values=True))


def approve(url: str, person: str, *, without: str = "") -> dict[str, str]:
    """What comes back to the redirect URI. Nobody (an empty name) presses Cancel."""
    chosen = {"as": person} | ({"without": without} if without else {})
    reply = requests.get(url, params=chosen, allow_redirects=False, timeout=5)
    assert reply.status_code == 302, reply.text
    assert reply.headers["Location"].startswith(f"{REDIRECT_URI}?")
    return query_of(reply.headers["Location"])


def authorization_url(talk: Conversation) -> str:
    return talk.authorization_url(redirect_uri=REDIRECT_URI, state=STATE, code_verifier=VERIFIER)


def exchange(talk: Conversation, callback: Mapping[str, str]) -> Tokens:
    return talk.exchange(callback, redirect_uri=REDIRECT_URI, code_verifier=VERIFIER)


def connect(talk: Conversation, person: str, *, without: str = "") -> Tokens:
    callback = approve(authorization_url(talk), person, without=without)
    assert callback["state"] == STATE
    return exchange(talk, callback)


def values_of(
    oauth: OAuth, app: App, tokens: Tokens, plain: Mapping[str, str] | None = None
) -> dict[str, str]:
    """What a tester is given: the plain values, the app's own where declared, a fresh token."""
    own = {"client_id": app.client_id, "client_secret": app.client_secret}
    named = {field: own[name] for name, field in oauth.app_values.items()}
    return {**(plain or {}), **named, "access_token": tokens.access_token}


def grant_of(oauth: OAuth, tokens: Tokens) -> Grant:
    return Grant(oauth.scopes, tokens.scopes, tokens.facts)


def run_signed_in(
    provider: Provider, app: App, tokens: Tokens, plain: Mapping[str, str] | None = None
) -> Result:
    """Test with these tokens, which the service hands to every reader in this form."""
    oauth = provider.for_values(plain or {}).oauth
    assert oauth
    values = values_of(oauth, app, tokens, plain)
    return run_test(provider, values, method=SIGN_IN, tokens=held(values, grant_of(oauth, tokens)))
