"""Rows of an older installation."""

import json

import pytest

from integrations.models import IntegrationConnection, Workspace
from integrations.services import rows
from integrations.services.connecting import changes, importing
from integrations.services.connecting.importing import UnreadableFile, import_rows, read_rows
from tests.integrations.kept import secrets_of

CANARY = "EAAcanary0123456789x9Qd"
META = {"provider": "meta", "accessToken": CANARY, "accountId": "1001", "isEnabled": True}


def outcomes(reports):
    return [(report.provider, report.outcome) for report in reports]


def test_a_row_is_cleaned_and_encrypted_like_typed_values(workspace: Workspace):
    reports = import_rows(workspace, [META])

    saved = rows.find(workspace, "meta")
    assert outcomes(reports) == [("meta", "imported")]
    assert secrets_of(saved) == {"access_token": CANARY}
    assert saved.credential
    assert CANARY not in saved.credential.secrets
    assert saved.config == {"account_id": "act_1001"}
    assert (saved.status, saved.auth_method, saved.version) == ("connected", "access_token", 1)


def test_a_disabled_row_arrives_disabled(workspace: Workspace):
    import_rows(workspace, [META | {"isEnabled": False}])

    assert rows.find(workspace, "meta").status == "disabled"


def test_empty_texts_and_nulls_mean_that_nothing_was_set(workspace: Workspace):
    reports = import_rows(workspace, [META | {"baseUrl": "", "isEnabled": None}])

    assert outcomes(reports) == [("meta", "imported")]
    assert rows.find(workspace, "meta").config == {"account_id": "act_1001"}


def test_the_method_is_the_first_that_takes_all_that_a_row_has(workspace: Workspace):
    import_rows(workspace, [{"provider": "fiverr", "accountId": "acme"}])
    import_rows(workspace, [{"provider": "stripe", "accessToken": "rk_live_0123456789abcdef"}])

    assert rows.find(workspace, "fiverr").auth_method == "data_endpoint"
    assert rows.find(workspace, "stripe").is_complete


def test_what_is_saved_already_is_skipped(workspace: Workspace):
    import_rows(workspace, [META])

    reports = import_rows(workspace, [META | {"accountId": "2002"}])

    assert outcomes(reports) == [("meta", "skipped")]
    assert "--replace" in reports[0].message
    assert rows.find(workspace, "meta").config == {"account_id": "act_1001"}


def test_replace_lays_a_row_over_what_is_saved(workspace: Workspace):
    import_rows(workspace, [META])

    reports = import_rows(workspace, [{"provider": "meta", "accountId": "2002"}], replace=True)

    saved = rows.find(workspace, "meta")
    assert outcomes(reports) == [("meta", "imported")]
    assert saved.config == {"account_id": "act_2002"}
    assert secrets_of(saved) == {"access_token": CANARY}


def test_a_saved_secret_is_not_sent_to_an_imported_address(workspace: Workspace):
    first = {
        "provider": "fiverr",
        "accessToken": CANARY,
        "baseUrl": "https://data.example.com/fiverr",
    }
    import_rows(workspace, [first])
    elsewhere = {"provider": "fiverr", "baseUrl": "https://other.example.com/"}

    reports = import_rows(workspace, [elsewhere], replace=True)

    assert reports[0].outcome == "refused"
    assert reports[0].message == f"baseUrl: {changes.RESEND}"
    saved = rows.find(workspace, "fiverr")
    assert saved.config["base_url"] == "https://data.example.com/fiverr"


def test_an_address_without_tls_is_refused(workspace: Workspace):
    row = {"provider": "fiverr", "accessToken": CANARY, "baseUrl": "http://data.example.com/f"}

    reports = import_rows(workspace, [row])

    assert reports[0].outcome == "refused"
    assert "https" in reports[0].message
    assert not rows.find(workspace, "fiverr").saved_names


