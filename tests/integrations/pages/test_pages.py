"""The pages as a browser without script sees them: links, forms, redirects."""

import json
import re
from uuid import uuid4

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from integrations.models import Candidate, ConnectionTest, Membership, Role, Workspace
from integrations.services import rows
from integrations.services.connecting import saving, several
from integrations.services.connecting.changes import Changes
from integrations.services.people import people
from integrations.services.people.guesses import LINK
from integrations.services.proving import runs
from integrations.sessions import BACKEND
from tests.integrations.conftest import signed_in
from tests.integrations.kept import secrets_of

HEALTHY = {"access_token": "EAAhealthy", "account_id": "act_1001", "is_enabled": "on"}


class Browser:
    """Follows links and sends forms with the token that the page holds."""

    def __init__(self, user):
        self.client = signed_in(user)

    def get(self, name, *args, **query):
        return self.client.get(reverse(name, args=["main", *args]), query)

    def post(self, view, *args, page=None, **data):
        seen = self.get(*(page or ("settings",)))
        found = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', seen.content.decode())
        assert found, "The page has no form."
        token = found[1]
        return self.client.post(
            reverse(view, args=["main", *args]),
            {**data, "csrfmiddlewaretoken": token},
            follow=True,
        )

    def prove(self, slug="meta", **values):
        version = rows.find(Workspace.objects.get(), slug).version
        data = {"auth_method": "access_token", "version": version, **values}
        return self.post("connection", slug, page=("connection", slug), **data)


@pytest.fixture
def visitor(editor, meta):
    return Browser(editor)


def text_of(response):
    words = re.sub(r"<[^>]+>", " ", re.sub(r"</?bdi>", "", response.content.decode()))
    return re.sub(r"\s+", " ", words)


def test_thirteen_cards_with_counts(visitor):
    page = visitor.get("settings")

    assert page.content.decode().count("<article") == 13
    assert "Not connected 13" in text_of(page)


def test_the_cards_need_no_query_each(visitor, proven, django_assert_max_num_queries):
    with django_assert_max_num_queries(14):
        visitor.get("settings")


def test_values_that_pass_are_saved_and_proven(visitor, workspace):
    page = visitor.prove(**HEALTHY)

    assert "Meta works: proven at" in text_of(page)
    assert rows.find(workspace, "meta").proven_at


def test_values_that_fail_show_why_and_can_be_saved_anyway(visitor, workspace):
    page = visitor.prove(**HEALTHY | {"access_token": "EAAexpired"})

    assert page.status_code == 200
    assert "has expired" in text_of(page)
    assert "Save anyway keeps these values although they failed" in text_of(page)
    assert rows.find(workspace, "meta").version == 0

    kept = Candidate.objects.get()
    saved = visitor.post(
        "save-candidate", "meta", str(kept.pk), page=("candidate", "meta", str(kept.pk))
    )
    assert "Saved, but not proven" in text_of(saved)
    assert rows.find(workspace, "meta").status == "error"


def test_typed_secrets_never_come_back(visitor):
    page = visitor.prove(**HEALTHY | {"access_token": "EAAexpiredcanary99"})

    assert "EAAexpiredcanary99" not in page.content.decode()
    assert "What you typed (ends in …ry99) was refused" in page.content.decode()


def test_corrected_values_keep_the_secret_typed_before(visitor, workspace):
    visitor.prove(**HEALTHY | {"account_id": "act_9999"})
    kept = Candidate.objects.get()

    again = HEALTHY | {"access_token": "", "candidate": str(kept.pk)}
    page = visitor.prove(**again)

    assert "Meta works" in text_of(page)
    assert secrets_of(rows.find(workspace, "meta")) == {"access_token": "EAAhealthy"}


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"account_id": ""}, "This is required."),
        ({"account_id": "my account"}, "An ad account ID is a number"),
        ({"access_token": "123|abc"}, "This looks like an app"),
        ({"base_url": "http://169.254.169.254/"}, "This is not an address of Meta"),
    ],
)
def test_a_bad_value_gets_its_sentence_beside_the_field(visitor, values, sentence):
    page = visitor.prove(**HEALTHY | values)

    assert page.status_code == 422
    assert sentence in text_of(page)
    assert ConnectionTest.objects.count() == 0


