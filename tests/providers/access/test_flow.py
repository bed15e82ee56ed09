"""The sign-in flow of any platform: what is sent, what each answer means, what leaks nowhere."""

import base64
import hashlib
import logging
import traceback
from contextlib import ExitStack, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from urllib.parse import quote, quote_plus

import pytest

from providers import errors
from providers.access import grants
from providers.access.flow import Flow, flow, is_issued_by
from providers.access.refusals import APP_ACTION, AppRefused, CannotRenew, NotNow, NotRevocable
from providers.declare import (
    OUR_FAULT,
    App,
    AppForm,
    ClientCredentials,
    ErrorRule,
    Method,
    OAuth,
    Provider,
    Scope,
    Tokens,
    base_url,
)
from providers.outbound.basic import basic
from providers.outbound.transport import Timeouts
from providers.sandbox.server import Answer
from providers.sandbox.sign_in import AuthorizationServer
from tests.providers.contract.signing_in import (
    REDIRECT_URI,
    STATE,
    VERIFIER,
    approve,
    authorization_url,
    connect,
    exchange,
    query_of,
)
from tests.providers.servers import HEAD, RawServer, drip_body, silent

SECRET = "s3cret/+ value?"
APP = App("acme-app", SECRET)
HELD = Tokens("held-access-TOKEN", "held-refresh-TOKEN")
CALLBACK = {"code": "c0de-of-the-callback"}
GRANT = {"access_token": "new-access-TOKEN", "token_type": "bearer"}
HTML = "<!doctype html><p>Are you a robot?"
IMPATIENT = Timeouts(dns=0.05, connect=0.05, read=0.05)
OAUTH = OAuth(
    app=AppForm(
        slug="acme", name="Acme", console_url="https://acme.example", steps=(), pitfalls=()
    ),
    authorization_url="https://login.acme.example/authorize",
    token_url="https://login.acme.example/v2/token",
    revocation_url="https://login.acme.example/revoke",
    scopes=(
        Scope(name="ads:read", gives="ads", stops="Nothing can be read."),
        Scope(name="offline", gives="lasting access", stops="It ends soon."),
    ),
)
ACME = Provider(
    slug="acme",
    name="Acme",
    used_by=("Tests",),
    docs_url="https://acme.example",
    hosts={
        "API": "https://api.acme.example",
        "AUTHORIZATION": "https://login.acme.example",
        "TOKEN": "https://login.acme.example/v2",
        "REVOKE": "https://login.acme.example",
    },
    methods=(),
    fields=(base_url(),),
    oauth=OAUTH,
    error_text_at="error_description",
)


def acme(**changes):
    """The platform, with another declaration of its sign-in."""
    return replace(ACME, oauth=replace(OAUTH, **changes))


@pytest.fixture
def talking(platform):
    """`talk, requests_seen = talking(status, body)`: every address of Acme says just this."""
    with ExitStack() as open_flows:

        def start(*reply, provider=ACME, app=APP, **more):
            answer = reply[0] if isinstance(reply[0], Answer) else Answer(*reply)
            fake, requests_seen = platform(provider, lambda _asked: answer)
            return open_flows.enter_context(flow(fake, app, {}, **more)), requests_seen

        yield start


def written(secret):
    """The ways in which a secret may stand somewhere."""
    return {secret, quote(secret, safe=""), quote_plus(secret)}


SECRETS = set().union(
    *map(
        written,
        (SECRET, HELD.access_token, HELD.refresh_token, CALLBACK["code"], VERIFIER),
    ),
    {basic(APP.client_id, secret).split()[1] for secret in (SECRET, quote_plus(SECRET))},
    {GRANT["access_token"]},
)


def refusal(call, *arguments, **more):
    """The error of a call, which carries its own sentences and nothing else."""
    with pytest.raises(errors.ProviderError) as caught:
        call(*arguments, **more)
    error = caught.value
    shown = "".join(traceback.format_exception(error)) + repr(error)
    shown += f"{error.message} {error.action} {error.action_url}"
    assert [secret for secret in SECRETS if secret in shown] == []
    assert error.__cause__ is None
    assert error.__context__ is None
    return error


# --- Where the person is sent


def test_the_authorization_url_has_all_that_the_standards_ask_for():
    with flow(ACME, APP, {}) as talk:
        url = authorization_url(talk)

    digest = hashlib.sha256(VERIFIER.encode()).digest()
    assert url.partition("?")[0] == "https://login.acme.example/authorize"
    assert query_of(url) == {
        "response_type": "code",
        "client_id": "acme-app",
        "redirect_uri": REDIRECT_URI,
        "scope": "ads:read offline",
        "state": STATE,
        "code_challenge": base64.urlsafe_b64encode(digest).decode().rstrip("="),
        "code_challenge_method": "S256",
    }


def test_neither_the_verifier_nor_the_secret_is_in_the_authorization_url():
    with flow(ACME, APP, {}) as talk:
        url = authorization_url(talk)

    assert [part for part in written(SECRET) | {VERIFIER} if part in url] == []


@pytest.mark.parametrize(
    ("changes", "there", "missing"),
    [
        ({"scope_separator": ","}, {"scope": "ads:read,offline"}, set()),
        ({"scopes": ()}, {}, {"scope"}),
        ({"lists_scopes": False}, {}, {"scope"}),
        ({"uses_pkce": False}, {}, {"code_challenge", "code_challenge_method"}),
        (
            {"authorization_params": {"access_type": "offline", "prompt": "consent"}},
            {"access_type": "offline", "prompt": "consent"},
            set(),
        ),
    ],
)
def test_a_platform_declares_what_is_different_about_its_url(changes, there, missing):
    with flow(acme(**changes), APP, {}) as talk:
        query = query_of(authorization_url(talk))

    assert there.items() <= query.items()
    assert missing.isdisjoint(query)


def test_in_a_trial_the_person_is_sent_to_the_stand_in():
    trial = ACME.pointed_at(dict.fromkeys(ACME.hosts, "http://127.0.0.1:9000/acme"))

    with flow(trial, APP, {}) as talk:
        url = authorization_url(talk)

    assert url.startswith("http://127.0.0.1:9000/acme/authorize?")


