"""An authorization server like the platforms': consent, code, tokens, renewal, revocation.

Follows RFC 6749, 7636 and 7009; each platform says where its documents differ. Whoever signs
in chooses on the page who they are, as in the rest of the sandbox. Nothing here is a secret.
"""

import base64
import hashlib
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import KW_ONLY, dataclass, field
from html import escape
from typing import Any
from urllib.parse import unquote_plus, urlencode

from providers.sandbox.server import Answer, Asked, ok

CODE_SECONDS = 600
PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8">
<title>Sign in to {name}</title><meta name="viewport" content="width=device-width"><style>
body {{ font: 16px/1.6 system-ui; max-width: 34rem; margin: 3rem auto; padding: 0 1rem;
color-scheme: light dark }} li {{ margin: .4rem 0 }} code {{ overflow-wrap: anywhere }}
</style></head><body><main><h1>Sign in to {name}</h1>
<p>A stand-in, on this machine. The app <code>{app}</code> asks for: {scopes}</p>
<p>Who are you?</p><ul>{people}</ul>{parts}<p><a id="cancel" href="{cancel}">Cancel</a></p>
</main></body></html>"""


def oauth_refusal(code: str, text: str, status: int = 400) -> Answer:
    """An error of RFC 6749 section 5.2."""
    return Answer(status, {"error": code, "error_description": text})


@dataclass
class Given:
    """One approval of one person, as it was asked for, whatever tokens come of it."""

    person: str
    scopes: tuple[str, ...]
    redirect_uri: str
    challenge: str
    made_at: float = field(default_factory=lambda: time.monotonic())
    refresh_tokens: list[str] = field(default_factory=list)
    is_revoked: bool = False


@dataclass
class AuthorizationServer:
    """`answer(asked)` is the server's answer, or None for a path that is not its own.

    `people` says what each person leads to; `access_token` makes theirs, the nth time, in a
    form that the rest of the platform's stand-in knows. `reply` adds to the token's reply.
    `pasted` are refresh tokens that nobody signed in for: what a guide says, and the answer.
    `refuse` is the platform's own way to tell an error of RFC 6749 section 5.2.
    """

    name: str
    authorization_path: str
    token_path: str
    revocation_path: str | None = None
    _: KW_ONLY
    people: Mapping[str, str]
    access_token: Callable[[str, int], str]
    client_id: str = "sandbox-app"
    client_secret: str = "sandbox-app-secret"
    takes_basic: bool = False
    revocation_takes_basic: bool | None = None
    needs_pkce: bool = False
    gives_refresh_token: Callable[[Mapping[str, str]], bool] = lambda _query: True
    rotates: bool = False
    expires_in: int | None = 3600
    scope_separator: str = " "
    tells_scopes: bool = True
    reply: Callable[[Given], Mapping[str, Any]] = lambda _given: {}
    refuse: Callable[[int, str, str], Answer] | None = None
    denial: Mapping[str, str] = field(default_factory=lambda: {"error": "access_denied"})
    pasted: Mapping[str, tuple[str, Answer]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._codes: dict[str, Given] = {}
        self._by_refresh_token: dict[str, Given] = {}
        self._by_access_token: dict[str, Given] = {}
        self._serial = 0

    def answer(self, asked: Asked) -> Answer | None:
        if asked.path == self.authorization_path and asked.method == "GET":
            return self._consent(asked)
        if asked.path == self.token_path and asked.method == "POST":
            with self._lock:
                return self._token(asked)
        if asked.path == self.revocation_path and asked.method == "POST":
            with self._lock:
                return self._revocation(asked)
        return None

    def shown(
        self, client_id: str = "the client ID", client_secret: str = "the client secret"
    ) -> tuple[tuple[str, str], ...]:
        """The app, as a guide shows it."""
        return (self.client_id, client_id), (self.client_secret, client_secret)

    def given_of(self, access_token: str) -> Given | None:
        """Who approved what, for a token that was given here."""
        return self._by_access_token.get(access_token)

    def approval_of(self, token: str) -> Given | None:
        """The same for a refresh token too."""
        return self._by_refresh_token.get(token) or self._by_access_token.get(token)

    def revoke(self, token: str) -> bool:
        """End what this access or refresh token belongs to. False for one that is good no more."""
        given = self.approval_of(token)
        if given is None or given.is_revoked:
            return False
        given.is_revoked = True
        return True

    def revoke_all(self, person: str) -> None:
        """End all that this person ever gave to the app."""
        for given in self._by_access_token.values():
            given.is_revoked |= given.person == person

    def refusal(self, status: int, code: str, text: str = "") -> Answer:
        if self.refuse:
            return self.refuse(status, code, text)
        return oauth_refusal(code, text or code, status)

    # --- What a person sees ------------------------------------------------------------------

    def _consent(self, asked: Asked) -> Answer:
        query = dict(asked.query)
        if wrong := self._wrong_with(query):
            return Answer(400, f"<!doctype html><title>Error</title><p>{escape(wrong)}</p>")
        person = query.pop("as", None)
        without = query.pop("without", "")
        if person == "":
            return self._back(query, self.denial)
        if person in self.people:
            return self._back(query, {"code": self._code(query, str(person), without)})

        def link(**more: str) -> str:
            return f"{asked.path.rpartition('/')[2]}?{escape(urlencode(query | more))}"

        people = "".join(
            f'<li><a id="as-{escape(name)}" href="{link(**{"as": name})}">'
            f"{escape(name)}</a>: {escape(does)}</li>"
            for name, does in self.people.items()
        )
        scopes, first = self._asked_scopes(query), next(iter(self.people))
        parts = "".join(
            f'<li><a href="{link(**{"as": first}, without=scope)}">{escape(scope)}</a></li>'
            for scope in scopes
        )
        if parts:
            parts = f"<p>Or sign in as {first} without one of these:</p><ul>{parts}</ul>"
        shown = PAGE.format(
            name=escape(self.name),
            app=escape(query["client_id"]),
            scopes=escape(", ".join(scopes) or "what the app was registered for"),
            people=people,
            parts=parts,
            cancel=link(**{"as": ""}),
        )
        return Answer(200, shown)

    def _wrong_with(self, query: Mapping[str, str]) -> str:
        if query.get("client_id") != self.client_id:
            return "Nobody registered an app with this client ID."
        if not query.get("redirect_uri", "").startswith(("http://", "https://")):
            return "The redirect URI is missing."
        if query.get("response_type", "code") != "code" or not query.get("state"):
            return "Only the authorization code flow is spoken here, with a state."
        if self.needs_pkce and query.get("code_challenge_method") != "S256":
            return "A code challenge with S256 is missing."
        return ""

    def _asked_scopes(self, query: Mapping[str, str]) -> list[str]:
        asked = f"{query.get('scope', '')} {query.get('optional_scope', '')}"
        return asked.replace(self.scope_separator, " ").split()

    def _code(self, query: Mapping[str, str], person: str, without: str) -> str:
        scopes = tuple(scope for scope in self._asked_scopes(query) if scope != without)
        given = Given(person, scopes, query["redirect_uri"], query.get("code_challenge", ""))
        allowed = self.scope_separator.join(scopes)
        if self.gives_refresh_token({**query, "scope": allowed}):
            given.refresh_tokens.append(_new_refresh_token())
        code = secrets.token_urlsafe(16)
        self._codes[code] = given
        return code

    def _back(self, query: Mapping[str, str], answer: Mapping[str, str]) -> Answer:
        uri = query["redirect_uri"]
        joint = "&" if "?" in uri else "?"
        told = urlencode({**answer, "state": query["state"]})
        return Answer(302, "", {"Location": f"{uri}{joint}{told}"})

    # --- What the app asks -------------------------------------------------------------------

    def _token(self, asked: Asked) -> Answer:
        form = asked.form
        if not self._knows_client(asked, form, is_basic=self.takes_basic):
            return self.refusal(401 if self.takes_basic else 400, "invalid_client")
        match form.get("grant_type"):
            case "authorization_code":
                return self._exchange(form)
            case "refresh_token":
                return self._renewal(form)
        return self.refusal(400, "unsupported_grant_type")

    def _knows_client(self, asked: Asked, form: Mapping[str, str], *, is_basic: bool) -> bool:
        wanted = (self.client_id, self.client_secret)
        if not is_basic:
            return (form.get("client_id"), form.get("client_secret")) == wanted
        kind, _, value = asked.headers.get("Authorization", "").partition(" ")
        try:
            name, _, secret = base64.b64decode(value).decode().partition(":")
        except ValueError:
            return False
        return kind.lower() == "basic" and (unquote_plus(name), unquote_plus(secret)) == wanted

    def _exchange(self, form: Mapping[str, str]) -> Answer:
        given = self._codes.pop(form.get("code", ""), None)
        if given is None or time.monotonic() - given.made_at > CODE_SECONDS:
            return self.refusal(400, "invalid_grant", "The code is unknown, used or too old.")
        if form.get("redirect_uri") != given.redirect_uri:
            return self.refusal(400, "invalid_grant", "The redirect URI is another one.")
        if given.challenge and _challenge(form.get("code_verifier", "")) != given.challenge:
            return self.refusal(400, "invalid_grant", "The code verifier does not fit.")
        return self._tokens(given, shows_refresh_token=True)

    def _renewal(self, form: Mapping[str, str]) -> Answer:
        token = form.get("refresh_token", "")
        if token in self.pasted:
            return self.pasted[token][1]
        given = self._by_refresh_token.get(token)
        if given is None or given.is_revoked:
            return self.refusal(400, "invalid_grant", "The refresh token is unknown or revoked.")
        if self.rotates:
            if token != given.refresh_tokens[-1]:
                given.is_revoked = True
                return self.refusal(400, "invalid_grant", "The refresh token was used before.")
            given.refresh_tokens.append(_new_refresh_token())
        return self._tokens(given, shows_refresh_token=self.rotates)

    def _tokens(self, given: Given, *, shows_refresh_token: bool) -> Answer:
        self._serial += 1
        token = self.access_token(given.person, self._serial)
        self._by_access_token[token] = given
        body: dict[str, Any] = {"access_token": token, "token_type": "bearer"}
        if self.expires_in:
            body["expires_in"] = self.expires_in
        if given.refresh_tokens:
            self._by_refresh_token[given.refresh_tokens[-1]] = given
            if shows_refresh_token:
                body["refresh_token"] = given.refresh_tokens[-1]
        if self.tells_scopes:
            body["scope"] = self.scope_separator.join(given.scopes)
        return Answer(200, body | dict(self.reply(given)))

    def _revocation(self, asked: Asked) -> Answer:
        apart = self.revocation_takes_basic
        is_basic = self.takes_basic if apart is None else apart
        if not self._knows_client(asked, asked.form, is_basic=is_basic):
            return self.refusal(401 if is_basic else 400, "invalid_client")
        self.revoke(asked.form.get("token", ""))
        return ok()


def _new_refresh_token() -> str:
    return f"sandbox-refresh-{secrets.token_urlsafe(12)}"


def _challenge(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