def test_a_vendor_that_was_chosen_goes_along_with_what_is_typed(visitor):
    shown = visitor.get("connection", "crm", first="hubspot")

    assert '<input type="hidden" name="vendor" value="hubspot">' in shown.content.decode()


def test_a_saved_secret_goes_to_no_other_address(visitor, workspace):
    first = {"vendor": "generic", "access_token": "secret-123", "base_url": "https://a.example"}
    saving.change_connection(rows.unread(workspace, "crm"), Changes(config=first), by=None)

    page = visitor.prove("crm", vendor="generic", base_url="https://b.example")

    assert "Enter the secrets again" in text_of(page)


def test_a_saved_secret_is_not_sent_in_another_way(visitor, workspace):
    first = {"vendor": "generic", "access_token": "secret-123", "base_url": "https://a.example"}
    saving.change_connection(
        rows.unread(workspace, "crm"), Changes(config=first, auth_method="rest"), by=None
    )

    page = visitor.prove(
        "crm", auth_method="rest", **first | {"access_token": "", "auth_kind": "none"}
    )

    assert "This decides how the secrets are used" in text_of(page)


def test_the_second_editor_reads_who_saved_what(visitor, workspace, owner):
    saving.change_connection(
        rows.unread(workspace, "meta"), Changes(config={"account_id": "act_1002"}), by=owner
    )

    page = visitor.post(
        "connection",
        "meta",
        page=("connection", "meta"),
        auth_method="access_token",
        version="0",
        **HEALTHY,
    )

    assert page.status_code == 409
    assert "olga saved Ad account ID" in text_of(page)
    assert "Saved meanwhile: act_1002" in text_of(page)
    assert text_of(page).count("Saved meanwhile") == 1
    assert 'aria-describedby="id_account_id_theirs id_account_id_helptext"' in page.content.decode()
    assert 'value="act_1001"' in page.content.decode()


@pytest.fixture
def moved(connected, workspace):
    """The default one was the first; by now it is North."""
    other = Changes(config={"account_id": "act_1002"}, name="North")
    north = several.add(workspace, "meta", other, by=None).connection
    saving.change_connection(north, Changes(is_default=True), by=None)
    return connected, north


def test_a_form_is_about_what_it_was_drawn_for_whichever_is_the_default(visitor, moved):
    first, north = moved

    visitor.post("disable", "meta", connection=str(first.pk))

    assert rows.again(first).status == "disabled"
    assert rows.again(north).is_enabled


def test_a_dialog_saves_over_no_other_connection(visitor, moved):
    first, north = moved

    page = visitor.post(
        "connection",
        "meta",
        page=("connection", "meta"),
        auth_method="access_token",
        version=str(first.version),
        connection=str(first.pk),
        access_token="EAAhealthy",
        account_id="act_1003",
        is_enabled="on",
    )

    assert page.status_code == 200, text_of(page)
    assert rows.again(north).config["account_id"] == "act_1002"
    assert Candidate.objects.get().connection_id == first.pk


def test_what_names_no_connection_of_this_platform_is_not_there(visitor, moved, workspace):
    stripe = several.add(workspace, "stripe", Changes(), by=None).connection

    for other in (str(stripe.pk), str(uuid4())):
        assert "was removed" in text_of(visitor.post("disable", "meta", connection=other))
    assert all(rows.again(one).is_enabled for one in (stripe, *moved))


def test_a_form_from_before_there_were_several_keeps_the_name(visitor, connected, workspace):
    named = saving.change_connection(connected, Changes(name="Main ads"), by=None).connection
    several.add(workspace, "meta", Changes(config={"account_id": "act_1002"}), by=None)

    visitor.prove(access_token="", account_id="act_1001", is_enabled="on", version=named.version)

    assert rows.again(named).name == "Main ads"


def test_another_account_is_asked_about(visitor, proven, workspace):
    page = visitor.prove(access_token="", account_id="act_1003", is_enabled="on")

    assert "These values lead to another account" in text_of(page)
    assert rows.find(workspace, "meta").platform_account_id == "act_1001"


