"""Whoever writes in the database cannot have secrets sent elsewhere than they were entered for."""

from dataclasses import replace

import pytest

from integrations.models import (
    AppRegistration,
    Candidate,
    Credential,
    IntegrationConnection,
    Trigger,
    Workspace,
)
from integrations.services import rows
from integrations.services.connecting import candidates, saving
from integrations.services.connecting.changes import Changes
from integrations.services.credentials import apps, tokens
from integrations.services.keeping import renewals
from integrations.services.proving import discovery, testing
from providers import errors
from providers.declare import App
from providers.outbound.addresses import parse_allowed
from providers.sandbox import calendly as calendly_sandbox
from providers.sandbox.crm import PLATFORM
from providers.sandbox.server import Server
from tests.integrations.conftest import VALUES
from tests.integrations.kept import sign_ins
from tests.integrations.services.credentials import typed
from tests.integrations.services.credentials.renewals import row_of as sign_in_of
from tests.integrations.services.credentials.renewals import run_out
from tests.integrations.services.credentials.typed import row_of

MOVED = (
    "What is saved was changed outside of this application: it would send the secrets elsewhere "
    "than they were entered for."
)
UNREADABLE = "The stored credentials cannot be read."


@pytest.fixture
def servers(settings):
    """Somebody's CRM, and a thief who would answer just as well."""
    with Server(PLATFORM.answer) as home, Server(PLATFORM.answer) as thief:
        ports = (server.url.removeprefix("http://") for server in (home, thief))
        settings.OUTBOUND_ALLOW = parse_allowed(",".join(ports))
        yield home, thief


@pytest.fixture
def generic(workspace, servers):
    """A CRM of one's own, connected and proven."""
    home, _ = servers
    config = {
        "vendor": "generic",
        "base_url": home.url,
        "health_path": "/me",
        "auth_kind": "api_key_header",
        "header_name": "x-api-key",
        "access_token": "key-healthy",
    }
    changes = Changes(config=config, auth_method="rest")
    connection = saving.change_connection(
        rows.unread(workspace, "crm"), changes, by=None
    ).connection
    assert ask(connection).outcome == "passed"
    forget(*servers)
    return rows.find(workspace, "crm")


def ask(connection):
    return testing.test_connection(connection, trigger=Trigger.SCHEDULE)


def forget(*servers):
    for server in servers:
        server.requests_seen.clear()


def tamper(connection, **columns):
    """What a thief writes into the row of a connection; the connection as it is read then."""
    IntegrationConnection.objects.filter(pk=connection.pk).update(**columns)
    return IntegrationConnection.objects.get(pk=connection.pk)


def with_config(connection, **changed):
    config = {**connection.config, **changed}
    return {name: value for name, value in config.items() if value is not None}


def tamper_row(row, **columns):
    Credential.objects.filter(pk=row.pk).update(**columns)


def assert_nothing_is_sent(connection, message, *servers):
    """A test fails with this sentence, everybody sees it, and nobody was asked anything."""
    test = ask(connection)

    assert [server.requests_seen for server in servers] == [[] for _ in servers]
    assert (test.outcome, test.error_kind) == ("failed", "credentials_unreadable")
    assert test.message == message
    found = rows.find(connection.workspace, connection.provider)
    assert (found.status, found.last_error) == ("error", message)
    assert found.light(found.updated_at) == "red"


# --- The plain values that say where and how -----------------------------------------------------

PLAIN = [
    pytest.param({"base_url": "the thief's"}, id="another address"),
    pytest.param({"base_url": "the thief's", "vendor": None}, id="another address, any vendor"),
    pytest.param({"header_name": "x-logged"}, id="another header"),
    pytest.param({"auth_kind": "bearer"}, id="sent in another way"),
    pytest.param({"auth_kind": None, "header_name": None}, id="sent in the usual way"),
    pytest.param({"username": "somebody"}, id="beside a user name"),
    pytest.param({"health_path": "/of/somebody"}, id="to another path"),
    pytest.param({"vendor": "hubspot"}, id="to another vendor"),
]


@pytest.fixture
def changed(request, servers):
    _, thief = servers
    return {k: thief.url if v == "the thief's" else v for k, v in request.param.items()}


