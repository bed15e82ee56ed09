"""Pauses are listed for operators, to read."""

from django.urls import reverse

from integrations.models import Trigger
from integrations.services.proving import testing
from providers.sandbox.meta.login import refusal


def test_a_limit_that_holds_is_listed_and_cannot_be_changed(site, connected, meta):
    meta.answer = lambda _: refusal(17, "User request limit reached")
    testing.test_connection(connected, trigger=Trigger.API)

    page = site.client.get(reverse("admin:integrations_pause_changelist")).content.decode()

    assert "Meta" in page
    assert "Token" in page
    assert "Too many requests" in page
    assert site.client.get(reverse("admin:integrations_pause_add")).status_code == 403
