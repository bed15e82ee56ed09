"""The overview says of a connection what its card and dialog say."""

import re
from datetime import timedelta

from django.utils import timezone

from integrations import platforms
from integrations.services import rows
from integrations.services.connecting import saving
from integrations.services.connecting.changes import Changes
from providers import registry
from tests.integrations.pages.test_pages import Browser, text_of

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
