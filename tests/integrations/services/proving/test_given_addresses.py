"""An address that a sign-in gave is not the person's to correct: a renewal may name another."""

import pytest

from integrations.models import Trigger
from integrations.services import rows
from integrations.services.proving import discovery, testing
from providers import errors
from providers.sandbox import crm
from providers.sandbox.crm import salesforce
from providers.sandbox.server import Answer
from tests.integrations.services.connecting.test_signing_in import Visitor, here

MOVED = Answer(301, "", {"Location": "https://acme-2.my.salesforce.com/services/data/"})
TOKEN_PATH = "/services/oauth2/token"


@pytest.fixture
def moved(settings, workspace, editor):
    """Salesforce, connected by a sign-in, whose organization moves: `moved(renewals)` says how
    many renewals it takes to be told the new address.
    """
    with here(settings, "crm", crm.PLATFORM.answer, salesforce=salesforce.SIGN_IN) as server:
        Visitor(editor).connects("healthy", "crm", "salesforce", vendor="salesforce")

        def start(renewals):
            usual, seen = server.answer, len(server.requests_seen)

            def asked_since(path):
                return [one for one in server.requests_seen[seen:] if one.path == path]

            def answer(asked):
                is_old = len(asked_since(TOKEN_PATH)) < renewals
                return MOVED if is_old and asked.path == "/services/data/" else usual(asked)

            server.answer = answer
            return asked_since

        yield start


def ask(workspace):
    connection = rows.find(workspace, "crm")
    return testing.test_connection(connection, trigger=Trigger.SCHEDULE)


def test_a_moved_instance_is_found_by_a_renewal(workspace, moved):
    asked_since = moved(1)

    test = ask(workspace)

    assert (test.outcome, test.message) == ("passed", "")
    assert len(asked_since(TOKEN_PATH)) == 1


def test_an_instance_that_stays_away_asks_nobody_to_correct_an_address(workspace, moved):
    asked_since = moved(99)

    test = ask(workspace)

    assert (test.outcome, test.error_kind) == ("inconclusive", "provider_unavailable")
    assert test.message == "Salesforce does not answer at the address that the sign-in gave."
    assert test.action == "Nothing to fix here: test again later."
    assert len(asked_since(TOKEN_PATH)) == 1
    assert rows.find(workspace, "crm").proven_at


def test_accounts_of_a_moved_instance_are_listed_after_a_renewal(workspace, moved):
    moved(1)

    [account] = discovery.accounts(rows.find(workspace, "crm"))

    assert account.name == "Acme"


def test_accounts_of_an_instance_that_stays_away_are_not(workspace, moved):
    moved(99)

    with pytest.raises(errors.ProviderUnavailable, match="at the address that the sign-in gave"):
        discovery.accounts(rows.find(workspace, "crm"))
