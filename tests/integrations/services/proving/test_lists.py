"""Lists of accounts: asked once for all connections of a workspace that one credential lets in."""

import pytest
import time_machine
from django.utils import timezone

from integrations.models import IntegrationConnection, Pause, Workspace
from integrations.services import rows
from integrations.services.connecting import saving, several
from integrations.services.connecting.changes import Changes
from integrations.services.proving import discovery
from integrations.services.refusals import Paused, TooManyTests
from providers.errors import RateLimited
from providers.sandbox.meta.login import refusal

VALUES = {"access_token": "EAAagency", "account_id": "act_1001"}


@pytest.fixture
def first(workspace, meta):
    saving.change_connection(rows.unread(workspace, "meta"), Changes(config=VALUES), by=None)
    return rows.find(workspace, "meta")


def sharing(first, account_id="act_1003", **more):
    config = {"account_id": account_id, **more}
    return several.add(
        first.workspace, "meta", Changes(config=config), by=None, credential_id=first.credential_id
    ).connection


def calls_of(server, connection):
    """How many requests its list costs."""
    before = len(server.requests_seen)
    discovery.accounts(rows.again(connection))
    return len(server.requests_seen) - before


def test_ten_connections_of_one_credential_ask_once(first, meta):
    others = [sharing(first, f"act_400{number}", pixel_id="2001") for number in range(1, 10)]

    assert calls_of(meta, first)
    assert [calls_of(meta, other) for other in others] == [0] * 9


def test_another_address_is_another_list(first, meta):
    other = sharing(first)
    IntegrationConnection.objects.filter(pk=other.pk).update(
        config={"account_id": "act_1003", "base_url": "https://graph.facebook.com"}
    )

    assert discovery.kept(first) is None
    discovery.accounts(first)
    assert discovery.kept(rows.again(other)) is None


def test_other_secrets_in_the_same_place_are_another_list(first, meta):
    discovery.accounts(first)
    new = Changes(config={"access_token": "EAAhealthy"})
    saving.change_connection(rows.again(first), new, by=None)

    assert len(discovery.accounts(rows.again(first))) < 10


def test_a_list_is_never_shown_in_another_workspace(first, meta):
    discovery.accounts(first)
    elsewhere = Workspace.objects.create(slug="elsewhere", name="Elsewhere")
    borrowed = sharing(first)
    IntegrationConnection.objects.filter(pk=borrowed.pk).update(
        workspace=elsewhere, slug="borrowed"
    )

    assert discovery.kept(IntegrationConnection.objects.get(pk=borrowed.pk)) is None


def test_lists_are_rated_by_what_lets_in(first, meta, settings):
    settings.TEST_RATE = 1
    other = sharing(first)
    new = {"access_token": "EAAhealthy", "account_id": "act_1004"}
    apart = several.add(first.workspace, "meta", Changes(config=new), by=None).connection
    with time_machine.travel("2026-11-30T14:00:10Z", tick=False):
        discovery.accounts(first)
        discovery.cache.delete(discovery._key(first))

        assert discovery.accounts(apart)
        with pytest.raises(TooManyTests):
            discovery.accounts(rows.again(other))


def test_a_list_that_meets_a_limit_pauses_tests_and_lists(first, meta):
    other = sharing(first)
    meta.answer = lambda _: refusal(17, "User request limit reached")
    with pytest.raises(RateLimited):
        discovery.accounts(first)
    before = len(meta.requests_seen)

    with pytest.raises(Paused, match="Meta limits these credentials until"):
        discovery.accounts(other)
    assert len(meta.requests_seen) == before
    assert Pause.objects.get().until > timezone.now()


def test_a_limit_of_a_list_is_of_what_lets_in_and_of_no_account(first, meta):
    meta.answer = lambda _: refusal(80004, "Too many calls to this ad-account")
    with pytest.raises(RateLimited):
        discovery.accounts(first)

    assert Pause.objects.get().counted_by == "token"


def test_a_list_that_is_kept_is_shown_during_a_pause(first, meta):
    listed = discovery.accounts(first)
    asked = discovery.pauses.asking(first)
    discovery.pauses.keep(asked, RateLimited())

    assert discovery.accounts(rows.again(first)) == listed
