"""The overview says of a connection what its card and dialog say."""

import re
from datetime import UTC, timedelta

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.utils import timezone

from integrations import platforms
from integrations.models import ConnectionDay, Heartbeat, IntegrationConnection, Role
from integrations.pages.wall import screens
from integrations.services import rows
from integrations.services.connecting import saving
from integrations.services.connecting.changes import Changes
from integrations.services.watching import engine, incidents
from integrations.sessions import kept_under
from providers import registry
from tests.integrations.pages.test_pages import Browser, text_of
from tests.integrations.services.watching.world import connected, fails

WALL = "/w/main/dashboard/?wall"

HUBSPOT = {"vendor": "hubspot", "account_id": "1001"}


def save(workspace, slug, **config):
    return saving.change_connection(
        rows.unread(workspace, slug), Changes(config=config), by=None
    ).connection


def row_of(page, title):
    """What the overview says of one platform, in words."""
    rows = page.content.decode().split("<li>")
    [row] = [one for one in rows if f">{title}</a></b> <span" in one]
    return " ".join(re.sub("<[^>]+>", " ", row).split())


def test_what_is_half_set_up_will_need_someone_and_says_what_it_lacks(editor, workspace):
    save(workspace, "crm", **HUBSPOT)
    overview, cards = (Browser(editor).get(page) for page in ("overview", "settings"))

    assert "1 of 13 platforms will need someone" in text_of(overview)
    row = row_of(overview, "CRM: HubSpot")
    assert "Half set up Still missing: Service key. What is saved so far stays saved." in row
    assert "Finish CRM: HubSpot" in row
    assert "Still missing: Service key." in text_of(cards)
    assert "Half set up 1" in text_of(cards)
    assert "Not connected 12" in text_of(cards)


def test_what_ends_soon_is_renewed_by_the_same_click_on_both(editor, workspace):
    connection = save(workspace, "stripe", access_token="rk_test_" + "a" * 40)
    connection.proven_at = timezone.now()
    connection.expires_at = timezone.now() + timedelta(days=4)
    connection.save()
    visitor = Browser(editor)
    assert "before then." in text_of(visitor.get("overview"))
    overview, cards = (visitor.get(one).content.decode() for one in ("overview", "settings"))

    assert '?dialog=stripe">Renew<' in overview
    dialog = visitor.get("connection", "stripe").content.decode()
    assert re.search(r'<input[^>]*name="access_token"[^>]* autofocus', dialog)
    [button] = re.findall('id="open-stripe"[^>]*>([^<]+)<', cards)
    assert button == "Renew"


def test_a_stand_in_is_told_in_the_same_words_everywhere(editor, workspace, meta):
    save(workspace, "meta", access_token="EAAhealthy", account_id="act_1001")
    visitor = Browser(editor)
    visitor.post("test", "meta")
    told = "A stand-in answers for Meta: http"

    pages = visitor.get("settings"), visitor.get("connection", "meta")
    for words in (row_of(visitor.get("overview"), "Meta"), *map(text_of, pages)):
        assert re.search(rf"{told}\S+. What it proves says nothing of Meta itself.", words)


def test_one_sentence_tells_of_all_that_one_stand_in_answers_for(editor, workspace, settings):
    here = "http://127.0.0.1:9"
    settings.PROVIDER_ORIGINS = {
        slug: dict.fromkeys(registry.get(slug).hosts, here) for slug in ("meta", "stripe", "x")
    }
    platforms.catalogue.cache_clear()
    save(workspace, "meta", access_token="EAAhealthy", account_id="act_1001")
    told = text_of(Browser(editor).get("overview"))
    platforms.catalogue.cache_clear()

    assert re.search(rf"A stand-in at {here} answers for Meta, .* and .*\. What is proven", told)
    assert told.count("A stand-in at") == 1


# --- What is broken, once ------------------------------------------------------------------------


def of_section(page, name):
    """What one part of the page says."""
    found = re.search(
        rf'aria-labelledby="section-{name}">(.*?)</section>', page.content.decode(), re.DOTALL
    )
    return " ".join(re.sub("<[^>]+>", " ", found[1]).split()) if found else ""


def test_what_is_broken_is_told_once_by_its_cause(editor, workspace):
    now = timezone.now()
    fails(connected(workspace), "auth_expired", now)
    fails(connected(workspace, "stripe"), "network", now - timedelta(hours=1))
    incidents.reconcile(now)
    page = Browser(editor).get("overview")

    asks, waits = of_section(page, "incidents"), of_section(page, "waits")
    assert "Meta ended the access token" in asks
    assert "Stops: Ads monitor, Pixel/CAPI lead tracking" in asks
    assert "nobody has taken it" in asks
    assert "Enter new credentials" in asks
    assert "No answer from Stripe" in waits
    assert of_section(page, "now") == of_section(page, "soon") == ""
    assert "1 of 13 platforms needs someone now, by 1 cause" in text_of(page)


def test_what_broke_a_moment_ago_is_told_before_it_is_judged(editor, workspace):
    fails(connected(workspace), "auth_expired", timezone.now())
    page = Browser(editor).get("overview")

    assert "Meta" in of_section(page, "now")
    assert of_section(page, "incidents") == ""


