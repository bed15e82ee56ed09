"""What a platform counts together is not asked while it said that a limit is reached."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from integrations import platforms
from integrations.models import Credential, Pause, Trigger, Workspace
from integrations.services import rows
from integrations.services.connecting import choosing, saving, several, trying
from integrations.services.connecting.changes import Changes
from integrations.services.credentials.attempts import saved
from integrations.services.keeping import forgetting
from integrations.services.proving import pauses, runs, testing
from integrations.services.refusals import Paused
from providers import errors
from providers.declare import CountedBy, CountsBy
from providers.sandbox import calendly as calendly_sandbox
from providers.sandbox.meta.login import refusal
from providers.sandbox.server import Answer
from tests.integrations.conftest import sign_in_as
from tests.integrations.services.proving.test_races import at_once

APP_LIMIT, USER_LIMIT, ACCOUNT_LIMIT = 4, 17, 80004
FIVE_MINUTES = {
    "X-Business-Use-Case-Usage": json.dumps({"1": [{"estimated_time_to_regain_access": 5}]})
}


def limiting(server, code=USER_LIMIT, *, after=0, headers=None):
    """The platform answers so many requests, and then that a limit is reached."""
    usual = server.answer
    seen = len(server.requests_seen)
    limit = replace(refusal(code, "Limit reached", status=400), headers=headers or {})

    def answer(asked):
        return usual(asked) if len(server.requests_seen) - seen <= after else limit

    server.answer = answer
    return usual


def ask(connection):
    return testing.test_connection(rows.again(connection), trigger=Trigger.API)


def is_asked(server, connection):
    """Whether a test of it reaches the platform."""
    before = len(server.requests_seen)
    try:
        ask(connection)
    except Paused:
        assert len(server.requests_seen) == before
        return False
    return len(server.requests_seen) > before


def another(workspace, *, account_id="act_1003", shares=None, token="EAAagency", **more):
    """One more Meta connection, let in by what lets in another, or by a token of its own."""
    config = {"account_id": account_id, **more} | ({} if shares else {"access_token": token})
    used = shares.credential_id if shares else None
    return several.add(
        workspace, "meta", Changes(config=config), by=None, credential_id=used
    ).connection


@pytest.fixture
def elsewhere(db):
    return Workspace.objects.create(slug="elsewhere", name="Elsewhere")


@pytest.fixture
def first(workspace, meta):
    values = {"access_token": "EAAagency", "account_id": "act_1001"}
    saving.change_connection(rows.unread(workspace, "meta"), Changes(config=values), by=None)
    return rows.find(workspace, "meta")


# --- Who is not asked ----------------------------------------------------------------------------


def test_others_with_the_limited_token_are_not_asked(workspace, meta, first):
    other = another(workspace, shares=first)
    limiting(meta)

    assert ask(first).error_kind == "rate_limited"
    assert not is_asked(meta, other)
    assert not is_asked(meta, first)


def test_those_with_another_token_are_asked(workspace, meta, first):
    other = another(workspace)
    limiting(meta)

    ask(first)

    assert is_asked(meta, other)


def test_who_is_not_asked_is_told_why_and_until_when(workspace, meta, first):
    limiting(meta, headers=FIVE_MINUTES)
    with time_machine.travel("2026-11-30T14:00:10Z", tick=False):
        ask(first)
        with pytest.raises(Paused) as told:
            ask(first)

    assert told.value.sentence == (
        "Meta limits these credentials until 2026-11-30 14:06 UTC, so it was not asked."
    )
    assert told.value.retry_after_seconds == 300


def test_what_was_not_asked_changes_no_fact(workspace, meta, first):
    other = another(workspace, shares=first)
    ask(other)
    before = rows.state(rows.again(other))
    limiting(meta)
    ask(first)

    assert not is_asked(meta, other)
    assert rows.state(rows.again(other)) == before
    assert other.tests.count() == 1


def test_once_the_pause_is_over_they_are_asked_again(workspace, meta, first):
    other, usual = another(workspace, shares=first), limiting(meta)
    ask(first)
    meta.answer = usual

    with time_machine.travel(timezone.now() + timedelta(seconds=61)):
        assert ask(other).outcome == "passed"


def test_a_limit_of_an_account_is_of_that_account_whatever_the_token(workspace, meta, first):
    same_account = another(workspace, account_id="act_1001", token="EAAhealthy", pixel_id="2001")
    other_account = another(workspace, shares=first)
    limiting(meta, ACCOUNT_LIMIT)
    ask(first)

    assert not is_asked(meta, same_account)
    assert is_asked(meta, other_account)


def test_an_account_that_another_workspace_names_pauses_nobody_here(
    workspace, elsewhere, meta, first
):
    theirs = another(elsewhere, account_id="act_1001")
    limiting(meta, ACCOUNT_LIMIT)
    ask(theirs)

    assert is_asked(meta, first)


def test_other_secrets_in_the_same_place_are_another_token(workspace, meta, first):
    usual = limiting(meta)
    ask(first)
    meta.answer = usual
    saving.change_connection(
        rows.again(first), Changes(config={"access_token": "EAAhealthy"}), by=None
    )

    again = rows.again(first)
    assert again.credential_id == first.credential_id
    assert ask(again).outcome == "passed"


def test_a_quota_that_is_used_up_is_told_as_one(workspace, meta, first):
    Pause.objects.create(
        provider="meta",
        counted_by="account",
        name=f"{workspace.pk} act_1001",
        kind="quota_exhausted",
        until=timezone.now() + timedelta(minutes=3),
    )

    with pytest.raises(
        Paused, match="Meta's quota for this account is used up, so it is not asked"
    ):
        ask(first)


# --- Of an app, of this server -------------------------------------------------------------------


@pytest.fixture
def counting(calendly, monkeypatch):
    """Calendly as it would be if it counted by something else."""
    declared = platforms.catalogue()
    with monkeypatch.context() as patch:

        def by(counted_by):
            asked = replace(declared["calendly"], counts_by=CountsBy(rate=counted_by))
            patch.setattr(platforms, "catalogue", lambda: {**declared, "calendly": asked})

        yield by


@pytest.fixture
def two_sign_ins(workspace, elsewhere, calendly, owner, monkeypatch):
    """One person's in two workspaces, with the server's app."""
    owner.memberships.create(workspace=elsewhere, role="owner")
    return [sign_in_as("healthy", place, owner) for place in (workspace, elsewhere)]


def limited(server):
    server.answer = lambda _: Answer(429, {"title": "Too Many Requests"}, {"Retry-After": "120"})


def test_an_app_is_counted_over_all_workspaces(calendly, two_sign_ins, counting):
    here, there = two_sign_ins
    counting(CountedBy.APP)
    limited(calendly)

    assert ask(here).error_kind == "rate_limited"
    with pytest.raises(Paused, match="Calendly limits this app until"):
        ask(there)


def test_who_signed_in_with_another_app_is_asked(calendly, two_sign_ins, counting):
    here, there = two_sign_ins
    Credential.objects.filter(pk=there.sign_in_id).update(client_id="an app of their own")
    counting(CountedBy.APP)
    limited(calendly)
    ask(here)

    assert is_asked(calendly, there)


def test_two_sign_ins_are_two_tokens(calendly, two_sign_ins):
    here, there = two_sign_ins
    limited(calendly)
    ask(here)

    assert is_asked(calendly, there)


def test_what_counts_by_address_is_asked_by_nobody_here(
    workspace, elsewhere, calendly, two_sign_ins, counting
):
    here, there = two_sign_ins
    pasted = several.add(
        elsewhere,
        "calendly",
        Changes(config={"access_token": calendly_sandbox.token_of("healthy")}),
        by=None,
    ).connection
    counting(CountedBy.ADDRESS)
    limited(calendly)
    ask(here)

    assert not is_asked(calendly, there)
    with pytest.raises(Paused, match="Calendly limits this server until"):
        ask(pasted)


def test_an_address_that_somebody_typed_speaks_of_its_token_alone(first):
    asked = pauses.asking(first)
    typed = replace(asked, provider=replace(asked.provider, takes_any_address=True))

    for by in CountedBy:
        assert typed.counted(by).counted_by == CountedBy.TOKEN


def test_without_anything_that_is_counted_nothing_is_kept(first):
    asked = replace(pauses.asking(first), opens=None, account="")

    pauses.keep(asked, errors.RateLimited())

    assert not Pause.objects.exists()


# --- Values that are tried -----------------------------------------------------------------------


def test_values_that_are_tried_with_the_limited_token_end_without_an_answer(workspace, meta, first):
    limiting(meta)
    ask(first)
    before = len(meta.requests_seen)

    test = trying.dry_run(
        rows.again(first), Changes(config={"account_id": "act_1003"}), trigger=Trigger.API
    )

    assert (test.outcome, test.error_kind) == ("inconclusive", "rate_limited")
    assert test.message.startswith("Meta limits these credentials until")
    assert len(meta.requests_seen) == before


def test_a_typed_token_is_tried_though_the_saved_one_is_limited(workspace, meta, first):
    usual = limiting(meta)
    ask(first)
    meta.answer = usual

    typed = Changes(config={"access_token": "EAAhealthy"})
    test = trying.dry_run(rows.again(first), typed, trigger=Trigger.API)

    assert test.outcome == "passed"


def test_a_limit_that_tried_values_met_holds_for_the_saved_ones(workspace, meta, first):
    limiting(meta)
    changes = Changes(config={"account_id": "act_1003"})
    assert trying.dry_run(rows.again(first), changes, trigger=Trigger.API).error_kind

    assert not is_asked(meta, first)


@pytest.fixture
def tried(workspace, meta, first):
    """What a try of another account says, as soon as the token is no longer limited there."""
    usual = limiting(meta)
    ask(first)
    meta.answer = usual
    changes = Changes(config={"account_id": "act_1003"})
    return lambda: trying.dry_run(rows.again(first), changes, trigger=Trigger.API).outcome


def test_values_are_tried_again_once_the_pause_is_over(tried):
    with time_machine.travel(timezone.now() + timedelta(seconds=61)):
        assert tried() == "passed"


def test_values_are_tried_with_other_secrets_in_the_same_place(tried, first):
    new = Changes(config={"access_token": "EAAhealthy"})
    saving.change_connection(rows.again(first), new, by=None)

    assert tried() == "passed"


# --- Runs ----------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_a_run_of_twenty_asks_no_more_than_a_few_after_a_limit(workspace, meta, first):
    listed = [f"act_{number}" for number in range(4001, 4021)]
    added = [another(workspace, account_id=one, shares=first) for one in listed]
    a_test = len(meta.requests_seen)
    ask(first)
    a_test = len(meta.requests_seen) - a_test
    limiting(meta, after=3 * a_test)

    run = runs.start_chosen(workspace, added, trigger=Trigger.PAGE, by=None)
    run = runs.test_chosen(run)

    asked = [item for item in run.items.all() if item.test]
    told = {item.problem for item in run.items.all() if not item.test}
    assert run.finished_at
    assert len(asked) <= 3 + runs.ABREAST
    assert len(told) == 1
    assert told.pop().startswith("Meta limits these credentials until")


def test_those_that_were_not_asked_are_offered_again(workspace, meta, first, worker_seen):
    choosing.reachable(first)
    usual = limiting(meta)
    run = choosing.add_many(first, ["act_1003", "act_4001", "act_4002"], by=None)
    run.refresh_from_db()
    assert run.outcomes == {"inconclusive": 1}
    assert run.skipped == 2
    meta.answer = usual

    with time_machine.travel(timezone.now() + timedelta(seconds=61)):
        again = runs.again(run)
        for item in again:
            runs.perform_item(item.pk)

    assert runs.chosen_run(workspace, run.pk).outcomes == {"passed": 3}


def test_what_is_counted_apart_is_tested_at_once(workspace, meta, first):
    others = [another(workspace, account_id=f"act_{4000 + number}") for number in range(1, 6)]
    sharing = [another(workspace, account_id="act_4009", shares=first)]

    run = runs.start_chosen(workspace, [*others, *sharing], trigger=Trigger.PAGE, by=None)

    assert [len(chain) for chain in runs.chains(run.items.all())] == [1] * 6


def test_a_run_lasts_as_long_as_somebody_is_at_it(workspace, meta, first):
    others = [another(workspace, account_id=f"act_400{number}", shares=first) for number in "12"]
    run = runs.start_chosen(workspace, others, trigger=Trigger.PAGE, by=None)

    with time_machine.travel(run.lease_until - timedelta(seconds=1)) as clock:
        runs.perform_item(run.items.first().pk)
        clock.shift(60)
        run.refresh_from_db()
        assert run.is_leased(timezone.now())


# --- The table -----------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_of_many_who_are_told_at_once_one_pause_is_kept(workspace, meta, first):
    asked = pauses.asking(rows.again(first), saved(rows.again(first)))

    kept = at_once(8, lambda _: pauses.keep(asked, errors.RateLimited()))

    assert kept == [None] * 8
    assert Pause.objects.count() == 1


def test_a_word_without_an_end_shortens_none_that_has_one(first):
    asked = pauses.asking(first)
    pauses.keep(asked, errors.RateLimited(retry_after_seconds=1_800))
    until = Pause.objects.get().until

    pauses.keep(asked, errors.RateLimited())
    assert Pause.objects.get().until == until
    pauses.keep(asked, errors.RateLimited(retry_after_seconds=60))
    assert Pause.objects.get().until < until


def test_a_clock_that_was_ahead_pauses_nobody_for_longer_than_any_limit(meta, first):
    limiting(meta)
    with time_machine.travel(timezone.now() + timedelta(days=365), tick=False):
        pauses.keep(pauses.asking(first), errors.RateLimited())

    assert is_asked(meta, first)
    Pause.objects.update(until=timezone.now() + timedelta(days=365))
    forgetting.forget(timezone.now())
    assert not Pause.objects.exists()


def test_a_pause_that_is_over_is_forgotten(workspace, meta, first):
    limiting(meta)
    ask(first)

    forgetting.forget(timezone.now())
    assert Pause.objects.count() == 1
    forgetting.forget(timezone.now() + timedelta(seconds=61))

    assert not Pause.objects.exists()


def test_no_secret_is_in_a_pause(workspace, meta, first):
    for code in (APP_LIMIT, USER_LIMIT, ACCOUNT_LIMIT):
        Pause.objects.all().delete()
        usual = limiting(meta, code)
        ask(first)
        meta.answer = usual

        assert "EAA" not in str(Pause.objects.values().get())
