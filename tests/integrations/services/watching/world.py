"""Connections that a test says things about, as a platform's answers would have."""

from datetime import UTC, datetime, timedelta

from integrations import crypto
from integrations.models import (
    ConnectionTest,
    Credential,
    IntegrationConnection,
    TestOutcome,
    Trigger,
    Workspace,
)
from integrations.services import rows
from integrations.services.proving import facts
from integrations.services.watching import incidents
from providers import registry
from providers.declare import SIGN_IN
from providers.errors import Refused, of_kind

NOW = datetime(2026, 11, 27, 9, 14, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


def workspace(slug):
    return Workspace.objects.get_or_create(slug=slug, defaults={"name": slug.title()})[0]


def credential(*args, **more):
    made = new_credential(*args, **more)
    made.save()
    return made


def new_credential(place, provider="meta", *, app="", method="access_token"):
    return Credential(
        workspace=place,
        method=method,
        provider=provider,
        family=registry.get(provider).family or provider,
        client_id=app,
        secrets="sealed",
        key_id=next(iter(crypto.known_ids())),
    )


def connected(place, provider="meta", *, slug="main", opens=None, app="", **more):
    """Connected and proven an hour ago; by a sign-in with `app` where one is named."""
    opens = opens or credential(place, provider, app=app, method=SIGN_IN if app else "access_token")
    way = {"sign_in": opens, "auth_method": SIGN_IN}
    if opens.method != SIGN_IN:
        way = {"credential": opens, "auth_method": opens.method}
    made = IntegrationConnection.objects.create(
        workspace=place,
        provider=provider,
        slug=slug,
        is_default=slug == "main",
        is_complete=True,
        version=1,
        **way,
        **more,
    )
    passes(made, NOW - HOUR)
    return made


def passes(connection, at):
    return _tested(connection, at, outcome=TestOutcome.PASSED)


def fails(connection, kind, at, message=""):
    error = of_kind(kind)
    outcome = TestOutcome.FAILED if issubclass(error, Refused) else TestOutcome.INCONCLUSIVE
    said = {"message": message or error.default_message, "action": error.default_action}
    return _tested(connection, at, outcome=outcome, error_kind=kind, **said)


def _tested(connection, at, **result):
    connection.refresh_from_db()
    test = ConnectionTest.objects.create(
        connection=connection,
        revision=connection.revision,
        trigger=Trigger.SCHEDULE,
        started_at=at,
        lease_until=at + MINUTE,
        finished_at=at,
        **result,
    )
    before = rows.state(connection)
    connection.last_test = test
    facts.apply_result(connection, test)
    rows.save_changes(connection, before)
    return test


def go_round(*moments):
    for at in moments:
        incidents.reconcile(at)
