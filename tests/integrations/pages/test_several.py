"""Several connections of a platform: each has its addresses, and a row in the platform's card."""

import json
import re
import uuid

import pytest
from django.urls import reverse
from django.utils import timezone

from integrations.models import (
    Candidate,
    ConnectionTest,
    IntegrationConnection,
    Trigger,
    Workspace,
)
from integrations.services import rows
from integrations.services.connecting import saving, several
from integrations.services.connecting.changes import Changes
from integrations.services.proving import testing
from tests.integrations.conftest import callback_of
from tests.integrations.pages.test_pages import Browser, text_of

OUTLET = {"access_token": "EAAhealthy", "account_id": "act_1002"}
DIALOG = {"auth_method": "access_token", "is_enabled": "on"}
HTMX = {"HX-Request": "true"}
TOKEN = {"access_token": "EAAhealthy"}


@pytest.fixture
def visitor(editor, meta):
    return Browser(editor)


@pytest.fixture
def north(workspace, connected):
    """A second Meta, which was never tested."""
    return add(workspace, "North", **OUTLET)


def add(workspace, name, provider="meta", **config):
    return several.add(workspace, provider, Changes(config=config, name=name), by=None).connection


def again(connection):
    return rows.again(connection)


# --- Addresses -----------------------------------------------------------------------------------


def test_what_is_done_at_the_address_of_one_leaves_the_default_one_alone(visitor, connected, north):
    visitor.post("one:disable", north.pk)
    visitor.post("one:test", north.pk)

    assert (again(north).is_enabled, again(connected).is_enabled) == (False, True)
    assert ConnectionTest.objects.get().connection == north


def test_a_dialog_opened_by_id_stays_at_that_connection(visitor, connected, north):
    page = visitor.get("one:connection", north.pk).content.decode()
    assert f'action="{reverse("one:connection", args=["main", north.pk])}"' in page
    assert 'value="act_1002"' in page

    version = again(north).version
    saved = visitor.post(
        "one:connection",
        north.pk,
        page=("one:connection", north.pk),
        version=version,
        account_id="act_1003",
        **DIALOG,
    )

    kept = Candidate.objects.get()
    assert kept.connection == north
    assert saved.request["PATH_INFO"] == reverse("one:candidate", args=["main", north.pk, kept.pk])


def test_the_default_one_keeps_the_addresses_of_its_platform(visitor, connected, north):
    page = visitor.get("connection", "meta").content.decode()

    assert f'action="{reverse("connection", args=["main", "meta"])}"' in page
    assert "connections/" not in page


@pytest.mark.parametrize("view", ["connection", "history", "disconnect", "rename", "remove"])
def test_one_that_was_removed_is_told_in_a_sentence(visitor, view):
    page = visitor.get(f"one:{view}", uuid.uuid4())

    assert page.status_code == 404
    assert "It was removed, or it belongs to another workspace." in text_of(page)


def test_a_button_of_one_that_was_removed_draws_the_card_anew(visitor, workspace, connected, north):
    gone = visitor.client.post(
        reverse("one:test", args=["main", uuid.uuid4()]),
        headers=HTMX | {"HX-Target": "card-meta", "X-CSRFToken": _token(visitor)},
    )

    assert gone.status_code == 200
    assert 'id="card-meta"' in gone.content.decode()
    assert "was removed meanwhile" in gone["HX-Trigger-After-Settle"]


def _token(visitor):
    return re.search(
        r'name="csrfmiddlewaretoken" value="(\w+)"', visitor.get("settings").content.decode()
    )[1]


def test_a_dialog_of_one_that_was_removed_is_answered_in_it(visitor):
    url = reverse("one:connection", args=["main", uuid.uuid4()])
    page = visitor.client.get(url, headers=HTMX | {"HX-Target": "dialog-content"})

    assert page.status_code == 410  # which the page shows, unlike 404
    assert page["HX-Retarget"] == "#dialog-content"
    assert "<html" not in page.content.decode()


