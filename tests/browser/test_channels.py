"""Channels in a real browser: added, tried and removed, with script and without."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.core import signing
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from integrations.models import Channel, Delivery
from integrations.services.telling.takes import OVERTAKEN
from integrations.services.telling.unsubscribing import SALT
from providers.sandbox.server import Answer
from tests.browser.conftest import PASSWORD
from tests.browser.test_every_page import walk
from tests.integrations.receivers import NOW

PAGE = "/w/main/channels/"


@pytest.fixture
def owner_page(open_page, owner, receiver):
    return open_page(owner, PAGE)


def add_slack(page, receiver):
    page.get_by_role("link", name="Add the first channel").click()
    page.get_by_role("link", name="Slack").click()
    page.get_by_label("Name").fill("Marketing alerts")
    page.get_by_label("Webhook URL").fill(receiver.url)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Marketing alerts")


def test_a_channel_is_added_tried_and_removed(owner_page, receiver):
    add_slack(owner_page, receiver)

    owner_page.get_by_role("button", name="Send test").click()
    expect(owner_page.locator(".messages")).to_contain_text("It arrived: Slack took the message.")
    expect(owner_page.locator(".sheet-table")).to_contain_text("Delivered")
    owner_page.get_by_role("link", name="Remove…").click()
    expect(owner_page.locator("#dialog[open]")).to_contain_text("Remove Marketing alerts?")
    owner_page.keyboard.press("Escape")
    assert Channel.objects.exists()
    owner_page.get_by_role("link", name="Remove…").click()
    owner_page.get_by_role("button", name="Remove Marketing alerts").click()

    expect(owner_page.locator(".messages")).to_contain_text("Marketing alerts is removed.")
    assert not Channel.objects.exists()


def test_all_of_it_works_without_script(open_page, owner, receiver):
    page = open_page(owner, PAGE, java_script_enabled=False)
    add_slack(page, receiver)

    receiver.answers = [Answer(404, "no_service")]
    page.get_by_role("button", name="Send test").click()
    expect(page.locator(".messages")).to_contain_text("It did not arrive.")
    page.get_by_role("link", name="Remove…").click()
    page.get_by_role("button", name="Remove Marketing alerts").click()

    assert not Channel.objects.exists()


def about(channel):
    facts = {"about": "Postbox", "title": "Postbox ended the access token."}
    return {
        "workspace": channel.workspace,
        "channel": channel,
        "moment": "opened",
        "facts": facts,
        "made_at": NOW,
    }


@pytest.mark.looks
def test_a_channel_with_all_that_can_become_of_a_message(
    open_page, owner, workspace, receiver, channel
):
    one = channel("webhook", name="Our own monitor", platforms=["meta"], hears="breaks")
    Channel.objects.update(failing_since=NOW, problem="The receiver has a problem.")
    for outcome in ("delivered", "failed", "left_out"):
        Delivery.objects.create(**about(one), outcome=outcome, delivered_at=NOW, sentence=OVERTAKEN)
    in_an_hour = timezone.now() + timedelta(hours=1)
    Delivery.objects.create(**about(one), due_at=in_an_hour, tries=2, sentence="It fails.")
    page = open_page(owner)

    walk(page, [reverse("channel", args=["main", one.pk]), PAGE])


OPERATORS = "/dashboard/operations/channels/"


@pytest.fixture
def root(workspace):
    return User.objects.create_superuser("root", "root@acme.example", PASSWORD)


@pytest.mark.looks
def test_the_pages_of_operators(open_page, root, operators_channel):
    one = operators_channel("webhook", name="Pager")
    kept = f"{OPERATORS}{one.pk}/"
    paths = ("/dashboard/operations/", OPERATORS, f"{OPERATORS}new/", f"{OPERATORS}new/slack/")

    walk(open_page(root), [*paths, kept, f"{kept}remove/"])


@pytest.mark.looks
def test_the_page_that_ends_mails(open_page, root, channel, settings):
    settings.EMAIL_IS_CONFIGURED = True
    one = channel("email", config={"to": "dana@acme.example"})
    page = open_page(root)
    token = signing.dumps([one.pk.hex, "dana@acme.example"], salt=SALT)
    walk(page, [reverse("unsubscribe", args=[token])], is_bare=True)
    page.get_by_role("button", name="Get no more of them").click()

    expect(page.locator("h1")).to_have_text("You get no more of these mails")


def test_operators_add_try_and_remove_one_by_keyboard(open_page, root, receiver):
    page = open_page(root, OPERATORS)
    page.get_by_role("link", name="Add the first channel").press("Enter")
    page.get_by_role("link", name="Webhook", exact=False).press("Enter")
    page.get_by_label("URL").fill(receiver.url)
    page.get_by_label("URL").press("Enter")
    expect(page.locator(".secret-once")).to_contain_text("Copy the signing secret now")
    page.get_by_role("button", name="New signing secret").press("Enter")
    expect(page.locator(".secret-once")).to_contain_text("Copy the signing secret now")
    expect(page.locator("main")).to_contain_text("each message carries two signatures")
    page.get_by_role("button", name="Send test").press("Enter")
    expect(page.locator(".messages")).to_contain_text("It arrived")
    page.get_by_role("link", name="Remove…").press("Enter")
    expect(page.locator("#dialog[open]")).to_contain_text("Remove Webhook?")
    page.get_by_role("button", name="Remove Webhook").press("Enter")

    expect(page.locator(".messages")).to_contain_text("Webhook is removed.")
    assert not Channel.objects.exists()
