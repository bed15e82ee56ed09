"""Several connections of a platform: added and removed at once, and let in by one credential."""

import pytest
from django.db import connection as database
from django.db import transaction

from integrations.models import (
    Credential,
    EventType,
    FixLink,
    IntegrationConnection,
    Trigger,
    Workspace,
)
from integrations.services import events, rows
from integrations.services.connecting import (
    candidates,
    disconnecting,
    fix_links,
    saving,
    several,
)
from integrations.services.connecting.changes import Changes
from integrations.services.credentials import sealing, tokens
from integrations.services.proving import testing
from integrations.services.refusals import InvalidChange, NoConnection, SameAccount
from integrations.work import tasks
from providers.families.google.assertion import KEY_FILE
from providers.sandbox import google as google_sandbox
from tests.integrations.kept import secrets_of, sign_ins
from tests.integrations.services.connecting.google import google_sign_in, sign_in_to
from tests.integrations.services.proving.test_races import at_once

VALUES = {"access_token": "EAAhealthy", "account_id": "act_1001"}


def add(workspace, provider="meta", *, name="", by=None, slug="", credential_id=None, **config):
    return several.add(
        workspace,
        provider,
        Changes(config=config, name=name),
        by=by,
        slug=slug,
        credential_id=credential_id,
    ).connection


def another(workspace, first, account_id):
    """Let in by what lets in the first one."""
    return add(workspace, first.provider, credential_id=first.opened_by_id, account_id=account_id)


# --- At once -------------------------------------------------------------------------------------


@pytest.fixture
def here(transactional_db):
    """Transactional tests empty the tables, and with them the first migration's workspace."""
    return Workspace.objects.get_or_create(slug="main", defaults={"name": "Main"})[0]


def test_of_four_added_at_once_each_has_its_slug_and_one_is_the_default(here):
    at_once(4, lambda number: add(here, name="North", account_id=f"100{number}"))

    added = IntegrationConnection.objects.all()
    assert sorted(one.slug for one in added) == ["north", "north-2", "north-3", "north-4"]
    assert [one.is_default for one in added].count(True) == 1


def test_of_two_added_at_once_with_one_account_one_is_refused(here):
    results = at_once(2, lambda _: add(here, **VALUES))

    assert sorted(type(one).__name__ for one in results) == [
        "IntegrationConnection",
        "SameAccount",
    ]
    assert IntegrationConnection.objects.count() == 1


def test_edits_of_two_that_share_secrets_wait_for_each_other(here):
    first = add(here, **VALUES)
    pair = [first, another(here, first, "1002")]

    for attempt in range(5):
        results = at_once(
            2,
            lambda number, attempt=attempt: saving.change_connection(
                pair[number],
                Changes(config={"access_token": f"EAA{attempt}of{number}"}),
                by=None,
            ),
        )
        assert [type(one).__name__ for one in results] == ["Saved", "Saved"]

    first, second = (rows.again(one) for one in pair)
    assert secrets_of(first) == secrets_of(second)
    assert first.version == second.version == 11
    assert Credential.objects.count() == 1


def test_who_adds_and_who_writes_an_event_do_not_stop_each_other(here):
    first = add(here, **VALUES)

    for attempt in range(5):

        def do(number, attempt=attempt):
            if number:
                return add(here, account_id=f"20{attempt}")
            with transaction.atomic():
                events.record(rows.lock(first), EventType.CHANGED, what="proven")
            return first

        results = at_once(2, do)
        assert {type(one).__name__ for one in results} == {"IntegrationConnection"}, results


def test_who_adds_and_who_edits_do_not_stop_each_other(here):
    first = add(here, **VALUES)

    for attempt in range(8):

        def do(number, attempt=attempt):
            if number:
                return add(here, account_id=f"30{attempt}")
            changes = Changes(config={"access_token": f"EAA{attempt}"})
            return saving.change_connection(first, changes, by=None).connection

        results = at_once(2, do)
        assert {type(one).__name__ for one in results} == {"IntegrationConnection"}, results