def test_another_workspaces_connection_is_not_here(visitor, person):
    elsewhere = Workspace.objects.create(slug="other", name="Other")
    theirs = add(elsewhere, "Theirs", **OUTLET)

    assert visitor.get("one:connection", theirs.pk).status_code == 404
    assert visitor.post("one:disable", theirs.pk).status_code == 404
    assert again(theirs).is_enabled


def test_a_sign_in_comes_back_to_the_connection_that_began_it(
    editor, workspace, calendly_signed_in
):
    visitor = Browser(editor)
    draft = several.begin_another(workspace, "calendly")
    left = visitor.post(
        "one:sign-in",
        draft.pk,
        page=("one:connection", draft.pk),
        version=0,
        auth_method="sign_in",
        is_enabled="on",
    )
    url = re.search(r'href="(http://127[^"]+)"', left.content.decode())[1].replace("&amp;", "&")

    back = visitor.client.get(
        reverse("sign-in-callback", args=["calendly"]), callback_of(url, "two")
    )

    assert f"connection={draft.pk}" in back.url
    opens = visitor.client.get(back.url).content.decode()
    kept = Candidate.objects.get(connection=draft)
    assert f'hx-get="{reverse("one:candidate", args=["main", draft.pk, kept.pk])}"' in opens


# --- The card ------------------------------------------------------------------------------------


def card_of(page, slug="meta"):
    found = re.search(rf'<article id="card-{slug}".*?</article>', page.content.decode(), re.DOTALL)
    return found[0]


def words(html):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", re.sub(r"</?bdi>", "", html)))


def break_down(connection, **facts):
    facts = {"error_kind": "auth_expired", "failing_since": timezone.now(), **facts}
    IntegrationConnection.objects.filter(pk=connection.pk).update(
        last_error="The token has ended.", proven_at=None, **facts
    )


@pytest.fixture
def many(workspace, connected):
    """Meta with 300 connections, five of them broken."""
    made = IntegrationConnection.objects.bulk_create(
        IntegrationConnection(
            workspace=workspace,
            provider="meta",
            slug=f"client-{number}",
            name=f"Client {number}",
            is_default=False,
            auth_method="access_token",
            config={"account_id": f"act_{2000 + number}"},
            hints={"access_token": ""},
            is_complete=True,
            version=1,
        )
        for number in range(299)
    )
    for one in made[150:155]:
        break_down(one)
    return made


def test_one_connection_has_a_card_as_it_ever_was(visitor, connected):
    card = card_of(visitor.get("settings"))

    assert 'class="connections"' not in card
    assert "Default" not in words(card)
    assert "Add another Meta" in words(card)
    assert "Remove" not in words(card)


def test_several_are_rows_of_one_card_the_broken_one_first(visitor, connected, north):
    break_down(north)

    page = visitor.get("settings")

    card = words(card_of(page))
    assert card.index("North") < card.index("act_1001")
    assert "The token has ended." in card
    assert "Enter new credentials" in card
    assert card.index("Error since") < card.index("North")  # the worst light on top
    assert page.content.decode().count("<article") == 13
    assert "1 of 13 platforms needs someone now" in text_of(page)
    assert "by its worst light. Behind them 2 connections: 1 in error, 1 not proven." in (
        text_of(page)
    )
    assert "Error 1" in text_of(page)


@pytest.mark.parametrize("sought", ["north", "Ads of the N", "act_1002"])
def test_a_search_finds_a_platform_by_each_of_its_connections(
    visitor, workspace, connected, sought
):
    add(workspace, "Ads of the North", **OUTLET)

    page = visitor.get("settings", q=sought)

    assert " hidden" not in card_of(page).split(">", 1)[0]
    assert " hidden" in card_of(page, "stripe").split(">", 1)[0]


def test_of_300_the_card_shows_five_and_the_page_stays_light(
    visitor, many, django_assert_max_num_queries
):
    with django_assert_max_num_queries(14):
        page = visitor.get("settings")

    card = words(card_of(page))
    assert [f"Client {number}" in card for number in (150, 154, 155)] == [True, True, False]
    assert "All 300 connections" in card
    assert len(page.content) < 150_000


