"""What one workspace lends lets in connections of others, and stays its own."""

from contextlib import suppress
from threading import Barrier, BrokenBarrierError
from uuid import UUID, uuid4

import pytest
from django.db import transaction
from django.utils import timezone

from integrations import crypto
from integrations.models import (
    Credential,
    Event,
    EventType,
    FixLink,
    IntegrationConnection,
    Membership,
    Role,
    Trigger,
    Workspace,
)
from integrations.models.credentials import LEASE
from integrations.services import events, rows
from integrations.services.connecting import (
    candidates,
    choosing,
    disconnecting,
    fix_links,
    lending,
    saving,
    several,
    trying,
)
from integrations.services.connecting.changes import Changes
from integrations.services.credentials import sealing, storing, tokens
from integrations.services.people import workspaces
from integrations.services.people.members import Archived, NotAnOwner
from integrations.services.proving import discovery, testing
from integrations.services.refusals import InvalidChange
from providers.declare import Account
from providers.errors import AuthExpired, ProviderError
from tests.integrations.kept import secrets_of
from tests.integrations.services.connecting.agency import connect
from tests.integrations.services.connecting.google import google_sign_in, sign_in_to
from tests.integrations.services.credentials.renewals import INVALID_GRANT, answer_renewals
from tests.integrations.services.proving.test_races import at_once


@pytest.fixture
def lent(agency, client_of):
    return lend(agency, client_of, "act_1003")


def lend(connection, to, *account_ids, by=None):
    lending.lend(connection, to, account_ids, by=by)
    wanted = {"workspace": to, "provider": connection.provider}
    found = IntegrationConnection.objects.filter(**wanted).order_by("created_at")
    return rows.again(found.last())


def sentence_of(caught):
    [said] = next(iter(caught.value.errors.values()))
    return said


# --- What becomes of a loan ----------------------------------------------------------------------


def test_what_is_lent_lets_in_another_workspace_for_the_account_that_was_chosen(
    agency, client_of, boss, worker_seen
):
    run = lending.lend(agency, client_of, ["act_1003"], by=boss)

    [one] = IntegrationConnection.objects.filter(workspace=client_of)
    assert run.workspace == client_of
    assert (one.lender, one.credential) == (agency.workspace, agency.credential)
    assert (one.is_default, one.slug, one.config["account_id"]) == (True, "main", "act_1003")
    assert one.last_test.outcome == "passed"
    assert one.platform_account_id == "act_1003"


def test_without_an_account_the_same_one_is_lent(stripe, workspace, client_of):
    source = saving.change_connection(
        rows.unread(workspace, "stripe"),
        Changes(config={"access_token": "rk_test_healthy"}),
        by=None,
    ).connection

    one = lend(source, client_of)

    assert one.is_lent
    assert one.config == source.config
    assert testing.test_connection(one, trigger=Trigger.API, by=None).outcome == "passed"


def test_lent_twice_it_is_there_once(agency, client_of):
    first = lend(agency, client_of, "act_1003")
    lend(agency, client_of, "act_1003", "act_4001")

    found = IntegrationConnection.objects.filter(workspace=client_of)
    assert sorted(one.config["account_id"] for one in found) == ["act_1003", "act_4001"]
    assert first in found


def test_lent_twice_without_a_typed_account_it_is_there_once(stripe, workspace, client_of):
    changes = Changes(config={"access_token": "rk_test_healthy"})
    source = saving.change_connection(rows.unread(workspace, "stripe"), changes, by=None).connection
    lend(source, client_of)
    lend(source, client_of)  # whose account nobody knows yet
    testing.test_connection(source, trigger=Trigger.API)
    one = rows.find(client_of, "stripe")
    testing.test_connection(one, trigger=Trigger.API)

    lend(rows.again(source), client_of)

    assert IntegrationConnection.objects.filter(workspace=client_of).count() == 1
    assert rows.again(one).status == "connected"


def test_another_dataset_of_the_same_account_is_lent(agency, client_of):
    connect(client_of, access_token="EAAown", pixel_id="2002")

    lend(agency, client_of)

    assert [one.config for one in lending.lent_by(agency.workspace)] == [agency.config]


def test_what_is_half_set_up_is_not_lent(workspace, client_of, meta):
    changes = Changes(config={"access_token": "EAAagency"})
    half = saving.change_connection(rows.unread(workspace, "meta"), changes, by=None).connection

    with pytest.raises(InvalidChange) as caught:
        lend(half, client_of)

    assert sentence_of(caught) == choosing.UNFINISHED
    assert lend(half, client_of, "act_1003").is_complete


