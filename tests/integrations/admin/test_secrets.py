"""What no page of the admin, no log and no table holds."""

import re

from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.db import connection as database
from django.urls import reverse
from django.utils import timezone

from integrations.models import ApiToken, Cause, Scope
from tests.integrations.admin.conftest import CANARY, LIST, TESTS, TOKENS, page_of, reload
from tests.integrations.kept import secrets_of


def every_cell() -> str:
    """All that the database holds, as text."""
    rows: list[str] = []
    with database.cursor() as cursor:
        for table in database.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {database.ops.quote_name(table)}")
            rows.append(repr(cursor.fetchall()))
    return "\n".join(rows)


def every_page() -> list[str]:
    """Each list of the admin, and each page that a row has."""
    urls = [reverse("admin:index")]
    for model in admin.site._registry:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        urls.append(reverse(f"{name}_changelist"))
        if model is not ApiToken:
            for row in model._default_manager.all()[:50]:
                urls += [reverse(f"{name}_{page}", args=[row.pk]) for page in ("change", "history")]
    return urls


def test_no_page_has_an_inline_script_or_style(site, proven):
    for url in (LIST, page_of(proven), TESTS, TOKENS):
        page = site.client.get(url).content.decode()
        assert not re.search(r"<script(?![^>]*\bsrc=)[^>]*>", page), url
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=", page), url


def test_a_secret_saved_in_the_admin_is_found_nowhere(site, connected, meta):
    site.save(connected, access_token=CANARY, app_secret=CANARY * 2)
    site.save(connected, access_token=CANARY, account_id="wrong")
    site.act("test", connected)
    ApiToken.objects.create(user=User.objects.get(username="root"), name="t")

    assert secrets_of(reload(connected))["access_token"] == CANARY
    assert CANARY not in every_cell()
    urls = every_page()
    assert len(urls) > 12
    for url in urls:
        page = site.client.get(url, follow=True)
        assert page.status_code == 200, url
        assert CANARY not in page.content.decode(), url
    assert LogEntry.objects.count() == 1
    assert LogEntry.objects.get().get_change_message() == "Changed credentials."


def test_the_digest_of_a_grant_is_on_no_page(site, workspace):
    digest = "5e884898da28047151d0e56f8dc62927"
    key = f"refused credential {digest}"
    Cause.objects.create(
        key=key,
        kind="auth_expired",
        scope=Scope.CREDENTIAL,
        title="Postbox ended the sign-in",
        opened_at=timezone.now(),
    )

    for url in every_page():
        assert digest not in site.client.get(url, follow=True).content.decode(), url
    found = site.client.get(reverse("admin:integrations_cause_changelist"), {"q": digest[:8]})
    assert "Postbox ended the sign-in" not in found.content.decode()
