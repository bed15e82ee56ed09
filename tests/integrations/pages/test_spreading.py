"""Spreading a table, as a browser without script sees it."""

import re
from datetime import timedelta
from html import unescape

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from integrations import queue
from integrations.models import IntegrationConnection, Spread, SpreadPart, Workspace
from integrations.models import TestRun as Run
from integrations.services.connecting import several, spread_plans, spreading, tables
from integrations.services.people import workspaces
from integrations.sessions import BACKEND
from tests.integrations.pages.people import Visitor, text_of
from tests.integrations.services.connecting.agency import connect

TABLE = "act_1003,north\nact_9,north\n"


@pytest.fixture
def agency(workspace, meta):
    """A token that reaches 312 accounts, used for one of them."""
    return connect(workspace)


@pytest.fixture
def ruth(workspace):
    """Who runs the installation."""
    return Visitor(User.objects.create_superuser("ruth"))


def path_of(connection):
    return f"/w/main/integrations/meta/spread/{connection.pk}/"


def planned(visitor, connection, text=TABLE, **more):
    form = visitor.get(path_of(connection)).content.decode().split('id="spread"')[1]
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', form)[1]
    data = {"csrfmiddlewaretoken": token, "table": text} | more
    return visitor.post(path_of(connection), data, follow=True)


def confirmed(visitor, connection, page, text=TABLE):
    shown = re.search(r'name="confirmed" value="(\w+)"', page.content.decode())[1]
    return planned(visitor, connection, text, confirmed=shown)


def lent():
    return IntegrationConnection.objects.exclude(lender=None).count()


def test_a_plan_is_shown_problems_first_and_nothing_typed_is_lost(ruth, agency):
    page = planned(ruth, agency)

    said = text_of(page)
    assert "1 problem 1 will be connected 1 workspace will be made" in said
    assert said.index("This account is not among those") < said.index("Acme Winter")
    assert "act_1003,north\nact_9,north\n</textarea>" in page.content.decode()
    assert not Workspace.objects.filter(slug="north").exists()


def test_what_is_confirmed_is_done_and_told(ruth, agency, worker_seen):
    page = confirmed(ruth, agency, planned(ruth, agency))

    said = text_of(page)
    assert "Spread over 1 workspace" in said
    assert "1 connected The workspace was made" in said
    assert "Line 2: This account is not among those" in said
    assert 'href="/w/north/dashboard/"' in page.content.decode()
    assert lent() == 1


def test_another_table_than_the_one_that_was_shown_is_planned_anew(ruth, agency):
    page = confirmed(ruth, agency, planned(ruth, agency), "act_4001,north\n")

    assert "This is the plan by now" in text_of(page)
    assert not Spread.objects.exists()


def test_back_from_the_progress_the_plan_is_a_page_like_any_other(ruth, agency, worker_seen):
    page = planned(ruth, agency)
    [(here, status)] = page.redirect_chain
    confirmed(ruth, agency, page)

    again = ruth.get(here)

    assert status == 302
    assert "1 there already" in text_of(again)
    assert "act_1003,north" in again.content.decode()
    assert "act_1003,north" not in ruth.get(path_of(agency)).content.decode()
    assert "act_1003,north" not in ruth.get(here).content.decode()


def test_a_file_is_taken_as_the_table(ruth, agency):
    file = SimpleUploadedFile("t.csv", "\ufeffworkspace;account\r\nnorth;1003\r\n".encode())

    page = planned(ruth, agency, "", file=file)

    assert "1 will be connected" in text_of(page)
    assert "north;1003" in page.content.decode()


@pytest.mark.parametrize(
    ("file", "sentence"),
    [(b"\xff", "This is not UTF-8"), (b"1" * 1_000_001, "longer than 5,000 lines or 1 MB")],
)
def test_a_file_that_cannot_be_read_leaves_what_was_typed(ruth, agency, file, sentence):
    page = planned(ruth, agency, file=SimpleUploadedFile("t.csv", file))

    assert page.status_code == 422
    assert sentence in text_of(page)
    assert "act_1003,north" in page.content.decode()


def test_the_accounts_are_a_table_to_fill_in(ruth, agency):
    reply = ruth.get(f"{path_of(agency)}accounts.csv")

    assert len(tables.read(tables.decoded(reply.content))) == 312
    assert "attachment" in reply["Content-Disposition"]


def test_without_a_worker_it_waits_and_says_so_until_somebody_goes_on(ruth, agency):
    page = confirmed(ruth, agency, planned(ruth, agency))
    assert "The worker is not running" in text_of(page)
    assert lent() == 0

    queue.beat(timezone.now())
    here = page.redirect_chain[-1][0]
    page = ruth.send(here, f"{here}go-on/")

    assert "Spread over 1 workspace" in text_of(page)
    assert lent() == 1


def test_the_progress_is_followed_until_the_tests_have_ended(ruth, agency, worker_seen):
    page = confirmed(ruth, agency, planned(ruth, agency))
    here = page.redirect_chain[-1][0]
    assert "1 of 1 proven" in text_of(page)
    assert f'hx-get="{here}"' not in page.content.decode()

    Run.objects.update(finished_at=None, lease_until=timezone.now() + timedelta(minutes=1))

    running = ruth.get(here)
    assert "Spread over 1 workspace. Tests are at work" in text_of(running)
    assert f'hx-get="{here}"' in running.content.decode()