def test_who_adds_where_somebody_saves_first_takes_nothing_back(here):
    for attempt in range(8):
        IntegrationConnection.objects.all().delete()
        Credential.objects.all().delete()
        IntegrationConnection.objects.create(workspace=here, provider="meta")  # nothing is saved

        def do(number):
            if number:
                return add(here, account_id="2002").pk
            saving.change_connection(rows.unread(here, "meta"), Changes(config=VALUES), by=None)
            return None

        at_once(2, do)

        accounts = IntegrationConnection.objects.values_list("config__account_id", flat=True)
        assert set(accounts) in ({"act_1001", "act_2002"}, {"act_1001"}), attempt
        assert Credential.objects.filter(connections=None).count() == 0


def test_who_comes_to_share_during_an_edit_gets_what_it_brought(here):
    for attempt in range(8):
        IntegrationConnection.objects.all().delete()
        Credential.objects.all().delete()
        first = add(here, **VALUES)
        secret = f"EAAanother-longer-token-{attempt:04}"

        def do(number, first=first, secret=secret):
            if number:
                return another(here, first, "1002")
            return saving.change_connection(
                first, Changes(config={"access_token": secret}), by=None
            )

        at_once(2, do)

        both = IntegrationConnection.objects.all()
        assert [one.hints for one in both] == [{"access_token": f"…{attempt:04}"}] * 2
        assert {secrets_of(one)["access_token"] for one in both} == {secret}


def test_of_two_renewals_at_once_none_stops_the_other(here):
    first = add(here, **VALUES)
    pair = [first, another(here, first, "1002")]

    for attempt in range(8):
        using = [rows.again(one) for one in pair]
        results = at_once(
            2,
            lambda number, using=using, attempt=attempt: sealing.keep_renewed(
                using[number], {"access_token": f"EAA{attempt}of{number}"}
            ),
        )
        assert results == [None, None]
        first, second = (rows.again(one) for one in pair)
        assert secrets_of(first) == secrets_of(second)


def test_of_two_new_ones_proven_at_once_for_one_account_one_is_refused(here, stripe):
    keys = ("rk_test_healthy", "sk_test_healthy")
    pair = [add(here, "stripe", access_token=key) for key in keys]

    tests = at_once(2, lambda number: testing.test_connection(pair[number], trigger=Trigger.API))

    assert sorted(one.outcome for one in tests) == ["failed", "passed"]


def test_what_was_told_of_another_default_one_is_not_taken_for_this_one(here):
    first = add(here, **VALUES)
    told = rows.find(here, "meta").version
    north = add(here, account_id="1002")

    saving.change_connection(north, Changes(is_default=True), by=None)
    moved = rows.find(here, "meta")
    several.remove(north, by=None)
    back = rows.find(here, "meta")

    assert (moved.pk, back.pk) == (north.pk, first.pk)
    assert told < moved.version < back.version


def test_who_takes_the_default_at_the_same_moment_leaves_one(here):
    add(here, **VALUES)
    others = [add(here, account_id=f"100{number}") for number in (2, 3)]

    at_once(
        2,
        lambda number: saving.change_connection(others[number], Changes(is_default=True), by=None),
    )

    assert IntegrationConnection.objects.filter(is_default=True).count() == 1
    assert not IntegrationConnection.objects.get(slug="main").is_default


def test_what_is_about_to_lose_its_last_user_is_kept_for_the_next_or_refused(here):
    for _ in range(5):
        first = add(here, name="first", **VALUES)

        def do(number, first=first):
            if number:
                return another(here, first, "1002")
            return disconnecting.disconnect(first, by=None)

        _, added = sorted(at_once(2, do), key=lambda one: hasattr(one, "warning"), reverse=True)

        if isinstance(added, IntegrationConnection):
            assert secrets_of(rows.again(added)) == {"access_token": "EAAhealthy"}
        else:
            assert isinstance(added, InvalidChange)
        IntegrationConnection.objects.all().delete()
        Credential.objects.all().delete()


