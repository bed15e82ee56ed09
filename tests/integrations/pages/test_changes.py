"""What an open settings page is told of what happens elsewhere."""

import math
import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from integrations.models import After, Event, IntegrationConnection, Role, Trigger, Workspace
from integrations.services import events, rows
from integrations.services.connecting import saving
from integrations.services.connecting.changes import Changes
from integrations.services.credentials import tokens
from integrations.services.people import hand_over, invitations, members
from integrations.services.proving import testing
from providers.errors import ProviderError
from providers.sandbox.server import Answer
from tests.integrations.conftest import VALUES, signed_in
from tests.integrations.pages.test_pages import text_of


@pytest.fixture
def look(workspace, viewer):
    """`look(12)` asks what came after the event 12."""
    client = signed_in(viewer)

    def ask(after, since=None, until=0):
        return client.get(
            reverse("changes", args=["main"]),
            {"since": after if since is None else since, "after": after, "until": until},
            headers={"If-None-Match": f'"{after}"', "HX-Request": "true"},
        )

    return ask


def change(workspace, by=None, **config):
    saving.change_connection(rows.unread(workspace, "meta"), Changes(config=config), by=by)


def run_test(workspace, by=None, trigger=Trigger.API):
    connection = rows.find(workspace, "meta")
    return testing.test_connection(connection, trigger=trigger, by=by)


def happened():
    return [(one.type, one.data["what"]) for one in Event.objects.order_by("pk")]


@pytest.mark.parametrize(("until", "status"), [(-1, 200), (60, 304), (None, 304)])
def test_time_alone_changes_a_page_too(look, proven, until, status):
    latest = events.latest_id(proven.workspace)
    at = int(timezone.now().timestamp()) + until if until else 0

    reply = look(latest, until=at)

    assert reply.status_code == status
    if status == 200:
        turns = proven.proven_at + proven.platform.proof_budget
        assert f"until={math.ceil(turns.timestamp())}" in reply.content.decode()


def test_nothing_new_is_a_304_of_four_queries(look, connected, django_assert_max_num_queries):
    latest = events.latest_id(connected.workspace)

    with django_assert_max_num_queries(4):
        reply = look(latest)

    assert (reply.status_code, reply.content) == (304, b"")


def test_what_somebody_changed_reaches_the_page_with_who_did_it(look, connected, editor):
    latest = events.latest_id(connected.workspace)
    change(connected.workspace, by=editor, account_id="act_1002", access_token="EAAhealthy")

    reply = look(latest)

    page = reply.content.decode()
    assert "Meta: Ad account ID changed by Emil Edit." in text_of(reply)
    assert 'id="card-meta"' in page
    assert page.count("<article") == 1
    assert 'id="status-summary"' in page
    assert re.search(r"after=(\d+)", page)[1] == str(events.latest_id(connected.workspace))


@pytest.mark.parametrize(
    ("token", "said"),
    [
        ("EAAhealthy", "Meta was proven, as a test by Emil Edit found."),
        ("EAAexpired", "Meta stopped working, as a test by Emil Edit found."),
    ],
)
def test_a_test_that_changed_something_is_told(look, connected, editor, meta, token, said):
    change(connected.workspace, access_token=token, account_id="act_1001")
    latest = events.latest_id(connected.workspace)

    run_test(connected.workspace, by=editor)

    assert said in text_of(look(latest))


def test_what_one_did_oneself_is_no_news_but_draws_the_card(look, connected, viewer):
    latest = events.latest_id(connected.workspace)
    change(connected.workspace, by=viewer, account_id="act_1002", access_token="EAAhealthy")

    reply = look(latest)

    assert "while you were here" not in text_of(reply)
    assert 'id="card-meta"' in reply.content.decode()