def test_each_row_stands_alone(workspace: Workspace):
    bad = {"provider": "google_ads", "accessToken": "line\nbreak"}

    reports = import_rows(workspace, [bad, META])

    assert outcomes(reports) == [("google_ads", "refused"), ("meta", "imported")]
    assert rows.find(workspace, "meta").is_complete


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ({"provider": "myspace", "accessToken": CANARY}, importing.UNKNOWN_PROVIDER),
        ({"accessToken": CANARY}, importing.UNKNOWN_PROVIDER),
        ({"provider": [CANARY]}, importing.UNKNOWN_PROVIDER),
        ([CANARY], importing.NOT_AN_OBJECT),
        (META | {"isEnabled": "yes"}, importing.NOT_BOOLEAN),
        (
            META | {"accessToken": 12},
            "accessToken must be a text. Put it in quotes, or leave it out.",
        ),
        (
            META | {"access_token": CANARY},
            "The key access_token is not known. "
            "Rows have provider, slug, name, accessToken, accountId, baseUrl, isEnabled.",
        ),
        (
            META | {CANARY: "meta"},
            "One of its keys is not known. "
            "Rows have provider, slug, name, accessToken, accountId, baseUrl, isEnabled.",
        ),
    ],
)
def test_a_row_that_is_not_understood_is_refused_in_a_sentence(workspace, row, sentence):
    (report,) = import_rows(workspace, [row])

    assert (report.outcome, report.message) == ("refused", sentence)
    assert not IntegrationConnection.objects.filter(is_complete=True).exists()


def test_a_row_without_values_is_skipped(workspace: Workspace):
    (report,) = import_rows(workspace, [{"provider": "meta", "isEnabled": False}])

    assert (report.outcome, report.message) == ("skipped", importing.NO_VALUES)
    assert rows.find(workspace, "meta").version == 0


def test_what_is_unusual_or_still_missing_is_said(workspace: Workspace):
    row = {"provider": "meta", "accessToken": "unusual-0123456789"}

    (report,) = import_rows(workspace, [row])

    assert report.outcome == "imported"
    assert report.message.startswith("accessToken: Tokens that can read ads usually start")
    assert report.message.endswith(importing.INCOMPLETE)


def test_a_dry_run_reports_the_same_and_saves_nothing(workspace: Workspace):
    rows = [META, META, {"provider": "x", "accessToken": "a\nb"}]

    dry = import_rows(workspace, rows, dry_run=True)

    assert not IntegrationConnection.objects.exists()
    assert outcomes(dry) == [("meta", "imported"), ("meta", "skipped"), ("x", "refused")]
    assert dry == import_rows(workspace, rows)


def test_no_report_holds_a_secret(workspace: Workspace):
    rows = [META, META, META | {"baseUrl": f"https://{CANARY}.example"}, {CANARY: CANARY}]

    reports = import_rows(workspace, rows, replace=True)

    assert {report.outcome for report in reports} == {"imported", "refused"}
    assert CANARY.lower() not in repr(reports).lower()


def test_a_list_and_lines_are_read_alike():
    rows = [META, {"provider": "x"}]
    lines = "\n\n".join(json.dumps(row) for row in rows)

    assert read_rows(json.dumps(rows)) == read_rows(lines) == rows
    assert read_rows(json.dumps(META)) == [META]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", importing.NOT_A_LIST),
        ("[]", importing.NOT_A_LIST),
        ("12", importing.NOT_A_LIST),
        ('{"provider": "meta"}\n{"accessToken": EAA', importing.NOT_JSON.format(2)),
        ("[" * 100_000, importing.NOT_JSON.format(1)),
    ],
)
def test_a_file_that_is_not_understood_is_said_to_be(text, sentence):
    with pytest.raises(UnreadableFile) as refused:
        read_rows(text)

    assert str(refused.value) == sentence


def test_a_row_with_a_slug_is_another_connection(workspace: Workspace):
    north = META | {"slug": "north", "name": "North", "accountId": "1002"}

    reports = import_rows(workspace, [META, north, north, {**north, "slug": "Not one"}])

    assert outcomes(reports) == [
        ("meta", "imported"),
        ("meta", "imported"),
        ("meta", "skipped"),
        ("meta", "refused"),
    ]
    saved = rows.find(workspace, "meta", "north")
    assert (saved.title, saved.config["account_id"]) == ("North", "act_1002")
    assert rows.find(workspace, "meta").config["account_id"] == "act_1001"


def test_a_row_with_the_account_of_another_names_that_one(workspace: Workspace):
    reports = import_rows(workspace, [META, META | {"slug": "again"}])

    assert outcomes(reports) == [("meta", "imported"), ("meta", "refused")]
    assert "act_1001 is connected to this account already" in reports[1].message


@pytest.mark.parametrize(
    "odd", [{"name": "\ud800"}, {"slug": "\ud800"}, {"slug": "a\0b"}, {"slug": "Not one"}]
)
def test_an_odd_text_refuses_its_row_alone(workspace: Workspace, odd):
    reports = import_rows(workspace, [META | {"slug": "north"} | odd, META])

    assert outcomes(reports) == [("meta", "refused"), ("meta", "imported")]
