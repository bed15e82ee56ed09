"""Rows to measure with: workspaces in which every platform is connected and proven."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from itertools import batched, chain

from django.contrib.auth.models import User
from django.db import connection, transaction
from django.db.models import OuterRef
from django.test import Client
from django.utils import timezone

from integrations import platforms
from integrations.models import (
    ConnectionTest,
    Credential,
    IntegrationConnection,
    TestOutcome,
    Trigger,
    Workspace,
)
from integrations.services import rows
from integrations.services.connecting import saving
from integrations.services.connecting.changes import Changes
from integrations.services.credentials import sealing
from integrations.services.proving import testing
from integrations.sessions import BACKEND

OWNER = "benchmark"
ROWS_AT_ONCE = 2000
SECRETS = {"access_token": "benchmark-0123456789"}
# What a database does by itself after so many rows, at once instead of while we measure.
TIDY = {"sqlite": "ANALYZE", "postgresql": "VACUUM ANALYZE"}
STEPS = [
    {"label": label, "outcome": "passed", "detail": "Read.", "duration_ms": 120}
    for label in ("Token is valid", "Account can be read", "Yesterday's numbers can be read")
]


def owner() -> User:
    """The first account: it owns the workspace that the migrations made."""
    return User.objects.create_superuser(OWNER)


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend=BACKEND)
    return client


def session_of(client: Client) -> str:
    return str(client.session.session_key)


def connect(workspace: Workspace, slugs: Iterator[str] | list[str]) -> None:
    """Save and prove these platforms, without asking them."""
    for slug in slugs:
        _keep(_row(workspace, slug))


def connect_more(workspace: Workspace, provider: str, number: int) -> None:
    """So many more accounts of a platform that has a connection already."""
    for n in range(number):
        row = _row(workspace, provider)
        row.slug, row.is_default = f"account-{n}", False
        row.platform_account_name = f"Acme Shop {n}"
        _keep(row)


def _keep(row: IntegrationConnection) -> None:
    row.save()
    sealing.keep_secrets(row, row.auth_method, row.config, SECRETS)
    row.last_test = _passed_test(row)
    row.last_test.save()
    row.save()


def save(
    workspace: Workspace, slug: str, values: Mapping[str, str], *, by: User | None = None
) -> IntegrationConnection:
    """Save a platform's values as a person would, without asking it."""
    method = platforms.get(slug).method_for(values).slug
    changes = Changes(config=values, auth_method=method)
    return saving.change_connection(rows.unread(workspace, slug), changes, by=by).connection


def passed(row: IntegrationConnection, test: ConnectionTest | None) -> ConnectionTest:
    """The test, which has to have passed."""
    if not test or test.outcome != TestOutcome.PASSED:
        raise RuntimeError(f"The test of {row.provider} did not pass: {test and test.message}")
    return test


def test(row: IntegrationConnection) -> None:
    passed(row, testing.test_connection(row, trigger=Trigger.COMMAND))


def _row(workspace: Workspace, slug: str) -> IntegrationConnection:
    return IntegrationConnection(
        workspace=workspace,
        provider=slug,
        auth_method=platforms.get(slug).methods[0].slug,
        config={"account_id": "1234567890"},
        hints={"access_token": "…6789"},
        is_complete=True,
        proven_at=timezone.now(),
        platform_account_id="1234567890",
        platform_account_name="Acme Shop",
        revision=1,
        version=1,
        edited_at=timezone.now(),
    )


def _credential(row: IntegrationConnection) -> Credential:
    """One for it, with nothing in it."""
    row.credential = Credential(
        workspace=row.workspace, method=row.auth_method, family=row.platform.family or row.provider
    )
    return row.credential


def _passed_test(row: IntegrationConnection) -> ConnectionTest:
    now = timezone.now()
    return ConnectionTest(
        connection=row,
        revision=row.revision,
        trigger=Trigger.PAGE,
        outcome=TestOutcome.PASSED,
        steps=STEPS,
        account_id=row.platform_account_id,
        account_name=row.platform_account_name,
        started_at=now,
        lease_until=now + timedelta(minutes=1),
        finished_at=now,
        duration_ms=360,
    )


def fill(connections: int) -> None:
    """Other workspaces with every platform each, until there are about so many connections.

    Each has a test too, and a credential that nobody opens. The database counts them, so that
    its plans are those of long tables.
    """
    slugs = list(platforms.catalogue())
    wanted = max(1, connections // len(slugs))
    made = Workspace.objects.bulk_create(
        [Workspace(name=f"Client {n}", slug=f"client-{n}") for n in range(wanted)],
        batch_size=ROWS_AT_ONCE,
    )
    rows = chain.from_iterable((_row(one, slug) for slug in slugs) for one in made)
    with transaction.atomic():
        for some in batched(rows, ROWS_AT_ONCE):
            Credential.objects.bulk_create(map(_credential, some), batch_size=ROWS_AT_ONCE)
            IntegrationConnection.objects.bulk_create(some, batch_size=ROWS_AT_ONCE)
            ConnectionTest.objects.bulk_create(map(_passed_test, some), batch_size=ROWS_AT_ONCE)
        of_each = ConnectionTest.objects.filter(connection=OuterRef("pk")).values("pk")[:1]
        IntegrationConnection.objects.filter(last_test=None).update(last_test=of_each)
    with connection.cursor() as cursor:
        cursor.execute(TIDY[connection.vendor])