def test_a_change_of_one_that_was_removed_is_refused(here):
    first, second = add(here, **VALUES), add(here, account_id="1002")
    several.remove(second, by=None)

    for change in (
        lambda: saving.change_connection(second, Changes(is_enabled=False), by=None),
        lambda: testing.test_connection(second, trigger=Trigger.API),
        lambda: disconnecting.disconnect(second, by=None),
    ):
        with pytest.raises(NoConnection):
            change()
    assert rows.again(first).status == "connected"


# --- What lets in several ------------------------------------------------------------------------


@pytest.fixture
def two_properties(google, workspace, editor):
    """One sign-in for two properties of Google Analytics."""
    first = google_sign_in(workspace, editor, "ga4")
    return first, another(workspace, first, "1002")


def test_one_sign_in_lets_in_several_accounts(two_properties):
    outcomes = [testing.test_connection(one, trigger=Trigger.API) for one in two_properties]

    assert [one.account_id for one in outcomes] == ["1001", "1002"]
    assert sign_ins().count() == 1


def test_one_renewal_is_one_for_all(two_properties, google):
    sign_ins().update(expires_at=two_properties[0].created_at)
    google.requests_seen.clear()

    for one in two_properties:
        tokens.usable(rows.again(one).sign_in_id)

    assert [asked.path for asked in google.requests_seen].count("/token") == 1


def test_disconnecting_one_never_ends_what_the_other_uses(two_properties, google, editor):
    done = disconnecting.disconnect(two_properties[0], by=editor, revokes=True)

    assert done.warning == f"The sign-in was kept: {two_properties[1].title} uses it."
    assert not any(asked.path == "/revoke" for asked in google.requests_seen)
    assert testing.test_connection(two_properties[1], trigger=Trigger.API).outcome == "passed"


def test_with_the_last_one_the_sign_in_ends(two_properties, google, editor):
    for one in two_properties:
        disconnecting.disconnect(one, by=editor)

    assert [asked.path for asked in google.requests_seen].count("/revoke") == 1
    assert not sign_ins().exists()


def test_one_sign_in_anew_mends_all(two_properties, editor):
    before = sign_ins().get().pk
    failing = {"last_error": "Signed out.", "error_kind": "auth_expired"}
    for one in two_properties:
        found = IntegrationConnection.objects.filter(pk=one.pk)
        found.update(**failing, proven_at=None, failing_since=one.created_at)

    sign_in_to(rows.again(two_properties[0]), editor)

    first, second = (rows.again(one) for one in two_properties)
    assert first.sign_in_id == second.sign_in_id != before
    assert (first.status, second.status) == ("connected", "connected")
    assert second.edited_fields == ["shared credentials"]


def test_the_others_are_tested_with_what_lets_them_in_now(two_properties, editor, worker_seen):
    second = rows.again(two_properties[1])
    second.config["account_id"] = "9999"  # which this person does not reach
    second.save()

    sign_in_to(rows.again(two_properties[0]), editor)

    first, second = (rows.again(one) for one in two_properties)
    assert first.proven_at is not None
    assert (second.status, second.error_kind) == ("error", "account_not_found")
    assert second.last_test.trigger == Trigger.SAVE


def test_whoever_was_removed_meanwhile_is_not_tested(two_properties, editor):
    first, second = two_properties
    several.remove(second, by=editor)

    tasks.run_test_when_free.call(str(second.pk), Trigger.SAVE, editor.pk)

    assert second.tests.count() == 0
    assert rows.again(first).status == "connected"


