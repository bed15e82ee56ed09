import pytest
from django.test import override_settings

from integrations.models import ConnectionTest, Trigger
from integrations.services import rows
from integrations.services.connecting import saving, trying
from integrations.services.connecting.changes import Changes
from integrations.services.refusals import InvalidChange
from tests.integrations.kept import secrets_of


def dry_run(connection, **config):
    return trying.dry_run(connection, Changes(config=config), trigger=Trigger.API)


def fresh(connection):
    return rows.find(connection.workspace, connection.provider)


def test_an_outage_leaves_error_and_proof_alone(proven, meta):
    with override_settings(PROVIDER_ORIGINS={}):
        outage = dry_run(proven, access_token="EAAdown")
    assert outage.outcome == "inconclusive"
    assert fresh(proven).proven_at == proven.proven_at


def test_a_dry_run_is_kept_in_the_history_and_saves_nothing(proven, meta):
    test = dry_run(proven, access_token="EAAexpired")

    now = fresh(proven)
    assert (test.outcome, test.dry_run) == ("failed", True)
    assert (now.status, now.last_test_id, now.version) == (
        "connected",
        proven.last_test_id,
        proven.version,
    )
    assert secrets_of(now) == secrets_of(proven)


def test_a_dry_run_never_sends_a_saved_secret_elsewhere(workspace, meta):
    config = {"vendor": "generic", "access_token": "secret-1", "base_url": "https://a.example"}
    saving.change_connection(rows.unread(workspace, "crm"), Changes(config=config), by=None)

    with pytest.raises(InvalidChange) as refused:
        dry_run(rows.find(workspace, "crm"), base_url="https://b.example")

    assert "base_url" in refused.value.errors["config"]
    assert ConnectionTest.objects.count() == 0


def test_another_account_than_before_is_noticed(proven, meta):
    more = Changes(config={"pixel_id": "2001"})
    saving.change_connection(rows.unread(proven.workspace, "meta"), more, by=None)
    test = dry_run(fresh(proven), account_id="act_1003")

    assert test.account_changed
    assert fresh(proven).platform_account_id == "act_1001"