def test_test_enable_disable_and_disconnect_are_plain_forms(
    visitor, proven, workspace, worker_seen
):
    def status():
        return rows.find(workspace, "meta").status

    assert "Testing Meta" in text_of(visitor.post("test", "meta"))
    assert proven.tests.count() == 2
    visitor.post("disable", "meta")
    assert status() == "disabled"
    visitor.post("enable", "meta")
    assert status() == "connected"

    confirm = visitor.get("disconnect", "meta")
    assert "Ads monitor and Pixel/CAPI lead tracking will get no more data" in text_of(confirm)
    assert status() == "connected"
    assert "Meta is disconnected" in text_of(visitor.post("disconnect", "meta"))
    assert status() == "not_connected"


def report(workspace, by):
    saving.change_connection(
        rows.unread(workspace, "meta"), Changes(status="error", reported_error="No rows."), by=by
    )


def test_a_report_is_cleared_by_the_button_on_the_card(visitor, connected, workspace, owner):
    report(workspace, owner)
    page = visitor.get("settings")
    assert "No rows. olga reported this" in text_of(page)
    assert '<button class="btn primary" id="clear-meta"' in page.content.decode()

    visitor.post("clear-report", "meta")

    now = rows.find(workspace, "meta")
    assert (now.status, now.reported_by) == ("connected", None)


def test_a_test_that_passed_offers_to_clear_the_report(visitor, connected, workspace, owner, meta):
    report(workspace, owner)
    assert "A test has passed since" not in text_of(visitor.get("settings"))

    visitor.post("test", "meta")

    assert "A test has passed since" in text_of(visitor.get("settings"))


def test_the_history_tells_who_asked_and_what_came_out(visitor, proven):
    visitor.post("test", "meta")

    page = text_of(visitor.get("history", "meta"))

    assert "Asked from the page by emil" in page
    assert "Ads data can be read" in page


def test_a_filter_and_a_search_work_as_links(visitor, proven):
    page = visitor.get("settings", show="stand_in", q="ads").content.decode()

    shown = re.findall(r'<article id="card-(\w+)"(?![^>]* hidden)', page)
    assert shown == ["meta"]


def test_the_overview_names_what_needs_a_person(visitor, connected):
    page = text_of(visitor.get("overview"))

    assert "Will need someone" in page
    assert "No test has passed with what is saved" in page


def test_an_empty_workspace_says_how_to_begin(visitor):
    assert "Nothing is connected yet" in text_of(visitor.get("overview"))


def test_too_many_tests_are_refused_with_a_sentence(visitor, connected, settings):
    settings.TEST_RATE = 1
    visitor.post("test", "meta")

    assert "Try again in" in text_of(visitor.post("test", "meta"))
    assert connected.tests.count() == 1


def test_a_viewer_sees_everything_and_changes_nothing(viewer, proven):
    visitor = Browser(viewer)

    seen = visitor.get("settings")
    assert "Acme Shop" in text_of(seen)
    assert "Configure" not in text_of(seen)
    refused = visitor.post("test", "meta", page=("api-access",))
    assert refused.status_code == 403
    assert "It takes the role editor" in text_of(refused)


def test_another_workspace_is_not_there(visitor):
    Workspace.objects.create(name="Client", slug="client")

    assert visitor.client.get(reverse("settings", args=["client"])).status_code == 404
    assert visitor.get("connection", "tiktok").status_code == 404


def test_who_is_not_signed_in_is_led_there_and_back(db):
    client = Client()
    address = reverse("settings", args=["main"])

    assert client.get(address).headers["Location"] == f"{reverse('login')}?next={address}"
    part = client.get(reverse("card", args=["main", "meta"]), headers={"HX-Request": "true"})
    assert part.status_code == 401
    told = json.loads(part.headers["HX-Trigger"])
    assert told["session-ended"]["url"] == f"{reverse('login')}?next={address}&ended=session"


@pytest.mark.parametrize(
    ("seen", "led_to"),
    [
        ("http://testserver/w/main/dashboard/?show=error", "/w/main/dashboard/%3Fshow%3Derror"),
        ("http://testserver/w/other/dashboard/", "/w/main/dashboard/settings/"),
        ("", "/w/main/dashboard/settings/"),
    ],
)
def test_a_form_that_was_sent_too_late_says_so_and_leads_back_to_its_page(editor, seen, led_to):
    client = Client()
    client.force_login(editor, backend=BACKEND)
    Session.objects.all().delete()
    told = client.post(reverse("test", args=["main", "meta"]), headers={"Referer": seen})

    assert told.url == f"{reverse('login')}?next={led_to}&ended=session"
    assert "You were signed out." in client.get(told.url).content.decode()