def test_lines_stay_while_cards_are_drawn_once(look, connected, editor):
    loaded = events.latest_id(connected.workspace)
    change(connected.workspace, by=editor, account_id="act_1002", access_token="EAAhealthy")
    known = events.latest_id(connected.workspace)
    token = {"access_token": "rk_test_" + "a" * 40}
    saving.change_connection(
        rows.unread(connected.workspace, "stripe"), Changes(config=token), by=None
    )

    reply = look(known, since=loaded)

    assert "Ad account ID changed" in text_of(reply)
    assert re.findall(r'<article id="card-(\w+)"', reply.content.decode()) == ["stripe"]


def test_a_test_that_changes_nothing_is_no_event(proven):
    before = happened()

    run_test(proven.workspace)

    assert happened() == before
    assert before == [("connection.changed", "edited"), ("connection.changed", "proven")]


def test_a_break_its_end_and_a_new_cause_are_events(connected, meta):
    workspace = connected.workspace
    for token in ("EAAexpired", "EAAexpired", "EAAhealthy"):
        change(workspace, access_token=token)
        run_test(workspace)
        run_test(workspace)

    found = [one for one in happened() if one[1] != "edited"]
    assert found[:2] == [("connection.failing", "auth_expired"), ("connection.changed", "proven")]


def test_an_old_proof_that_is_renewed_is_an_event(proven):
    IntegrationConnection.objects.update(proven_at=timezone.now() - timedelta(hours=25))

    run_test(proven.workspace)

    assert happened()[-1] == ("connection.changed", "proven")
    assert len(happened()) == 3


def test_an_event_holds_neither_names_nor_values(connected, editor):
    change(connected.workspace, by=editor, **VALUES | {"access_token": "EAAother"})

    last = Event.objects.latest("pk")

    assert last.by == editor
    assert last.data == {"what": "edited", "fields": ["credentials"]}


def test_another_workspaces_events_stay_there(look, connected, stranger):
    other = Workspace.objects.create(slug="other", name="Other")
    latest = events.latest_id(connected.workspace)
    change(other, access_token="EAAhealthy")

    assert look(latest).status_code == 304


def test_a_sign_in_that_ends_by_itself_is_told(look, calendly_signed_in, calendly):
    row = calendly_signed_in.sign_in
    latest = events.latest_id(calendly_signed_in.workspace)
    calendly.answer = lambda _asked: Answer(400, {"error": "invalid_grant"})

    with pytest.raises(ProviderError):
        tokens.renew(row.pk)

    assert "Calendly lost its sign-in." in text_of(look(latest))


def test_a_switch_is_told_as_what_it_does(look, connected, editor):
    latest = events.latest_id(connected.workspace)
    saving.change_connection(
        rows.unread(connected.workspace, "meta"), Changes(is_enabled=False), by=editor
    )

    assert "Meta was disabled by Emil Edit." in text_of(look(latest))


def test_another_sentence_of_the_same_kind_is_an_event(connected, meta):
    change(connected.workspace, access_token="EAAexpired", account_id="act_1001")
    run_test(connected.workspace)
    IntegrationConnection.objects.update(last_error="Another sentence.")

    run_test(connected.workspace)

    assert [one[0] for one in happened()].count("connection.failing") == 2


# --- Members -------------------------------------------------------------------------------------


@pytest.fixture
def look_at_members(workspace, viewer):
    client = signed_in(viewer)

    def ask(since):
        return client.get(
            reverse("changes", args=["main"]),
            {"since": since, "after": since, "of": "members"},
            headers={"If-None-Match": f'"{since}"', "HX-Request": "true"},
        )

    return ask


def test_what_becomes_of_members_reaches_their_page_alone(
    look, look_at_members, workspace, owner, editor, stranger
):
    latest = events.latest_id(workspace)
    assert look_at_members(latest).status_code == 304
    made, _ = invitations.invite(workspace, Role.EDITOR, by=owner)
    invitations.accept(made.digest, stranger)
    mine = editor.memberships.get().pk
    members.change_role(workspace, mine, Role.OWNER, by=owner)
    members.leave(workspace, owner)
    members.remove(workspace, stranger.memberships.get().pk, by=None)

    told = look_at_members(latest)

    for said in (
        "sven joined as an editor.",
        "Emil Edit was made an owner by olga.",
        "olga left.",
        "sven was removed.",
    ):
        assert said in text_of(told)
    assert "Somebody was invited as an editor by olga." in text_of(told)
    assert "<article" not in told.content.decode()
    assert "of=members" in told.content.decode()
    assert "while you were here" not in text_of(look(latest))


