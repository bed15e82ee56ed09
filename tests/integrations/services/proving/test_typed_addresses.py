"""A typed address that was proven and answers with something else: nobody's mistake."""

import pytest
from django.test import override_settings

from integrations import platforms
from integrations.models import Credential, Trigger
from integrations.services import rows
from integrations.services.connecting import saving, trying
from integrations.services.connecting.changes import Changes
from integrations.services.proving import discovery, testing
from providers import errors, registry
from providers.sandbox import crm
from providers.sandbox.server import Answer, Server
from tests.integrations.services.credentials.typed import SALESFORCE

PAGE = Answer(200, "<!DOCTYPE html><p>Back soon")
DATA = Answer(200, {"username": "acme_studio", "rating": 4.9})
REFUSED = Answer(401, {})


class Service:
    """What a data service of the team's own answers, with the right key and without."""

    def __init__(self):
        self.says = DATA

    def answer(self, asked):
        return self.says if asked.bearer.startswith("service-key") else REFUSED


@pytest.fixture
def service(settings):
    of_team = Service()
    with Server(of_team.answer) as server:
        settings.PROVIDER_ORIGINS = {"fiverr": {"API": server.url}}
        platforms.catalogue.cache_clear()
        yield of_team
    platforms.catalogue.cache_clear()


VALUES = {"base_url": "https://data.acme.example/fiverr", "access_token": "service-key-4321"}


def save(workspace, **changes):
    changes = Changes(config=changes, auth_method="data_endpoint")
    return saving.change_connection(rows.unread(workspace, "fiverr"), changes, by=None).connection


def ask(workspace):
    connection = rows.find(workspace, "fiverr")
    test = testing.test_connection(connection, trigger=Trigger.SCHEDULE)
    return test, rows.find(workspace, "fiverr")


def test_until_it_was_proven_the_person_has_to_correct_it(service, workspace):
    save(workspace, **VALUES)
    service.says = PAGE

    test, connection = ask(workspace)

    assert (test.outcome, test.error_kind) == ("failed", "invalid_config")
    assert connection.status == "error"


def test_after_that_the_proof_stands_and_nobody_is_asked_to_correct_it(service, workspace):
    save(workspace, **VALUES)
    _, proven = ask(workspace)
    service.says = PAGE

    test, connection = ask(workspace)

    assert (test.outcome, test.error_kind) == ("inconclusive", "blocked")
    assert test.steps[0]["outcome"] == "inconclusive"
    assert (connection.status, connection.proven_at) == ("connected", proven.proven_at)
    assert connection.unanswered_since == test.finished_at


def test_a_refusal_meanwhile_does_not_make_it_unproven(service, workspace):
    save(workspace, **VALUES)
    ask(workspace)
    service.says = REFUSED
    _, refused = ask(workspace)
    service.says = PAGE

    test, connection = ask(workspace)

    assert test.outcome == "inconclusive"
    assert connection.error_kind == refused.error_kind == "auth_invalid"


@pytest.mark.parametrize(
    "changes",
    [
        {**VALUES, "base_url": "https://new.acme.example/fiverr"},
        {"access_token": "service-key-9876"},
    ],
)
def test_other_values_have_to_be_proven_themselves(service, workspace, changes):
    save(workspace, **VALUES)
    ask(workspace)
    save(workspace, **changes)
    service.says = PAGE

    test, connection = ask(workspace)

    assert (test.outcome, test.error_kind) == ("failed", "invalid_config")
    assert connection.status == "error"


def test_a_pass_that_only_tried_other_values_proves_nothing(service, workspace):
    connection = save(workspace, **VALUES)
    tried = trying.dry_run(connection, Changes(config=VALUES), trigger=Trigger.API)
    service.says = PAGE

    test, _ = ask(workspace)

    assert (tried.outcome, test.outcome) == ("passed", "failed")


@pytest.mark.parametrize(
    ("changes", "outcome"),
    [
        ({}, "inconclusive"),
        (VALUES, "inconclusive"),
        ({"access_token": "service-key-9876"}, "failed"),
    ],
)
def test_a_trial_of_the_proven_values_is_of_proven_values(service, workspace, changes, outcome):
    save(workspace, **VALUES)
    _, connection = ask(workspace)
    service.says = PAGE

    test = trying.dry_run(connection, Changes(config=changes), trigger=Trigger.API)

    assert test.outcome == outcome


def test_the_list_of_accounts_says_it_too(service, workspace):
    connection = save(workspace, **VALUES)
    service.says = PAGE

    with pytest.raises(errors.InvalidConfig):
        discovery.accounts(connection)
    service.says = DATA
    _, proven = ask(workspace)
    service.says = PAGE
    with pytest.raises(errors.Blocked):
        discovery.accounts(proven)


# --- Where a token is asked for at the typed address


@pytest.fixture
def salesforce(workspace):
    """Salesforce, connected by an app; `says` is what its token address says instead."""
    of_tokens = {}

    def answer(asked):
        return of_tokens.get(asked.path) or crm.PLATFORM.answer(asked)

    with Server(answer) as server:
        hosts = registry.get("crm").for_values(SALESFORCE.config).hosts
        origins = {"crm": dict.fromkeys(hosts, server.url)}
        with override_settings(PROVIDER_ORIGINS=origins):
            platforms.catalogue.cache_clear()
            saving.change_connection(rows.unread(workspace, "crm"), SALESFORCE.changes, by=None)
            yield of_tokens
    platforms.catalogue.cache_clear()


TOKEN_PATH = "/services/oauth2/token"
EMPTY, REDIRECT = Answer(200, ""), Answer(302, "", {"Location": "https://elsewhere.example/"})


def ask_anew(workspace):
    Credential.objects.update(tokens="", failed_at=None)
    connection = rows.find(workspace, "crm")
    return testing.test_connection(connection, trigger=Trigger.SCHEDULE)


@pytest.mark.parametrize("says", [EMPTY, REDIRECT])
def test_no_token_from_a_proven_address_is_no_refusal(salesforce, workspace, says):
    salesforce[TOKEN_PATH] = says
    before = ask_anew(workspace)
    del salesforce[TOKEN_PATH]
    proof = ask_anew(workspace)
    salesforce[TOKEN_PATH] = says

    after = ask_anew(workspace)

    assert [before.outcome, proof.outcome, after.outcome] == ["failed", "passed", "inconclusive"]
    row = Credential.objects.get(connections__provider="crm")
    assert row.failure_kind == after.error_kind == "unexpected_reply"
