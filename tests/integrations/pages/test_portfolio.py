"""The portfolio: every workspace of a person in one table, by the worst of its connections."""

import re
from datetime import timedelta
from itertools import product

import pytest
from django.contrib.auth.models import User
from django.urls import reverse
from django.utils import timezone

from integrations import crypto
from integrations.models import (
    Incident,
    IntegrationConnection,
    Membership,
    Role,
    Stands,
    Workspace,
)
from integrations.pages.cards import Card
from integrations.services import rows
from integrations.services.watching import handling, incidents, standings
from integrations.services.watching.handling import Handling
from tests.integrations.pages.people import Visitor, text_of
from tests.integrations.services.watching.world import connected, credential, fails

PORTFOLIO = "/dashboard/"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def now():
    return timezone.now()


@pytest.fixture
def olga(workspace):
    return person("olga", workspace)


def person(name, *places, role=Role.OWNER):
    user = User.objects.create_user(name)
    user.memberships.all().delete()
    for place in places:
        Membership.objects.create(user=user, workspace=place, role=role)
    return user


def place(name):
    return Workspace.objects.create(name=name, slug=name.lower())


def broken(where, now, provider="meta", kind="auth_expired"):
    made = proven(where, now, provider)
    fails(made, kind, now - HOUR)
    incidents.reconcile(now)
    return made


def proven(where, now, provider="meta", **more):
    made = connected(where, provider)
    facts = {"proven_at": now - HOUR, "last_error": "", "error_kind": "", "failing_since": None}
    IntegrationConnection.objects.filter(pk=made.pk).update(**facts | more)
    return made


@pytest.fixture
def three(olga, workspace, now):
    """One that burns, one that is well, and the person's first, in which nothing is connected."""
    north, south = place("North"), place("South")
    for one in (north, south):
        Membership.objects.create(user=olga, workspace=one, role=Role.EDITOR)
    broken(south, now)
    proven(north, now)
    return north, south


def shown(page):
    """The names of the table's workspaces, in their order."""
    table = page.content.decode().partition("<caption")[2]
    return re.findall(r'<th scope="row"><a href="[^"]+"><b><bdi>([^<]+)</bdi>', table)


def ask(user, **query):
    return Visitor(user).get(PORTFOLIO, query)


# --- Who sees it ---------------------------------------------------------------------------------


def test_whoever_has_one_workspace_is_led_to_it(olga):
    assert Visitor(olga).get(PORTFOLIO).url == "/w/main/dashboard/"
    assert Visitor(olga).get(PORTFOLIO, {"wall": ""}).url == "/w/main/dashboard/?wall"


def test_an_archived_one_counts_for_nobody(olga, three, now):
    Workspace.objects.exclude(slug="north").update(archived_at=now)

    assert ask(olga).url == "/w/north/dashboard/"


def test_whoever_is_in_none_reads_so(db):
    page = ask(person("nora"))

    assert page.status_code == 403
    assert "You are in no workspace" in text_of(page)


def test_nobody_sees_workspaces_of_others(olga, three, now):
    other = place("Secret")
    broken(other, now, "stripe")
    page = ask(olga)

    assert "Secret" not in text_of(page)
    assert "Stripe ended" not in text_of(page)
    assert "1 of 3 workspaces needs someone now" in text_of(page)


def test_operators_see_all(three, now):
    place("Empty")
    root = User.objects.create_superuser("root")

    assert shown(ask(root)) == ["South", "North", "Empty", "Main"]


def test_it_asks_to_sign_in(db):
    assert Visitor().get(PORTFOLIO).url.startswith("/accounts/login/")
    assert Visitor().get(reverse("portfolio-changes")).url.startswith("/accounts/login/")


# --- What it says --------------------------------------------------------------------------------