def test_a_link_that_was_sent_before_ends_when_it_is_lent(agency, client_of, boss):
    own = connect(client_of, access_token="EAAown", account_id="act_1003")
    disconnecting.disconnect(own, by=None)
    fix_links.send(rows.find(client_of, "meta"), recipient="Ann", by=boss)

    lend(agency, client_of, "act_1003")

    assert FixLink.objects.get().expires_at <= timezone.now()


def test_of_who_lends_and_who_saves_the_first_one_at_once_each_has_an_answer(both):
    agency, client_of = both
    choosing.reachable(agency)

    def do(number):
        if number:
            return lend(agency, client_of, "act_1003")
        return connect(client_of, access_token="EAAown")

    results = at_once(2, do)

    # Who comes second finds one that is lent, and may not change that.
    assert not [
        one for one in results if isinstance(one, Exception) and not isinstance(one, InvalidChange)
    ]
    assert rows.find(client_of, "meta").is_default


def test_of_many_who_lend_the_same_at_once_one_does(both):
    agency, client_of = both
    choosing.reachable(agency)

    results = at_once(
        3, lambda _: lending.lend(rows.again(agency), client_of, ["act_1003"], by=None)
    )

    assert sorted(one.items.count() for one in results) == [0, 0, 1]
    assert IntegrationConnection.objects.filter(workspace=client_of).count() == 1


def test_what_was_disconnected_is_used_for_its_own_account_alone(agency, client_of):
    own = connect(client_of, access_token="EAAown")
    disconnecting.disconnect(own, by=None)

    other = lend(agency, client_of, "act_1003")
    lend(agency, client_of, "act_1001")

    again = rows.again(own)
    assert other != own
    assert again.config["account_id"] == "act_1001"
    assert again.version > own.version


def test_what_was_taken_back_has_its_row_with_name_and_history_again(agency, client_of):
    one = lend(agency, client_of, "act_1003")
    saving.change_connection(one, Changes(name="North spring"), by=None)
    lending.take_back(agency.workspace, [one.pk], by=None)

    other = lend(agency, client_of, "act_4001")
    lend(agency, client_of, "act_1003")

    again = rows.again(one)
    assert again.config["account_id"] == "act_1003"
    assert again.title == "North spring"
    assert not again.taken_back_at
    assert other.title != "North spring"


def test_what_is_taken_back_says_by_whom_and_what_it_was(agency, client_of):
    one = lend(agency, client_of, "act_1003")
    title = one.title

    lending.take_back(agency.workspace, [one.pk], by=None)

    gone = rows.again(one)
    assert gone.title == title != "main"
    assert (gone.taken_back_by, gone.former_account_id) == (agency.workspace, "act_1003")
    assert gone.attention(timezone.now()) == "taken_back"

    disconnecting.disconnect(gone, by=None)  # somebody has seen it

    seen = rows.again(one)
    assert seen.attention(timezone.now()) is None
    assert seen.title == title


# --- Who may lend --------------------------------------------------------------------------------


@pytest.mark.parametrize("role", [None, Role.VIEWER, Role.EDITOR])
@pytest.mark.parametrize("of", ["lender", "borrower"])
def test_only_who_owns_both_workspaces_lends(agency, client_of, boss, role, of):
    place = agency.workspace if of == "lender" else client_of
    Membership.objects.filter(user=boss, workspace=place).delete()
    if role:
        Membership.objects.create(user=boss, workspace=place, role=role)

    with pytest.raises(NotAnOwner):
        lend(agency, client_of, "act_1003", by=boss)

    assert not IntegrationConnection.objects.filter(workspace=client_of).exists()


def test_an_archived_workspace_is_lent_nothing(agency, client_of, boss):
    workspaces.archive(client_of, by=boss)

    with pytest.raises(Archived):
        lend(agency, client_of, "act_1003", by=boss)


def test_what_is_lent_is_not_lent_on(lent):
    third = Workspace.objects.create(slug="third", name="Third")

    with pytest.raises(InvalidChange) as caught:
        lend(lent, third)

    assert "only its lender" in sentence_of(caught)