def test_a_form_that_was_sent_without_any_session_says_so_too(editor):
    told = Client().post(reverse("test", args=["main", "meta"]))

    assert "You were signed out." in Client().get(told.url).content.decode()


def test_a_token_is_shown_once_and_revoked(visitor):
    made = visitor.post("api-access", page=("api-access",), name="Dashboard", days="30")
    token = re.search(r'id="new-token">(\w+)<', made.content.decode())[1]
    asked = Client(headers={"Authorization": f"Token {token}"})
    assert asked.get("/api/integrations").status_code == 200
    again = visitor.get("api-access").content.decode()
    assert token not in again

    reference = re.search(r'name="token" value="([^"]+)"', again)[1]
    visitor.post("revoke-token", page=("api-access",), token=reference)
    assert asked.get("/api/integrations").status_code == 401


def test_the_owner_link_leads_to_the_page(workspace):
    client = Client()
    link = people.make_owner_link().removeprefix("http://127.0.0.1:8000")

    weak = client.post(link, {"username": "dana", "password": "12345"})
    assert weak.status_code == 422
    made = client.post(link, {"username": "dana", "password": "correct horse"}, follow=True)
    assert made.status_code == 200
    assert made.redirect_chain[-1][0] == reverse("settings", args=["main"])
    assert client.get(link).status_code == 410


def test_the_fifth_wrong_password_locks_and_says_so(editor):
    client = Client()
    wrong = {"username": "emil", "password": "wrong"}
    answers = [client.post(reverse("login"), wrong) for _ in range(5)]

    assert [answer.status_code for answer in answers] == [200, 200, 200, 200, 429]
    assert "Signing in with this name from here is locked. Try again in 15 minutes." in text_of(
        answers[-1]
    )
    assert answers[-1].headers["Retry-After"] == "900"


def test_who_guesses_the_owner_link_is_told_to_wait(workspace):
    link = people.make_owner_link().removeprefix("http://127.0.0.1:8000")
    guessed = [Client().get(f"/welcome/guess-{n}/").status_code for n in range(LINK.most + 1)]

    assert guessed == [410] * LINK.most + [429]
    assert Client().get(link).status_code == 429
    assert Client().get(link, REMOTE_ADDR="198.51.100.7").status_code == 200


def test_without_mail_the_reset_page_says_what_to_do(db):
    assert "changepassword" in text_of(Client().get(reverse("password_reset")))


def test_a_password_is_changed(visitor):
    new = {"new_password1": "another horse 9", "new_password2": "another horse 9"}
    seen = visitor.client.get(reverse("password_change")).content.decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', seen)[1]
    data = {"old_password": "pass-word-1", "csrfmiddlewaretoken": token, **new}

    page = visitor.client.post(reverse("password_change"), data, follow=True)

    assert "Your password is changed" in text_of(page)


def test_without_a_worker_test_all_says_so_in_a_sentence(visitor, connected):
    page = visitor.post("test-all")

    assert "The worker is not running, so nothing was tested." in text_of(page)
    part = visitor.client.get(reverse("run", args=["main"]), headers={"HX-Request": "true"})
    assert "Not tested. The worker is not running" in text_of(part)


def test_without_a_worker_a_click_has_its_result_at_once(visitor, connected, workspace):
    page = visitor.post("test", "meta")

    assert "Meta: the test passed." in text_of(page)
    assert rows.find(workspace, "meta").proven_at


def test_all_is_tested_together_with_a_word_at_the_end(visitor, connected, workspace, worker_seen):
    page = visitor.post("test-all")
    assert page.status_code == 200
    assert rows.find(workspace, "meta").proven_at

    part = visitor.client.get(reverse("run", args=["main"]), headers={"HX-Request": "true"})
    assert "All tested. 1 proven to work." in text_of(part)
    assert 'id="card-meta"' in part.content.decode()


@pytest.mark.parametrize("after", ["2026-13-45T00:00:00", "2026-01-01T00:00:00", "yesterday"])
def test_a_moment_that_makes_no_sense_is_as_good_as_none(visitor, connected, workspace, after):
    visitor.post("test-all")

    part = visitor.client.get(
        reverse("run", args=["main"]), {"after": after}, headers={"HX-Request": "true"}
    )

    assert 'id="card-meta"' in part.content.decode()


