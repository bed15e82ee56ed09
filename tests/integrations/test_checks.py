"""`manage.py check` names each thing that a platform file lacks, and nothing of a whole one."""

from dataclasses import replace

import pytest
from django.core.management import call_command
from django.core.management.base import SystemCheckError

from integrations import checks
from providers import declare as base
from providers import registry
from providers.declare import (
    App,
    AppForm,
    Cost,
    ErrorRule,
    Field,
    Guide,
    Method,
    OAuth,
    Passed,
    Provider,
    Scope,
    Vendor,
    access_token,
    account_id,
    at,
    base_url,
    sign_in,
    step,
)
from providers.errors import AuthInvalid

LINK = "https://acme.example/keys"


class AcmeTester(base.Tester):
    @step("Key is valid")
    def key_is_valid(self):
        return Passed("It is.")


class NothingAsked(base.Tester):
    pass


GUIDE = Guide(
    who="An admin of Acme.",
    steps=(at("Make a key.", LINK, "keys at Acme"), "Copy it."),
    lasts="Until it is deleted.",
    pitfalls=("Acme shows it once.",),
)
ACME = Provider(
    slug="acme",
    name="Acme",
    used_by=("Tests",),
    docs_url="https://acme.example/docs",
    hosts={"API": "https://api.acme.example"},
    methods=(Method("api_key", "An API key", help="Anyone can make one.", guide=GUIDE),),
    fields=(access_token(help="In the settings."), account_id(), base_url()),
    tester=AcmeTester,
    cost=Cost(calls=1, note="One call of 100 an hour."),
)
RULE = ErrorRule(error=AuthInvalid, message="The key has ended.", action="Make a new one.")
NOTE = "The cost of a test is missing: its calls, and what they are of the quota."

METHOD = sign_in("Sign in with Acme", "You are sent to Acme.", guide=GUIDE)
SCOPE = Scope(name="ads:read", gives="ads", stops="Nothing can be read.")
OAUTH = OAuth(
    app=AppForm(
        slug="acme",
        name="Acme",
        console_url=LINK,
        steps=("Create an app.",),
        pitfalls=("It is not published.",),
    ),
    authorization_url="https://acme.example/authorize",
    token_url="https://api.acme.example/token",
    revocation_url="https://api.acme.example/revoke",
    scopes=(SCOPE,),
)
SIGNS_IN = replace(
    ACME,
    hosts={"API": "https://api.acme.example", "AUTHORIZATION": "https://acme.example"},
    methods=(*ACME.methods, METHOD),
    fields=(access_token(help="There.", methods=("api_key",)), *ACME.fields[1:]),
    oauth=OAUTH,
)
NO_METHOD = "It is declared how one signs in, but the method sign_in is missing."
NO_SIGN_IN = "There is the method sign_in, but nothing says how one signs in."
NO_WAY_OUT = "Nothing says how a sign-in is ended at the platform."
NO_STEPS = "The app acme does not say how it is made and what usually goes wrong."
NO_GUIDE = (
    "The method api_key has a guide without who does it, steps, how long it lasts or pitfalls."
)
NO_WORDS = "The scope ads:read does not say what it gives and what stops without it."


def with_field(**changes):
    return {"fields": (*ACME.fields, Field(**({"name": "extra", "label": "Extra"} | changes)))}


def with_guide(guide):
    return {"methods": (replace(ACME.methods[0], guide=guide),)}


def with_vendors(*vendors):
    choices = tuple((vendor.value, vendor.value.title()) for vendor in vendors)
    first = Field(name="vendor", label="Vendor", type="choice", choices=choices)
    return {"asks_first": "vendor", "vendors": vendors, "fields": (*ACME.fields, first)}