def test_a_trial_that_does_not_name_every_host_sends_nobody_to_the_real_one():
    trial = ACME.pointed_at({"API": "http://127.0.0.1:9000"})

    with flow(trial, APP, {}) as talk:
        error = refusal(authorization_url, talk)

    assert type(error) is errors.InvalidConfig
    assert error.message == "This trial has no address for Acme's host AUTHORIZATION."


# --- What the token's address is asked


def test_the_exchange_is_the_documented_request(talking):
    talk, requests_seen = talking(200, GRANT)

    exchange(talk, CALLBACK)

    [asked] = requests_seen
    assert (asked.method, asked.path, asked.query) == ("POST", "/token", {})
    assert asked.form == {
        "grant_type": "authorization_code",
        "code": CALLBACK["code"],
        "redirect_uri": REDIRECT_URI,
        "code_verifier": VERIFIER,
        "client_id": "acme-app",
        "client_secret": SECRET,
    }


def test_nothing_of_the_callback_is_passed_on_but_the_code(talking):
    talk, requests_seen = talking(200, GRANT)

    exchange(talk, CALLBACK | {"state": STATE, "iss": "https://acme.example", "scope": "all"})

    assert {"state", "iss", "scope"}.isdisjoint(requests_seen[0].form)


def test_the_renewal_is_the_documented_request(talking):
    talk, requests_seen = talking(200, GRANT)

    talk.renew(HELD)

    [asked] = requests_seen
    assert (asked.method, asked.path, asked.query) == ("POST", "/token", {})
    assert asked.form == {
        "grant_type": "refresh_token",
        "refresh_token": HELD.refresh_token,
        "client_id": "acme-app",
        "client_secret": SECRET,
    }


def test_every_request_carries_our_own_headers_and_nobody_elses(talking):
    talk, requests_seen = talking(200, GRANT)

    exchange(talk, CALLBACK)
    talk.renew(HELD)
    talk.revoke(HELD)

    for asked in requests_seen:
        assert asked.headers["User-Agent"] == "IntegrationsControlCenter/1.0"
        assert asked.headers["Accept"] == "application/json"
        assert asked.headers.get_content_type() == "application/x-www-form-urlencoded"
        assert "Cookie" not in asked.headers
    assert len(requests_seen) == 3


@pytest.mark.parametrize(
    "uri",
    [
        "https://control.example/oauth/callback/acme/",
        "http://127.0.0.1:8000/oauth/callback/acme",
        "https://control.example:8443/oauth/callback/?of=acme&x=%2F",
    ],
)
def test_the_redirect_uri_is_the_same_string_both_times(talking, uri):
    talk, requests_seen = talking(200, GRANT)

    url = talk.authorization_url(redirect_uri=uri, state=STATE, code_verifier=VERIFIER)
    talk.exchange(CALLBACK, redirect_uri=uri, code_verifier=VERIFIER)

    assert query_of(url)["redirect_uri"] == uri
    assert requests_seen[0].form["redirect_uri"] == uri


def test_a_platform_without_pkce_gets_no_verifier(talking):
    talk, requests_seen = talking(200, GRANT, provider=acme(uses_pkce=False))

    exchange(talk, CALLBACK)

    assert "code_verifier" not in requests_seen[0].form


WAYS = {
    "exchange": lambda talk: exchange(talk, CALLBACK),
    "renew": lambda talk: talk.renew(HELD),
    "revoke": lambda talk: talk.revoke(HELD),
}
each_way = pytest.mark.parametrize("way", WAYS)


@each_way
def test_in_the_body_the_secret_is_there_alone(talking, way):
    talk, requests_seen = talking(200, GRANT)

    WAYS[way](talk)

    [asked] = requests_seen
    assert "Authorization" not in asked.headers
    assert (asked.form["client_id"], asked.form["client_secret"]) == ("acme-app", SECRET)
    assert asked.body.count(quote_plus(SECRET).encode()) == 1
    assert not any(part in asked.path + str(asked.headers) for part in written(SECRET))


@each_way
def test_by_basic_the_secret_is_in_the_header_alone(talking, way):
    talk, requests_seen = talking(
        200, GRANT, provider=acme(client_authentication="client_secret_basic")
    )

    WAYS[way](talk)

    [asked] = requests_seen
    # Encoded as in a form before they are joined, RFC 6749 section 2.3.1.
    assert asked.headers.get_all("Authorization") == [basic("acme-app", quote_plus(SECRET))]
    assert {"client_id", "client_secret"}.isdisjoint(asked.form)
    assert not any(part.encode() in asked.body for part in written(SECRET))


@pytest.mark.parametrize(
    ("usual", "to_revoke"),
    [
        ("client_secret_basic", "client_secret_post"),
        ("client_secret_post", "client_secret_basic"),
    ],
)
def test_a_revocation_may_want_the_secret_elsewhere(talking, usual, to_revoke):
    provider = acme(client_authentication=usual, revocation_authentication=to_revoke)
    talk, requests_seen = talking(200, GRANT, provider=provider)

    talk.renew(HELD)
    talk.revoke(HELD)

    in_header = ["Authorization" in asked.headers for asked in requests_seen]
    in_body = ["client_secret" in asked.form for asked in requests_seen]
    assert in_header == [usual == "client_secret_basic", to_revoke == "client_secret_basic"]
    assert in_body == [not there for there in in_header]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@each_way
def test_no_redirect_is_followed_with_a_secret(talking, way, status):
    talk, requests_seen = talking(status, "", {"Location": "/elsewhere"})

    error = refusal(WAYS[way], talk)

    assert type(error) is errors.UnexpectedReply
    assert [asked.path for asked in requests_seen] == [
        f"/{'revoke' if way == 'revoke' else 'token'}"
    ]


def test_proxies_and_passwords_of_the_environment_are_not_used(talking, monkeypatch, tmp_path):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "missing"))
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
        monkeypatch.setenv(name.upper(), "http://127.0.0.1:1")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    talk, requests_seen = talking(200, GRANT)

    tokens = talk.renew(HELD)

    assert tokens.access_token == GRANT["access_token"]
    assert "Authorization" not in requests_seen[0].headers