def test_nothing_is_lent_to_oneself(agency):
    with pytest.raises(InvalidChange) as caught:
        lend(agency, agency.workspace, "act_1003")

    assert "another workspace" in sentence_of(caught)


def test_an_account_that_is_not_reached_is_lent_to_nobody(agency, client_of):
    with pytest.raises(InvalidChange) as caught:
        lend(agency, client_of, "act_9")

    assert "not among those" in sentence_of(caught)


# --- What a borrower may learn, and change -------------------------------------------------------


@pytest.mark.parametrize(
    "changes",
    [
        Changes(config={"base_url": "https://example.com"}),
        Changes(config={"account_id": "act_4001"}),
        Changes(config={"pixel_id": "2002"}),
        Changes(config={"access_token": None}),
        Changes(config={"access_token": "EAAmine"}),
        Changes(auth_method="token"),
        Changes(is_signing_in=True),
    ],
)
def test_a_borrower_changes_nothing_of_how_it_is_let_in(lent, changes):
    for act in (
        lambda: saving.change_connection(lent, changes, by=None),
        lambda: trying.dry_run(lent, changes, trigger=Trigger.API),
    ):
        with pytest.raises(InvalidChange) as caught:
            act()
        assert "lent by another workspace" in sentence_of(caught)

    assert rows.again(lent).revision == lent.revision


def test_a_borrower_names_it_switches_it_off_and_reports(lent):
    changes = Changes(name="Ads", is_enabled=False)

    saved = saving.change_connection(lent, changes, by=None).connection

    assert (saved.name, saved.is_enabled, saved.is_lent) == ("Ads", False, True)


def test_a_report_of_a_borrower_says_nothing_of_the_secret(agency, lent):
    """Not even whether it is the whole: nobody there can know it."""
    report = f"EAAagency fails, and so does {'EAAagency'[::-1]}."

    said = saving.change_connection(lent, Changes(status="error", reported_error=report), by=None)

    assert said.connection.reported_error == report


def test_a_borrower_sees_no_ending_of_the_secret(lent):
    assert lent.hints == {"access_token": None}


def test_a_borrower_is_shown_no_ending_of_a_secret_that_the_platform_replaced(agency, lent):
    sealing.keep_renewed(agency, {"access_token": "EAA-a-longer-one-that-has-an-ending"})

    assert rows.again(agency).hints == {"access_token": "…ding"}
    assert rows.again(lent).hints == {"access_token": None}


def test_a_borrower_is_not_told_what_else_it_reaches(lent):
    with pytest.raises(discovery.CannotList):
        discovery.accounts(lent)
    with pytest.raises(discovery.CannotList):
        choosing.add_many(lent, ["act_4001"], by=None)


def test_a_borrower_lets_in_no_other_connection_with_it(lent):
    with pytest.raises(InvalidChange):
        several.add(
            lent.workspace,
            "meta",
            Changes(config={"account_id": "act_4001"}),
            by=None,
            credential_id=lent.credential_id,
        )


def test_a_borrower_sends_no_link_to_mend_it(lent, boss):
    with pytest.raises(InvalidChange) as caught:
        fix_links.send(lent, recipient="Ann", by=boss)

    assert "Its owners mend it" in sentence_of(caught)


def test_a_row_of_another_workspace_that_is_not_lent_opens_nothing(agency, client_of):
    one = lend(agency, client_of, "act_1003")
    IntegrationConnection.objects.filter(pk=one.pk).update(lender=None)

    test = testing.test_connection(rows.again(one), trigger=Trigger.API, by=None)

    assert test.error_kind == "credentials_unreadable"


def test_a_borrower_that_disconnects_leaves_it_to_the_lender(agency, lent):
    done = disconnecting.disconnect(lent, by=None)

    assert done.warning == "What let it in is lent by Main and was kept there."
    assert (done.connection.lender, done.connection.credential) == (None, None)
    assert testing.test_connection(rows.again(agency), trigger=Trigger.API, by=None).outcome == (
        "passed"
    )


def test_what_fails_names_who_has_to_do_something(agency, lent):
    saving.change_connection(agency, Changes(config={"access_token": "EAArevoked"}), by=None)

    test = testing.test_connection(rows.again(lent), trigger=Trigger.API, by=None)

    assert test.outcome == "failed"
    assert test.action.startswith(f"Ask the owners of {agency.workspace.name}, which lends")
    assert test.action_url == ""


# --- What the lender does ------------------------------------------------------------------------