@pytest.mark.parametrize("changed", PLAIN, indirect=True)
def test_a_value_that_was_changed_in_the_database_sends_nothing(generic, servers, changed):
    moved = tamper(generic, config=with_config(generic, **changed))

    assert_nothing_is_sent(moved, MOVED, *servers)


@pytest.mark.parametrize("changed", PLAIN, indirect=True)
def test_nor_does_it_when_the_sealed_row_is_changed_to_match(generic, servers, changed):
    moved = tamper(generic, config=with_config(generic, **changed))
    row = row_of(generic)
    values = moved.platform.bound("rest", moved.config)
    tamper_row(row, values={name: moved.config.get(name) for name in {*row.values, *values}})

    assert_nothing_is_sent(moved, UNREADABLE, *servers)


def test_a_sealed_row_that_forgets_a_value_sends_nothing(generic, servers):
    _, thief = servers
    tamper_row(row_of(generic), values={})

    moved = tamper(generic, config=with_config(generic, base_url=thief.url))

    assert_nothing_is_sent(moved, MOVED, *servers)


def test_another_way_in_sends_nothing(generic, servers):
    assert_nothing_is_sent(tamper(generic, auth_method="access_token"), MOVED, *servers)


def test_the_api_and_the_page_show_what_is_wrong(generic, servers, api):
    _, thief = servers
    tamper(generic, config=with_config(generic, base_url=thief.url))

    api.post("/api/integrations/crm/test", "{}", content_type="application/json")

    read = api.get("/api/integrations/crm").json()
    assert (read["status"], read["light"], read["lastError"]) == ("error", "red", MOVED)
    assert "enter the secrets again" in read["failure"]["action"].lower()
    assert thief.requests_seen == []


def test_entering_the_secrets_again_puts_it_right(generic, servers, workspace):
    home, thief = servers
    tamper(generic, config=with_config(generic, base_url=thief.url))

    again = {"access_token": "key-healthy", "base_url": home.url}
    saved = saving.change_connection(
        rows.unread(workspace, "crm"), Changes(config=again), by=None
    ).connection

    assert ask(saved).outcome == "passed"
    assert thief.requests_seen == []


@pytest.mark.parametrize(
    ("case", "changed"),
    [
        (typed.SALESFORCE, {"base_url": "https://thief.my.salesforce.com"}),
        (typed.SALESFORCE, {"client_id": "3MVG9another"}),
        (typed.ZOHO, {"data_centre": "cn"}),
        (typed.UPWORK, {"client_id": "0" * 32}),
        (typed.SERVICE_ACCOUNT, {"impersonated_email": "boss@acme.example"}),
    ],
    ids=["My Domain", "consumer key", "data centre", "client", "impersonation"],
)
@pytest.mark.parametrize("has_token", [True, False], ids=["with a kept token", "without"])
def test_no_token_is_got_or_used_elsewhere(workspace, case, changed, has_token):
    with typed.standing_in(case) as platform:
        saved = typed.save(workspace, case)
        if has_token:
            assert ask(saved).outcome == "passed"
            forget(platform)

        moved = tamper(saved, config=with_config(saved, **changed))

        assert_nothing_is_sent(moved, MOVED, platform)


def test_a_list_of_accounts_is_not_asked_for_either(workspace):
    with typed.standing_in(typed.UPWORK) as platform:
        saved = typed.save(workspace, typed.UPWORK)
        moved = tamper(saved, config=with_config(saved, client_id="0" * 32))

        with pytest.raises(errors.CredentialsUnreadable) as refused:
            discovery.accounts(moved)

        assert refused.value.message == MOVED
        assert platform.requests_seen == []


# --- Envelopes -----------------------------------------------------------------------------------


@pytest.fixture
def upwork(workspace):
    """Upwork with a kept token."""
    with typed.standing_in(typed.UPWORK) as platform:
        saved = typed.save(workspace, typed.UPWORK)
        assert ask(saved).outcome == "passed"
        forget(platform)
        yield saved, platform


@pytest.fixture
def elsewhere(db):
    return Workspace.objects.create(slug="elsewhere", name="Elsewhere")


