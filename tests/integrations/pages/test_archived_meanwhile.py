"""Requests that were let into a workspace before somebody else archived it."""

import threading
from contextlib import contextmanager
from types import SimpleNamespace

import pytest
from django.contrib.auth.models import User
from django.db import connection as database
from django.urls import reverse
from django.utils import timezone

from integrations.models import After, Invitation, Membership, Role, Workspace
from integrations.services.people import hand_over, invitations, members, workspaces
from integrations.services.people.members import Archived
from integrations.services.people.people import NoWorkspace
from integrations.services.people.workspaces import NotArchived
from tests.integrations.api.test_members import Session
from tests.integrations.pages.people import MEMBERS, Visitor, text_of
from tests.integrations.services.proving.test_races import at_once

pytestmark = pytest.mark.django_db(transaction=True)

SAID = "Main was archived meanwhile. Nothing was changed."


@pytest.fixture
def olga(workspace, person):
    User.objects.create_user("first")  # who gets the first workspace by themselves
    Membership.objects.all().delete()
    return person("olga", Role.OWNER)


@pytest.fixture
def vera(olga, person):
    return person("vera", Role.VIEWER)


@contextmanager
def archived_after(lookups, workspace, by):
    """Another connection archives it once this one has looked up so often who may do what."""
    seen = []

    def watch(execute, sql, *more):
        answer = execute(sql, *more)
        if "integrations_membership" in sql:
            seen.append(sql)
            if len(seen) == lookups:
                [done] = at_once(1, lambda _: workspaces.archive(workspace, by=by))
                assert done is None
        return answer

    with database.execute_wrapper(watch):
        yield
    assert len(seen) >= lookups


def number(user):
    return user.memberships.get().pk


@pytest.mark.parametrize(
    "act",
    [
        lambda here: members.change_role(here.where, number(here.vera), Role.EDITOR, by=here.olga),
        lambda here: members.remove(here.where, number(here.vera), by=here.olga),
        lambda here: members.leave(here.where, here.vera),
        lambda here: invitations.invite(here.where, Role.VIEWER, by=here.olga),
        lambda here: hand_over.ask(here.where, number(here.vera), After.LEAVE, by=here.olga),
        lambda here: hand_over.end(here.where, here.olga),
        lambda here: workspaces.rename(here.where, "Mine", by=here.olga),
        lambda here: workspaces.archive(here.where, by=here.olga),
    ],
)
def test_nothing_in_it_is_changed_by_who_still_holds_it(workspace, olga, vera, act):
    workspaces.archive(Workspace.objects.get(), by=olga)

    with pytest.raises(Archived):
        act(SimpleNamespace(where=workspace, olga=olga, vera=vera))

    assert vera.memberships.get().role == Role.VIEWER
    assert not Invitation.objects.exists()


def test_a_page_that_was_inside_says_so_and_changes_nothing(workspace, olga, vera):
    visitor = Visitor(olga)
    where = f"{MEMBERS}{number(vera)}/remove/"
    typed = {"csrfmiddlewaretoken": token_of(visitor.get(where))}

    with archived_after(1, workspace, olga):
        page = visitor.post(where, typed, follow=True)

    assert SAID in text_of(page)
    assert page.redirect_chain[-1][0] == reverse("workspaces")
    assert vera.memberships.exists()


def token_of(page):
    return page.content.decode().split('csrfmiddlewaretoken" value="')[1].split('"')[0]


def test_so_does_the_api(workspace, olga, vera):
    session, path = Session(olga), f"/api/members/{number(vera)}"

    with archived_after(1, workspace, olga):
        reply = session("PATCH", path, {"role": "editor"})

    assert (reply.status_code, reply.json()["code"]) == (404, "not_found")
    assert "was archived meanwhile" in reply.json()["detail"]
    assert vera.memberships.get().role == Role.VIEWER


def test_who_accepts_an_invitation_is_told_that_it_works_no_more(workspace, olga, person):
    _, link = invitations.invite(workspace, Role.EDITOR, by=olga)
    sven = person("sven")
    guest = Visitor(sven)
    page = guest.get(f"/invitation/{link.rstrip('/').rpartition('/')[2]}/", follow=True)
    shown = page.content.decode()
    typed = {
        "csrfmiddlewaretoken": token_of(page),
        "invitation": shown.split('name="invitation" value="')[1].split('"')[0],
    }

    with archived_after(2, workspace, olga):  # by the page, and again before it is used
        reply = guest.post("/invitation/accept/", typed)

    assert reply.status_code == 410
    assert not sven.memberships.exists()


def somebody_waits():
    """SQLite has one writer at a time anyway."""
    if database.vendor == "sqlite":
        return True
    with database.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        return bool(cursor.fetchone()[0])


def test_who_waited_for_the_archiving_finds_it_archived(workspace, olga, vera):
    """The lock: what was read before it does not count."""
    results = []

    def change():
        results.extend(at_once(1, lambda _: members.remove(workspace, number(vera), by=olga)))

    other = threading.Thread(target=change)
    with members.holding(workspace) as held:
        held.archived_at = timezone.now()
        held.save()
        other.start()
        while other.is_alive() and not somebody_waits():
            pass
    other.join(timeout=60)

    assert [type(one) for one in results] == [Archived]
    assert vera.memberships.exists()


@pytest.mark.parametrize("round_", range(3))
def test_of_two_who_bring_it_back_one_is_told_that_it_is_back(workspace, olga, round_):
    workspaces.archive(workspace, by=olga)

    done = at_once(4, lambda _: workspaces.bring_back("main", by=olga))

    assert sorted(type(one).__name__ for one in done) == ["NotArchived"] * 3 + ["Workspace"]


def test_who_lost_it_meanwhile_brings_nothing_back(workspace, olga, vera):
    workspaces.archive(workspace, by=olga)

    for user in (vera, User.objects.get(username="first")):
        with pytest.raises(NoWorkspace):
            workspaces.bring_back("main", by=user)
    assert Workspace.objects.get().archived_at

    workspaces.bring_back("main", by=olga)
    with pytest.raises(NotArchived):
        workspaces.bring_back("main", by=olga)