def test_new_secrets_of_the_lender_let_in_whom_it_lends_to(agency, lent, boss):
    saving.change_connection(agency, Changes(config={"access_token": "EAAhealthy"}), by=boss)

    after = rows.again(lent)
    assert secrets_of(after) == {"access_token": "EAAhealthy"}
    assert after.revision > lent.revision
    assert after.edited_by is None
    assert not Event.objects.filter(workspace=lent.workspace, by=boss).exists()


def test_the_lender_sees_who_is_let_in(agency, lent):
    assert [one.workspace.name for one in lending.lent_by(agency.workspace)] == ["North"]
    assert [*lending.lent_with(agency)] == [lent]
    assert not lending.lent_by(lent.workspace)


def test_what_is_taken_back_opens_nothing_more(agency, lent, boss):
    testing.test_connection(lent, trigger=Trigger.API, by=None)

    taken = lending.take_back(agency.workspace, [lent.pk], by=boss)

    after = rows.again(lent)
    assert taken == [lent]
    assert (after.status, after.lender, after.credential) == ("not_connected", None, None)
    assert (after.edited_fields, after.edited_by) == (["taken back"], None)
    assert after.tests.count() == 1
    assert Credential.objects.filter(pk=agency.credential_id).exists()
    assert lending.take_back(agency.workspace, [lent.pk], by=boss) == []


def test_who_takes_back_goes_on_where_one_was_removed_meanwhile(agency, lent, monkeypatch):
    south = Workspace.objects.create(slug="south", name="South")
    other, lock = lend(agency, south, "act_1003"), rows.lock_together

    def removed_first(connection, **more):
        monkeypatch.setattr(rows, "lock_together", lock)
        IntegrationConnection.objects.filter(pk=lent.pk).delete()
        return lock(connection, **more)

    monkeypatch.setattr(rows, "lock_together", removed_first)
    taken = lending.take_back(agency.workspace, [lent.pk, other.pk], by=None)

    assert taken == [other]
    assert not rows.again(other).is_lent


def test_what_was_connected_in_another_way_meanwhile_is_not_taken_back(agency, lent, monkeypatch):
    lock = rows.lock_together

    def own_first(connection, **more):
        monkeypatch.setattr(rows, "lock_together", lock)
        disconnecting.disconnect(lent, by=None)
        connect(lent.workspace, access_token="EAAown")
        return lock(connection, **more)

    monkeypatch.setattr(rows, "lock_together", own_first)
    taken = lending.take_back(agency.workspace, [lent.pk], by=None)

    assert taken == []
    assert secrets_of(rows.again(lent)) == {"access_token": "EAAown"}


def test_what_the_platform_replaced_is_kept_also_if_who_was_told_is_let_in_no_more(agency, lent):
    """The old one may be worth nothing from then on."""
    told = rows.again(lent)  # as a test that is under way knows it
    lending.take_back(agency.workspace, [lent.pk], by=None)

    sealing.keep_renewed(told, {"access_token": "EAAreplaced"})

    assert secrets_of(rows.again(agency)) == {"access_token": "EAAreplaced"}
    assert rows.again(lent).credential is None


def test_in_an_archived_workspace_nothing_is_tested_with_new_secrets(
    agency, lent, boss, editor, worker_seen
):
    tests = rows.again(lent).tests.count()
    workspaces.archive(lent.workspace, by=boss)
    candidate = candidates.keep_candidate(
        rows.again(agency),
        Changes(config={"access_token": "EAAhealthy"}),
        user=editor,
        session_key="s",
        base_version=rows.again(agency).version,
    )

    candidates.prove(candidate)

    assert secrets_of(rows.again(agency)) == {"access_token": "EAAhealthy"}
    assert lent.tests.count() == tests


def test_nobody_takes_back_what_others_lend(agency, lent):
    third = Workspace.objects.create(slug="third", name="Third")

    assert lending.take_back(third, [lent.pk], by=None) == []
    assert rows.again(lent).is_lent


def test_an_editor_takes_nothing_back(agency, lent, editor):
    with pytest.raises(NotAnOwner):
        lending.take_back(agency.workspace, [lent.pk], by=editor)


def test_a_lender_that_disconnects_ends_nothing_that_others_use(agency, lent):
    disconnecting.disconnect(agency, by=None)

    assert testing.test_connection(rows.again(lent), trigger=Trigger.API, by=None).outcome == (
        "passed"
    )


