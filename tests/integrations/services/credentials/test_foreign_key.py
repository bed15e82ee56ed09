"""CREDENTIAL_KEYS that do not open what is saved: monitors and the deploy check say so."""

import pytest
from django.core.management import call_command
from django.core.management.base import SystemCheckError

from integrations import crypto
from integrations.services.credentials import sealing


@pytest.fixture
def foreign_key(connected, settings):
    assert sealing.sealed_with_lost_keys() == 0
    settings.CREDENTIAL_KEYS = [crypto.new_key()]


def test_the_full_answer_is_red_and_the_process_still_ready(foreign_key, client):
    asked, in_full = client.get("/readyz"), client.get("/readyz?full=1")

    assert (asked.status_code, in_full.status_code) == (200, 503)
    assert "1 of the saved credentials are sealed with a key" in in_full.json()["detail"]


def test_the_deploy_check_is_red(foreign_key):
    with pytest.raises(SystemCheckError, match="Put it back, after a comma, and start again"):
        call_command("check", deploy=True)


def test_an_old_key_behind_a_new_one_opens_all(connected, client, settings):
    settings.CREDENTIAL_KEYS = [crypto.new_key(), *settings.CREDENTIAL_KEYS]

    assert client.get("/readyz").json()["key"] == "ok"


def test_what_lets_into_a_channel_counts_as_well(channel, settings):
    channel("slack")
    assert sealing.anything_encrypted()
    assert sealing.sealed_with_lost_keys() == 0

    settings.CREDENTIAL_KEYS = [crypto.new_key()]

    assert sealing.sealed_with_lost_keys() == 1
