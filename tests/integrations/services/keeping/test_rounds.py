import pytest
from django.core.management import call_command

from integrations.models import Heartbeat
from integrations.services.credentials import tokens
from integrations.services.keeping import rounds
from tests.integrations.kept import sign_ins
from tests.integrations.services.credentials.renewals import (
    is_accepted,
    renewals_seen,
    row_of,
    run_out,
)
from tests.integrations.services.keeping.moments import MINUTE, NOW


def ready(client):
    reply = client.get("/readyz")
    return reply.status_code, reply.json().get("detail", "")


def test_without_sign_ins_nobody_has_to_look(db, client):
    assert ready(client)[0] == 200


def test_readyz_says_when_nobody_looks_after_sign_ins(connection, client, clock):
    status, detail = ready(client)
    assert (status, "Nobody keeps the sign-ins alive." in detail) == (503, True)

    rounds.look_after(NOW)
    assert ready(client)[0] == 200
    clock.shift(5 * MINUTE)
    assert ready(client)[0] == 200
    clock.shift(1)
    assert ready(client)[0] == 503


def test_a_look_leaves_one_heartbeat(db):
    rounds.look_after(NOW)
    rounds.look_after(NOW + MINUTE)

    assert Heartbeat.objects.get().at == NOW + MINUTE


@pytest.mark.django_db(transaction=True)
def test_the_command_renews_what_is_due_and_ends(connection, calendly, client):
    run_out(row_of(connection))

    call_command("keep_alive", "--once")

    assert len(renewals_seen(calendly)) == 1
    assert is_accepted(tokens.usable(row_of(connection).pk).held.tokens.access_token)
    assert ready(client)[0] == 200


@pytest.mark.django_db(transaction=True)
def test_the_command_has_renewed_before_it_ends(connection, calendly, settings):
    """Not in a thread of the background, which would end with its process."""
    settings.TASKS = {"default": {"BACKEND": "integrations.work.background.ThreadBackend"}}
    run_out(row_of(connection))

    call_command("keep_alive", "--once")

    assert len(renewals_seen(calendly)) == 1
    assert row_of(connection).lease is None


@pytest.mark.django_db(transaction=True)
def test_one_that_cannot_be_renewed_does_not_keep_the_command_from_the_others(
    connection, calendly, client
):
    sign_ins().update(renew_at=NOW, provider="gone", values={})

    call_command("keep_alive", "--once")

    assert ready(client)[0] == 200
