"""What a connection repeats of its sealed rows is what they say, whatever was written."""

import pytest

from integrations import crypto
from integrations.models import Trigger
from integrations.services import rows
from integrations.services.connecting import (
    background,
    candidates,
    disconnecting,
    importing,
    saving,
)
from integrations.services.connecting.changes import Changes
from integrations.services.credentials import sealing, tokens
from integrations.services.proving import facts, testing
from tests.integrations.conftest import SESSION, sign_in_as
from tests.integrations.services.credentials import typed
from tests.integrations.services.credentials.renewals import row_of as sign_in_of
from tests.integrations.services.credentials.renewals import run_out

UPWORK = typed.UPWORK_REFRESH
SLUGS = ("calendly", "upwork", "linkedin")


@pytest.fixture
def upwork():
    """It replaces the refresh token whenever one is used."""
    with typed.standing_in(UPWORK) as server:
        server.numbering.rotates = True
        yield server


def save(workspace, slug, method=None, **config):
    changes = Changes(config=config, auth_method=method)
    return saving.change_connection(rows.unread(workspace, slug), changes, by=None).connection


def try_and_save(workspace, user, **config):
    version = rows.find(workspace, "upwork").version
    kept = background.start_proof(
        rows.unread(workspace, "upwork"),
        Changes(config=config),
        user=user,
        session_key=SESSION,
        base_version=version,
    )
    found = candidates.find(rows.find(workspace, "upwork"), kept.pk, user=user, session_key=SESSION)
    assert found.saved_at, found.problem


# --- The writes, each after those of `before` ----------------------------------------------------


def saved(workspace, _user):
    typed.save(workspace, UPWORK)


def saved_again_with_other_secrets(workspace, _user):
    save(workspace, "upwork", client_secret="another-secret-0123")


def edited_a_plain_value_that_is_bound(workspace, _user):
    save(workspace, "upwork", **{**UPWORK.config, "client_id": "f" * 32})


def edited_a_plain_value_that_is_not(workspace, _user):
    save(workspace, "upwork", account_id="5001")


def changed_the_method(workspace, _user):
    save(workspace, "upwork", "client_credentials")


def removed_a_secret(workspace, _user):
    save(workspace, "upwork", refresh_token=None)


def removed_all_secrets(workspace, _user):
    save(workspace, "upwork", refresh_token=None, client_secret=None)


def asked(workspace, _user):
    """Which has a token got, and the refresh token replaced."""
    connection = rows.find(workspace, "upwork")
    assert testing.test_connection(connection, trigger=Trigger.SCHEDULE).outcome == "passed"
    assert typed.row_of(connection).hints["refresh_token"] == "…0001"


def told_of_a_replaced_secret(workspace, _user):
    connection = rows.find(workspace, "upwork")
    sealing.keep_renewed(connection, {"refresh_token": "another-refresh-token-9876"})


def saved_a_candidate(workspace, user):
    try_and_save(workspace, user, **{**UPWORK.config, "account_id": "5002"})


def imported(workspace, _user):
    row = {"provider": "linkedin", "accessToken": "AQX" + "x" * 60, "accountId": "5515715"}
    assert importing.import_rows(workspace, [row], replace=True)[0].outcome == "imported"


def disconnected(workspace, _user):
    for slug in SLUGS:
        disconnecting.disconnect(rows.unread(workspace, slug), by=None)


def signed_in(workspace, user):
    sign_in_as("healthy", workspace, user)


def signed_in_anew(workspace, user):
    sign_in_as("healthy", workspace, user)


def renewed_ahead(workspace, _user):
    assert tokens.renew(sign_in_of(rows.find(workspace, "calendly")).pk)


def renewed_by_a_test(workspace, _user):
    connection = rows.find(workspace, "calendly")
    run_out(sign_in_of(connection))
    testing.test_connection(connection, trigger=Trigger.SCHEDULE)


def changed_from_a_sign_in_to_a_token(workspace, _user):
    save(workspace, "calendly", "access_token", access_token="eyJabc.eyJdef.ghi")


def changed_back_to_the_sign_in(workspace, _user):
    changed_from_a_sign_in_to_a_token(workspace, _user)
    save(workspace, "calendly", "sign_in")


WRITES = [
    *(saved, saved_again_with_other_secrets, edited_a_plain_value_that_is_bound),
    *(edited_a_plain_value_that_is_not, changed_the_method, removed_a_secret),
    *(removed_all_secrets, asked, told_of_a_replaced_secret, saved_a_candidate, imported),
    *(disconnected, signed_in, signed_in_anew, renewed_ahead, renewed_by_a_test),
    *(changed_from_a_sign_in_to_a_token, changed_back_to_the_sign_in),
]


@pytest.fixture
def before(workspace, editor, calendly, upwork):
    saved(workspace, editor)
    signed_in(workspace, editor)


def assert_copies_are_true(connection):
    row, sign_in = connection.credential, connection.sign_in
    assert connection.hints == (row.hints if row else {})
    assert connection.key_id == (row.key_id if row else "")
    assert connection.sign_in_key_id == (sign_in.key_id if sign_in else "")
    assert (connection.expires_at, connection.expires_is_estimate) == facts.forecast(connection)
    for one in (row, sign_in):
        if one:
            assert one.key_id == crypto.key_id_of(one.secrets or one.tokens)
    if row:
        assert row.hints == sealing.hints_of(row.typed())


@pytest.mark.parametrize("write", WRITES, ids=lambda write: write.__name__.replace("_", " "))
@pytest.mark.parametrize("has_newer_key", [False, True], ids=["same key", "newer key"])
def test_what_a_connection_repeats_is_what_its_rows_say(
    write, has_newer_key, before, workspace, editor, settings
):
    if has_newer_key:
        settings.CREDENTIAL_KEYS = [crypto.new_key(), *settings.CREDENTIAL_KEYS]

    write(workspace, editor)

    for slug in SLUGS:
        assert_copies_are_true(rows.find(workspace, slug))
