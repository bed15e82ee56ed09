from datetime import timedelta
from importlib import import_module

import pytest
from django.apps import apps
from django.db import IntegrityError, transaction
from django.test import override_settings
from django.utils import timezone

from integrations import crypto, platforms
from integrations.api import presentation
from integrations.models import ConnectionTest, IntegrationConnection, Role, Status
from integrations.models import TestRun as Run

NOW = timezone.now()
ERROR = {"last_error": "Broken.", "error_kind": "auth_invalid", "failing_since": NOW}
REPORT = {"reported_error": "Empty.", "reported_at": NOW}
SAVED = {"is_complete": True, "auth_method": "access_token"}


def make(workspace, **facts):
    made = IntegrationConnection.objects.create(workspace=workspace, provider="meta", **facts)
    made.refresh_from_db()
    return made


@pytest.mark.parametrize(
    ("facts", "status"),
    [
        ({}, Status.NOT_CONNECTED),
        ({"is_enabled": False}, Status.NOT_CONNECTED),
        ({**ERROR}, Status.NOT_CONNECTED),
        ({**SAVED}, Status.CONNECTED),
        ({**SAVED, "is_enabled": False}, Status.DISABLED),
        ({**SAVED, "is_enabled": False, **ERROR}, Status.DISABLED),
        ({**SAVED, **ERROR}, Status.ERROR),
        ({**SAVED, **REPORT}, Status.ERROR),
        ({**SAVED, **ERROR, **REPORT}, Status.ERROR),
    ],
)
def test_the_database_works_the_status_out(workspace, facts, status):
    assert make(workspace, **facts).status == status


@pytest.mark.parametrize(
    "contradiction",
    [
        {**SAVED, **ERROR, "proven_at": NOW},
        {"proven_at": NOW},
        {"last_error": "Broken."},
        {"error_kind": "network"},
        {"failing_since": NOW},
        {"reported_error": "Empty."},
        {"reported_at": NOW},
        {"is_complete": True},
    ],
)
def test_facts_that_contradict_each_other_are_refused(workspace, contradiction):
    with pytest.raises(IntegrityError), transaction.atomic():
        make(workspace, **contradiction)


def test_a_platform_has_one_unnamed_connection_in_a_workspace(workspace):
    make(workspace)

    with pytest.raises(IntegrityError), transaction.atomic():
        make(workspace)


def test_two_tests_of_a_connection_never_run_at_once(workspace):
    running = {
        "connection": make(workspace),
        "revision": 0,
        "trigger": "api",
        "lease_until": timezone.now() + timedelta(minutes=1),
    }
    ConnectionTest.objects.create(**running)

    with pytest.raises(IntegrityError), transaction.atomic():
        ConnectionTest.objects.create(**running)


@pytest.mark.parametrize(
    ("facts", "light", "attention"),
    [
        ({}, "grey", None),
        ({**SAVED, "is_enabled": False}, "grey", None),
        ({**SAVED}, "amber", "unproven"),
        ({**SAVED, "proven_at": NOW - timedelta(hours=1)}, "green", None),
        ({**SAVED, "proven_at": NOW - timedelta(hours=25)}, "amber", "stale"),
        ({**SAVED, **ERROR}, "red", "failing"),
        ({**SAVED, **REPORT}, "red", "reported"),
        (
            {**SAVED, "proven_at": NOW, "unanswered_since": NOW - timedelta(minutes=31)},
            "amber",
            "unanswered",
        ),
        ({**SAVED, "proven_at": NOW, "unanswered_since": NOW}, "amber", None),
        ({**SAVED, "proven_at": NOW, "expires_at": NOW + timedelta(days=9)}, "green", "expiring"),
    ],
)
def test_light_and_attention_say_what_was_proven(workspace, facts, light, attention):
    connection = make(workspace, **facts)

    assert (connection.light(NOW), connection.attention(NOW)) == (light, attention)


def test_what_a_stand_in_proved_is_no_proof_once_the_platform_is_asked(proven, settings):
    now = timezone.now()
    assert proven.light(now) == "green"
    settings.PROVIDER_ORIGINS = {}
    platforms.catalogue.cache_clear()

    assert (proven.light(now), proven.attention(now)) == ("amber", "unproven")
    assert presentation.integration(proven, now)["provenAt"] is None


def test_credentials_of_an_unknown_key_are_never_green(proven):
    with override_settings(CREDENTIAL_KEYS=[crypto.new_key()]):
        assert proven.light(timezone.now()) == "red"
        assert proven.attention(timezone.now()) == "unreadable"
        assert proven.failure()["message"] == "The stored credentials cannot be read."


def test_each_role_includes_those_before_it():
    assert [role for role in Role if Role.EDITOR.includes(role)] == [Role.VIEWER, Role.EDITOR]


def test_one_of_a_platform_is_the_default(workspace):
    make(workspace)

    with pytest.raises(IntegrityError), transaction.atomic():
        make(workspace, slug="north")
    make(workspace, slug="north", is_default=False)


def test_no_two_of_a_platform_have_one_slug(workspace):
    make(workspace)

    with pytest.raises(IntegrityError), transaction.atomic():
        make(workspace, is_default=False)
    IntegrationConnection.objects.create(workspace=workspace, provider="stripe")


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["", "North", "North"], [("main", True), ("north", False), ("north-2", False)]),
        (["日本", "South"], [("other", True), ("south", False)]),
    ],
)
def test_rows_that_had_a_name_before_get_a_slug_of_it(workspace, names, expected):
    migration = import_module("integrations.migrations.0017_several_connections")
    made = [
        make(workspace, name=name, slug=f"n{number}" if name else "main", is_default=not name)
        for number, name in enumerate(names)
    ]

    migration.name_others(apps, None)

    rows = [IntegrationConnection.objects.get(pk=one.pk) for one in made]
    assert [(one.slug, one.is_default) for one in rows] == expected


def test_it_is_called_by_what_is_known_best(workspace):
    called = [
        make(workspace, slug=f"n{number}", is_default=False, **facts).title
        for number, facts in enumerate(
            [
                {},
                {"config": {"account_id": "act_7"}},
                {"config": {"account_id": "act_7"}, "platform_account_name": "Acme"},
                {"name": "North", "platform_account_name": "Acme"},
            ]
        )
    ]

    assert called == ["n0", "act_7", "Acme", "North"]


ENDED = {"started_at": NOW, "finished_at": NOW, "lease_until": NOW + timedelta(minutes=5)}


def failed_run(workspace, *names, provider="meta", run=None):
    run = run or Run.objects.create(workspace=workspace, trigger="api", lease_until=NOW)
    for name in names:
        one = IntegrationConnection.objects.create(
            workspace=workspace, provider=provider, name=name, slug=name, is_default=False
        )
        test = ConnectionTest.objects.create(
            connection=one, revision=1, outcome="failed", trigger="api", **ENDED
        )
        run.items.create(connection=one, test=test, ended_at=NOW)
    return run


def test_a_run_names_a_few_of_those_that_failed_and_which_of_their_platform(workspace):
    run = failed_run(workspace, "main", provider="stripe")
    assert run.failed_names == "Stripe"
    assert failed_run(workspace, "north", "south", run=run).failed_names == (
        "Stripe, Meta (north) and Meta (south)"
    )
    assert failed_run(workspace, "east", "west", run=run).failed_names == (
        "Stripe, Meta (north), Meta (south) and 2 more"
    )