# --- With a server that checks what it is sent


@pytest.fixture
def checking(platform):
    """`talk, server = checking(rotates=True)`: Acme's authorization server, and a Flow with it."""
    with ExitStack() as open_flows:

        def start(provider=ACME, app=APP, **changes):
            given = {
                "name": "Acme",
                "authorization_path": "/authorize",
                "token_path": "/token",
                "revocation_path": "/revoke",
                "people": {"ada": "reads all"},
                "access_token": lambda person, serial: f"acme-{person}-{serial}",
                "client_id": APP.client_id,
                "client_secret": SECRET,
                "needs_pkce": True,
            }
            server = AuthorizationServer(**(given | changes))
            fake, _ = platform(provider, lambda asked: server.answer(asked) or Answer(404, {}))
            return open_flows.enter_context(flow(fake, app, {})), server

        yield start


@pytest.mark.parametrize("authentication", ["client_secret_basic", "client_secret_post"])
def test_a_person_signs_in(checking, authentication):
    is_basic = authentication == "client_secret_basic"
    talk, server = checking(acme(client_authentication=authentication), takes_basic=is_basic)

    tokens = connect(talk, "ada")

    assert server.given_of(tokens.access_token).person == "ada"
    assert tokens.scopes == {"ads:read", "offline"}
    assert tokens.expires_in == 3600


def test_another_verifier_does_not_fit(checking):
    talk, _ = checking()
    callback = approve(authorization_url(talk), "ada")

    error = refusal(
        talk.exchange, callback, redirect_uri=REDIRECT_URI, code_verifier="another-verifier" * 4
    )

    assert type(error) is errors.AuthExpired


def test_another_redirect_uri_does_not_fit(checking):
    talk, _ = checking()
    callback = approve(authorization_url(talk), "ada")

    error = refusal(
        talk.exchange, callback, redirect_uri=f"{REDIRECT_URI}x", code_verifier=VERIFIER
    )

    assert type(error) is errors.AuthExpired


def test_a_code_is_good_once(checking):
    talk, _ = checking()
    callback = approve(authorization_url(talk), "ada")
    exchange(talk, callback)

    assert type(refusal(exchange, talk, callback)) is errors.AuthExpired


def test_a_server_that_rotates_gives_a_new_refresh_token_each_time(checking):
    talk, _ = checking(rotates=True)
    first = connect(talk, "ada")

    second = talk.renew(first)
    third = talk.renew(second)

    assert len({first.refresh_token, second.refresh_token, third.refresh_token}) == 3


def test_a_server_that_does_not_rotate_leaves_the_one_there_is(checking):
    talk, _ = checking()
    first = connect(talk, "ada")

    second = talk.renew(first)

    assert second.refresh_token == first.refresh_token
    assert second.access_token != first.access_token


def test_after_a_revocation_nothing_can_be_renewed(checking):
    talk, server = checking()
    tokens = connect(talk, "ada")

    talk.revoke(tokens)

    assert server.given_of(tokens.access_token).is_revoked
    assert type(refusal(talk.renew, tokens)) is errors.AuthExpired


def test_what_was_not_granted_is_not_among_the_scopes(checking):
    talk, _ = checking()

    tokens = connect(talk, "ada", without="offline")

    assert tokens.scopes == {"ads:read"}


# --- What a good answer holds


@pytest.mark.parametrize(
    ("written_as", "seconds"),
    [
        (3600, 3600),
        ("3600", 3600),
        (3599.5, 3599.5),
        ("3599.5", 3599.5),
        (0, None),
        ("0", None),
        (-1, None),
        ("soon", None),
        ("", None),
        (None, None),
        ([3600], None),
        ({"seconds": 3600}, None),
        (10**12, None),
        (10**400, None),
        ("nan", None),
        ("inf", None),
    ],
)
@pytest.mark.parametrize("way", ["exchange", "renew"])
def test_a_lifetime_is_a_number_of_seconds_or_unknown(talking, way, written_as, seconds):
    talk, _ = talking(200, GRANT | {"expires_in": written_as})

    assert WAYS[way](talk).expires_in == seconds


def test_what_is_asked_for_with_typed_secrets_is_checked_too(platform):
    access = ClientCredentials(token_url=OAUTH.token_url, lifetime=timedelta(hours=1))
    method = Method("client", "A client", access=access)
    body = {"access_token": "a", "expires_in": 3_600_000}
    fake, _ = platform(replace(ACME, methods=(method,)), lambda _asked: Answer(200, body))

    with fake.api({}) as api:
        known = {"client_id": "id", "client_secret": "a-long-secret"}
        assert grants.ask(fake, access, known, api).expires_in == 3600


def test_a_reply_without_a_lifetime_says_none(talking):
    talk, _ = talking(200, GRANT)

    tokens = exchange(talk, CALLBACK)

    assert (tokens.expires_in, tokens.refresh_token_expires_in) == (None, None)


@pytest.mark.parametrize("moment", [1900000000, "2030-01-01T00:00:00Z", [1], None])
def test_a_moment_beside_the_lifetime_does_not_matter(talking, moment):
    talk, _ = talking(200, GRANT | {"expires_in": 60, "expires_at": moment})

    assert exchange(talk, CALLBACK).expires_in == 60


@pytest.mark.parametrize(
    ("more", "seconds"),
    [
        ({"refresh_token_expires_in": 31536000}, 31536000),
        ({"refresh_expires_in": "1800"}, 1800),
        ({"x_refresh_token_expires_in": 8640000}, 8640000),
        ({"refresh_expires_in": 0}, None),
        ({"refresh_token_expires_in": "never", "refresh_expires_in": 60}, 60),
    ],
)
def test_the_life_of_a_refresh_token_has_several_names(talking, more, seconds):
    talk, _ = talking(200, GRANT | more)

    assert exchange(talk, CALLBACK).refresh_token_expires_in == seconds


