"""The first start's keys: made once, kept for the owner only, never made over lost ones."""

import os

import pytest
from django.core.exceptions import ImproperlyConfigured

from integrations import crypto
from integrations_center import bootstrap, env_file


@pytest.fixture
def environment(monkeypatch):
    """An environment without keys; what is put there is gone afterwards."""
    fresh = {"PATH": os.environ["PATH"]}
    monkeypatch.setattr(os, "environ", fresh)
    monkeypatch.setattr(env_file.environ.Env, "ENVIRON", fresh)
    monkeypatch.setattr(bootstrap, "_unkept", {})
    return fresh


def values(file):
    return dict(line.split("=", 1) for line in file.read_text().splitlines() if "=" in line)


def test_a_first_start_makes_both_keys_for_the_owner_only(environment, tmp_path):
    file = tmp_path / ".env"

    bootstrap.make_missing_keys(file)
    bootstrap.keep_new_credential_keys(anything_encrypted=False, file=file)

    assert values(file) == {
        "SECRET_KEY": environment["SECRET_KEY"],
        "CREDENTIAL_KEYS": environment["CREDENTIAL_KEYS"],
    }
    assert file.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [file]
    crypto.parse_key(environment["CREDENTIAL_KEYS"])


def test_a_second_start_keeps_what_is_there(environment, tmp_path):
    file = tmp_path / ".env"
    file.write_text("# mine\nSECRET_KEY=s\nCREDENTIAL_KEYS=k\nTEST_RATE=3\n")

    bootstrap.make_missing_keys(file)
    bootstrap.keep_new_credential_keys(anything_encrypted=True, file=file)

    assert file.read_text() == "# mine\nSECRET_KEY=s\nCREDENTIAL_KEYS=k\nTEST_RATE=3\n"


def test_lines_that_a_person_wrote_stay(environment, tmp_path):
    file = tmp_path / ".env"
    file.write_text("# mine\nSECRET_KEY=\nTEST_RATE=3")

    bootstrap.make_missing_keys(file)

    assert file.read_text() == f"# mine\nTEST_RATE=3\nSECRET_KEY={environment['SECRET_KEY']}\n"


@pytest.mark.parametrize("line", ["SECRET_KEY = 'mine'", "export SECRET_KEY=mine # kept"])
def test_an_empty_variable_does_not_replace_what_the_file_holds(environment, tmp_path, line):
    file = tmp_path / ".env"
    file.write_text(f"{line}\n")
    environment["SECRET_KEY"] = ""

    with pytest.raises(ImproperlyConfigured, match="SECRET_KEY is empty in the environment"):
        bootstrap.make_missing_keys(file)

    assert file.read_text() == f"{line}\n"


def test_an_empty_line_of_any_form_is_replaced(environment, tmp_path):
    file = tmp_path / ".env"
    file.write_text("export SECRET_KEY = '' # later\nDEFAULT_FROM_EMAIL=é <a@b.example>\n")

    bootstrap.make_missing_keys(file)

    assert file.read_text(encoding="utf-8") == (
        f"DEFAULT_FROM_EMAIL=é <a@b.example>\nSECRET_KEY={environment['SECRET_KEY']}\n"
    )


def test_lost_credential_keys_are_not_replaced(environment, tmp_path):
    file = tmp_path / ".env"
    bootstrap.make_missing_keys(file)

    with pytest.raises(ImproperlyConfigured, match="Put the key they were saved with back"):
        bootstrap.keep_new_credential_keys(anything_encrypted=True, file=file)

    assert "CREDENTIAL_KEYS" not in values(file)


def test_a_file_that_cannot_be_written_is_said(environment, tmp_path):
    with pytest.raises(ImproperlyConfigured, match="Make the folder writable or set SECRET_KEY"):
        bootstrap.keep(tmp_path / "nowhere" / ".env", "SECRET_KEY", "s")