LACKS = [
    ({"tester": NothingAsked}, "The tester has no steps."),
    ({"cost": None}, NOTE),
    ({"cost": Cost(calls=0, note="Free.")}, NOTE),
    ({"cost": Cost(calls=1)}, NOTE),
    ({"used_by": ()}, "Nothing says what the platform is used for."),
    ({"hosts": {"TOKEN": "https://acme.example"}}, "The host API is missing."),
    ({"docs_url": ""}, "The docs_url is no link with https."),
    (with_field(help_url="acme.example"), "The help_url of extra is no link with https."),
    (
        {"errors": (replace(RULE, action_url="acme.example"),)},
        "The action_url of 'The key has ended.' is no link with https.",
    ),
    (
        {"errors": (RULE, replace(RULE, message=""))},
        "Error rule 2 does not say what happened and what to do.",
    ),
    (
        {"errors": (replace(RULE, action=""),)},
        "Error rule 1 does not say what happened and what to do.",
    ),
    (
        {"asks_first": "vendor"},
        "The vendors are not the choices of the field that is asked first.",
    ),
    (
        with_vendors(Vendor("one", "You need a key.", methods={"letter": {}}, fields={})),
        "The vendor one has no words or way, or unknown ones: ['letter'].",
    ),
    (
        with_vendors(Vendor("one", "", methods={"api_key": {}}, fields={})),
        "The vendor one has no words or way, or unknown ones: [].",
    ),
    ({"methods": ()}, "There is no method to connect with."),
    (
        {"methods": (Method("api_key", "An API key", guide=GUIDE),)},
        "The method api_key has no label or no help.",
    ),
    (with_guide(None), "The method api_key has no guide."),
    *(
        (with_guide(replace(GUIDE, **changes)), NO_GUIDE)
        for changes in ({"who": ""}, {"steps": ()}, {"lasts": ""}, {"pitfalls": ()})
    ),
    (
        with_guide(replace(GUIDE, steps=(at("Make a key.", "acme.example", "Acme"),))),
        "The method api_key has a guide with a link that is none with https.",
    ),
    (
        {"fields": (access_token(help="There.", required=False), account_id(), base_url())},
        "The method api_key needs nothing to be entered.",
    ),
    ({"fields": (*ACME.fields, account_id())}, "Two fields have the same name."),
    ({"fields": ACME.fields[:2]}, "The generic field base_url is missing."),
    (with_field(label=""), "The field extra has no label."),
    (with_field(secret=True), "The field extra does not say where the secret is found."),
    (with_field(pattern="a+"), "The pattern of extra has no message."),
    (with_field(usual_pattern="a+"), "The usual pattern of extra has no message."),
    (
        with_field(methods=("sign_in",)),
        "The field extra names a method sign_in that is not declared.",
    ),
]


@pytest.mark.parametrize(("changes", "sentence"), LACKS, ids=[lack for _, lack in LACKS])
def test_each_thing_that_is_missing_has_a_sentence(changes, sentence):
    assert list(checks.lacks(replace(ACME, **changes))) == [sentence]


def with_oauth(**changes):
    return {"oauth": replace(OAUTH, **changes)}


def with_app(**changes):
    return with_oauth(app=replace(OAUTH.app, **changes))


LACKS_OF_SIGN_IN = [
    ({"methods": ACME.methods}, NO_METHOD),
    ({"oauth": None}, NO_SIGN_IN),
    *(
        (with_oauth(**{name: url}), f"The {name} of the sign-in lies on none of the hosts.")
        for name in ("authorization_url", "token_url", "revocation_url")
        for url in ("https://login.acme.example/oauth", "http://acme.example/oauth")
    ),
    (with_oauth(uses_pkce=False), "PKCE is off, and no source says why."),
    (with_oauth(revocation_url=None), NO_WAY_OUT),
    (with_oauth(scopes=(replace(SCOPE, gives=""),)), NO_WORDS),
    (with_oauth(scopes=(SCOPE, replace(SCOPE, stops=""))), NO_WORDS),
    (
        with_oauth(errors=(RULE, replace(RULE, action=""))),
        "Error rule 2 of the sign-in does not say what happened and what to do.",
    ),
    (
        with_oauth(errors=(replace(RULE, action_url="acme.example"),)),
        "The action_url of 'The key has ended.' is no link with https.",
    ),
    (
        with_oauth(app_values={"client_secret": "account_id"}),
        "The field account_id takes the app's secret, but is no secret field.",
    ),
    (with_app(slug="Acme/1"), "The slug 'Acme/1' of the app cannot be a part of an address."),
    (
        with_app(console_url="acme.example"),
        "The console_url of the app is no link with https.",
    ),
    (with_app(steps=()), NO_STEPS),
    (with_app(pitfalls=()), NO_STEPS),
    (with_app(client_id_message=""), "The client_id of the app has no pattern or no message."),
    (
        with_app(client_secret_pattern=""),
        "The client_secret of the app has no pattern or no message.",
    ),
]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    LACKS_OF_SIGN_IN,
    ids=[f"{at}: {lack}" for at, (_, lack) in enumerate(LACKS_OF_SIGN_IN)],
)
def test_each_thing_that_a_sign_in_lacks_has_a_sentence(changes, sentence):
    assert list(checks.lacks(replace(SIGNS_IN, **changes))) == [sentence]