def test_burning_ones_come_first_with_their_cause(olga, three):
    page = ask(olga)

    assert shown(page) == ["South", "North", "Main"]
    said = text_of(page)
    assert "1 of 3 workspaces needs someone now" in said
    assert "Needs someone now: 1 of 1" in said
    assert "Works: It works" in said
    assert "Meta ended the access token" in said
    assert 'href="/w/south/incidents/#incident-' in page.content.decode()


def test_causes_are_told_over_all_workspaces_once(olga, three, workspace, now):
    north, south = three
    shared = credential(south)
    for where in (workspace, north):
        made = connected(where, "meta", slug="lent", opens=shared)
        IntegrationConnection.objects.filter(pk=made.pk).update(lender=south)
        fails(made, "auth_expired", now - HOUR)
    incidents.reconcile(now)
    causes = text_of(ask(olga)).partition("By cause")[2].partition("Workspaces Broken at")[0]

    assert causes.count("Meta ended the access token") == 2 + 2  # each title and its button
    assert "Workspaces 2" in re.sub("<[^>]+>", " ", causes) or " 2 2 " in causes


def test_a_cause_leads_to_its_workspaces(olga, three):
    incident = Incident.objects.get()
    page = ask(olga, cause=incident.cause_id)

    assert shown(page) == ["South"]
    assert "With the cause “Meta ended the access token”" in text_of(page)


def test_the_title_of_a_strangers_cause_is_not_told(olga, three, now):
    broken(place("Secret"), now, "stripe")
    cause = Incident.objects.get(workspace__slug="secret").cause_id
    page = ask(olga, cause=cause)

    assert shown(page) == []
    assert "Stripe" not in text_of(page).replace("Stripe ", "", 1)


def test_who_took_it_is_named(olga, three, now):
    one = Incident.objects.get()
    handling.handle(one.workspace, one.pk, Handling(owner="olga"), by=olga, now=now)

    assert text_of(ask(olga)).count("olga") >= 2


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({"q": "ort"}, ["North"]),
        ({"q": "NORTH nor"}, ["North"]),
        ({"q": "nowhere"}, []),
        ({"show": "broken"}, ["South"]),
        ({"show": "well"}, ["North"]),
        ({"show": "nothing"}, ["Main"]),
        ({"show": "silent"}, []),
        ({"show": "made up"}, ["South", "North", "Main"]),
        ({"platform": "meta"}, ["South"]),
        ({"platform": "stripe"}, []),
        ({"platform": "made up"}, ["South", "North", "Main"]),
        ({"cause": "0"}, ["South", "North", "Main"]),
        ({"cause": "9" * 30}, ["South", "North", "Main"]),
        ({"cause": "-1"}, ["South", "North", "Main"]),
        ({"sort": "name"}, ["Main", "North", "South"]),
        ({"sort": "since"}, ["South", "North", "Main"]),
        ({"sort": "made up"}, ["South", "North", "Main"]),
        ({"page": "x"}, ["South", "North", "Main"]),
        ({"page": "7"}, ["South", "North", "Main"]),
        ({"q": "\0"}, ["South", "North", "Main"]),
    ],
)
def test_it_is_searched_filtered_and_sorted(olga, three, query, names):
    page = ask(olga, **query)

    assert page.status_code == 200
    assert shown(page) == names
    assert ("Nothing matches" in text_of(page)) == (not names)


def test_what_was_asked_stays_while_one_pages(olga, db, workspace):
    for number in range(60):
        made = place(f"Client-{number:02}")
        Membership.objects.create(user=olga, workspace=made, role=Role.VIEWER)
    page = ask(olga, q="client", sort="name")

    assert shown(page)[0] == "Client-00"
    assert len(shown(page)) == 50
    [more] = re.findall(r'href="([^"]+)">More', page.content.decode())
    assert "q=client" in more
    assert "sort=name" in more
    after = Visitor(olga).get(PORTFOLIO + more.partition("#")[0].replace("&amp;", "&"))
    assert shown(after)[-1] == "Client-59"
    assert "51 to 60 of 60" in text_of(after)


