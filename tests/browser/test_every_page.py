"""Every page there is, the admin's, the API's and those of errors: axe finds nothing in light at
1440 px and in dark at 390 px, each has one name, one heading, a language and a way past its
header, and nothing is cut off at twice the size."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page

from integrations.models import (
    ApiToken,
    Channel,
    Delivery,
    Membership,
    Pause,
    Role,
    Workspace,
)
from integrations.services import rows
from integrations.services.watching import incidents
from integrations.sessions import BACKEND
from tests.browser import states
from tests.browser.conftest import PASSWORD, SETTINGS, member
from tests.browser.test_accessibility import ALL_RULES, CUT_OFF, TOO_WIDE, violations
from tests.integrations.services.connecting.test_fix_links import ARGS, every_page

pytestmark = pytest.mark.looks

MADE_UP = ARGS["candidate_id"]
TWICE_THE_SIZE = 720  # px of 1440
# What the second look could not tell otherwise than the first is left out of it.
ON_A_PHONE = {
    "runOnly": ["color-contrast", "link-in-text-block", "target-size", "region"],
    "resultTypes": ["violations"],
}
VIEWS: tuple[tuple[Any, int, Any], ...] = (("light", 1440, ALL_RULES), ("dark", 390, ON_A_PHONE))
NAMES = """() => ({
    title: document.title,
    language: document.documentElement.lang,
    headings: document.querySelectorAll("h1").length,
    skip: document.querySelector("a[href='#main'], a[href='#content-start']") !== null,
    target: document.querySelector("main") !== null,
})"""
# Fields and what is said of them in a form, wherever it would be clipped or scroll.
REACHES_OUT = """() => [...document.querySelectorAll(
        ".form-row :is(input:not([type=hidden]), select, textarea, .help, .readonly, label, a), "
        + ".inline-group :is(input:not([type=hidden]), select, a, p)")]
    .filter((one) => one.checkVisibility()
        && !one.closest(".visually-hidden, .hidden, .select2-hidden-accessible")
        && one.getBoundingClientRect().right > document.documentElement.clientWidth)
    .map((one) => `${one.id || one.outerHTML.slice(0, 90)} ${one.getBoundingClientRect().right}`)
"""
API = ("", "integrations", "integrations/meta", "integrations/meta/tests", "integrations/test")
API_OF_OWNERS = ("channels", "members", "invitations", "schema/docs", "integrations?status=fine")


def walk(page: Page, paths: Iterable[str], *, is_bare: bool = False) -> list[str]:
    """The titles; fails with all that is wrong on any of the pages."""
    found, titles = [], []
    for path in paths:
        page.set_viewport_size({"width": VIEWS[0][1], "height": 900})
        page.goto(path)
        named = page.evaluate(NAMES)
        titles.append(named["title"])
        told = (named["language"][:2], named["headings"], named["skip"] or is_bare)
        if told != ("en", 1, True) or not named["target"]:
            found.append(f"{path}: {named}")
        found += problems(page, path)
    assert not found, "\n".join(found)
    return titles


def problems(page: Page, path: str) -> list[str]:
    found = []
    page.evaluate(AXE_SCRIPT)
    for scheme, width, rules in VIEWS:
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size({"width": width, "height": 900})
        found += [f"{path} {scheme} {one}" for one in violations(page, "html", rules)]
    for width in (TWICE_THE_SIZE, VIEWS[1][1]):
        page.set_viewport_size({"width": width, "height": 900})
        if page.evaluate(TOO_WIDE):
            found.append(f"{path} {width}: scrolls sideways")
    if path.startswith("/admin/"):  # whose lists scroll
        found += [f"{path}: reaches out: {part}" for part in page.evaluate(REACHES_OUT)]
    else:
        found += [f"{path}: cut off: {part}" for part in page.evaluate(CUT_OFF)]
    return found


@pytest.fixture
def root(workspace, meta):
    """Who may open every page, of a workspace in which all kinds of rows are."""
    states.fill(workspace)
    user = User.objects.create_superuser("root", "root@acme.example", PASSWORD)
    user.memberships.all().delete()
    Membership.objects.create(user=user, workspace=workspace, role=Role.OWNER, is_default=True)
    ApiToken.objects.create(user=user, name="Dashboard")
    Group.objects.create(name="Helpers")
    Pause.objects.create(
        provider="meta",
        counted_by="token",
        kind="rate_limited",
        until=timezone.now() + timedelta(hours=1),  # a round forgets those that are over
    )
    channel = Channel.objects.create(workspace=workspace, kind="webhook", name="Team")
    facts = {"about": "Postbox", "title": "Postbox ended the access token."}
    Delivery.objects.create(
        workspace=workspace, channel=channel, moment="opened", facts=facts, due_at=timezone.now()
    )
    incidents.reconcile(timezone.now())
    LogEntry.objects.log_actions(user.pk, [workspace], 2, change_message="Renamed.")
    return user


def answered(user: User, paths: Iterable[str]) -> list[str]:
    """Those of the addresses that are pages of their own."""
    client = Client()
    client.force_login(user, backend=BACKEND)
    replies = ((path, client.get(path)) for path in paths)
    return [path for path, reply in replies if reply.status_code == 200 and is_whole(reply.content)]


def is_whole(content: bytes) -> bool:
    """Rather than a part that a page asks for."""
    return content.lower().lstrip().startswith(b"<!doctype html")


def of_the_admin() -> Iterable[str]:
    """The list and a row's page of each model; of what looks the same for all of them, one."""
    yield reverse("admin:index")
    yield reverse("admin:app_list", args=["integrations"])
    for model in admin.site._registry:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        yield reverse(f"{name}_changelist")
        if model is not ApiToken:
            key = model._default_manager.order_by("pk").values_list("pk", flat=True)[0]
            yield reverse(f"{name}_change", args=[key])
    workspace = Workspace.objects.get()
    for one in ("history", "delete"):
        yield reverse(f"admin:integrations_workspace_{one}", args=[workspace.pk])
    yield reverse("admin:integrations_integrationconnection_add")
    yield reverse("admin:auth_user_add")
    yield reverse("admin:revoke_token", args=[ApiToken.objects.get().reference])
    yield reverse("admin:auth_user_password_change", args=[User.objects.get(username="root").pk])