def test_a_lender_that_disconnects_is_told_that_typed_secrets_stay(agency, lent):
    done = disconnecting.disconnect(agency, by=None)

    assert done.warning == "What let it in was kept: a connection of another workspace uses it."
    assert Credential.objects.filter(pk=lent.credential_id).exists()


def test_a_lender_that_disconnects_may_take_it_back_too(agency, lent, boss):
    done = disconnecting.disconnect(agency, by=boss, takes_back=True)

    assert done.warning == ""
    assert rows.again(lent).status == "not_connected"
    assert not Credential.objects.exists()


def test_who_may_not_take_back_disconnects_nothing_with_it(agency, lent, editor):
    with pytest.raises(NotAnOwner):
        disconnecting.disconnect(agency, by=editor, takes_back=True)

    assert rows.again(agency).credential == rows.again(lent).credential


def test_what_the_lender_connects_anew_reaches_those_that_it_still_lends_to(agency, lent, boss):
    disconnecting.disconnect(agency, by=None)

    connect(agency.workspace, access_token="EAAhealthy")

    after = rows.again(lent)
    assert secrets_of(after) == {"access_token": "EAAhealthy"}
    assert (after.edited_by, after.hints) == (None, {"access_token": None})
    assert [*lending.lent_with(rows.again(agency))] == [lent]


def test_a_sign_in_anew_reaches_those_that_the_lender_still_lends_to(
    google, workspace, client_of, editor
):
    first = google_sign_in(workspace, editor, "ga4")
    one = lend(first, client_of)
    disconnecting.disconnect(first, by=None)

    sign_in_to(rows.again(first), editor)

    assert rows.again(one).sign_in == rows.again(first).sign_in
    assert not Credential.objects.filter(pk=first.sign_in_id).exists()


def test_where_it_is_not_clear_what_is_replaced_nothing_of_what_is_lent_is(agency, lent):
    other = several.add(
        agency.workspace,
        "meta",
        Changes(config={"access_token": "EAAother", "account_id": "act_5001"}),
        by=None,
    ).connection
    second = lend(other, lent.workspace)
    for one in (agency, other):
        disconnecting.disconnect(rows.again(one), by=None)

    connect(agency.workspace, access_token="EAAhealthy")

    assert secrets_of(rows.again(lent)) == {"access_token": "EAAagency"}
    assert secrets_of(rows.again(second)) == {"access_token": "EAAother"}


@pytest.fixture
def in_step(monkeypatch):
    """Of two who tell of something, each tells the first of it before the other goes on."""
    both_have_told, record = Barrier(2), events.record

    def told(about, *args, **more):
        record(about, *args, **more)
        with suppress(BrokenBarrierError):
            both_have_told.wait(2)

    monkeypatch.setattr(events, "record", told)
    yield
    both_have_told.abort()


def test_two_sign_ins_that_let_in_the_same_workspaces_end_at_once(both, in_step):
    agency, north = both
    places, ended = [agency.workspace, north], AuthExpired("It has ended.")
    sign_ins = []
    for number, provider in enumerate(("ga4", "search_console")):
        row = Credential.objects.create(
            workspace=agency.workspace,
            method="sign_in",
            family="google",
            provider=provider,
            app="google",
            lease=uuid4(),
            lease_until=timezone.now() + LEASE,
        )
        for at, place in enumerate(places if number else reversed(places)):
            IntegrationConnection.objects.create(
                pk=UUID(int=10 * number + at),
                workspace=place,
                provider=provider,
                auth_method="sign_in",
                sign_in=row,
                lender=None if place == agency.workspace else agency.workspace,
                is_complete=True,
            )
        sign_ins.append(row)

    results = at_once(
        2, lambda number: storing.note(sign_ins[number], sign_ins[number].lease, ended)
    )

    assert results == [True, True]
    assert Event.objects.filter(data__what="sign_in_ended").count() == 4


def test_two_who_lend_to_each_other_change_theirs_at_once(both, stripe, in_step):
    """Each tells of it in both workspaces."""
    agency, north = both
    lend(agency, north)
    changes = Changes(config={"access_token": "rk_test_healthy"})
    other = saving.change_connection(rows.unread(north, "stripe"), changes, by=None).connection
    lend(other, agency.workspace)
    new = [(agency, "EAAhealthy"), (other, "sk_test_healthy")]
    results = at_once(
        2,
        lambda number: saving.change_connection(
            new[number][0], Changes(config={"access_token": new[number][1]}), by=None
        ),
    )

    assert not [one for one in results if isinstance(one, Exception)]


