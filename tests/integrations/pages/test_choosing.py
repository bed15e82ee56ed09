"""Choosing many accounts, as a browser without script sees it."""

import re
import threading
from datetime import timedelta
from html import unescape

import pytest
import time_machine
from django.utils import timezone

from integrations import queue
from integrations.models import ConnectionTest, IntegrationConnection, TestOutcome, Workspace
from integrations.pages import chosen_runs
from integrations.services import waiting
from integrations.services.connecting import choosing, saving
from integrations.services.connecting.changes import Changes
from integrations.services.proving import discovery, runs, testing
from providers.sandbox.meta.objects import CLIENTS
from tests.integrations.pages.people import Visitor, text_of
from tests.integrations.services.connecting.agency import connect
from tests.integrations.services.connecting.test_choosing import SOME


@pytest.fixture
def agency(workspace, meta):
    """A token that reaches 312 accounts, used for one of them."""
    return connect(workspace)


@pytest.fixture
def emil(editor):
    return Visitor(editor)


def path_of(connection):
    return f"/w/main/integrations/{connection.provider}/accounts/{connection.pk}/"


def asked(connection, query=""):
    return f"{path_of(connection)}?{query and f'q={query}&'}ask=1"


class Form:
    """The form of a page as it stands there, to be ticked and sent."""

    def __init__(self, visitor, page):
        self.visitor, self.page = visitor, page
        [text] = re.findall(r'<form class="choosing".*?</form>', page.content.decode(), re.DOTALL)
        self.action = unescape(re.search(r'action="([^"]+)"', text)[1])
        inputs = [
            dict(re.findall(r'(\w+)="([^"]*)"', tag)) for tag in re.findall(r"<input [^>]+>", text)
        ]
        self.token = next(one["value"] for one in inputs if one["name"] == "csrfmiddlewaretoken")
        self.shown = [one["value"] for one in inputs if one.get("name") == "shown"]
        ticked = re.findall(r'name="account" value="([^"]+)" autocomplete="off" checked', text)
        self.ticked = set(ticked)
        self.add = unescape(re.search(r'name="add" value="(\d*)"', text)[1])

    def tick(self, *ids):
        assert set(ids) <= set(self.shown)
        self.ticked |= set(ids)
        return self

    def untick(self, *ids):
        self.ticked -= set(ids)
        return self

    def send(self, **button):
        data = {"csrfmiddlewaretoken": self.token, "shown": self.shown, "q": ""}
        data |= {"account": [*self.ticked]} | button
        return self.visitor.post(self.action, data, follow=True)

    def press(self, **button):
        return Form(self.visitor, self.send(**button))


def form_on(visitor, connection, query=""):
    return Form(visitor, visitor.get(asked(connection, query)))


def connected_accounts():
    return {one.config["account_id"] for one in IntegrationConnection.objects.all()}


# --- The list ------------------------------------------------------------------------------------


def test_the_page_is_there_before_the_platform_answers(emil, agency):
    page = emil.get(path_of(agency))

    assert "Asking Meta for its accounts" in text_of(page)
    assert discovery.kept(agency) is None
    assert f'href="{asked(agency)}"' in page.content.decode()


def test_a_hundred_are_on_a_page_and_what_is_connected_cannot_be_taken(emil, agency):
    page = emil.get(asked(agency))

    form = Form(emil, page)
    assert len(form.shown) == 99
    assert "act_1001" not in form.shown
    assert "reaches 312, 1 of them connected already" in text_of(page)
    assert "Not proven yet" in text_of(page)


def test_a_search_finds_by_every_word_of_name_or_id(emil, agency):
    form = form_on(emil, agency, "act_400+legal")

    assert form.shown == ["act_4003"]


def test_what_is_ticked_stays_over_pages_and_searches(emil, agency):
    form = form_on(emil, agency).tick("act_1003").press(go="2")
    assert "act_4099" in form.shown
    form = form.tick("act_4099").press(act="search", q="atlas")
    form = form.tick("act_4001").press(act="search", q="")

    assert form.add == "3"
    assert form.ticked == {"act_1003", "act_4001"}
    form = form.untick("act_1003").press(go="2")
    assert (form.ticked, form.add) == ({"act_4099"}, "2")


