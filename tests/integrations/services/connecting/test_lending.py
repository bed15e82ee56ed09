"""What one workspace lends lets in connections of others, and stays its own."""

import pytest
from django.db import transaction

from integrations.models import (
    Credential,
    Event,
    EventType,
    IntegrationConnection,
    Membership,
    Role,
    Trigger,
    Workspace,
)
from integrations.services import rows
from integrations.services.connecting import (
    choosing,
    disconnecting,
    fix_links,
    lending,
    saving,
    several,
    trying,
)
from integrations.services.connecting.changes import Changes
from integrations.services.credentials import sealing, tokens
from integrations.services.people import workspaces
from integrations.services.people.members import Archived, NotAnOwner
from integrations.services.proving import discovery, testing
from integrations.services.refusals import InvalidChange
from providers.declare import Account
from providers.errors import ProviderError
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


def test_of_many_who_lend_the_same_at_once_one_does(both):
    agency, client_of = both
    choosing.reachable(agency)

    results = at_once(
        3, lambda _: lending.lend(rows.again(agency), client_of, ["act_1003"], by=None)
    )

    assert sorted(one.items.count() for one in results) == [0, 0, 1]
    assert IntegrationConnection.objects.filter(workspace=client_of).count() == 1


def test_a_default_one_that_was_disconnected_is_used(agency, client_of):
    own = connect(client_of, access_token="EAAown")
    disconnecting.disconnect(own, by=None)

    one = lend(agency, client_of, "act_1003")

    assert one == own
    assert one.version > own.version


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
