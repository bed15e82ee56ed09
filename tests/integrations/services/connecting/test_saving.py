import pytest

from integrations.services import rows
from integrations.services.connecting import saving
from integrations.services.refusals import VersionConflict
from tests.integrations.kept import secrets_of

TOKEN = "EAAlongEnoughx9Qd"
VALUES = {"access_token": TOKEN, "account_id": "1001"}


def test_values_are_kept_in_their_usual_form_and_secrets_encrypted(save):
    saved = save(config=VALUES)

    assert saved.config == {"account_id": "act_1001"}
    assert secrets_of(saved) == {"access_token": TOKEN}
    assert saved.hints == {"access_token": "…x9Qd"}
    assert TOKEN not in saved.credential.secrets
    assert (saved.status, saved.version, saved.revision) == ("connected", 1, 1)


def test_a_short_secret_gets_no_hint(save):
    assert save(config={"access_token": "EAAshort"}).hints == {"access_token": None}


def test_a_half_filled_method_is_saved_and_not_connected(save):
    saved = save(config={"account_id": "1001"})

    assert (saved.status, saved.config) == ("not_connected", {"account_id": "act_1001"})


def test_an_edit_that_changes_nothing_is_none(save):
    before = save(config=VALUES)
    after = save(config=VALUES, is_enabled=True)

    assert (after.version, after.revision) == (before.version, before.revision)
    assert after.credential.secrets == before.credential.secrets


def test_new_values_drop_the_proof_and_the_error(proven, save):
    assert proven.proven_at

    changed = save(config={"account_id": "act_1002"})

    assert changed.proven_at is None
    assert changed.platform_account_id == ""
    assert changed.revision == proven.revision + 1


def test_switching_off_keeps_the_proof(proven, save):
    assert save(is_enabled=False).proven_at == proven.proven_at


def test_the_second_of_two_editors_is_told(save, editor):
    save(config=VALUES, by=editor)

    with pytest.raises(VersionConflict) as conflict:
        save(config={"pixel_id": "2001"}, expected_version=0)

    theirs = conflict.value.connection
    assert (theirs.edited_by, theirs.edited_fields) == (
        editor,
        ["Ad account ID", "credentials", "method"],
    )


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"status": "not_connected"}, "status"),
        ({"status": "error"}, "lastError"),
        ({"status": "connected"}, "status"),
        ({"status": "connected", "is_enabled": False}, "isEnabled"),
        ({"status": "disabled", "is_enabled": True}, "isEnabled"),
        ({"reported_error": "Empty."}, "lastError"),
        ({"auth_method": "telepathy"}, "authMethod"),
    ],
)
def test_changes_that_make_no_sense_are_refused(changes, key, errors_of):
    assert key in errors_of(**changes)


def test_a_report_is_cut_and_cleared_of_the_secrets(save):
    save(config=VALUES)

    reported = save(status="error", reported_error=f"Token {TOKEN} fails. " + "x" * 600)

    assert reported.status == "error"
    assert TOKEN not in reported.reported_error
    assert len(reported.reported_error) == 500


def test_a_report_is_cleared_of_a_secret_as_it_stands_in_an_address(save):
    values = {"vendor": "generic", "base_url": "https://crm.example", "access_token": "a+b/c=d"}
    save("crm", config=values)

    url = "https://crm.example/v1?key=a%2Bb%2Fc%3Dd&page=2 fails."
    reported = save("crm", status="error", reported_error=url)

    assert reported.reported_error == "https://crm.example/v1?key=•••&page=2 fails."


def test_status_connected_clears_both_errors(save):
    save(config=VALUES)
    save(status="error", reported_error="Empty report.")

    cleared = save(status="connected")

    assert (cleared.status, cleared.reported_error, cleared.last_error) == ("connected", "", "")


def test_disconnect_forgets_all_but_the_history_and_is_harmless_to_repeat(proven, workspace):
    gone = saving.disconnect(rows.unread(workspace, "meta"), by=None)
    again = saving.disconnect(rows.unread(workspace, "meta"), by=None)

    assert (gone.status, gone.config, gone.credential, gone.hints) == (
        "not_connected",
        {},
        None,
        {},
    )
    assert (gone.proven_at, gone.platform_account_id) == (None, "")
    assert gone.tests.count() == 1
    assert again.version == gone.version


def test_disconnecting_what_was_never_connected_changes_nothing(workspace):
    assert saving.disconnect(rows.unread(workspace, "stripe"), by=None).version == 0


def test_a_report_tells_neither_the_old_secret_nor_the_one_that_replaces_it(save):
    save(config=VALUES)
    new = "EAAreplacement1234"

    reported = save(
        config={"access_token": new},
        status="error",
        reported_error=f"{TOKEN} was refused, " + "x" * 470 + f" and so was {new}",
    )

    assert TOKEN not in reported.reported_error
    assert new[:8] not in reported.reported_error
    assert len(reported.reported_error) <= 500