@pytest.mark.parametrize(
    ("more", "scopes"),
    [
        ({"scope": "ads:read offline"}, {"ads:read", "offline"}),
        ({"scope": "ads:read,offline"}, {"ads:read", "offline"}),
        ({"scope": " ads:read,  offline "}, {"ads:read", "offline"}),
        ({"scope": ["ads:read", "offline"]}, {"ads:read", "offline"}),
        ({"scopes": ["ads:read"]}, {"ads:read"}),
        ({"scope": []}, set()),
        ({"scope": ""}, None),
        ({"scope": None}, None),
        ({"scope": 7}, None),
        ({}, None),
    ],
)
def test_scopes_are_read_however_they_are_written(talking, more, scopes):
    talk, _ = talking(200, GRANT | more)

    assert exchange(talk, CALLBACK).scopes == scopes


@pytest.mark.parametrize(
    ("more", "kept"),
    [
        ({}, HELD.refresh_token),
        ({"refresh_token": "rotated"}, "rotated"),
        ({"refresh_token": None}, HELD.refresh_token),
        ({"refresh_token": ""}, HELD.refresh_token),
    ],
)
def test_a_renewal_that_names_no_new_refresh_token_leaves_the_held_one(talking, more, kept):
    talk, _ = talking(200, GRANT | more)

    # Whoever stores it keeps the held one where there is none.
    assert (talk.renew(HELD).refresh_token or HELD.refresh_token) == kept


@pytest.mark.parametrize("named", [None, 7, ["a"]])
def test_an_exchange_without_a_refresh_token_has_none(talking, named):
    talk, _ = talking(200, GRANT | {"refresh_token": named})

    assert exchange(talk, CALLBACK).refresh_token is None


def test_just_the_declared_facts_are_kept_and_only_as_text(talking):
    provider = acme(keeps=("organization", "team", "instance_url"))
    reply = GRANT | {"organization": "acme-1", "team": 7, "email": "ada@acme.example"}
    talk, _ = talking(200, reply, provider=provider)

    assert exchange(talk, CALLBACK).facts == {"organization": "acme-1"}


def test_what_was_obtained_is_masked_from_then_on(talking):
    talk, _ = talking(200, GRANT | {"refresh_token": "new-refresh-TOKEN"})

    exchange(talk, CALLBACK)

    assert talk.api.redact(f"{GRANT['access_token']} new-refresh-TOKEN {SECRET}") == "••• ••• •••"


def test_what_cannot_be_renewed_asks_nobody_and_sends_the_person_back(talking):
    talk, requests_seen = talking(200, GRANT)

    error = refusal(talk.renew, Tokens("held-access-TOKEN"))

    assert type(error) is CannotRenew
    assert error.kind == "auth_expired"
    assert "cannot be renewed" in error.message
    assert "ign in" in error.action
    assert requests_seen == []


# --- What a bad answer means

ENDED = "Acme has ended this sign-in, or it was withdrawn there."
NOT_OUR_APP = "Acme does not accept this app's ID and secret."
DOWN = "Acme has a problem at the moment."
LIMITED = "Acme is limiting sign-ins at the moment."
TRIED_AGAIN = "Acme could not renew the sign-in at the moment."
NOT_FROM_HERE = "Acme lets this sign-in be used neither from this server's address nor at any hour."
BY_POLICY = "A rule of your organization at Acme asks people to sign in anew every so often."
PERSON_GONE = "The person who signed in to Acme is no longer active there."
WITHDRAWN = "This sign-in was withdrawn at Acme."
RAN_OUT = "This sign-in to Acme has run out."
REPLACED = "Acme had replaced what renews this sign-in, and got the old one."
INVALID_GRANT = [
    ("Please try again later", NotNow, TRIED_AGAIN),
    ("The refresh token is already being processed", NotNow, TRIED_AGAIN),
    ("Too many requests for this token", NotNow, TRIED_AGAIN),
    ("IP restricted", errors.PermissionMissing, NOT_FROM_HERE),
    ("invalid login hours", errors.PermissionMissing, NOT_FROM_HERE),
    ("reauth related error (invalid_rapt)", errors.AuthExpired, BY_POLICY),
    ("The session policy asks for it", errors.AuthExpired, BY_POLICY),
    ("inactive user", errors.AuthExpired, PERSON_GONE),
    ("Account has been disabled", errors.AuthExpired, PERSON_GONE),
    ("The token was already exchanged", CannotRenew, REPLACED),
    ("It has been revoked", CannotRenew, WITHDRAWN),
    ("The grant has expired", CannotRenew, RAN_OUT),
    ("It has expired or was revoked. Please try again by authorizing.", CannotRenew, WITHDRAWN),
    ("The token has expired. Try again.", CannotRenew, RAN_OUT),
    ("Account has been disabled. Retry with another one.", errors.AuthExpired, PERSON_GONE),
    ("Token has been expired or revoked.", errors.AuthExpired, ENDED),
    ("Bad Request", errors.AuthExpired, ENDED),
    (["no", "text"], errors.AuthExpired, ENDED),
]
RFC_6749 = [
    ("invalid_grant", errors.AuthExpired, ENDED, "Sign in again."),
    ("invalid_client", AppRefused, NOT_OUR_APP, APP_ACTION),
    ("unauthorized_client", AppRefused, NOT_OUR_APP, APP_ACTION),
    (
        "invalid_scope",
        errors.PermissionMissing,
        "Acme does not give this app the permissions that were asked for.",
        "An owner adds them to the app at the platform, then sign in again.",
    ),
    (
        "invalid_request",
        errors.UnexpectedReply,
        "Acme did not understand how it was asked to sign in.",
        OUR_FAULT,
    ),
    (
        "unsupported_grant_type",
        errors.UnexpectedReply,
        "Acme did not understand how it was asked to sign in.",
        OUR_FAULT,
    ),
    (
        "server_error",
        errors.ProviderUnavailable,
        DOWN,
        "Nothing to fix here: it is tried again.",
    ),
    (
        "temporarily_unavailable",
        errors.ProviderUnavailable,
        DOWN,
        "Nothing to fix here: it is tried again.",
    ),
    ("slow_down", errors.RateLimited, LIMITED, "Nothing to fix: it is tried again."),
]