def test_who_is_no_account_any_more_is_told_without_a_name(
    look_at_members, workspace, owner, editor
):
    latest = events.latest_id(workspace)
    members.remove(workspace, editor.memberships.get().pk, by=owner)
    editor.delete()

    said = "Somebody whose account is deleted was removed by olga."
    assert said in text_of(look_at_members(latest))


def test_invitations_and_hand_overs_reach_the_page_of_members(
    look_at_members, workspace, owner, editor
):
    latest = events.latest_id(workspace)
    made, _ = invitations.invite(workspace, Role.EDITOR, by=owner)
    invitations.withdraw(workspace, made.pk, by=owner)
    number = editor.memberships.get().pk
    hand_over.ask(workspace, number, After.OWNER, by=owner)
    hand_over.end(workspace, owner)
    hand_over.ask(workspace, number, After.OWNER, by=owner)
    hand_over.end(workspace, editor)

    told = text_of(look_at_members(latest))

    for said in (
        "An invitation was withdrawn by olga.",
        "Emil Edit was asked to own the workspace by olga.",
        "Emil Edit is not asked to own it any more by olga.",
        "Emil Edit said no to owning it.",
    ):
        assert said in told


@pytest.mark.parametrize("of", ["", "overview"])
def test_whose_role_changed_reads_so_on_every_open_page(workspace, owner, viewer, of):
    latest = events.latest_id(workspace)
    number = viewer.memberships.get().pk
    members.change_role(workspace, number, Role.OWNER, by=owner)
    members.change_role(workspace, owner.memberships.get().pk, Role.EDITOR, by=viewer)

    def told(user):
        asked = {"since": latest, "after": latest, "of": of}
        return text_of(signed_in(user).get(reverse("changes", args=["main"]), asked))

    assert "You are an owner here now, by olga." in told(viewer)
    assert "You are an editor here now, by vera." in told(owner)
    assert "until you load the page again" in told(owner) or of


def test_who_is_asked_and_who_asked_hear_of_the_hand_over(workspace, owner, editor, viewer):
    latest = events.latest_id(workspace)

    def told(user):
        asked = {"since": latest, "after": latest, "of": "overview"}
        return text_of(signed_in(user).get(reverse("changes", args=["main"]), asked))

    hand_over.ask(workspace, editor.memberships.get().pk, After.EDITOR, by=owner)
    assert "You are asked to own this workspace, by olga. Answer on the overview." in told(editor)
    hand_over.accept(workspace, editor)

    assert "You are an editor here now: the hand-over is accepted." in told(owner)
    assert "while you were here" not in told(viewer)


def test_the_overview_asks_too(workspace, viewer):
    page = signed_in(viewer).get(reverse("overview", args=["main"])).content.decode()

    assert "of=overview" in page
    assert "changes.js" in page


def test_the_page_of_members_asks_for_theirs(workspace, viewer):
    page = signed_in(viewer).get(reverse("members", args=["main"])).content.decode()

    latest = events.latest_id(workspace)
    assert f"?since={latest}&amp;after={latest}&amp;until=0&amp;of=members" in page


def test_a_first_connecting_is_told_as_that(look, workspace, editor):
    latest = events.latest_id(workspace)
    change(workspace, by=editor, **VALUES)
    known = events.latest_id(workspace)
    change(workspace, by=editor, access_token="EAAother")

    told = look(latest)
    assert "Meta was connected by Emil Edit." in text_of(told)
    assert "method changed" not in text_of(told)
    assert "Meta: credentials changed by Emil Edit." in text_of(look(known))
