"""Alive, and able to work: two different questions."""

from django.db import connection
from django.db.migrations.recorder import MigrationRecorder


def test_alive_asks_neither_database_nor_session(client):
    reply = client.get("/healthz")  # pytest would refuse any use of the database here

    assert (reply.status_code, reply.json()) == (200, {"status": "ok"})
    assert "no-store" in reply["Cache-Control"]
    assert not reply.cookies


def test_ready_when_the_database_is_migrated(db, client):
    assert client.get("/readyz").status_code == 200


def test_not_ready_says_that_a_migration_is_due(db, client):
    MigrationRecorder(connection).record_unapplied("integrations", "0005_remove_sign_in")

    reply = client.get("/readyz")

    assert reply.status_code == 503
    assert "Run `python manage.py migrate`" in reply.json()["detail"]


def test_not_ready_without_a_key(db, client, settings):
    settings.CREDENTIAL_KEYS = []

    reply = client.get("/readyz")

    assert reply.status_code == 503
    assert "CREDENTIAL_KEYS is empty" in reply.json()["detail"]


def test_probes_are_not_redirected_to_https(client, settings):
    settings.SECURE_SSL_REDIRECT = True

    assert client.get("/healthz").status_code == 200


def test_every_page_forbids_foreign_scripts_and_frames(client):
    policy = client.get("/healthz")["Content-Security-Policy"]

    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