@pytest.mark.parametrize(("said", "kind", "message"), INVALID_GRANT)
def test_what_a_server_adds_says_whether_it_is_the_end(talking, said, kind, message):
    talk, _ = talking(400, {"error": "invalid_grant", "error_description": said})

    error = refusal(talk.renew, HELD)

    assert (type(error), error.message) == (kind, message)


def test_a_subtype_says_it_too(talking):
    body = {"error": "invalid_grant", "error_description": "No", "error_subtype": "invalid_rapt"}
    talk, _ = talking(400, body)

    assert refusal(talk.renew, HELD).message == BY_POLICY


def test_what_is_put_off_may_be_so_for_ever(talking):
    talk, _ = talking(400, {"error": "invalid_grant", "error_description": "Try again later"})

    assert refusal(talk.renew, HELD).is_unexplained


@pytest.mark.parametrize(
    ("status", "is_it"), [(400, True), (403, True), (200, False), (302, False)]
)
def test_a_refusal_that_nobody_understands_is_known_as_one(talking, status, is_it):
    talk, _ = talking(status, {"error": "moon_phase"})

    error = refusal(talk.renew, HELD)

    assert (type(error), error.is_unexplained) == (errors.UnexpectedReply, is_it)


@pytest.mark.parametrize(
    ("answer", "is_it"),
    [(Answer(is_reset=True), True), (Answer(503, {"error": "server_error"}), False)],
)
def test_an_answer_that_was_lost_is_known_as_that(talking, answer, is_it):
    talk, _ = talking(answer)

    assert refusal(talk.renew, HELD).is_half_done is is_it


@pytest.mark.parametrize("status", [200, 400, 401])
@pytest.mark.parametrize(("code", "expected", "message", "action"), RFC_6749)
@each_way
def test_every_error_of_the_standard_has_its_kind_and_words(
    talking, way, code, expected, message, action, status
):
    said = {"error": code, "error_description": f"{SECRET} {HELD.refresh_token} {CALLBACK['code']}"}
    talk, _ = talking(status, said)

    error = refusal(WAYS[way], talk)

    assert type(error) is expected
    assert (error.message, error.action) == (message, action)


def test_an_error_beside_a_token_counts(talking):
    talk, _ = talking(200, GRANT | {"error": "invalid_grant"})

    assert type(refusal(exchange, talk, CALLBACK)) is errors.AuthExpired


@pytest.mark.parametrize("none", [None, ""])
def test_an_error_that_is_empty_is_none(talking, none):
    talk, _ = talking(200, GRANT | {"error": none})

    assert exchange(talk, CALLBACK).access_token == GRANT["access_token"]


NOT_WHAT_IS_WRITTEN = "Acme's sign-in answered in a way we did not expect."
A_PAGE = "A web page answered where Acme's sign-in was due."
OTHERS = [
    (400, {"error": "something_new"}, errors.UnexpectedReply, NOT_WHAT_IS_WRITTEN),
    (400, {"error": {"code": 7, "message": "No."}}, errors.UnexpectedReply, NOT_WHAT_IS_WRITTEN),
    (400, {}, errors.UnexpectedReply, NOT_WHAT_IS_WRITTEN),
    (403, {}, errors.UnexpectedReply, NOT_WHAT_IS_WRITTEN),
    (404, {"detail": "Not found."}, errors.UnexpectedReply, NOT_WHAT_IS_WRITTEN),
    (401, {}, AppRefused, NOT_OUR_APP),
    (401, "", AppRefused, NOT_OUR_APP),
    (400, HTML, errors.Blocked, A_PAGE),
    (403, HTML, errors.Blocked, A_PAGE),
    (408, {}, errors.ProviderUnavailable, DOWN),
    (429, {}, errors.RateLimited, LIMITED),
    (429, HTML, errors.RateLimited, LIMITED),
    (500, {}, errors.ProviderUnavailable, DOWN),
    (500, GRANT, errors.ProviderUnavailable, DOWN),
    (502, HTML, errors.ProviderUnavailable, DOWN),
    (503, "", errors.ProviderUnavailable, DOWN),
    (504, {}, errors.ProviderUnavailable, DOWN),
]
NO_TOKEN = [
    (200, {}, errors.UnexpectedReply, NOT_WHAT_IS_WRITTEN),
    (200, {"token_type": "bearer"}, errors.UnexpectedReply, NOT_WHAT_IS_WRITTEN),
    (200, {"access_token": ""}, errors.UnexpectedReply, NOT_WHAT_IS_WRITTEN),
    (200, {"access_token": None}, errors.UnexpectedReply, NOT_WHAT_IS_WRITTEN),
    (200, {"access_token": ["a"]}, errors.UnexpectedReply, NOT_WHAT_IS_WRITTEN),
    (200, [GRANT], errors.UnexpectedReply, NOT_WHAT_IS_WRITTEN),
    (200, "access_token=a&token_type=bearer", errors.UnexpectedReply, NOT_WHAT_IS_WRITTEN),
    (200, b"null", errors.UnexpectedReply, NOT_WHAT_IS_WRITTEN),
    (200, b'{"access_token": "half', errors.UnexpectedReply, NOT_WHAT_IS_WRITTEN),
    (200, b"", errors.UnexpectedReply, NOT_WHAT_IS_WRITTEN),
    (204, b"", errors.UnexpectedReply, NOT_WHAT_IS_WRITTEN),
    (200, HTML, errors.Blocked, A_PAGE),
]


@pytest.mark.parametrize(("status", "body", "expected", "message"), OTHERS)
@each_way
def test_any_other_refusal_has_its_kind_and_words(talking, way, status, body, expected, message):
    talk, requests_seen = talking(status, body)

    error = refusal(WAYS[way], talk)

    assert type(error) is expected
    assert error.message == message
    assert error.action
    assert len(requests_seen) == 1