def test_a_key_that_is_back_is_in_nobodys_way(both, monkeypatch):
    agency, north = both
    choosing.reachable(agency)
    row_is_held, adopt, check = Barrier(2), sealing._adopt, choosing._check_still
    monkeypatch.setattr(sealing, "OLD", agency.credential.secrets[:3])
    monkeypatch.setattr(sealing, "OLD_VERSION", crypto.VERSION)

    def meet():
        with suppress(BrokenBarrierError):
            row_is_held.wait(2)

    monkeypatch.setattr(sealing, "_adopt", lambda row: (meet(), adopt(row)))
    monkeypatch.setattr(choosing, "_check_still", lambda *asked: (meet(), check(*asked)))

    results = at_once(
        2, lambda number: lend(agency, north, "act_1003") if number else sealing.adopt_old()
    )

    assert not [one for one in results if isinstance(one, Exception)]
    assert rows.find(north, "meta").is_lent


def test_who_lends_is_not_archived(agency, lent, boss):
    with pytest.raises(InvalidChange) as caught:
        workspaces.archive(agency.workspace, by=boss)

    assert "Take it back first" in sentence_of(caught)


def test_a_borrower_and_the_lender_change_theirs_at_once(both):
    agency, client_of = both
    lent = lend(agency, client_of, "act_1003")

    def do(number):
        if number:
            return disconnecting.disconnect(rows.again(lent), by=None)
        return saving.change_connection(
            rows.again(agency), Changes(config={"access_token": "EAAhealthy"}), by=None
        )

    results = at_once(2, do)

    assert not [one for one in results if isinstance(one, Exception)]
    assert rows.again(lent).credential is None
    assert secrets_of(rows.again(agency)) == {"access_token": "EAAhealthy"}


# --- One sign-in, many workspaces ----------------------------------------------------------------


@pytest.fixture
def lent_to(google, workspace, editor):
    """`lent_to(20)`: a sign-in to Google, lent for three properties to each of 20 workspaces."""

    def lend_to(clients):
        first = google_sign_in(workspace, editor, "ga4")
        three = [Account(number) for number in ("1001", "1002", "9999")]
        for number in range(clients):
            client = Workspace.objects.create(slug=f"client-{number}", name=f"Client {number}")
            with transaction.atomic():
                lending.lend_accounts(first, client, three, by=None)
        return [rows.again(first), *lending.lent_by(workspace)]

    return lend_to


def token_requests(google):
    return [asked.path for asked in google.requests_seen].count("/token")


def test_for_three_hundred_it_is_renewed_once(lent_to, google):
    many = lent_to(100)
    Credential.objects.update(expires_at=many[0].created_at)
    google.requests_seen.clear()

    used = {tokens.usable(one.sign_in_id).held.tokens.access_token for one in many}

    assert len(many) == 301
    assert (len(used), token_requests(google)) == (1, 1)


def test_for_all_of_them_its_end_is_found_once(lent_to, google):
    many = lent_to(20)
    Credential.objects.update(expires_at=many[0].created_at)
    answer_renewals(google, INVALID_GRANT)
    google.requests_seen.clear()

    for one in many:
        with pytest.raises(ProviderError):
            tokens.usable(one.sign_in_id)

    ended = Event.objects.filter(type=EventType.CHANGED, data__what="sign_in_ended")
    assert token_requests(google) == 1
    assert Credential.objects.get(pk=many[0].sign_in_id).is_ended
    assert ended.count() == 61


def test_one_sign_in_anew_mends_all_and_says_which_it_could_not(lent_to, editor, worker_seen):
    many = lent_to(20)

    sign_in_to(many[0], editor)

    after = [rows.again(one) for one in many]
    assert len({one.sign_in_id for one in after} - {many[0].sign_in_id}) == 1
    by_account = {}
    for one in after[1:]:
        by_account.setdefault(one.config["account_id"], set()).add((one.status, one.error_kind))
    assert by_account == {
        "1001": {("connected", "")},
        "1002": {("connected", "")},
        "9999": {("error", "account_not_found")},
    }
    assert not Event.objects.exclude(workspace=many[0].workspace).filter(by=editor).exists()
