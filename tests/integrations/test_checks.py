"""`manage.py check` names each thing that a platform file lacks, and nothing of a whole one."""

from dataclasses import replace

import pytest
from django.core.management import call_command
from django.core.management.base import SystemCheckError

from integrations import checks
from providers import base, registry
from providers.base import (
    Cost,
    ErrorRule,
    Field,
    Method,
    Passed,
    Provider,
    access_token,
    account_id,
    base_url,
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


ACME = Provider(
    slug="acme",
    name="Acme",
    used_by=("Tests",),
    docs_url="https://acme.example/docs",
    setup_url=LINK,
    hosts={"API": "https://api.acme.example"},
    methods=(Method("api_key", "An API key", help="Anyone can make one."),),
    fields=(access_token(help="In the settings."), account_id(), base_url()),
    tester=AcmeTester,
    cost=Cost(calls=1, note="One call of 100 an hour."),
)
RULE = ErrorRule(error=AuthInvalid, message="The key has ended.", action="Make a new one.")
NOTE = "The cost of a test is missing: its calls, and what they are of the quota."


def with_field(**changes):
    return {"fields": (*ACME.fields, Field(**({"name": "extra", "label": "Extra"} | changes)))}


LACKS = [
    ({"tester": NothingAsked}, "The tester has no steps."),
    ({"cost": None}, NOTE),
    ({"cost": Cost(calls=0, note="Free.")}, NOTE),
    ({"cost": Cost(calls=1)}, NOTE),
    ({"used_by": ()}, "Nothing says what the platform is used for."),
    ({"hosts": {"TOKEN": "https://acme.example"}}, "The host API is missing."),
    ({"docs_url": ""}, "The docs_url is no link with https."),
    ({"setup_url": "http://acme.example"}, "The setup_url is no link with https."),
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
    ({"methods": ()}, "There is no method to connect with."),
    (
        {"methods": (Method("api_key", "An API key"),)},
        "The method api_key has no label or no help.",
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
