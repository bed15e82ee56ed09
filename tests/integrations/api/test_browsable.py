"""The API in a browser, for a person who is signed in."""

import json
import re

import pytest

from tests.integrations.conftest import signed_in

ONE = "/api/integrations/meta"
HTML = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
INLINE = re.compile(rb"<script(?![^>]*\b(src=|type=\"application/json\"))[^>]*>| on[a-z]+=\"")


@pytest.fixture
def browser(editor):
    return signed_in(editor)


def test_the_root_leads_to_everything(browser):
    links = browser.get("/api/", headers={"Accept": "application/json"}).json()

    assert links == {
        "integrations": "http://127.0.0.1:8000/api/integrations",
        "connections": "http://127.0.0.1:8000/api/connections",
        "incidents": "http://127.0.0.1:8000/api/incidents",
        "events": "http://127.0.0.1:8000/api/events",
        "schema": "http://127.0.0.1:8000/api/schema",
        "docs": "http://127.0.0.1:8000/api/schema/docs",
    }
    for address in links.values():
        assert browser.get(address).status_code == 200


@pytest.mark.parametrize("path", ["/api/", "/api/integrations", ONE, f"{ONE}/tests"])
def test_pages_are_readable_under_the_strict_policy(browser, connected, path):
    page = browser.get(path, headers=HTML)

    assert page.status_code == 200
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "script-src 'self'" in page.headers["Content-Security-Policy"]
    assert not INLINE.search(page.content)


def test_a_change_can_be_sent_as_the_page_does_it(browser, connected):
    page = browser.get(ONE, headers=HTML)
    settings = re.search(r'id="drf_csrf">(.*?)</script>', page.content.decode(), re.DOTALL)
    csrf = json.loads(settings[1])

    changed = browser.patch(
        ONE,
        '{"isEnabled": false}',
        content_type="application/json",
        headers=HTML | {csrf["csrfHeaderName"]: csrf["csrfToken"]},
    )

    assert b'data-override="content"' in page.content
    assert changed.status_code == 200
    assert b"&quot;status&quot;: &quot;disabled&quot;" in changed.content
    connected.refresh_from_db()
    assert not connected.is_enabled


def test_a_form_to_test_is_offered_to_editors_alone(browser, viewer, connected):
    form = b'data-method="PATCH"'

    assert form in browser.get(ONE, headers=HTML).content
    assert form not in signed_in(viewer).get(ONE, headers=HTML).content


def test_a_mistake_is_shown_on_the_page(browser):
    page = browser.get("/api/integrations?status=fine", headers=HTML)

    assert page.status_code == 400
    assert b"Choose one of these" in page.content
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