def test_as_many_queries_for_many_as_for_few(olga, three, now, django_assert_max_num_queries):
    standings.renew(now)
    visitor = Visitor(olga)
    with django_assert_max_num_queries(19) as few:
        visitor.get(PORTFOLIO)
    for number in range(10):
        made = place(f"Client-{number}")
        Membership.objects.create(user=olga, workspace=made, role=Role.VIEWER)
        broken(made, now)
    standings.renew(now)
    with django_assert_max_num_queries(len(few)):
        visitor.get(PORTFOLIO)


# --- While it is open ----------------------------------------------------------------------------


def test_it_hears_that_something_changed(olga, three, now):
    page = ask(olga).content.decode()
    [address] = re.findall(r'hx-get="([^"]+changes/[^"]+)"', page)
    visitor = Visitor(olga)
    assert visitor.get(address).status_code == 304

    broken(three[0], now, "stripe")

    told = visitor.get(address)
    assert "Something changed while you were here: 2 of 3 workspaces need" in text_of(told)
    assert address not in told.content.decode()


# --- What is counted is what cards say -----------------------------------------------------------


def facts(now):
    """Of a connection, in every combination that its constraints allow."""
    error = {"last_error": "No.", "error_kind": "auth_invalid", "failing_since": now}
    ways = (
        [{}, error, {"reported_error": "No.", "reported_at": now}],
        [{"proven_at": None}, {"proven_at": now - HOUR}, {"proven_at": now - 2 * DAY}],
        [{}, {"unanswered_since": now - timedelta(minutes=5)}, {"unanswered_since": now - DAY}],
        [{}, {"expires_at": now + 3 * DAY}, {"expires_at": now - DAY}],
        [{}, {"is_enabled": False}, {"is_complete": False}, {"taken_back_at": now}],
        [{}, {"key_id": "unknown"}, {"auth_method": "public_page", "provider": "fiverr"}],
    )
    for parts in product(*ways):
        made = {name: value for part in parts for name, value in part.items()}
        is_bad = made.get("last_error") or not made.get("is_complete", True)
        if not (is_bad and made["proven_at"]):
            yield made


PLACES = {"now": "broken", "soon": "soon", "not_connected": "off"}


def of_card(card):
    """Where its connection is counted."""
    if card.section == "nothing":
        by_group = {"unanswered": "silent", "disabled": "off"}
        return by_group.get(card.group, "well")
    return PLACES[card.section]


def test_what_is_counted_is_what_cards_say(workspace, now):
    used = next(iter(crypto.known_ids()))
    opens = credential(workspace)
    made = [
        IntegrationConnection(
            workspace=workspace,
            slug=f"n{number}",
            is_default=False,
            version=1,
            **{
                "provider": "meta",
                "auth_method": "access_token",
                "credential": opens,
                "hints": {"access_token": None},
                "is_complete": True,
                "key_id": used,
            }
            | its,
        )
        for number, its in enumerate(facts(now))
    ]
    IntegrationConnection.objects.bulk_create(made)
    every = rows.all_of_platform(workspace, "meta") | rows.all_of_platform(workspace, "fiverr")
    placed = dict(every.annotate(place=standings.place(now)).values_list("pk", "place"))
    said = {one.pk: of_card(Card(one, now)) for one in every}

    assert len(said) == len(made) > 400
    assert {placed[pk] for pk in said} == {"broken", "silent", "soon", "well", "off"}
    assert {pk: (placed[pk], said[pk]) for pk in said if placed[pk] != said[pk]} == {}
    renewed = standings.of(User.objects.create_superuser("root"), now).get(pk=workspace.pk)
    counted = renewed.standing
    numbers = (counted.broken, counted.silent, counted.soon, counted.well)
    assert numbers == tuple(
        sum(one == name for one in said.values()) for name in ("broken", "silent", "soon", "well")
    )
    assert renewed.stands == Stands.BROKEN