def of_connections() -> Iterable[str]:
    """The page of one that failed, one that was proven and one that is half set up."""
    workspace = Workspace.objects.get()
    for slug in ("meta", "stripe", "upwork"):
        yield reverse("connection-page", args=["main", rows.find(workspace, slug).pk])


def test_every_page_of_the_product(open_page, root):
    kept = {path for _, path in every_page() if MADE_UP not in path and "/api/" not in path}
    paths = answered(root, [*sorted(kept), *of_connections()])
    assert len(paths) > 17

    titles = walk(open_page(root), paths)

    assert all(title.endswith(" · Control Center") for title in titles)
    assert len({*titles}) == len(titles), sorted(zip(titles, paths, strict=True))


def test_every_page_of_the_administration(open_page, root):
    paths = answered(root, of_the_admin())
    assert len(paths) > 16

    titles = walk(open_page(root), paths)

    assert {
        title for title in titles if not title.endswith("Administration · Control Center")
    } == set()
    assert sorted({*titles}) == sorted(titles)


def test_every_page_of_the_api(open_page, root):
    titles = walk(open_page(root), [f"/api/{path}" for path in (*API, *API_OF_OWNERS)])

    assert {*titles} >= {"/api/integrations/meta · API · Control Center"}


def test_pages_that_say_no(open_page, root, workspace):
    viewer = member(workspace, "vera", Role.VIEWER)
    nobody = User.objects.create_user("nora")
    nobody.memberships.all().delete()

    titles = walk(open_page(root), ["/nothing/", "/admin/nothing/", f"{SETTINGS}test-all/stop/"])
    titles += walk(open_page(viewer), ["/w/main/workspace/"])
    titles += walk(open_page(nobody), ["/dashboard/"])

    assert [title.partition(" · ")[0] for title in titles] == [
        *("Not found", "Not found", "No page"),
        "Not allowed",
        "No workspace",
    ]


def test_the_page_of_a_form_that_was_out_of_date(open_page, root):
    page = open_page(path="/accounts/login/")
    page.context.clear_cookies()
    page.get_by_label("Username").fill("root")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("heading", name="This page was out of date").wait_for()

    assert problems(page, page.url) == []


def test_the_page_of_too_many_attempts(open_page, workspace):
    client = Client()
    while client.get("/fix/made-up/").status_code != 429:
        pass

    assert walk(open_page(), ["/fix/made-up/"]) == ["Too many attempts · Control Center"]


def test_the_door_of_a_site_without_people(open_page, workspace):
    page = open_page()

    assert walk(page, ["/accounts/login/"]) == ["Sign in · Control Center"]
    assert page.get_by_role("heading", level=1).text_content() == "Nobody has an account yet"


def test_the_page_of_a_crash(open_page, workspace, settings, watch):
    settings.ROOT_URLCONF = "tests.browser.broken_urls"

    titles = walk(open_page(), ["/crash/"], is_bare=True)

    assert titles == ["Something went wrong · Control Center"]
    assert len(watch.problems) == 1
    watch.problems.clear()  # that it is a 500, which it is to be


def test_the_switch_of_themes_of_the_administration(open_page, root):
    page = open_page(root, "/admin/", color_scheme="light")
    toggle = page.get_by_role("button", name="Toggle theme")
    colour = "getComputedStyle(document.body).backgroundColor"
    seen = []
    for _ in range(3):  # auto, light, dark
        seen.append(page.evaluate(colour))
        toggle.click()

    assert seen[0] == seen[1] != seen[2] or seen[0] == seen[2] != seen[1]
    assert "rgb(14, 17, 22)" in seen


def test_paper_is_light_and_unfolded(open_page, root):
    page = open_page(root, f"{SETTINGS}integrations/meta/", color_scheme="dark")
    page.emulate_media(media="print", color_scheme="dark")

    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    folded = page.locator("#dialog-content details:not([open]) > :not(summary)").first
    assert folded.evaluate("one => one.checkVisibility({contentVisibilityAuto: true})")
    assert not page.locator(".top").is_visible()