def test_an_envelope_of_the_other_column_opens_nothing(upwork):
    connection, platform = upwork
    row = row_of(connection)
    tamper_row(row, secrets=row.tokens, tokens=row.secrets)

    assert_nothing_is_sent(connection, UNREADABLE, platform)


def test_a_kept_token_of_another_column_is_forgotten_and_asked_for_anew(upwork):
    connection, _ = upwork
    moved = row_of(connection).secrets
    tamper_row(row_of(connection), tokens=moved)

    test = testing.test_connection(connection, trigger=Trigger.SCHEDULE)

    assert test.outcome == "passed"
    assert row_of(connection).obtained().keys() == {"access_token"}


def test_an_envelope_of_another_row_opens_nothing(upwork, elsewhere):
    connection, platform = upwork
    other = typed.save(elsewhere, typed.UPWORK)
    tamper_row(row_of(connection), secrets=row_of(other).secrets, tokens="")

    assert_nothing_is_sent(connection, UNREADABLE, platform)


def test_an_envelope_of_a_connection_opens_nothing_as_a_sign_in(
    calendly_signed_in, calendly, upwork
):
    connection, platform = upwork
    tamper_row(sign_in_of(calendly_signed_in), tokens=row_of(connection).tokens)
    forget(calendly)

    assert_nothing_is_sent(calendly_signed_in, UNREADABLE, calendly, platform)


@pytest.fixture
def app_row(workspace, owner):
    saved = apps.save(
        workspace,
        "calendly",
        client_id=calendly_sandbox.SIGN_IN.client_id,
        client_secret=calendly_sandbox.SIGN_IN.client_secret,
        by=owner,
    )
    return saved.credential


def test_an_envelope_of_an_app_opens_nothing_as_a_connection(upwork, app_row):
    connection, platform = upwork
    tamper_row(row_of(connection), secrets=app_row.secrets, tokens="")

    assert_nothing_is_sent(connection, UNREADABLE, platform)


def test_an_apps_secret_is_not_used_for_another_app_or_workspace(app_row, workspace, elsewhere):
    AppRegistration.objects.update(app="linkedin")
    assert apps.find(workspace.pk, "linkedin") is None

    AppRegistration.objects.update(app="calendly", workspace=elsewhere)
    assert apps.find(elsewhere.pk, "calendly") is None


# --- Whole rows ----------------------------------------------------------------------------------


def test_a_row_that_is_moved_to_another_workspace_opens_nothing(upwork, elsewhere):
    connection, platform = upwork
    tamper_row(row_of(connection), workspace=elsewhere)
    moved = tamper(connection, workspace=elsewhere)

    assert_nothing_is_sent(moved, UNREADABLE, platform)


def test_a_connection_that_points_at_another_workspaces_row_sends_nothing(upwork, elsewhere):
    connection, platform = upwork
    other = typed.save(elsewhere, typed.UPWORK)

    moved = tamper(other, credential=row_of(connection))

    assert_nothing_is_sent(moved, MOVED, platform)


def test_a_connection_that_points_at_another_platforms_row_sends_nothing(
    generic, servers, workspace
):
    """Meta's token is bound to no address, so any address would fit it."""
    _, thief = servers
    meta = saving.change_connection(
        rows.unread(workspace, "meta"), Changes(config=VALUES), by=None
    ).connection

    config = with_config(generic, base_url=thief.url)
    moved = tamper(generic, credential=row_of(meta), config=config)

    assert_nothing_is_sent(moved, MOVED, *servers)


def test_a_connection_that_became_another_platforms_sends_nothing(generic, servers, workspace):
    _, thief = servers
    meta = saving.change_connection(
        rows.unread(workspace, "meta"), Changes(config=VALUES), by=None
    ).connection
    IntegrationConnection.objects.filter(pk=generic.pk).delete()

    config = with_config(generic, base_url=thief.url)
    moved = tamper(meta, provider="crm", config=config, auth_method="rest")

    assert_nothing_is_sent(moved, MOVED, *servers)


def test_a_connection_that_points_at_an_apps_row_sends_nothing(upwork, app_row):
    connection, platform = upwork

    assert_nothing_is_sent(tamper(connection, credential=app_row), MOVED, platform)