def test_a_search_shows_the_rows_that_it_found(visitor, many):
    card = card_of(visitor.get("settings", q="client 77"))

    assert "Client 77" in words(card.split('class="connections"')[1])


def test_the_overview_names_each_broken_connection(visitor, connected, north):
    break_down(north)

    page = text_of(visitor.get("overview"))

    assert "Meta (North) Error since" in page
    assert "Behind them 2 connections" in page


def test_the_overview_of_300_names_a_few_and_counts_the_rest(
    visitor, many, django_assert_max_num_queries
):
    for one in many[155:170]:
        break_down(one)

    # PostgreSQL is asked what time it is; the last one is for the record of the week.
    with django_assert_max_num_queries(18):
        page = visitor.get("overview")

    assert "15 more connections of Meta" in text_of(page)
    assert len(page.content) < 150_000


def test_what_happens_elsewhere_names_the_connection(visitor, owner, connected, north, workspace):
    saving.change_connection(north, Changes(is_enabled=False), by=owner)
    several.remove(add(workspace, "East", account_id="act_1003"), by=owner)

    page = visitor.client.get(reverse("changes", args=["main"]), {"since": 0, "after": 0})

    assert "Meta (North) was disabled by olga" in text_of(page)
    assert "Meta (east) was removed by olga" in text_of(page)
    assert "North" in card_of(page)


def test_the_open_overview_names_the_connection_too(
    visitor, owner, workspace, connected, north, django_assert_num_queries
):
    asked = {"since": 0, "after": 0, "of": "overview"}
    url = reverse("changes", args=["main"])
    saving.change_connection(north, Changes(is_enabled=False), by=owner)
    assert "Meta (North) was disabled by olga" in text_of(visitor.client.get(url, asked))
    for number in range(5):
        one = add(workspace, f"More {number}", account_id=f"act_200{number}")
        saving.change_connection(one, Changes(is_enabled=False), by=owner)

    with django_assert_num_queries(6):
        page = visitor.client.get(url, asked)

    assert "Meta (More 4) was disabled by olga" in text_of(page)


def test_a_card_follows_the_test_of_each_of_its_connections(visitor, connected, north):
    test = testing.start_when_free(north, trigger=Trigger.PAGE, by=None).test
    url = reverse("one:card", args=["main", north.pk])

    assert f'hx-get="{url}"' in card_of(visitor.get("settings"))
    assert "Testing" in words(card_of(visitor.client.get(url, headers=HTMX)))
    testing.perform(test)
    settled = visitor.client.get(url, headers=HTMX)
    assert "hx-trigger" not in card_of(settled).split(">", 1)[0]
    assert json.loads(settled["HX-Trigger-After-Settle"])["said"] == (
        "Meta (North): the test passed."
    )


# --- The platform's page -------------------------------------------------------------------------


def listed(page):
    return re.findall(r'id="name-[^"]+"><a[^>]+><bdi>([^<]+)', page.content.decode())


def test_the_platforms_page_has_all_of_them_a_page_at_a_time(
    visitor, many, django_assert_max_num_queries
):
    with django_assert_max_num_queries(15):
        first = visitor.get("platform", "meta")
    last = visitor.get("platform", "meta", page=6)

    assert listed(first)[:6] == [*(f"Client {number}" for number in range(150, 155)), "act_1001"]
    assert (len(listed(first)), len(listed(last))) == (50, 50)
    assert "1 to 50 of 300" in text_of(first)
    assert len(first.content) < 250_000


def test_the_platforms_page_is_searched_and_filtered(visitor, many):
    assert listed(visitor.get("platform", "meta", q="client-29")) == [
        "Client 29",
        *(f"Client {number}" for number in range(290, 299)),
    ]
    assert len(listed(visitor.get("platform", "meta", show="error"))) == 5
    assert "Error 5" in text_of(visitor.get("platform", "meta"))
    assert "Nothing matches" in text_of(visitor.get("platform", "meta", q="nobody"))