@pytest.mark.parametrize(("status", "body", "expected", "message"), NO_TOKEN)
@pytest.mark.parametrize("way", ["exchange", "renew"])
def test_an_answer_without_a_token_is_none(talking, way, status, body, expected, message):
    talk, _ = talking(status, body)

    error = refusal(WAYS[way], talk)

    assert (type(error), error.message) == (expected, message)


def test_a_limit_says_when_to_come_back(talking):
    talk, _ = talking(429, {}, {"Retry-After": "7"})

    assert refusal(talk.renew, HELD).retry_after_seconds == 7


def test_a_limit_may_name_a_date(talking):
    later = datetime.now(UTC) + timedelta(minutes=10)
    talk, _ = talking(429, {}, {"Retry-After": format_datetime(later, usegmt=True)})

    assert 590 < refusal(talk.renew, HELD).retry_after_seconds <= 600


def test_an_outage_may_say_when_to_come_back(talking):
    talk, _ = talking(503, {}, {"Retry-After": "30"})

    assert refusal(talk.renew, HELD).retry_after_seconds == 30


def test_the_platforms_own_way_to_name_the_wait_counts(talking):
    own = replace(ACME, retry_after=lambda reply: float(reply.headers["X-Wait"]))
    talk, _ = talking(429, {}, {"X-Wait": "41", "Retry-After": "7"}, provider=own)

    assert refusal(talk.renew, HELD).retry_after_seconds == 41


def rule(message, **conditions):
    return ErrorRule(error=errors.AuthInvalid, message=message, action="Do it.", **conditions)


def test_the_rules_of_the_sign_in_come_before_those_of_the_standard(talking):
    provider = acme(errors=(rule("Of the sign-in.", code="invalid_scope"),))

    said = {
        code: refusal(talking(400, {"error": code}, provider=provider)[0].renew, HELD).message
        for code in ("invalid_scope", "invalid_grant")
    }

    assert said == {"invalid_scope": "Of the sign-in.", "invalid_grant": ENDED}


@pytest.mark.parametrize("status", [401, 403, 404])
def test_what_a_refusal_means_to_a_pasted_token_it_does_not_mean_here(talking, status):
    provider = replace(ACME, errors=(rule("The token has ended.", status=status),))
    talk, _ = talking(status, {}, provider=provider)

    assert "token" not in refusal(talk.renew, HELD).message


@pytest.mark.parametrize("status", [403, 503, 999])
def test_an_outage_in_the_platforms_own_words_is_one_here_too(talking, status):
    wall = ErrorRule(status=status, error=errors.Blocked, message="A wall.", action="Test later.")
    talk, _ = talking(status, {}, provider=replace(ACME, errors=(wall,)))

    assert refusal(talk.renew, HELD).message == "A wall."


def test_a_cousin_of_the_standards_error_is_declared(talking):
    ended = ErrorRule(
        code="invalid_code", error=errors.AuthExpired, message="It ended.", action="Sign in again."
    )
    talk, _ = talking(200, {"error": "invalid_code"}, provider=acme(errors=(ended,)))

    assert type(refusal(talk.renew, HELD)) is errors.AuthExpired


def test_a_401_without_a_word_is_about_the_app_whatever_it_means_to_a_pasted_token(talking):
    provider = replace(ACME, errors=(rule("The token has ended.", status=401),))
    talk, _ = talking(401, {}, provider=provider)

    assert type(refusal(talk.renew, HELD)) is AppRefused


# --- When nothing comes


@each_way
def test_silence_is_ended_in_time(talking, way):
    talk, _ = talking(Answer(is_silent=True), timeouts=IMPATIENT)

    error = refusal(WAYS[way], talk)

    assert (type(error), error.message) == (errors.Network, "Acme did not answer in time.")


@each_way
def test_half_a_reply_is_none(talking, way):
    talk, _ = talking(Answer(200, GRANT, is_cut=True))

    error = refusal(WAYS[way], talk)

    assert (type(error), error.message) == (errors.Network, "Acme broke the connection off.")


@each_way
def test_a_broken_connection_is_nobodys_fault(talking, way):
    talk, _ = talking(Answer(is_reset=True))

    assert type(refusal(WAYS[way], talk)) is errors.Network


def raw(handler, **more):
    """A Flow with a server of bare sockets, as a context."""
    with RawServer(handler) as server:
        fake = ACME.pointed_at(dict.fromkeys(ACME.hosts, server.url))
        with flow(fake, APP, {}, **more) as talk:
            return refusal(talk.renew, HELD), server


@pytest.mark.parametrize("handler", [silent, drip_body])
def test_a_reply_that_never_ends_is_ended_in_time(handler):
    error, server = raw(handler, timeouts=Timeouts(total=0.05))

    assert (type(error), error.message) == (errors.Network, "Acme did not answer in time.")
    assert server.connections == 1


def test_a_reply_far_too_large_is_not_read():
    def endless(server, connection):
        server.read_request(connection)
        connection.sendall(HEAD + b"Content-Length: 2000000\r\n\r\n" + b" " * 2_000_000)

    error, _ = raw(endless)

    assert type(error) is errors.UnexpectedReply


def test_an_address_that_nobody_answers_at_is_nobodys_fault():
    fake = ACME.pointed_at(dict.fromkeys(ACME.hosts, "http://127.0.0.1:1"))

    with flow(fake, APP, {}) as talk:
        error = refusal(talk.renew, HELD)

    assert (type(error), error.message) == (errors.Network, "Acme could not be reached.")


# --- Ending it


def test_the_refresh_token_is_revoked_and_named_as_what_it_is(talking):
    talk, requests_seen = talking(200, {})

    talk.revoke(HELD)

    [asked] = requests_seen
    assert (asked.method, asked.path) == ("POST", "/revoke")
    assert asked.form == {
        "token": HELD.refresh_token,
        "token_type_hint": "refresh_token",
        "client_id": "acme-app",
        "client_secret": SECRET,
    }


def test_without_a_refresh_token_the_access_token_is_revoked(talking):
    talk, requests_seen = talking(200, {})

    talk.revoke(Tokens("held-access-TOKEN"))

    assert requests_seen[0].form["token"] == "held-access-TOKEN"
    assert requests_seen[0].form["token_type_hint"] == "access_token"


