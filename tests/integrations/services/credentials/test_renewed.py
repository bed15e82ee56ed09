"""A refresh token that the platform replaces while it is tested is not lost."""

import pytest

from integrations import platforms
from integrations.models import Trigger
from integrations.services import rows
from integrations.services.connecting import background, candidates, saving
from integrations.services.connecting.changes import Changes
from integrations.services.credentials import sealing
from integrations.services.proving import discovery, testing
from providers.sandbox import upwork
from providers.sandbox.server import Answer, Server
from tests.integrations.kept import secrets_of

SIGN_IN = {
    "client_id": upwork.CLIENT_ID,
    "client_secret": upwork.CLIENT_SECRET,
    "refresh_token": next(iter(upwork.REFRESH_TOKENS)),
}
SECRETS = {name: SIGN_IN[name] for name in ("client_secret", "refresh_token")}
NEW = "oauth2v2_rotated_refresh_token"


@pytest.fixture
def rotating(settings):
    """An Upwork that hands out another refresh token whenever one is used."""

    def answer(asked):
        reply = upwork.PLATFORM.answer(asked)
        if asked.path.endswith("/oauth2/token") and reply.status == 200:
            return Answer(200, reply.body | {"refresh_token": NEW})
        return reply

    with Server(answer) as server:
        hosts = platforms.get("upwork").hosts
        settings.PROVIDER_ORIGINS = {"upwork": dict.fromkeys(hosts, server.url)}
        platforms.catalogue.cache_clear()
        yield server
    platforms.catalogue.cache_clear()


@pytest.fixture
def saved(workspace):
    changes = Changes(config=SIGN_IN, auth_method="refresh_token")
    return saving.change_connection(rows.unread(workspace, "upwork"), changes, by=None).connection


def test_a_test_keeps_it_without_a_new_revision(saved, rotating, workspace):
    test = testing.test_connection(saved, trigger=Trigger.SCHEDULE)

    now = rows.find(workspace, "upwork")
    assert test.outcome == "passed"
    assert secrets_of(now)["refresh_token"] == NEW
    assert (now.revision, now.version, now.last_test) == (saved.revision, saved.version, test)
    assert now.proven_at


def test_a_list_of_accounts_keeps_it_too(saved, rotating, workspace):
    discovery.accounts(saved)

    assert secrets_of(rows.find(workspace, "upwork"))["refresh_token"] == NEW


def test_a_typed_one_is_kept_with_what_was_typed_and_then_saved(rotating, workspace, editor):
    kept = background.start_proof(
        rows.unread(workspace, "upwork"),
        Changes(config=SIGN_IN, auth_method="refresh_token"),
        user=editor,
        session_key="s",
        base_version=0,
    )

    assert candidates.find(
        rows.find(workspace, "upwork"), kept.pk, user=editor, session_key="s"
    ).saved_at
    assert secrets_of(rows.find(workspace, "upwork"))["refresh_token"] == NEW


def test_an_edit_of_another_value_meanwhile_does_not_lose_it(saved, workspace):
    saving.change_connection(
        rows.unread(workspace, "upwork"), Changes(config={"account_id": "1234567890"}), by=None
    )

    sealing.keep_renewed(saved, {"refresh_token": NEW})

    assert secrets_of(rows.find(workspace, "upwork")) == {**SECRETS, "refresh_token": NEW}


def test_one_that_is_replaced_twice_in_a_test_is_kept_twice(saved, workspace):
    sealing.keep_renewed(saved, {"refresh_token": "the-first"})
    sealing.keep_renewed(saved, {"refresh_token": NEW})

    assert secrets_of(rows.find(workspace, "upwork"))["refresh_token"] == NEW


def test_a_connection_that_was_disconnected_meanwhile_gets_nothing_back(saved, workspace):
    saving.disconnect(rows.unread(workspace, "upwork"), by=None)

    sealing.keep_renewed(saved, {"refresh_token": NEW})

    assert rows.find(workspace, "upwork").credential is None


def test_values_replaced_meanwhile_win(saved, workspace):
    saving.change_connection(
        rows.unread(workspace, "upwork"),
        Changes(config={"refresh_token": "typed_by_a_person"}),
        by=None,
    )

    sealing.keep_renewed(saved, {"refresh_token": NEW})

    kept = secrets_of(rows.find(workspace, "upwork"))
    assert kept["refresh_token"] == "typed_by_a_person"