def test_all_that_match_are_taken_at_once_and_left_again(emil, agency):
    form = form_on(emil, agency, "atlas").press(act="all")
    matching = int(form.add)
    assert matching > 30
    assert "Select all" not in text_of(form.page)

    form = form.press(act="search", q="").tick("act_1003").press(act="search", q="atlas")
    form = form.press(act="none")

    assert form.add == "1"


def test_all_of_312_but_the_connected_are_taken_at_once(emil, agency):
    assert form_on(emil, agency).press(act="all").add == "311"


def test_what_was_chosen_is_added_in_the_order_of_the_list(emil, agency):
    page = form_on(emil, agency).press(act="all").send(add="311")

    added = IntegrationConnection.objects.exclude(pk=agency.pk).order_by("pk")
    said = text_of(page)
    assert said.index("Acme Outlet") < said.index("Acme Winter") < said.index("act_4050")
    assert len(added) == 311


def test_nothing_chosen_says_so(emil, agency):
    reply = form_on(emil, agency).send(add="")

    assert reply.status_code == 422
    assert choosing.NONE_CHOSEN in text_of(reply)


def test_a_button_that_counts_wrong_asks_once_more(emil, agency):
    form = form_on(emil, agency).tick("act_1003").press(go="1")
    reply = form.tick("act_4001").send(add=form.add)

    assert "2 accounts are chosen now" in text_of(reply)
    assert connected_accounts() == {"act_1001"}
    assert "Add 2 accounts" in text_of(reply)


def test_a_viewer_may_not_choose(viewer, agency):
    assert Visitor(viewer).get(path_of(agency)).status_code == 403


def test_what_is_of_another_workspace_or_platform_is_not_found(emil, agency, workspace):
    assert emil.get(path_of(agency).replace("/meta/", "/ga4/")).status_code == 404
    agency.workspace = Workspace.objects.create(slug="else", name="Else")
    agency.save()
    assert emil.get(path_of(agency)).status_code == 404


def test_a_platform_that_refuses_says_what_to_do(emil, agency):
    saving.change_connection(agency, Changes(config={"access_token": "EAArevoked"}), by=None)

    said = text_of(emil.get(asked(agency)))

    assert "Meta gave no list of accounts." in said
    assert "Ask again" in said


def test_who_asks_too_often_reads_when_to_come_back(emil, agency, settings):
    settings.TEST_RATE = 1
    emil.get(asked(agency))
    saving.change_connection(agency, Changes(config={"access_token": "EAAhealthy"}), by=None)

    assert "as often as a minute allows. Try again in" in text_of(emil.get(asked(agency)))


def test_where_too_many_wait_it_says_so(emil, agency):
    taken, done = threading.Event(), threading.Event()

    def hold():
        with waiting.place(agency.workspace_id):
            taken.set()
            done.wait(timeout=60)

    waiting.PLACES.limit(2)
    other = threading.Thread(target=hold)
    other.start()
    try:
        assert taken.wait(timeout=60)
        said = text_of(emil.get(asked(agency)))
    finally:
        done.set()
        other.join()
        waiting.PLACES.limit(None)

    assert "Many tests wait for platforms just now. Try again in" in said


def test_what_is_incomplete_says_so(emil, agency):
    agency.hints, agency.credential = {}, None
    agency.save()

    assert "Save everything that is required first." in text_of(emil.get(asked(agency)))


# --- The run -------------------------------------------------------------------------------------


def added(visitor, connection, *ids):
    return form_on(visitor, connection).tick(*ids).send(add="")


def test_each_account_has_its_verdict_and_what_failed_comes_first(emil, agency, worker_seen):
    page = added(emil, agency, *SOME, "act_4008")

    said = text_of(page)
    assert "1 of 4 accounts was not proven" in said
    assert "3 proven" in said
    assert said.index(CLIENTS["4008"]["name"]) < said.index("Acme Winter")
    assert "Failed" in said
    assert said.count("Try again") == 1


def test_all_proven_says_so(emil, agency, worker_seen):
    assert "All 3 accounts are proven" in text_of(added(emil, agency, *SOME))