def test_a_button_on_the_platforms_page_comes_back_to_where_it_was(visitor, connected, north):
    here = "http://testserver" + reverse("platform", args=["main", "meta"]) + "?q=north"
    headers = {"X-CSRFToken": _token(visitor)}
    url = reverse("one:disable", args=["main", north.pk])

    plain = visitor.client.post(url, headers=headers | {"Referer": here})
    part = visitor.client.post(url, headers=headers | HTMX | {"HX-Current-URL": here})

    assert plain.url == here.removeprefix("http://testserver")
    assert 'class="card listing"' in part.content.decode()
    assert listed(part) == ["North"]


# --- Another one, its name, the default one, and its end -----------------------------------------


def test_another_one_is_added_under_its_name(visitor, workspace, connected):
    page = visitor.post("add-another", "meta")
    assert "Connect another Meta" in text_of(page)
    draft = IntegrationConnection.objects.get(version=0)

    done = visitor.post(
        "one:connection",
        draft.pk,
        page=("one:connection", draft.pk),
        version=0,
        connection_name="Ads of the North",
        **OUTLET,
        **DIALOG,
    )

    assert "Meta works: proven at" in text_of(done)
    added = rows.find(workspace, "meta", "ads-of-the-north")
    assert (added.pk, added.name, added.is_default) == (draft.pk, "Ads of the North", False)


def test_the_first_one_is_added_at_the_platforms_address(visitor, workspace, meta):
    page = visitor.post("add-another", "meta")

    assert page.request["PATH_INFO"] == reverse("connection", args=["main", "meta"])
    assert not IntegrationConnection.objects.exists()


def test_the_same_account_is_told_at_its_field(visitor, connected):
    visitor.post("add-another", "meta")
    draft = IntegrationConnection.objects.get(version=0)

    page = visitor.post(
        "one:connection",
        draft.pk,
        page=("one:connection", draft.pk),
        version=0,
        access_token="EAAhealthy",
        account_id="act_1001",
        **DIALOG,
    )

    errors = re.search(r'id="id_account_id_error">(.*?)</ul>', page.content.decode(), re.DOTALL)[1]
    assert "act_1001 is connected to this account already. Use that one." in errors


def test_cancel_discards_what_was_begun(visitor, connected):
    visitor.post("add-another", "meta")
    draft = IntegrationConnection.objects.get(version=0)

    page = visitor.post("one:discard-draft", draft.pk, page=("one:connection", draft.pk))

    assert "Cancelled. Nothing was saved." in text_of(page)
    assert list(IntegrationConnection.objects.all()) == [connected]


def test_it_is_renamed_in_a_dialog(visitor, connected, north):
    shown = visitor.get("one:rename", north.pk)
    assert 'value="North"' in shown.content.decode()

    visitor.post("one:rename", north.pk, page=("one:rename", north.pk), name="  South ")
    refused = visitor.post("one:rename", north.pk, page=("one:rename", north.pk), name="n" * 101)

    assert (again(north).name, again(north).slug) == ("South", "north")
    assert refused.status_code == 422


def test_the_default_one_is_moved_in_a_dialog(visitor, workspace, connected, north):
    asked = text_of(visitor.get("one:make-default", north.pk))
    assert "read North from then on, no longer act_1001" in asked

    visitor.post("one:make-default", north.pk, page=("one:make-default", north.pk))

    assert rows.find(workspace, "meta") == north


def test_removing_says_what_is_lost_and_who_takes_its_place(visitor, workspace, connected, north):
    asked = text_of(visitor.get("one:remove", connected.pk))
    assert "history of tests are deleted here, and cannot be brought back" in asked
    assert "North takes its place" in asked

    page = visitor.post("one:remove", connected.pk, page=("one:remove", connected.pk))

    assert "Meta (act_1001) is removed." in text_of(page)
    assert rows.find(workspace, "meta") == north
    assert visitor.get("one:remove", north.pk).url == reverse(
        "one:disconnect", args=["main", north.pk]
    )