@pytest.mark.parametrize("reply", [(200, {}), (200, b""), (200, "OK"), (204, b""), (200, b"[]")])
def test_any_good_answer_confirms_a_revocation(talking, reply):
    talk, requests_seen = talking(*reply)

    assert talk.revoke(HELD) is None
    assert len(requests_seen) == 1


def test_an_empty_answer_that_calls_itself_a_page_confirms_a_revocation(talking):
    talk, requests_seen = talking(200, b"", {"Content-Type": "text/html"})

    assert talk.revoke(HELD) is None
    assert len(requests_seen) == 1


def test_a_page_confirms_no_revocation(talking):
    talk, _ = talking(200, HTML)

    assert type(refusal(talk.revoke, HELD)) is errors.Blocked


def test_where_there_is_no_way_to_revoke_nobody_is_asked(talking):
    talk, requests_seen = talking(200, {}, provider=acme(revocation_url=None))

    with pytest.raises(NotRevocable):
        talk.revoke(HELD)
    assert requests_seen == []


# --- The app


def test_an_app_that_is_told_about_its_refresh_token_is_accepted(talking):
    talk, requests_seen = talking(400, {"error": "invalid_grant"})

    assert talk.prove_app() is True
    assert requests_seen[0].form["grant_type"] == "refresh_token"
    assert len(requests_seen[0].form["refresh_token"]) >= 32


def test_every_proof_makes_another_token_up(talking):
    talk, requests_seen = talking(400, {"error": "invalid_grant"})

    talk.prove_app()
    talk.prove_app()

    assert len({asked.form["refresh_token"] for asked in requests_seen}) == 2


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (400, {"error": "invalid_request"}),
        (400, {"error": "unsupported_grant_type"}),
        (400, {"error": "invalid_scope"}),
        (400, {}),
        (302, ""),
        (200, {}),
        (200, GRANT),
    ],
)
def test_an_answer_about_something_else_leaves_it_open(talking, status, body):
    talk, _ = talking(status, body)

    assert talk.prove_app() is False


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (400, {"error": "invalid_client"}),
        (401, {"error": "invalid_client"}),
        (400, {"error": "unauthorized_client"}),
        (401, {}),
    ],
)
def test_an_app_that_is_not_accepted_is_told_apart(talking, status, body):
    talk, _ = talking(status, body)

    error = refusal(talk.prove_app)

    assert type(error) is AppRefused
    assert (error.kind, error.action) == ("invalid_config", APP_ACTION)


@pytest.mark.parametrize(
    ("status", "expected"), [(429, errors.RateLimited), (503, errors.ProviderUnavailable)]
)
def test_no_answer_proves_nothing_and_says_so(talking, status, expected):
    talk, _ = talking(status, {})

    assert type(refusal(talk.prove_app)) is expected


@pytest.mark.parametrize(
    "app", [App("acme-app", "another secret"), App("another-app", SECRET), App("", "")]
)
@pytest.mark.parametrize("takes_basic", [True, False])
def test_a_server_that_checks_refuses_a_wrong_app(checking, app, takes_basic):
    way = "client_secret_basic" if takes_basic else "client_secret_post"
    talk, _ = checking(acme(client_authentication=way), app, takes_basic=takes_basic)

    assert type(refusal(talk.prove_app)) is AppRefused


# --- Who answered


@pytest.mark.parametrize(
    ("issuer", "is_it"),
    [
        ("https://acme.example", True),
        ("https://acme.example/", True),
        ("https://ACME.example:443", True),
        ("https://acme.example/v2", False),
        ("http://acme.example", False),
        ("acme.example", False),
        ("https://login.acme.example", False),
        ("https://evil.example", False),
        ("", False),
    ],
)
def test_an_issuer_that_is_declared_is_the_only_one(issuer, is_it):
    assert is_issued_by(acme(issuer="https://acme.example"), issuer, {}) is is_it


@pytest.mark.parametrize(
    ("issuer", "is_it"),
    [
        ("https://acme.example", True),
        ("acme.example", True),
        ("https://eu.acme.example", True),
        ("https://eu.acme.example/", True),
        ("https://eu.acme.example/evil", False),
        ("https://eu.acme.example:8443", False),
        ("http://eu.acme.example", False),
        ("https://evilacme.example", False),
        ("https://eu.acme.example.evil.example", False),
        ("https://eu.acme.example@evil.example", False),
        ("https://[", False),
        ("", False),
    ],
)
def test_an_issuer_may_be_published_in_several_forms(issuer, is_it):
    known = acme(issuer="https://acme.example", also_issuers=("acme.example", "*.acme.example"))

    assert is_issued_by(known, issuer, {}) is is_it


@pytest.mark.parametrize(
    ("address", "kept"),
    [("https://eu.acme.example", "https://eu.acme.example"), ("https://evil.example", None)],
)
def test_an_unknown_address_at_a_renewal_does_not_replace_the_known_one(talking, address, kept):
    own = acme(keeps=("home",), addresses={"home": lambda it: it.endswith(".acme.example")})
    talk, _ = talking(200, GRANT | {"home": address}, provider=own)

    assert talk.renew(HELD).facts.get("home") == kept
    assert exchange(talk, CALLBACK).facts["home"] == address


@pytest.mark.parametrize(
    ("issuer", "is_it"),
    [
        ("https://login.acme.example", True),
        ("https://login.acme.example/", True),
        ("https://login.acme.example/v2", True),
        ("https://login.acme.example:443", True),
        ("http://login.acme.example", False),
        ("https://login.acme.example:8443", False),
        ("https://api.acme.example", False),
        ("https://login.acme.example.evil.example", False),
        ("https://evil.example/login.acme.example", False),
        ("https://login.acme.example@evil.example", False),
        ("login.acme.example", False),
        ("nonsense", False),
        ("", False),
        ("https://[", False),
        ("https://login.acme.example:nonsense", False),
    ],
)
def test_without_one_it_is_at_an_origin_that_the_person_or_the_code_is_sent_to(issuer, is_it):
    assert is_issued_by(ACME, issuer, {}) is is_it