@pytest.mark.parametrize(
    "changes",
    [
        {},
        with_oauth(uses_pkce=False, pkce_source="https://acme.example/docs"),
        with_oauth(revocation_url=None, how_to_remove="Remove the app in Acme's settings."),
        with_oauth(scopes=()),
        with_oauth(app_values={"client_secret": "access_token"}),
    ],
)
def test_a_sign_in_that_is_declared_in_full_lacks_nothing(changes):
    assert list(checks.lacks(replace(SIGNS_IN, **changes))) == []


def of_vendor(platform, values):
    """A platform of two vendors, one of which lets people sign in."""
    if values.get("vendor") == "one":
        return replace(platform, name="One", oauth=replace(OAUTH, uses_pkce=False))
    return replace(platform, name="Two", oauth=None)


@pytest.mark.parametrize(
    ("announced", "lacks"),
    [
        (({"vendor": "one"},), ["PKCE is off, and no source says why."]),
        (
            ({"vendor": "one"}, {"vendor": "two"}),
            [
                "PKCE is off, and no source says why.",
                "The variant Two has no sign-in, though one is announced.",
            ],
        ),
        ((), [NO_SIGN_IN]),
    ],
)
def test_every_variant_that_is_announced_is_looked_at(announced, lacks):
    several = replace(SIGNS_IN, oauth=None, variant=of_vendor, oauth_variants=announced)

    assert list(checks.lacks(several)) == lacks


def test_an_address_of_ones_own_is_a_host_of_its_variant():
    own = {"base_url": "https://acme.my.example"}
    oauth = replace(OAUTH, token_url="https://acme.my.example/token", revocation_url=None)
    oauth = replace(oauth, how_to_remove="Remove it there.")

    def at_home(platform, values):
        return replace(platform, oauth=oauth if values else None)

    several = replace(SIGNS_IN, oauth=None, variant=at_home, oauth_variants=(own,))

    assert list(checks.lacks(several)) == []


def test_a_whole_platform_lacks_nothing():
    assert list(checks.lacks(ACME)) == []


@pytest.mark.parametrize("slug", registry.catalogue())
def test_our_own_platforms_lack_nothing(slug):
    assert list(checks.lacks(registry.get(slug))) == []


def test_a_platform_without_a_tester_works_and_is_warned_about(monkeypatch):
    untested = replace(ACME, tester=None, cost=None)
    monkeypatch.setattr(registry, "catalogue", lambda: {"acme": untested})

    [message] = checks.platforms_are_complete()

    assert (message.msg, message.obj) == ("The tester is missing.", "Platform acme")
    assert not message.is_serious()


@pytest.mark.django_db
def test_the_command_stops_at_an_incomplete_platform_and_names_everything(monkeypatch):
    incomplete = replace(ACME, cost=None, docs_url="", used_by=())
    monkeypatch.setattr(registry, "catalogue", lambda: {"acme": incomplete})

    with pytest.raises(SystemCheckError) as stopped:
        call_command("check")

    told = str(stopped.value)
    assert f"Platform acme: (integrations.E001) {NOTE}" in told
    assert "The docs_url is no link with https." in told
    assert "Nothing says what the platform is used for." in told


@pytest.mark.django_db
def test_the_command_is_content_with_a_whole_one(monkeypatch, capsys):
    monkeypatch.setattr(registry, "catalogue", lambda: {"acme": ACME})

    call_command("check")

    assert "no issues" in capsys.readouterr().out


def test_a_misspelt_app_is_an_error(settings):
    settings.APPS = {"googel": App("an-id", "a-secret"), "google": App("an-id", "a-secret")}

    (error,) = checks.apps_are_known()

    assert error.id == "integrations.E003"
    assert "APP_GOOGEL__CLIENT_ID" in error.msg
    assert "google" in error.hint
    assert "a-secret" not in str(error)