def test_a_sign_in_lets_in_another_platform_of_the_family(two_properties, workspace, google):
    console = add(
        workspace,
        "search_console",
        credential_id=two_properties[0].opened_by_id,
        account_id="sc-domain:acme.example",
    )

    test = testing.test_connection(console, trigger=Trigger.API)

    assert test.error_kind == "permission_missing"  # what was granted is for Analytics alone
    assert sign_ins().count() == 1


def test_another_platforms_credential_is_refused(two_properties, workspace):
    with pytest.raises(InvalidChange):
        add(workspace, "meta", credential_id=two_properties[0].opened_by_id, account_id="1001")


def test_the_account_of_another_is_refused_before_it_is_saved(two_properties, workspace):
    with pytest.raises(SameAccount) as refused:
        another(workspace, two_properties[0], "1002")

    assert refused.value.other == two_properties[1]
    assert IntegrationConnection.objects.count() == 2


def test_a_service_account_gets_tokens_for_its_own_platform_alone(google, workspace):
    key = google_sandbox.service_account_json("healthy")
    first = add(workspace, "ga4", account_id="1001", **{KEY_FILE: key})
    console = {"account_id": "sc-domain:acme.example", "credential_id": first.opened_by_id}

    with pytest.raises(InvalidChange) as refused:
        add(workspace, "search_console", **console)
    again = another(workspace, first, "1002")

    assert refused.value.errors == {"credential": [several.OF_ONE_PLATFORM]}
    assert testing.test_connection(again, trigger=Trigger.API).outcome == "passed"


def test_twins_from_before_can_still_be_given_new_secrets(workspace):
    twins = [add(workspace, access_token="EAAone", account_id=f"100{n}") for n in (1, 2)]
    IntegrationConnection.objects.update(platform_account_id="act_1001")

    saved = saving.change_connection(twins[0], Changes(config={"access_token": "EAAnew"}), by=None)

    assert secrets_of(saved.connection) == {"access_token": "EAAnew"}


def test_a_sign_in_for_another_place_is_not_the_others(two_properties, editor):
    first, second = two_properties
    elsewhere = Credential.objects.get(pk=first.sign_in_id).values | {"base_url": "https://x.test"}
    Credential.objects.filter(pk=first.sign_in_id).update(values=elsewhere)
    IntegrationConnection.objects.filter(pk=second.pk).update(
        config={"account_id": "1002", "base_url": "https://x.test"}
    )

    sign_in_to(rows.again(first), editor)

    assert rows.again(first).sign_in_id != first.sign_in_id
    assert rows.again(second).sign_in_id == first.sign_in_id


@pytest.mark.parametrize("has_ended", [True, False])
def test_who_has_a_fix_link_mends_others_only_where_nothing_works(two_properties, owner, has_ended):
    first, second = two_properties
    ended = {"is_ended": True, "failure_kind": "auth_expired"} if has_ended else {}
    Credential.objects.filter(pk=first.sign_in_id).update(**ended, obtained_at=first.created_at)
    fix_links.send(first, recipient="Ben", by=owner)

    sign_in_to(first, None, fix_link=FixLink.objects.get())

    first_now, second_now = rows.again(first), rows.again(second)
    assert first_now.sign_in_id != first.sign_in_id
    assert (second_now.sign_in_id == first_now.sign_in_id) is has_ended


def test_what_is_removed_while_it_is_proven_is_given_up(here, meta):
    connection = add(here, **VALUES)
    changes = Changes(config={"access_token": "EAAhealthy", "account_id": "1002"})
    kept = candidates.keep_candidate(
        connection, changes, user=None, session_key="s", base_version=connection.version
    )
    usual = meta.answer

    def removed_meanwhile(asked):
        if IntegrationConnection.objects.filter(pk=connection.pk).exists():
            several.remove(rows.again(connection), by=None)
            database.close()
        return usual(asked)

    meta.answer = removed_meanwhile
    candidates.prove(kept)

    assert not IntegrationConnection.objects.exists()
    assert not Credential.objects.exists()
