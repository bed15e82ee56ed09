"""What a card says of a connection in a word."""

from datetime import UTC, datetime, timedelta

import pytest

from integrations.models import IntegrationConnection, Status
from integrations.pages.cards import Card

NOW = datetime(2026, 11, 29, 14, 2, tzinfo=UTC)
LATELY, LONG_AGO = NOW - timedelta(hours=1), NOW - timedelta(days=3)


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
        ({"status": Status.DISABLED, "proven_at": LATELY}, "off", "Disabled", None),
        ({"status": Status.ERROR}, "bad", "Error", None),
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