def test_what_a_killed_worker_left_is_offered_again(ruth, agency, worker_seen):
    plan = spread_plans.plan(agency, tables.read(TABLE), by=None)
    left = spreading.keep(plan, trigger="page", by=None)
    here = f"/w/main/spreads/{left.pk}/"
    running = ruth.get(here)
    assert "Spreading over 1 workspace: 0 done" in text_of(running)
    assert f'hx-get="{here}"' in running.content.decode()

    Spread.objects.update(lease_until=timezone.now() - queue.WAITS)

    assert "was stopped" in ruth.says(here)
    assert "An earlier spread is not done everywhere" in ruth.says(path_of(agency))
    ruth.send(here, f"{here}go-on/")
    assert lent() == 1


def test_what_waits_for_a_busy_worker_is_not_said_to_be_stopped(ruth, agency, worker_seen):
    plan = spread_plans.plan(agency, tables.read(TABLE), by=None)
    left = spreading.keep(plan, trigger="page", by=None)
    Spread.objects.update(lease_until=timezone.now())

    assert "Spreading over 1 workspace: 0 done" in ruth.says(f"/w/main/spreads/{left.pk}/")


def test_another_owner_is_told_who_goes_on(owner, ruth, agency, client):
    plan = spread_plans.plan(agency, tables.read(TABLE), by=User.objects.get(username="ruth"))
    left = spreading.keep(plan, trigger="page", by=User.objects.get(username="ruth"))
    Spread.objects.update(lease_until=timezone.now() - queue.WAITS)
    here = f"/w/main/spreads/{left.pk}/"

    page = Visitor(owner).get(here)

    assert "ask ruth or whoever runs this installation" in text_of(page)
    assert "go-on/" not in page.content.decode()
    client.force_login(owner, backend=BACKEND)
    assert client.post(f"{here}go-on/").status_code == 403
    assert lent() == 0


def test_one_that_failed_somewhere_is_found_again(ruth, agency, worker_seen):
    north = Workspace.objects.create(slug="north", name="North")
    plan = spread_plans.plan(agency, tables.read(TABLE), by=User.objects.get(username="ruth"))
    left = spreading.keep(plan, trigger="page", by=User.objects.get(username="ruth"))
    workspaces.archive(north, by=User.objects.get(username="ruth"))
    [*spreading.perform(left.pk)]

    assert f"/w/main/spreads/{left.pk}/" in ruth.get(path_of(agency)).content.decode()


def test_one_whose_connection_was_removed_is_still_told(ruth, agency, worker_seen):
    plan = spread_plans.plan(agency, tables.read("1003,main"), by=User.objects.get(username="ruth"))
    left = spreading.keep(plan, trigger="page", by=User.objects.get(username="ruth"))
    several.remove(agency, by=None)
    [*spreading.perform(left.pk)]

    assert "The connection was removed meanwhile" in ruth.says(f"/w/main/spreads/{left.pk}/")


def test_however_many_workspaces_a_look_reads_one_page(ruth, agency):
    plan = spread_plans.plan(agency, tables.read(TABLE), by=User.objects.get(username="ruth"))
    left = spreading.keep(plan, trigger="page", by=User.objects.get(username="ruth"))
    more = (SpreadPart(spread=left, slug=f"c-{n}", name=f"C {n}", accounts=[]) for n in range(300))
    SpreadPart.objects.bulk_create(more)

    with CaptureQueriesContext(database) as queries:
        said = ruth.says(f"/w/main/spreads/{left.pk}/?page=2")

    assert "101 to 200 of 301" in said
    [of_parts] = [one["sql"] for one in queries if '"accounts"' in one["sql"]]
    assert "LIMIT 100 OFFSET 100" in of_parts


def test_an_owner_is_told_who_makes_workspaces(owner, agency):
    page = planned(Visitor(owner), agency)

    assert "New ones are made by whoever runs this installation" in text_of(page)
    assert "Nothing can be done as it stands" in text_of(page)


@pytest.mark.parametrize("who", ["viewer", "editor"])
def test_only_owners_spread(request, agency, who):
    visitor = Visitor(request.getfixturevalue(who))
    left = spreading.keep(
        spread_plans.plan(agency, tables.read(TABLE), by=None), trigger="page", by=None
    )

    for path in (path_of(agency), f"{path_of(agency)}accounts.csv", f"/w/main/spreads/{left.pk}/"):
        assert visitor.get(path).status_code == 403
    assert "Spread over" not in visitor.says(f"/w/main/integrations/meta/accounts/{agency.pk}/")


def test_connections_and_spreads_of_others_are_not_there(ruth, agency):
    other = connect(Workspace.objects.create(slug="other", name="Other"))
    left = spreading.keep(
        spread_plans.plan(other, tables.read(TABLE), by=None), trigger="page", by=None
    )

    for path in (path_of(other), f"{path_of(other)}accounts.csv", f"/w/main/spreads/{left.pk}/"):
        assert ruth.get(path).status_code == 404


def test_owners_find_it_beside_the_accounts(owner, agency):
    page = Visitor(owner).get(f"/w/main/integrations/meta/accounts/{agency.pk}/?ask=1")

    assert path_of(agency) in unescape(page.content.decode())
