"""Signing in: the authorization URL, the code exchange, renewal and revocation.

Authlib speaks OAuth (RFC 6749, 7636, 7009); every request leaves through `Api`, with its
checks of addresses and its limits. Nothing here renews by itself: who calls holds the lease.
"""

import io
import logging
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import wraps
from typing import Any
from urllib.parse import quote_plus, urlsplit

import requests
from authlib.integrations.requests_client import OAuth2Session
from requests.adapters import BaseAdapter

from providers import errors
from providers.access.refusals import (
    AppRefused,
    CannotRenew,
    NotNow,
    NotRevocable,
    by_status,
    rules_for,
    said_in,
)
from providers.access.replies import tokens_in
from providers.declare import App, OAuth, Provider, Tokens, dig
from providers.declare.oauth import Conversation
from providers.declare.rules import first_match
from providers.declare.usual import AGAIN
from providers.outbound import addresses
from providers.outbound.api import Api
from providers.outbound.basic import basic
from providers.outbound.headers import HEADERS
from providers.outbound.origins import origin_of
from providers.outbound.reply import Reply
from providers.outbound.transport import Timeouts

logger = logging.getLogger(__name__)

# Shorter than the lease under which a token is renewed.
TIMEOUTS = Timeouts(total=12)
DEADLINE_SECONDS = 15.0
Judge = Callable[[Reply], None]


def _without_frames[**P, T](method: Callable[P, T]) -> Callable[P, T]:
    """Its errors travel without the frames of libraries, whose variables hold secrets."""

    @wraps(method)
    def call(*args: P.args, **more: P.kwargs) -> T:
        try:
            return method(*args, **more)
        except errors.ProviderError as error:
            failure = error
        raise failure.with_traceback(None)

    return call