def test_a_connection_that_points_at_another_workspaces_sign_in_sends_nothing(
    calendly_signed_in, calendly, elsewhere, owner
):
    there = rows.find(elsewhere, "calendly")
    there.auth_method, there.is_complete = "sign_in", True
    there.sign_in = sign_in_of(calendly_signed_in)
    there.save()
    forget(calendly)

    assert_nothing_is_sent(there, MOVED, calendly)


def test_a_connection_that_points_at_another_platforms_sign_in_sends_nothing(
    calendly_signed_in, calendly, workspace
):
    linkedin = rows.find(workspace, "linkedin")
    linkedin.auth_method, linkedin.is_complete = "sign_in", True
    linkedin.config = {"account_id": "5515715"}
    linkedin.sign_in = sign_in_of(calendly_signed_in)
    linkedin.save()
    forget(calendly)

    assert_nothing_is_sent(linkedin, MOVED, calendly)


# --- Renewals ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "columns",
    [{"values": {"base_url": "https://thief.example"}}, {"provider": "linkedin"}, {"family": "x"}],
    ids=["values", "platform", "family"],
)
def test_a_sign_in_that_was_changed_is_not_renewed(calendly_signed_in, calendly, columns):
    row = sign_in_of(calendly_signed_in)
    run_out(row)
    tamper_row(row, **columns)
    forget(calendly)

    renewals.renew(row.pk)
    with pytest.raises(errors.CredentialsUnreadable):
        tokens.usable(row.pk)

    assert calendly.requests_seen == []
    assert not sign_ins().get().is_ended


def test_a_sign_in_is_not_renewed_with_another_platforms_app(
    calendly_signed_in, calendly, settings
):
    settings.APPS = settings.APPS | {"linkedin": App("their-id", "their-secret")}
    row = sign_in_of(calendly_signed_in)
    run_out(row)
    tamper_row(row, app="linkedin", client_id="their-id")
    forget(calendly)

    with pytest.raises(errors.CredentialsUnreadable):
        tokens.usable(row.pk)

    assert calendly.requests_seen == []


# --- Values that wait ----------------------------------------------------------------------------


def waiting(connection, editor, **config):
    return candidates.keep_candidate(
        rows.unread(connection.workspace, connection.provider),
        Changes(config=config),
        user=editor,
        session_key="session-of-emil",
        base_version=connection.version,
    )


def test_typed_secrets_that_wait_are_not_sent_to_an_address_that_was_changed(
    generic, servers, editor
):
    _, thief = servers
    kept = waiting(generic, editor, access_token="key-healthy")
    tamper(generic, config=with_config(generic, base_url=thief.url))

    candidates.prove(kept)

    kept.refresh_from_db()
    assert kept.problem == candidates.NOT_RIGHT_ANY_MORE
    assert thief.requests_seen == []


def test_nor_are_they_saved_for_it(generic, servers, editor):
    _, thief = servers
    kept = waiting(generic, editor, access_token="key-healthy")
    tamper(generic, config=with_config(generic, base_url=thief.url))

    with pytest.raises(candidates.CandidateGone):
        candidates.save_candidate(kept)


def test_a_candidate_that_points_at_another_row_is_gone(generic, servers, editor):
    kept = waiting(generic, editor, access_token="key-healthy")
    Candidate.objects.filter(pk=kept.pk).update(credential=row_of(generic))
    kept.refresh_from_db()

    with pytest.raises(candidates.CandidateGone):
        candidates.typed(kept)


def test_a_test_under_way_gets_no_token_of_secrets_that_were_entered_meanwhile(workspace):
    """They may be for another address: what is under way still asks the old one."""
    with typed.standing_in(typed.SALESFORCE) as platform:
        before = row_of(typed.save(workspace, typed.SALESFORCE)).pk
        config = {**typed.SALESFORCE.config, "base_url": "https://new.my.salesforce.com"}
        typed.save(workspace, replace(typed.SALESFORCE, config=config))

        with pytest.raises(errors.AuthExpired, match="replaced or disconnected"):
            tokens.usable(before)

        assert platform.requests_seen == []