def test_what_is_refused_while_its_silence_is_told_is_not_left_out(editor, workspace):
    now = timezone.now()
    stripe = connected(workspace, "stripe")
    fails(stripe, "network", now - timedelta(hours=1))
    incidents.reconcile(now)
    fails(stripe, "auth_invalid", now)
    page = Browser(editor).get("overview")

    assert "Stripe" in of_section(page, "now")


def test_a_report_is_cleared_where_it_is_told(editor, workspace):
    now = timezone.now()
    one = connected(workspace)
    facts = {"reported_error": "Odd.", "reported_at": now, "proven_at": now}
    IntegrationConnection.objects.filter(pk=one.pk).update(**facts)
    incidents.reconcile(now)

    assert "Clear the report about Meta" in of_section(Browser(editor).get("overview"), "incidents")


def test_a_viewer_is_shown_no_button_that_would_be_refused(workspace, django_user_model):
    now = timezone.now()
    fails(connected(workspace), "auth_expired", now)
    incidents.reconcile(now)
    vera = django_user_model.objects.create_user("vera")
    vera.memberships.update_or_create(workspace=workspace, defaults={"role": Role.VIEWER})
    asks = of_section(Browser(vera).get("overview"), "incidents")

    assert "See the incident" in asks
    assert "I take this" not in asks
    assert "Enter new credentials" not in asks


def test_a_proof_that_no_check_renews_is_told_before_it_runs_out(editor, workspace):
    one = connected(workspace)
    at = timezone.now() - timedelta(hours=20)
    IntegrationConnection.objects.filter(pk=one.pk).update(proven_at=at)

    said = of_section(Browser(editor).get("overview"), "fading")
    assert "Meta Proof runs out" in said
    assert "no check has proven it since" in said
    IntegrationConnection.objects.filter(pk=one.pk).update(proven_at=timezone.now())
    assert of_section(Browser(editor).get("overview"), "fading") == ""


def test_while_nothing_is_checked_that_is_the_first_sentence(editor, workspace):
    now = timezone.now()
    one = connected(workspace, hints={"access_token": None})
    IntegrationConnection.objects.filter(pk=one.pk).update(
        proven_at=now, created_at=now - timedelta(days=3)
    )
    Heartbeat.objects.create(name=engine.NAME, at=now - timedelta(hours=3))
    page = Browser(editor).get("overview")

    said = text_of(page)
    [headline] = re.findall(r"<h1[^>]*>(.*?)</h1>", page.content.decode())
    assert headline.startswith("<bdi>Nothing has been checked since <time")
    assert "As far as is known, everything that is connected works" in said
    assert "Meta’s is the first to run out" in said
    assert "This is our side" in text_of(Browser(editor).client.get(WALL))


def test_a_silence_is_not_called_all_well(editor, workspace):
    fails(connected(workspace), "network", timezone.now())

    said = text_of(Browser(editor).get("overview"))
    assert "1 of 13 platforms gives no clear answer, the others work" in said


def test_the_week_sums_its_days(editor, workspace):
    one = connected(workspace, hints={"access_token": None})
    today = timezone.now().astimezone(UTC).date()
    for age in range(1, 9):
        broken = 43_200 if age == 2 else 0
        ConnectionDay.objects.create(
            connection=one,
            day=today - timedelta(days=age),
            passed=20,
            failed=4 if broken else 0,
            proven_seconds=86_400 - broken,
            error_seconds=broken,
        )

    said = of_section(Browser(editor).get("overview"), "week")
    assert "92.85 % of the time, over 1 connection; 100 % the week before" in said
    assert "Broken 12 h" in said
    assert "144 140 passed, 4 refused, 0 unanswered" in said


# --- The wall ------------------------------------------------------------------------------------


def expires(client):
    key = kept_under(client.cookies[settings.SESSION_COOKIE_NAME].value)
    return Session.objects.get(session_key=key).expire_date


def test_the_wall_does_not_lengthen_a_session(editor, workspace):
    client = Browser(editor).client
    late = timezone.now() + timedelta(days=3)
    Session.objects.update(expire_date=late)

    assert client.get(WALL).status_code == 200
    assert expires(client) == late
    assert client.get(WALL.removesuffix("?wall")).status_code == 200
    assert expires(client) > late


def test_the_wall_says_what_the_page_says(editor, workspace):
    now = timezone.now()
    fails(connected(workspace), "auth_expired", now)
    incidents.reconcile(now)
    said = text_of(Browser(editor).client.get(WALL))

    assert "1 of 13 platforms needs someone now, by 1 cause" in said
    assert "Meta ended the access token" in said
    assert "Stops Ads monitor, Pixel/CAPI lead tracking." in said
    assert "nobody has taken it" in said


@pytest.mark.parametrize(
    ("number", "sizes"), [(0, []), (3, [3]), (4, [2, 2]), (7, [3, 3, 1]), (10, [3, 3, 3, 1])]
)
def test_screens_are_about_as_full_as_each_other(number, sizes):
    assert [len(one) for one in screens(range(number), 3)] == sizes
