"""What people read on every page, with the demo's data: words, no codes and no raw moments."""

import html
import re

import pytest
from django.contrib.auth.models import User
from django.urls import reverse

from integrations.demo import stories
from integrations.models import (
    ConnectionTest,
    IntegrationConnection,
    Membership,
    Role,
    Trigger,
    Workspace,
)
from integrations.services.credentials import apps
from providers import registry
from tests.integrations.conftest import signed_in
from tests.integrations.services.connecting.test_fix_links import ARGS, every_page

# What is for copying or for programs.
UNSEEN = re.compile(r"<(script|style|head|svg|code|pre|option|textarea)\b.*?</\1>", re.DOTALL)
TAG = re.compile(r"<[^>]+>")
MOMENT = re.compile(r"\d{4}-\d\d-\d\d|\d\d:\d\d:\d\d|\d\dT\d\d|\b1[78]\d{8}\b")
CODE = re.compile(r"\b[a-z]+(?:_[a-z]+)+\b|\b[a-z]+[A-Z][a-z]+\b")
ARTICLE = re.compile(r"\b[Aa] (?:[aeio]\w+|editor|owner|app)\b|\b[Aa]n (?:viewer|token|test)\b")
# As the files and pages say that people are sent to, and the names of two accounts.
KNOWN = {"client_email", "account_advanced", "acme_gone", "acme_studio"}


def seen(page: str) -> str:
    text = html.unescape(TAG.sub(" ", UNSEEN.sub(" ", page)))
    return re.sub(r"\s+", " ", text)


def codes_of_platforms() -> set[str]:
    """Scopes, accounts and other names that the platforms themselves show people."""
    found: set[str] = set()
    for provider in registry.catalogue().values():
        for sign_in in provider.sign_ins:
            found |= {part for scope in sign_in.scopes for part in re.split(r"[.:/]", scope.name)}
    return found


@pytest.fixture
def filled(stand_ins):
    workspace, _ = Workspace.objects.get_or_create(slug="main", defaults={"name": "Main"})
    stories.fill(workspace)
    user = User.objects.create_superuser("dana", first_name="Dana", last_name="Demo")
    user.memberships.all().delete()
    Membership.objects.create(user=user, workspace=workspace, role=Role.OWNER, is_default=True)
    for number, trigger in enumerate(Trigger.values):
        test = ConnectionTest.objects.filter(connection__provider="meta")[number]
        ConnectionTest.objects.filter(pk=test.pk).update(trigger=trigger, started_by=user)
    return user


def addresses() -> list[str]:
    pages = [path for _, path in every_page() if ARGS["candidate_id"] not in path]
    settings = reverse("settings", args=["main"])
    for slug in registry.catalogue():
        pages += [f"{settings}integrations/{slug}/{one}" for one in ("", "history/", "disconnect/")]
    for app in apps.catalogue():
        pages.append(f"{settings}sign-in-apps/{app}/")
    pages += [reverse("admin:index"), reverse("admin:integrations_connectiontest_changelist")]
    pages.append(reverse("admin:integrations_integrationconnection_changelist"))
    for model in (IntegrationConnection, ConnectionTest):
        name = f"admin:integrations_{model._meta.model_name}_change"
        pages += [reverse(name, args=[row.pk]) for row in model.objects.all()[:14]]
    return pages


@pytest.mark.django_db(transaction=True)
def test_no_page_shows_a_code_or_a_raw_moment(filled):
    client, known, found = signed_in(filled), KNOWN | codes_of_platforms(), []
    for path in addresses():
        reply = client.get(path)
        if reply.status_code != 200 or not reply["Content-Type"].startswith("text/html"):
            continue
        text = seen(reply.content.decode())
        told = {*MOMENT.findall(text), *CODE.findall(text), *ARTICLE.findall(text)}
        found += [f"{path}: {one}" for one in sorted(told - known)]

    assert not found, "\n".join(found)