@pytest.mark.parametrize("view", ["one:disconnect", "one:remove"])
def test_a_sign_in_that_others_use_is_said_to_be_kept(editor, workspace, calendly_signed_in, view):
    several.add(
        workspace,
        "calendly",
        Changes(name="North", config={"account_id": "https://api.calendly.com/organizations/n"}),
        by=None,
        credential_id=calendly_signed_in.opened_by_id,
    )

    asked = text_of(Browser(editor).get(view, calendly_signed_in.pk))

    assert "The sign-in is kept: North uses it." in asked
    assert "ended at Calendly too" not in asked


def test_a_viewer_sees_all_and_changes_none(viewer, connected, north):
    page = Browser(viewer).get("platform", "meta")

    assert listed(page) == ["act_1001", "North"]
    assert "Add another" not in text_of(page)
    assert "Disconnect" not in text_of(page)


def test_of_two_who_rename_the_second_reads_what_the_first_called_it(visitor, connected, north):
    seen = again(north).version
    visitor.post("one:rename", north.pk, name="South", version=seen)

    told = visitor.post("one:rename", north.pk, name="West", version=seen)

    assert told.status_code == 409
    assert "changed name" in text_of(told)
    assert 'value="West"' in told.content.decode()
    assert again(north).name == "South"
    visitor.post("one:rename", north.pk, name="West", version=again(north).version)
    assert again(north).name == "West"


def test_a_name_that_another_one_has_is_taken_with_a_word_about_it(visitor, connected, north):
    add(connected.workspace, "South", access_token="EAAhealthy", account_id="act_1003")

    done = visitor.post("one:rename", north.pk, name="South")

    assert "It is called South now. Another connection here is called that, too." in text_of(done)


def test_those_that_a_search_leaves_are_tested_at_once(visitor, connected, north, worker_seen):
    assert "Test all 2 of these" in text_of(visitor.get("platform", "meta"))

    done = visitor.post("test-these", "meta", q="north", show="")

    assert [one.connection for one in ConnectionTest.objects.all()] == [north]
    assert done.redirect_chain[-1][0].startswith("/w/main/runs/")


def test_where_none_can_be_tested_that_is_said(visitor, connected, north):
    done = visitor.post("test-these", "meta", q="nobody")

    assert "None of these can be tested" in text_of(done)
    assert not ConnectionTest.objects.exists()


def test_a_filter_that_hides_what_is_found_is_named(visitor, connected, north):
    page = visitor.get("platform", "meta", q="north", show="error")

    assert "Nothing with “Error”" in text_of(page)
    assert "1 connection matches the search without that filter." in text_of(page)
    assert 'href="?q=north&amp;show="' in page.content.decode()


def test_equals_are_in_the_order_in_which_people_count(visitor, connected):
    numbers = (2, 10, 1)
    for number in numbers:
        add(connected.workspace, f"Client {number}", account_id=f"act_400{number}", **TOKEN)

    shown = text_of(visitor.get("platform", "meta"))

    places = [shown.index(f"Client {number} ") for number in sorted(numbers)]
    assert places == sorted(places)


def test_one_broken_cause_is_told_once_with_all_that_it_mends(visitor, connected):
    for number in (2, 3):
        changes = Changes(config={"account_id": f"act_100{number}"}, name=f"Client {number}")
        several.add(
            connected.workspace, "meta", changes, by=None, credential_id=connected.credential_id
        )
    IntegrationConnection.objects.update(
        last_error="The token was revoked.",
        error_kind="auth_invalid",
        failing_since=timezone.now(),
    )
    said = "Entering new ones once mends all 3 connections that it lets in."

    overview = text_of(visitor.get("overview"))
    card = text_of(visitor.get("settings"))
    dialog = text_of(visitor.get("connection", "meta"))

    assert overview.count("Enter new credentials") == 1
    assert said in overview
    assert "more connection" not in overview
    assert card.count(said) == 1
    assert said in dialog
    assert text_of(visitor.get("platform", "meta")).count(said) == 1
    assert text_of(visitor.get("settings", q="client 3")).count("Client 3") > 0