class Flow:
    """One conversation with a platform's authorization server.

    A platform whose documents differ overrides one of these methods, and no more.
    """

    def __init_subclass__(cls) -> None:
        for name in ("exchange", "renew", "revoke", "prove_app"):
            if name in vars(cls):
                setattr(cls, name, _without_frames(vars(cls)[name]))

    def __init__(self, provider: Provider, app: App, values: Mapping[str, str], api: Api) -> None:
        if provider.oauth is None:
            raise ValueError(f"{provider.name} declares no sign-in.")
        self.provider = provider
        self.oauth: OAuth = provider.oauth
        self.app = app
        self.values = values
        self.api = api

    def authorization_url(self, *, redirect_uri: str, state: str, code_verifier: str) -> str:
        """Where the person's browser goes. RFC 6749 section 4.1.1, RFC 7636 section 4.3."""
        with self.session(redirect_uri=redirect_uri) as session:
            url, _ = session.create_authorization_url(
                self.address(self.oauth.authorization_url, "AUTHORIZATION"),
                state=state,
                code_verifier=code_verifier if self.oauth.uses_pkce else None,
                scope=self.oauth.scope,
                **self.oauth.params,
            )
        return str(url)

    @_without_frames
    def exchange(
        self, callback: Mapping[str, str], *, redirect_uri: str, code_verifier: str
    ) -> Tokens:
        """The tokens for the callback's `code`. RFC 6749 section 4.1.3. Raises ProviderError."""
        verifier = {"code_verifier": code_verifier} if self.oauth.uses_pkce else {}
        with self.session(redirect_uri=redirect_uri) as session:
            reply = session.fetch_token(
                self.address(self.oauth.token_url, "TOKEN"),
                grant_type="authorization_code",
                code=callback["code"],
                allow_redirects=False,
                **verifier,
            )
        return self.tokens_of(reply)

    @_without_frames
    def renew(self, held: Tokens) -> Tokens:
        """New tokens for the held ones. RFC 6749 section 6.

        Raises AuthExpired when the person has to sign in again, and other ProviderErrors.
        """
        if not held.refresh_token:
            raise CannotRenew(
                f"{self.provider.name} gave a sign-in that cannot be renewed, and it has ended.",
                AGAIN,
            )
        with self.session() as session:
            reply = session.refresh_token(
                self.address(self.oauth.token_url, "TOKEN"),
                refresh_token=held.refresh_token,
                allow_redirects=False,
            )
        return self._of_known_addresses(self.tokens_of(reply))

    def _of_known_addresses(self, tokens: Tokens) -> Tokens:
        """Without addresses that are new and not known as the platform's: those held go on.

        Nobody who was let in before is shut out by a host that its documents did not name yet.
        """
        known = {
            name: value
            for name, value in tokens.facts.items()
            if name not in self.oauth.addresses or self.oauth.addresses[name](value)
        }
        if known.keys() != tokens.facts.keys():
            logger.warning("%s named a host at a renewal that is not known.", self.provider.name)
        return replace(tokens, facts=known)

    @_without_frames
    def revoke(self, held: Tokens) -> None:
        """End the grant at the platform. RFC 7009.

        Raises NotRevocable where there is no way, and ProviderError when it did not confirm.
        """
        if self.oauth.revocation_url is None:
            raise NotRevocable
        hint = "refresh_token" if held.refresh_token else "access_token"
        with self.session(judge=self.judge_revocation) as session:
            session.revoke_token(
                self.address(self.oauth.revocation_url, "REVOKE"),
                token=held.refresh_token or held.access_token,
                token_type_hint=hint,
                allow_redirects=False,
            )

    def prove_app(self) -> bool:
        """Whether the platform was seen to accept the app's own ID and secret.

        A made-up refresh token shows it: an app that is not accepted is told so before the
        token is looked at (RFC 6749 section 5.2). False where the answer leaves it open.
        Raises AppRefused, and Unanswered when there is no answer.
        """
        made_up = Tokens(access_token="", refresh_token=secrets.token_urlsafe(32))
        try:
            self.renew(made_up)
        except AppRefused:
            raise
        except errors.AuthExpired:
            return True
        except (errors.UnexpectedReply, errors.Refused):
            pass
        return False

    # --- How it is asked ---------------------------------------------------------------------

    def headers(self) -> dict[str, str]:
        """What every request carries."""
        return dict(HEADERS)

    def address(self, url: str, role: str) -> str:
        """Where a declared address is for these values, or in this trial."""
        host, path = self.provider.place_of(url, role, self.values)
        return self.api.url(host, path)

    def ask(self, method: str, url: str | None, role: str, **asked: Any) -> Reply:
        """Ask a declared address in a way of the platform's own, with what `Api.request` takes."""
        host, path = self.provider.place_of(url or "", role, self.values)
        return self.api.request(method, path, host=host, **asked)

    @contextmanager
    def session(
        self, *, redirect_uri: str | None = None, judge: Judge | None = None
    ) -> Iterator[OAuth2Session]:
        oauth = self.oauth
        session = _Session(
            self.app.client_id,
            self.app.client_secret,
            token_endpoint_auth_method=oauth.client_authentication,
            revocation_endpoint_auth_method=(
                oauth.revocation_authentication or oauth.client_authentication
            ),
            redirect_uri=redirect_uri,
            code_challenge_method="S256",
        )
        session.register_client_auth_method(("client_secret_basic", _basic))
        session.trust_env = False  # neither proxies nor .netrc
        session.headers.clear()
        session.headers.update(self.headers())
        for prefix in ("https://", "http://"):
            session.mount(prefix, _Through(self.api, judge or self.judge))
        with session:
            yield session

    # --- What is answered --------------------------------------------------------------------

    def judge(self, reply: Reply) -> None:
        """Return for a reply with a token; raise the ProviderError that any other means."""
        body = reply.json_or_none()
        is_good = 200 <= reply.status < 300 and isinstance(body, dict) and not body.get("error")
        if is_good and isinstance(body.get("access_token"), str) and body["access_token"]:
            return
        raise self._meaning_of(reply, body)

    def judge_revocation(self, reply: Reply) -> None:
        """RFC 7009 section 2.2: 200 whatever became of the token."""
        body = reply.json_or_none()
        refuses = dig(body, "error")
        if reply.status == 400 and refuses in self.oauth.revoked_already:
            return
        is_page = reply.is_html and reply.body.strip()  # some call an empty answer HTML
        if not 200 <= reply.status < 300 or refuses or is_page:
            raise self._meaning_of(reply, body)

    def _meaning_of(self, reply: Reply, body: Any) -> errors.ProviderError:
        error = self._error_in(reply, body)
        is_odd = type(error) is errors.UnexpectedReply and 400 <= reply.status < 500
        error.is_unexplained = is_odd or isinstance(error, NotNow)
        return error

    def _error_in(self, reply: Reply, body: Any) -> errors.ProviderError:
        name = self.provider.name
        facts = self.provider.facts_of(reply)
        code, subtype = dig(body, "error"), dig(body, "error_subtype")
        if isinstance(code, str):
            facts = replace(facts, code=code, subcode=subtype or facts.subcode)
        # What a platform's file says of refusals is about tokens that somebody pasted.
        about_outages = (
            rule
            for rule in self.provider.errors
            if issubclass(rule.error, errors.Unanswered) and rule.status != 400
        )
        rule = (
            first_match(self.oauth.errors, facts)
            or first_match(rules_for(name), replace(facts, text=said_in(body)))
            or first_match((*about_outages, *by_status(name)), facts)
        )
        if rule:
            return rule.meant(**self.provider.after(reply))
        if reply.is_html:
            return errors.Blocked(f"A web page answered where {name}'s sign-in was due.")
        return errors.UnexpectedReply(f"{name}'s sign-in answered in a way we did not expect.")

    def tokens_of(self, reply: Mapping[str, Any]) -> Tokens:
        """RFC 6749 section 5.1, and what platforms make of it."""
        oauth = self.oauth
        tokens = tokens_in(
            reply,
            oauth.keeps,
            lives=oauth.access_token_lifetime,
            refresh_lives=oauth.refresh_token_lifetime,
        )
        for secret in (tokens.access_token, tokens.refresh_token):
            if secret:
                self.api.add_secret(secret)
        return tokens


