"""What every platform promises where people sign in, from its declaration to the last token."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

import pytest

from providers import errors, registry
from providers.access.flow import flow, is_issued_by
from providers.access.refusals import AppRefused, NotRevocable
from providers.declare import SIGN_IN, App, Bearer, OAuth, Provider, RefreshToken, Tokens
from providers.declare.oauth import Conversation
from providers.outbound.transport import USUAL_TIMEOUTS, Timeouts
from providers.run.ladder import list_accounts, run_test
from providers.sandbox.__main__ import APPS, PLATFORMS, SIGN_INS
from providers.sandbox.server import Answer
from tests.providers.asking import held, outcomes
from tests.providers.contract.cases import SIGN_IN_CASES, Case
from tests.providers.contract.faults import ABSURD, page, status
from tests.providers.contract.signing_in import (
    REDIRECT_URI,
    STATE,
    VERIFIER,
    approve,
    authorization_url,
    connect,
    exchange,
    grant_of,
    query_of,
    values_of,
)
from tests.providers.contract.test_wording import RAW_CODE, flaws
from tests.providers.contract.trial import at, split

CATALOGUE = registry.catalogue()


@dataclass(frozen=True)
class Declared:
    """One way to sign in, as the platform or one of its variants declares it."""

    slug: str
    values: Mapping[str, str]

    @property
    def provider(self) -> Provider:
        return CATALOGUE[self.slug]

    @property
    def who(self) -> Provider:
        return self.provider.for_values(self.values)

    @property
    def oauth(self) -> OAuth:
        assert self.who.oauth, f"{self} declares no sign-in."
        return self.who.oauth

    def __str__(self) -> str:
        return "-".join((self.slug, *self.values.values()))


DECLARED = [
    Declared(slug, values)
    for slug, provider in CATALOGUE.items()
    for values in provider.oauth_variants or ({},)
    if provider.for_values(values).oauth
]
each_declared = pytest.mark.parametrize("declared", DECLARED, ids=str)
each_case = pytest.mark.parametrize("case", SIGN_IN_CASES, ids=str)
ROLES = {"authorization_url": "AUTHORIZATION", "token_url": "TOKEN", "revocation_url": "REVOKE"}
# As its documents have it.
ASKED_BY_GET = {"meta"}
# What signing in is there to replace: nobody is asked for any of these.
INSTEAD = {"access_token", "refresh_token", "client_id", "client_secret", "app_id", "app_secret"}
INSTEAD |= {"api_key", "api_key_secret", "service_account_json"}


# --- What is declared


@each_declared
def test_where_ending_one_ends_all_a_pasted_token_says_whose_app_it_came_of(declared):
    """Else a sign-in that is given back would end it."""
    fields = {"", *(field.name for field in declared.who.fields if not field.secret)}
    tokens = [one for one in declared.who.methods if isinstance(one.access, Bearer | RefreshToken)]
    given = [one for one in tokens if one.slug != "api_key"]  # a key is nobody's consent
    silent = [one.slug for one in given if one.grant_of not in fields]

    assert silent == [] or not declared.oauth.revoking_ends_siblings


def test_no_sign_in_lacks_a_stand_in():
    apps = {declared.oauth.app.slug for declared in DECLARED}

    assert apps - SIGN_INS.keys() == set()
    assert SIGN_INS.keys() - apps == set()


def test_a_platform_has_the_method_exactly_when_one_can_sign_in():
    with_method = {
        slug
        for slug, provider in CATALOGUE.items()
        if SIGN_IN in {method.slug for method in provider.methods}
    }

    assert with_method == {declared.slug for declared in DECLARED}


@each_declared
def test_every_address_is_https_and_on_a_declared_host(declared):
    for name, role in ROLES.items():
        url = getattr(declared.oauth, name)
        if url is None:
            assert name == "revocation_url"
            continue
        host, path = declared.who.place_of(url, role, declared.values)
        parts = urlsplit(url)
        assert (parts.scheme, parts.query, parts.fragment) == ("https", "", ""), name
        assert host in declared.provider.hosts, name
        assert path.startswith("/"), name


@each_declared
def test_an_issuer_is_an_https_address(declared):
    issuer = declared.oauth.issuer

    assert issuer is None or urlsplit(issuer).scheme == "https"
    assert not is_issued_by(declared.provider, "https://evil.example", declared.values)


@each_declared
def test_a_told_lifetime_is_checked_against_the_published_one(declared):
    published, refresh = declared.oauth.access_token_lifetime, declared.oauth.refresh_token_lifetime
    lives = {"expires_in": published, "refresh_token_expires_in": refresh}
    told = {name: one.total_seconds() * 1000 for name, one in lives.items() if one}

    with flow(declared.provider, App("id", "secret"), declared.values) as talk:
        read = talk.tokens_of({"access_token": "a", "refresh_token": "r", **told})

    for name, one in lives.items():
        assert getattr(read, name) == (one.total_seconds() if one else None), name


@each_declared
def test_pkce_is_off_with_a_source_alone(declared):
    assert declared.oauth.uses_pkce or declared.oauth.pkce_source


@each_declared
def test_every_permission_says_what_it_gives_and_what_stops(declared):
    scopes = declared.oauth.scopes

    for scope in scopes:
        assert 3 <= len(scope.gives) <= 80, scope.name
        assert scope.gives == scope.gives.strip().rstrip("."), scope.name
        assert not RAW_CODE.search(scope.gives), scope.name
        assert flaws(scope.stops) == [], scope.name
        assert scope.name not in scope.implied_by
    assert len({scope.name for scope in scopes}) == len(scopes)


@each_declared
def test_a_permission_that_is_asked_for_holds_no_separator(declared):
    oauth = declared.oauth

    if oauth.lists_scopes and oauth.scopes:
        apart = oauth.params.get(oauth.optional_scopes_in, "")
        asked = [
            part for text in (oauth.scope, apart) for part in text.split(oauth.scope_separator)
        ]
        assert [*filter(None, asked)] == [scope.name for scope in oauth.scopes]
    else:
        assert oauth.scope is None


@each_declared
def test_an_app_says_where_and_how_it_is_made_and_what_goes_wrong(declared):
    app = declared.oauth.app

    assert urlsplit(app.console_url).scheme == "https"
    assert re.fullmatch(r"[a-z0-9][a-z0-9_-]*", app.slug)
    assert len(app.steps) >= 2
    assert app.pitfalls
    for text in (*app.steps, *app.pitfalls):
        assert flaws(text, numbers=True) == [], text


@each_declared
def test_the_app_of_the_stand_in_fits_the_form(declared):
    app, form = APPS[declared.oauth.app.slug], declared.oauth.app

    assert re.fullmatch(form.client_id_pattern, app.client_id)
    assert re.fullmatch(form.client_secret_pattern, app.client_secret)
    for pattern in (form.client_id_pattern, form.client_secret_pattern):
        assert not re.fullmatch(pattern, "with a space")
        assert not re.search(r"\(\?[PaiLmsux<]|\\[AZdw]", pattern), "It differs in a browser."


def test_platforms_that_share_an_app_share_its_form():
    forms = {}
    for declared in DECLARED:
        forms.setdefault(declared.oauth.app.slug, set()).add(declared.oauth.app)

    assert {slug for slug, found in forms.items() if len(found) > 1} == set()


@pytest.mark.parametrize("slug", sorted({declared.slug for declared in DECLARED}))
def test_signing_in_is_the_last_way_and_says_so(slug):
    methods = CATALOGUE[slug].methods

    assert [method.slug for method in methods].index(SIGN_IN) == len(methods) - 1
    assert methods[-1].label.startswith("Sign in ")
    assert methods[-1].lives is None


@each_declared
def test_nobody_who_signs_in_is_asked_for_what_it_replaces(declared):
    provider = declared.provider
    asked_for = {field.name for field in provider.fields_of(SIGN_IN)}
    needed = {field.name for field in provider.missing(SIGN_IN, declared.values)}

    assert asked_for & (INSTEAD | set(declared.oauth.app_values.values())) == set()
    assert "account_id" in asked_for
    assert needed & {"base_url", "vendor"} == set()


@each_declared
def test_what_the_app_fills_is_a_field_and_its_secret_a_secret_one(declared):
    oauth, who = declared.oauth, declared.who
    names = {field.name for field in who.fields}

    assert oauth.app_values.keys() <= {"client_id", "client_secret"}
    assert set(oauth.app_values.values()) <= names
    assert {oauth.app_values.get("client_secret")} <= {None, *who.secret_names}
    assert "access_token" in who.secret_names


@each_declared
def test_a_sign_in_can_be_ended_or_a_person_is_told_where(declared):
    assert declared.oauth.revocation_url or declared.oauth.how_to_remove


@each_declared
def test_lifetimes_make_sense(declared):
    oauth = declared.oauth
    lives = (oauth.access_token_lifetime, oauth.refresh_token_lifetime, oauth.consent_lifetime)

    assert all(life.total_seconds() >= 60 for life in lives if life)
    assert oauth.refresh_token_lifetime or not oauth.refresh_token_ends_anyway


# --- A whole sign-in


@contextmanager
def talking(server, case: Case, app: App | None = None, **more) -> Iterator[Conversation]:
    """A Flow with the stand-in of this case."""
    server.answer = lambda asked: PLATFORMS[case.slug].answer(split(asked)[1])
    used = app or APPS[case.oauth.app.slug]
    with flow(at(server, case), used, case.values, **more) as talk:
        yield talk


def climb(server, case: Case, tokens: Tokens):
    app = APPS[case.oauth.app.slug]
    values = values_of(case.oauth, app, tokens, case.values)
    grant = grant_of(case.oauth, tokens)
    return run_test(at(server, case), values, method=SIGN_IN, tokens=held(values, grant))


@each_case
def test_a_person_is_sent_off_with_all_that_was_declared(case):
    oauth = case.oauth

    with flow(case.provider, APPS[oauth.app.slug], case.values) as talk:
        url = authorization_url(talk)

    query = query_of(url)
    assert url.startswith(f"{oauth.authorization_url}?")
    assert (query["redirect_uri"], query["state"]) == (REDIRECT_URI, STATE)
    assert query["response_type"] == "code"
    assert query.get("scope") == oauth.scope
    assert query.get("code_challenge_method") == ("S256" if oauth.uses_pkce else None)
    assert oauth.authorization_params.items() <= query.items()
    assert {APPS[oauth.app.slug].client_secret, VERIFIER}.isdisjoint(query.values())


@each_case
def test_a_sign_in_passes_and_says_whose_account_it_reaches(case, server):
    with talking(server, case) as talk:
        tokens = connect(talk, case.person)
        result = climb(server, case, tokens)

    assert result.outcome == "passed"
    assert set(outcomes(result)) <= {"passed", "warned", "skipped"}
    assert result.account.id


@each_case
def test_the_code_is_exchanged_with_the_secret_in_one_place(case, server):
    secret = APPS[case.oauth.app.slug].client_secret
    with talking(server, case) as talk:
        callback = approve(authorization_url(talk), case.person)
        before = len(server.requests_seen)
        exchange(talk, callback)

    asked = server.requests_seen[before]
    host, _ = split(asked)
    form = asked.query if case.slug in ASKED_BY_GET else asked.form
    is_basic = case.oauth.client_authentication == "client_secret_basic"
    assert asked.method == ("GET" if case.slug in ASKED_BY_GET else "POST")
    assert host in case.provider.hosts
    assert (form["code"], form["redirect_uri"]) == (callback["code"], REDIRECT_URI)
    assert form.get("code_verifier") == (VERIFIER if case.oauth.uses_pkce else None)
    assert form.get("client_secret") == (None if is_basic else secret)
    assert asked.headers.get("Authorization", "").startswith("Basic ") == is_basic
    assert secret not in asked.query.values() or case.slug in ASKED_BY_GET


@each_case
def test_the_accounts_of_a_sign_in_can_be_chosen_from(case, server):
    provider = at(server, case)
    if not provider.for_values(case.values).lists_accounts:
        pytest.fail(f"{case} lists no accounts: none can be filled in by itself.")
    with talking(server, case) as talk:
        tokens = connect(talk, case.person)
    values = values_of(case.oauth, APPS[case.oauth.app.slug], tokens, case.values)
    values.pop("account_id", None)

    found = list_accounts(
        provider, values, method=SIGN_IN, tokens=held(values, grant_of(case.oauth, tokens))
    )

    assert found
    assert all(account.id for account in found)


@each_case
def test_a_sign_in_is_renewed_and_passes_again(case, server):
    with talking(server, case) as talk:
        held = connect(talk, case.person)
        if not held.refresh_token and not case.oauth.renews_without_refresh_token:
            with pytest.raises(errors.AuthExpired):
                talk.renew(held)
            return
        fresh = talk.renew(held)
        result = climb(server, case, replace(fresh, scopes=fresh.scopes or held.scopes))

    assert fresh.access_token
    assert fresh.refresh_token or not held.refresh_token
    assert result.outcome == "passed"


@each_case
def test_after_it_was_revoked_nothing_works_and_the_person_signs_in_again(case, server):
    with talking(server, case) as talk:
        tokens = connect(talk, case.person)
        if case.oauth.revocation_url is None:
            with pytest.raises(NotRevocable):
                talk.revoke(tokens)
            return
        talk.revoke(tokens)
        result = climb(server, case, tokens)
        with pytest.raises(errors.AuthExpired):
            talk.renew(tokens)

    assert result.outcome == "failed"
    assert result.error.kind in ("auth_invalid", "auth_expired")
    assert result.error.action == f"Sign in to {case.who.name} again."
    assert result.error.action_url is None


@each_case
def test_whoever_cancels_comes_back_with_the_state_and_without_a_code(case, server):
    with talking(server, case) as talk:
        callback = approve(authorization_url(talk), "")

    assert callback["state"] == STATE
    assert "code" not in callback
    assert {"error", "error_code"} & callback.keys()


@each_case
def test_a_code_is_good_once(case, server):
    with talking(server, case) as talk:
        callback = approve(authorization_url(talk), case.person)
        exchange(talk, callback)
        # LinkedIn says the same of another redirect URI.
        with pytest.raises(errors.Refused):
            exchange(talk, callback)


# Where several permissions were asked for, and what was granted is told.
LEFT_OUT = [
    (case, scope)
    for case in SIGN_IN_CASES
    for scope in case.oauth.scopes
    if case.oauth.lists_scopes
    and len(case.oauth.scopes) > 1
    and SIGN_INS[case.oauth.app.slug].tells_scopes
]


@pytest.mark.parametrize(
    ("case", "scope"), LEFT_OUT, ids=[f"{case}-{scope.name}" for case, scope in LEFT_OUT]
)
def test_a_permission_that_was_not_given_is_named_with_what_stops(case, scope, server):
    with talking(server, case) as talk:
        tokens = connect(talk, case.person, without=scope.name)
        result = climb(server, case, tokens)

    said = " ".join(step.detail for step in result.steps)
    assert scope.stops in said
    if scope.is_optional:
        assert result.outcome == "passed"
        assert "warned" in outcomes(result)
    else:
        assert result.error.kind == "permission_missing"


# --- The app


@each_case
def test_another_secret_is_the_owners_to_correct(case, server):
    app = APPS[case.oauth.app.slug]
    other = replace(app, client_secret=f"{app.client_secret}0")
    with talking(server, case) as talk:
        tokens = connect(talk, case.person)
        callback = approve(authorization_url(talk), case.person)

    with talking(server, case, other) as talk:
        with pytest.raises(AppRefused):
            exchange(talk, callback)
        if tokens.refresh_token:
            with pytest.raises(AppRefused):
                talk.renew(tokens)


@each_case
def test_a_wrong_app_is_never_proven(case, server):
    app = APPS[case.oauth.app.slug]

    for other in (replace(app, client_id=f"{app.client_id}0"), replace(app, client_secret="0" * 9)):
        with talking(server, case, other) as talk:
            try:
                proven = talk.prove_app()
            except AppRefused:
                proven = False
        assert not proven


@each_case
def test_the_right_app_is_never_refused(case, server):
    with talking(server, case) as talk:
        assert talk.prove_app() in (True, False)


# --- What the token's address may answer

OUTAGES = {
    "429": status(429),
    "500": status(500),
    "502": status(502),
    "503": status(503),
    "HTML": page,
    "silence": lambda _: Answer(is_silent=True),
    "reset": lambda _: Answer(is_reset=True),
    "half a reply": lambda _: Answer(200, {"access_token": "half"}, is_cut=True),
    "10 MB": lambda _: Answer(200, ABSURD),
    "nothing": lambda _: Answer(200, b""),
    "no token": lambda _: Answer(200, {}),
    "302": lambda _: Answer(302, "", {"Location": "/elsewhere"}),
    "404": status(404),
    "a wall": lambda _: Answer(403, "<!doctype html><p>Are you a robot?"),
}
IMPATIENT = Timeouts(read=0.05)
HELD = Tokens("held-access-TOKEN", "held-refresh-TOKEN")


def answers(server, case: Case, answer, call, timeouts=USUAL_TIMEOUTS):
    """What comes of a call that gets this one answer."""
    with talking(server, case, timeouts=timeouts) as talk:
        server.answer = answer
        with pytest.raises(errors.ProviderError) as caught:
            call(talk)
    return caught.value


CALLS = {
    "exchange": lambda talk: exchange(talk, {"code": "c0de-of-the-callback"}),
    "renew": lambda talk: talk.renew(HELD),
}
each_call = pytest.mark.parametrize("call", CALLS)


@pytest.mark.parametrize("outage", OUTAGES)
@each_call
@each_case
def test_no_outage_sends_anybody_to_sign_in_again(case, call, outage, server):
    patience = IMPATIENT if outage == "silence" else USUAL_TIMEOUTS
    error = answers(server, case, OUTAGES[outage], CALLS[call], patience)

    # Where an address of one's own may be typed, that may be what is wrong.
    is_typed = case.who.takes_any_address and type(error) is errors.InvalidConfig
    assert isinstance(error, errors.Unanswered) or is_typed, error
    assert flaws(error.message) == []
    assert flaws(error.action) == []
    for secret in (APPS[case.oauth.app.slug].client_secret, HELD.refresh_token, VERIFIER):
        assert secret not in f"{error.message} {error.action} {error!r}"


@each_call
@each_case
def test_the_end_of_a_sign_in_is_told_in_the_standards_words(case, call, server):
    ended = {"error": "invalid_grant", "error_description": "It was revoked."}

    error = answers(server, case, lambda _: Answer(400, ended), CALLS[call])

    assert isinstance(error, errors.AuthExpired)
    assert error.action.startswith("Sign in")


@each_call
@each_case
def test_a_401_without_a_word_is_about_the_app_and_sends_nobody_to_sign_in_again(
    case, call, server
):
    error = answers(server, case, lambda _: Answer(401, {}), CALLS[call])

    assert isinstance(error, AppRefused), error
