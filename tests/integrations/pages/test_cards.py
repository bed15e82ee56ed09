"""What a card says of a connection in a word."""

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from integrations.models import IntegrationConnection, Status
from integrations.pages.cards import GROUPS, Card
from integrations.pages.platform_cards import PlatformCard

NOW = datetime(2026, 11, 29, 14, 2, tzinfo=UTC)
LATELY, LONG_AGO = NOW - timedelta(hours=1), NOW - timedelta(days=3)


HALF = {"status": Status.NOT_CONNECTED, "is_complete": False, "config": {"account_id": "act_1"}}


def card(provider="meta", method="access_token", **facts):
    facts = {"status": Status.CONNECTED, "is_complete": True, **facts}
    return Card(IntegrationConnection(provider=provider, auth_method=method, **facts), NOW)


@pytest.mark.parametrize(
    ("facts", "tone", "text", "since"),
    [
        ({"proven_at": LATELY}, "ok", "Connected", None),
        ({}, "warn", "Not proven yet", None),
        ({"proven_at": LONG_AGO}, "warn", "Not proven since", LONG_AGO),
        (
            {"proven_at": LATELY, "unanswered_since": NOW},
            "warn",
            "No clear answer since",
            NOW,
        ),
        ({"status": Status.DISABLED, "proven_at": LATELY}, "idle", "Disabled", None),
        ({"status": Status.ERROR, "failing_since": NOW}, "bad", "Error since", NOW),
    ],
)
def test_a_card_says_no_more_than_is_known(facts, tone, text, since):
    pill = card(**facts).pill

    assert (pill.tone, pill.text, pill.since) == (tone, text, since)


def test_what_no_test_can_prove_is_grey_and_asks_for_nothing():
    page = card("fiverr", "public_page", unanswered_since=LONG_AGO)

    assert (page.pill.tone, page.pill.text) == ("idle", "Public page only")
    assert not page.is_unanswered
    assert page.attention is None


@pytest.mark.parametrize(
    ("shown", "group", "section"),
    [
        (card(status=Status.ERROR, last_error="No."), "error", "now"),
        (card(), "unproven", "soon"),
        (card(proven_at=LONG_AGO), "unproven", "soon"),
        (card(proven_at=LATELY, expires_at=NOW), "proven", "soon"),
        (card(proven_at=LATELY), "proven", "nothing"),
        (card(proven_at=LATELY, unanswered_since=NOW), "unanswered", "nothing"),
        (card("fiverr", "public_page"), "unprovable", "nothing"),
        (card(status=Status.DISABLED), "disabled", "nothing"),
        (card(status=Status.NOT_CONNECTED), "not_connected", "not_connected"),
        (card(**HALF), "half", "soon"),
        (card(**{**HALF, "is_enabled": False}), "half", "soon"),
    ],
)
def test_each_card_is_in_one_group_and_one_section(shown, group, section):
    assert (shown.group, shown.section) == (group, section)
    assert [name for name, _ in GROUPS if shown.is_shown_by(name)] == [group]


def test_what_only_a_stand_in_proves_is_nothing_to_rely_on(settings, proven):
    shown = Card(proven, timezone.now())
    assert (shown.group, shown.section, shown.pill.tone) == ("stand_in", "soon", "warn")

    settings.DEMO = True  # where every page says so
    assert (shown.group, shown.section, shown.pill.tone) == ("proven", "nothing", "ok")


BROKEN = {"status": Status.ERROR, "last_error": "No.", "failing_since": NOW}


@pytest.mark.parametrize(
    ("first", "second", "group", "tone"),
    [
        (
            {"proven_at": LATELY, "expires_at": NOW + timedelta(days=3)},
            {"proven_at": LATELY, "unanswered_since": NOW - timedelta(hours=2)},
            "unanswered",
            "warn",
        ),
        (HALF, {"proven_at": LATELY}, "proven", "ok"),
        (HALF, {"status": Status.DISABLED}, "half", "idle"),
        ({"status": Status.DISABLED}, {"proven_at": LATELY}, "proven", "ok"),
        (BROKEN, {}, "error", "bad"),
        ({"proven_at": LONG_AGO}, {"proven_at": LATELY}, "unproven", "warn"),
    ],
)
def test_the_light_of_a_platform_is_the_worst_of_its_connections(first, second, group, tone):
    made = sorted((card(**first), card(**second)), key=lambda one: one.rank)
    shown = PlatformCard(made)

    assert (shown.group, shown.pill.tone) == (group, tone)
    assert shown.section == made[0].section
    assert [name for name, _ in GROUPS if shown.is_shown_by(name)] == [group]


@pytest.mark.parametrize(
    ("kind", "click"),
    [
        ("auth_expired", "Enter new credentials"),
        ("account_not_found", "Correct the account"),
        ("invalid_config", "Correct the values"),
        ("permission_missing", "Change what is saved"),
    ],
)
def test_the_button_of_a_broken_card_names_the_act(kind, click):
    assert card(**BROKEN, error_kind=kind).next_click.words == click


@pytest.mark.parametrize(
    ("shown", "does", "words"),
    [
        (card(status=Status.NOT_CONNECTED), "open", "Connect"),
        (card(**HALF), "open", "Finish"),
        (card(status=Status.DISABLED), "enable", "Enable"),
        (card(status=Status.ERROR, reported_error="No rows."), "clear", "Clear the report"),
        (card(proven_at=LATELY, expires_at=NOW), "open", "Renew"),
        (card(proven_at=LONG_AGO), "test", "Test"),
    ],
)
def test_the_next_click_follows_from_what_the_card_asks_for(shown, does, words):
    assert (shown.next_click.does, shown.next_click.words) == (does, words)


def test_a_search_finds_other_names_vendors_accounts_and_states():
    shown = card("crm", "token", config={"vendor": "hubspot"}, platform_account_id="424242")

    assert shown.title == "CRM: HubSpot"
    for query in ("hubspot", "salesforce", "4242", "not proven", "crm sync"):
        assert PlatformCard([shown]).matches("", query), query
    assert PlatformCard([card("meta")]).matches("", "facebook")
    assert not PlatformCard([card("meta")]).matches("", "hubspot")


def test_what_a_half_set_up_connection_lacks_is_named():
    config = {"vendor": "hubspot", "account_id": "1001"}

    assert card(**HALF).missing == ["Access token"]
    assert card("crm", **{**HALF, "config": config}).missing == ["Service key"]


def test_a_filter_of_another_day_shows_all():
    assert card().is_shown_by("connected")


def test_who_reported_is_named_and_whether_a_test_has_passed_since():
    reported = {"status": Status.ERROR, "reported_error": "No rows.", "reported_at": LATELY}
    ana = User(username="ana", first_name="Ana", last_name="Alt")

    assert card(**reported, reported_by=ana).reporter == "Ana Alt"
    assert card(**reported).reporter == "Another system"
    assert card(**reported).is_only_reported
    assert not card(**reported, last_error="Refused.").is_only_reported
    assert card(**reported, proven_at=NOW).has_passed_since_report
    assert not card(**reported, proven_at=LONG_AGO).has_passed_since_report