def test_without_a_worker_it_says_what_to_do_and_tries_again_later(emil, agency):
    page = added(emil, agency, *SOME)
    assert "Saved, but not tested. The worker is not running" in text_of(page)
    here = page.redirect_chain[-1][0]

    queue.beat(timezone.now())
    page = emil.send(here, f"{here}again/")

    assert "All 3 accounts are proven" in text_of(page)


def test_what_no_test_can_ask_yet_is_not_proven(emil, agency):
    run = choosing.add_many(agency, SOME[:1], by=None)
    item = run.items.get()
    item.test = ConnectionTest(outcome=TestOutcome.NOT_IMPLEMENTED)

    assert chosen_runs.Line(item).is_unproven


def test_a_run_that_died_while_it_tested_proves_nothing_and_is_tried_again(emil, agency, meta):
    with time_machine.travel(timezone.now() - timedelta(minutes=5)):
        dead = runs.start_chosen(agency.workspace, [agency], trigger="page", by=None)
        test = testing.start_when_free(agency, trigger="page", by=None).test
        dead.items.update(test=test)

    page = emil.get(f"/w/main/runs/{dead.pk}/")

    said = text_of(page)
    assert "1 of 1 account was not proven" in said
    assert "0 proven 1 not tested" in said
    assert runs.INTERRUPTED in said
    assert "Try again" in said
    queue.beat(timezone.now())
    here = f"/w/main/runs/{dead.pk}/"
    assert "The account is proven" in text_of(emil.send(here, f"{here}again/"))


def test_one_that_failed_is_removed_after_a_question(emil, agency, worker_seen):
    page = added(emil, agency, *SOME, "act_4008")
    here = page.redirect_chain[-1][0]
    [action] = re.findall(rf"{here}remove/[0-9a-f-]+/", page.content.decode())

    question = emil.get(action)
    assert "act_4008" in connected_accounts()
    assert "The others, and what lets them in, stay." in text_of(question)
    page = emil.send(action, action)

    assert "act_4008" not in connected_accounts()
    assert "All 3 accounts are proven" in text_of(page)


def test_a_run_is_come_back_to_from_the_list(emil, agency, worker_seen):
    here = added(emil, agency, "act_1003", "act_4008").redirect_chain[-1][0]

    page = emil.get(asked(agency))

    assert "1 of 2 accounts was not proven" in text_of(page)
    assert f'href="{here}"' in page.content.decode()


def test_what_was_proven_since_is_no_warning_of_the_list(emil, agency):
    added(emil, agency, "act_1003", "act_4001")
    assert "2 of 2 accounts were not proven" in text_of(emil.get(asked(agency)))
    for account, said in (("act_1003", "1 of 2 accounts was not proven"), ("act_4001", "")):
        one = IntegrationConnection.objects.get(config__account_id=account)
        testing.test_connection(one, trigger="page", by=None)

        page = text_of(emil.get(asked(agency)))

        assert said in page
        assert ("not proven" in page) == bool(said)


def test_a_viewer_sees_a_run_and_changes_nothing(emil, viewer, agency, worker_seen):
    here = added(emil, agency, "act_4008").redirect_chain[-1][0]

    page = Visitor(viewer).get(here)

    assert "1 of 1 account was not proven" in text_of(page)
    assert "Try" not in text_of(page)
    assert Visitor(viewer).get(f"{here}again/").status_code == 403


def test_a_run_of_all_is_none_of_chosen_ones(emil, agency):
    run = runs.start_run(agency.workspace, trigger="page", by=None).run

    assert emil.get(f"/w/main/runs/{run.pk}/").status_code == 404


def test_test_all_does_not_show_chosen_ones(emil, agency):
    runs.start_chosen(agency.workspace, [agency], trigger="page", by=None)

    assert "run-bar" not in emil.get("/w/main/dashboard/settings/").content.decode()


def test_one_that_matches_is_no_all_and_what_is_ticked_elsewhere_is_named(emil, agency):
    form_on(emil, agency).tick("act_4001").send(act="search")

    found = emil.says(asked(agency, "act_1003"))

    assert "Select the one that matches" in found
    assert "Not on this page: Atlas Cycles 1." in found
