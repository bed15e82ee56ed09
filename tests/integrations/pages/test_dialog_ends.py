"""The dialog of a connection that will end."""

from datetime import timedelta

from django.utils import timezone

from integrations.models import IntegrationConnection
from tests.integrations.pages.test_pages import Browser, text_of


def test_the_dialog_says_when_it_ends_and_what_to_do(proven, editor):
    IntegrationConnection.objects.update(expires_at=timezone.now() + timedelta(days=3))

    page = text_of(Browser(editor).get("connection", "meta"))

    assert "Enter new credentials before then, and nothing stops." in page