@contextmanager
def flow(
    provider: Provider,
    app: App,
    values: Mapping[str, str],
    *,
    allow: Iterable[addresses.Allowed] = (),
    timeouts: Timeouts = TIMEOUTS,
) -> Iterator[Conversation]:
    """`with flow(provider, app, values) as talk: talk.exchange(…)`.

    `values` are the connection's plain ones: a vendor, a data centre, an address.
    Raises ValueError for a platform without a sign-in.
    """
    asked = provider.for_values(values)
    if asked.oauth is None:
        raise ValueError(f"{provider.name} declares no sign-in for these values.")
    with asked.api(
        values,
        allow=allow,
        secrets=[app.client_secret],
        deadline_seconds=DEADLINE_SECONDS,
        timeouts=timeouts,
    ) as api:
        yield (asked.oauth.flow or Flow)(asked, app, values, api)


def is_issued_by(provider: Provider, issuer: str, values: Mapping[str, str]) -> bool:
    """Whether the callback's `iss` names this platform. RFC 9207 section 2.4.

    Where a file knows issuers it must be one of them; otherwise, and in a trial, an issuer is at
    one of the origins at which the person and the code are sent. A last slash, the usual port
    and how a host is written say nothing.
    """
    asked = provider.for_values(values)
    oauth = asked.oauth
    if oauth is None:
        return False
    if not asked.overrides:
        if any(_is_issuer(issuer, one) for one in oauth.also_issuers):
            return True
        if oauth.issuer:
            return _is_issuer(issuer, oauth.issuer)
    origins = asked.origins(values)
    places = (
        asked.place_of(oauth.authorization_url, "AUTHORIZATION", values)[0],
        asked.place_of(oauth.token_url, "TOKEN", values)[0],
    )
    known = {origin_of(origins[place]) for place in places if place in origins}
    try:
        return origin_of(issuer) in known
    except ValueError:
        return False


def _is_issuer(issuer: str, published: str) -> bool:
    """Whether these are one; `*.acme.example` is every https host below, and no path."""
    if "://" not in published and not published.startswith("*"):
        return issuer == published
    try:
        (scheme, host, port), path = origin_of(issuer), urlsplit(issuer).path.rstrip("/")
        if published.startswith("*"):
            return (scheme, port, path) == ("https", 443, "") and host.endswith(published[1:])
        same = origin_of(published) == (scheme, host, port)
        return same and path == urlsplit(published).path.rstrip("/")
    except ValueError:
        return False


class _Session(OAuth2Session):
    def parse_response_token(self, resp: requests.Response) -> Any:
        """As it came, and judged already: Authlib stumbles over a lifetime that is no number."""
        self.token_auth.token = resp.json()
        return self.token_auth.token


class _Through(BaseAdapter):
    """Sends what a session prepared through an Api, and judges what comes back."""

    def __init__(self, api: Api, judge: Judge) -> None:
        super().__init__()
        self._api = api
        self._judge = judge

    def send(
        self, request: requests.PreparedRequest, *_args: Any, **_more: Any
    ) -> requests.Response:
        reply = self._api.send(request, "sign-in")
        self._judge(reply)
        response = requests.Response()
        response.status_code = reply.status
        response.headers.update(reply.headers)
        response.raw = io.BytesIO(reply.body)
        response.request = request
        return response

    def close(self) -> None:
        """Nothing: the Api closes its own connections."""


def _basic(
    session: OAuth2Session, _method: str, url: str, headers: dict[str, str], body: str
) -> tuple[str, dict[str, str], str]:
    """Both are encoded as in a form before they are joined, RFC 6749 section 2.3.1."""
    id_and_secret = quote_plus(session.client_id), quote_plus(session.client_secret)
    headers["Authorization"] = basic(*id_and_secret)
    return url, headers, body