def test_a_token_address_elsewhere_is_an_origin_too():
    hosts = {**ACME.hosts, "TOKEN": "https://token.acme.example"}
    provider = replace(acme(token_url="https://token.acme.example/token"), hosts=hosts)

    assert is_issued_by(provider, "https://token.acme.example", {})
    assert is_issued_by(provider, "https://login.acme.example", {})


@pytest.mark.parametrize(
    ("issuer", "is_it"),
    [
        ("http://127.0.0.1:9000", True),
        ("http://127.0.0.1:9000/acme", True),
        ("http://127.0.0.1:9001", False),
        ("https://acme.example", False),
        ("https://login.acme.example", False),
    ],
)
def test_in_a_trial_the_stand_in_is_the_issuer(issuer, is_it):
    provider = acme(issuer="https://acme.example")
    trial = provider.pointed_at(dict.fromkeys(provider.hosts, "http://127.0.0.1:9000/acme"))

    assert is_issued_by(trial, issuer, {}) is is_it


def test_a_trial_without_these_hosts_knows_no_issuer():
    trial = ACME.pointed_at({"API": "http://127.0.0.1:9000"})

    assert not is_issued_by(trial, "http://127.0.0.1:9000", {})


def test_a_platform_without_a_sign_in_issues_nothing():
    assert not is_issued_by(replace(ACME, oauth=None), "https://login.acme.example", {})


# --- Where an address lies


@pytest.mark.parametrize(
    ("url", "role", "place"),
    [
        ("https://login.acme.example/authorize", "AUTHORIZATION", ("AUTHORIZATION", "/authorize")),
        ("https://login.acme.example/revoke", "REVOKE", ("REVOKE", "/revoke")),
        ("https://login.acme.example/v2/token", "TOKEN", ("TOKEN", "/token")),
        ("https://login.acme.example/v2/token", "REVOKE", ("REVOKE", "/v2/token")),
        ("https://login.acme.example/me", "INTROSPECT", ("AUTHORIZATION", "/me")),
        ("https://api.acme.example/oauth", "TOKEN", ("API", "/oauth")),
        ("https://api.acme.example", "TOKEN", ("API", "")),
    ],
)
def test_an_address_lies_on_the_host_of_its_role_or_on_the_first(url, role, place):
    assert ACME.place_of(url, role, {}) == place


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/token",
        "https://api.acme.example.evil.example/token",
        "https://api.acme.example@evil.example/token",
        "http://api.acme.example/token",
        "https://login.acme.examplev2",
        "",
    ],
)
def test_an_address_on_none_of_the_hosts_is_refused(url):
    with pytest.raises(ValueError, match="TOKEN lies on none of the hosts"):
        ACME.place_of(url, "TOKEN", {})


def test_an_address_of_ones_own_is_where_it_was_typed():
    own = {"base_url": "https://acme.my.example"}

    assert ACME.place_of("https://acme.my.example/token", "TOKEN", own) == ("API", "/token")


def test_nothing_is_sent_to_an_address_that_is_no_host(talking):
    talk, requests_seen = talking(200, GRANT, provider=acme(token_url="https://evil.example/token"))

    with pytest.raises(ValueError, match="TOKEN lies on none of the hosts"):
        talk.renew(HELD)
    assert requests_seen == []


# --- Which platform, and which way of its own


def test_a_platform_without_a_sign_in_has_no_flow():
    with (
        pytest.raises(ValueError, match="declares no sign-in"),
        flow(replace(ACME, oauth=None), APP, {}),
    ):
        pass


def test_a_variant_signs_in_its_own_way():
    def variant(platform, values):
        return replace(platform, oauth=OAUTH) if values.get("vendor") == "acme" else platform

    provider = replace(ACME, oauth=None, variant=variant)

    with flow(provider, APP, {"vendor": "acme"}) as talk:
        assert talk.oauth is OAUTH
    with pytest.raises(ValueError, match="declares no sign-in"), flow(provider, APP, {}):
        pass


def test_a_platform_may_speak_in_its_own_way(talking):
    class OwnFlow(Flow):
        def headers(self):
            return super().headers() | {"X-Own": "yes"}

    talk, requests_seen = talking(200, GRANT, provider=acme(flow=OwnFlow))

    talk.renew(HELD)

    assert requests_seen[0].headers["X-Own"] == "yes"


# --- What is shown and kept in logs


def test_no_secret_is_in_a_repr():
    shown = repr((APP, HELD, Tokens("new-access-TOKEN", scopes=frozenset({"ads:read"}))))

    assert [secret for secret in SECRETS if secret in shown] == []


@pytest.mark.parametrize(
    "reply",
    [
        (200, GRANT | {"refresh_token": HELD.refresh_token}),
        (400, {"error": "invalid_grant", "error_description": SECRET}),
        (401, SECRET),
        (302, "", {"Location": f"/?secret={quote(SECRET)}"}),
        (503, HTML + SECRET),
    ],
)
@pytest.mark.parametrize("authentication", ["client_secret_basic", "client_secret_post"])
def test_no_secret_is_logged_whatever_comes_back(talking, caplog, reply, authentication):
    caplog.set_level(logging.DEBUG)
    talk, requests_seen = talking(*reply, provider=acme(client_authentication=authentication))
    authorization_url(talk)

    for way in WAYS.values():
        with suppress(errors.ProviderError):
            way(talk)

    shown = caplog.text + repr([record.__dict__ for record in caplog.records])
    assert len(requests_seen) == 3
    assert "POST Acme sign-in" in caplog.text
    assert [secret for secret in SECRETS if secret in shown] == []


@each_way
def test_no_frame_of_a_library_travels_with_an_error(talking, way):
    talk, _ = talking(503, {})

    error = refusal(WAYS[way], talk)

    # Their variables hold the secret, the code and the tokens.
    frames = traceback.extract_tb(error.__traceback__)
    assert [frame.filename for frame in frames if "site-packages" in frame.filename] == []
