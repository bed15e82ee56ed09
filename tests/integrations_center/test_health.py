"""Alive, and able to work: two different questions."""

from datetime import timedelta

from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone

from integrations import queue


def test_alive_asks_neither_database_nor_session(client):
    reply = client.get("/healthz")  # pytest would refuse any use of the database here

    assert (reply.status_code, reply.json()) == (200, {"status": "ok"})
    assert "no-store" in reply["Cache-Control"]
    assert not reply.cookies


def test_ready_when_the_database_is_migrated(db, client):
    assert client.get("/readyz").status_code == 200


def test_not_ready_says_that_a_migration_is_due(db, client):
    ((app, newest),) = MigrationLoader(connection).graph.leaf_nodes("integrations")
    MigrationRecorder(connection).record_unapplied(app, newest)

    reply = client.get("/readyz")

    assert reply.status_code == 503
    assert "Run `python manage.py migrate`" in reply.json()["detail"]


def test_who_asks_for_all_is_told_that_a_key_is_missing(db, client, settings):
    settings.CREDENTIAL_KEYS = []

    asked, in_full = client.get("/readyz"), client.get("/readyz?full=1")

    assert (asked.status_code, in_full.status_code) == (200, 503)
    assert "CREDENTIAL_KEYS is empty" in asked.json()["key"]
    assert "CREDENTIAL_KEYS is empty" in in_full.json()["detail"]


def test_a_worker_is_told_that_was_seen_in_the_last_minute(db, client, time_machine):
    queue.beat(timezone.now())
    fresh = client.get("/readyz?full=1")
    time_machine.move_to(timezone.now() + timedelta(minutes=1, seconds=1))
    gone = client.get("/readyz")

    assert (fresh.status_code, fresh.json()["worker"]) == (200, "ok")
    assert (gone.status_code, client.get("/readyz?full=1").status_code) == (200, 503)
    assert gone.json()["worker"].startswith("No worker was seen in the last minute.")


def test_probes_are_not_redirected_to_https(client, settings):
    settings.SECURE_SSL_REDIRECT = True

    assert client.get("/healthz").status_code == 200


def test_every_page_forbids_foreign_scripts_and_frames(client):
    policy = client.get("/healthz")["Content-Security-Policy"]

    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