def test_values_typed_in_one_workspace_are_saved_from_no_other(visitor, editor, workspace):
    visitor.prove(**HEALTHY | {"access_token": "EAAexpired"})
    kept = Candidate.objects.get()
    other = Workspace.objects.create(name="Other", slug="other")
    Membership.objects.create(user=editor, workspace=other, role=Role.EDITOR)
    Membership.objects.filter(user=editor, workspace=workspace).update(role=Role.VIEWER)

    page = visitor.client.get(reverse("settings", args=["other"])).content.decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)[1]
    url = reverse("save-candidate", args=["other", "meta", str(kept.pk)])
    answer = visitor.client.post(url, {"csrfmiddlewaretoken": token}, follow=True)

    assert "Those values are no longer here" in text_of(answer)
    assert rows.find(workspace, "meta").version == 0


def test_a_run_can_be_stopped_from_the_page(visitor, connected, workspace):
    runs.start_run(workspace, trigger="page", by=None)
    assert "Testing: 0 of 1 done" in text_of(visitor.get("settings"))

    visitor.post("stop-all")

    assert runs.latest_run(workspace).stopped_at
    assert "Testing: 0 of 1" not in text_of(visitor.get("settings"))


def test_an_account_is_picked_from_a_list_instead_of_typed(visitor, workspace):
    typed = {"auth_method": "access_token", "version": 0, "access_token": "EAAhealthy"}
    page = visitor.post("accounts", "meta", page=("connection", "meta"), **typed)
    assert re.findall(r'name="picked_account" value="(\w+)"', page.content.decode()) == [
        "act_1001",
        "act_1002",
        "act_1003",
    ]
    assert "EAAhealthy" not in page.content.decode()

    kept = Candidate.objects.get()
    picked = {"picked_account": "act_1003", "candidate": str(kept.pk), "is_enabled": "on"}
    assert "Meta works" in text_of(visitor.prove(**picked))
    saved = rows.find(workspace, "meta")
    assert saved.config["account_id"] == "act_1003"
    assert secrets_of(saved) == {"access_token": "EAAhealthy"}


def test_typed_values_are_not_tried_out_without_end(visitor, settings, time_machine):
    settings.TEST_RATE = 1
    time_machine.move_to(timezone.now(), tick=False)
    typed = {"auth_method": "access_token", "version": 0, "access_token": "EAAexpired"}
    visitor.post("accounts", "meta", page=("connection", "meta"), **typed)

    page = visitor.post("accounts", "meta", page=("connection", "meta"), **typed)

    assert page.status_code == 422
    assert "Try again in" in text_of(page)


@pytest.mark.parametrize(
    ("token", "sentence"),
    [
        ("EAAexpired", "The Meta access token has expired"),
        ("EAAdown", "Meta has a problem at the moment"),
        ("EAAnoaccount", "These credentials reach no account."),
        ("", "This is required."),
        ("123|abc", "This looks like an app"),
    ],
)
def test_a_list_that_cannot_be_had_says_why(visitor, token, sentence):
    typed = {"auth_method": "access_token", "version": 0, "access_token": token}

    page = visitor.post("accounts", "meta", page=("connection", "meta"), **typed)

    assert sentence in text_of(page)


def test_a_secret_that_waits_goes_to_no_other_address_either(visitor, workspace):
    typed = {"vendor": "generic", "access_token": "secret-123", "base_url": "https://a.example"}
    visitor.prove("crm", **typed)
    kept = Candidate.objects.get()

    moved = typed | {"access_token": "", "base_url": "https://b.example", "candidate": kept.pk}
    page = visitor.prove("crm", **moved)

    assert page.status_code == 422
    assert "This is required." in text_of(page)
    assert Candidate.objects.get().pk == kept.pk


def test_the_dialog_says_what_a_test_costs(visitor):
    assert "A test makes at most 6 calls" in text_of(visitor.get("connection", "meta"))


def test_an_address_that_a_button_asks_says_that_it_has_no_page(visitor):
    page = visitor.get("test-all")

    assert (page.status_code, page.headers["Allow"]) == (405, "POST")
    assert "There is no page here" in text_of(page)
