"""The demo shows every state, honestly come by, and says on every page that it is one."""

import pytest
from django.test import Client
from django.urls import reverse

from integrations.demo import stories as demo
from integrations.models import Channel, Incident, Workspace
from integrations.pages import record
from integrations.services import rows
from integrations_center.demo import origins
from providers import registry
from providers.sandbox.__main__ import page
from tests.integrations.conftest import signed_in


@pytest.mark.django_db(transaction=True)
def test_a_filled_workspace_shows_every_state(stand_ins):
    workspace, _ = Workspace.objects.get_or_create(slug="main", defaults={"name": "Main"})

    demo.fill(workspace)

    found = {row.provider: row for row, *_ in rows.catalogue(workspace)}
    assert {row.status for row in found.values()} == {
        "connected",
        "disabled",
        "error",
        "not_connected",
    }
    assert found["google_ads"].error_kind == "auth_invalid"
    assert found["meta"].proven_at
    assert found["fiverr"].unanswered_since
    assert found["search_console"].reported_error
    assert not found["calendly"].is_fresh(found["meta"].proven_at)
    assert found["crm"].saved_names
    assert found["meta"].tests.count() == 9
    assert [one.title for one in rows.of_platform(workspace, "ga4")] == ["acme.example", "New site"]
    told = [record.state_of(day) for day in found["meta"].days.order_by("day")]
    assert (len(told), told.count("error"), told.count("silent")) == (85, 4, 1)
    over = Incident.objects.exclude(closed_at=None)
    assert {one.title for one in over} >= {"No answer from Meta", "Meta ended the credentials"}
    assert all(one.closed_at > one.opened_at for one in over)
    assert Channel.objects.get().kind == "webhook"
    assert found["upwork"].is_signed_in
    assert found["upwork"].light(found["upwork"].proven_at) == "green"


def test_every_page_of_a_demo_says_so(owner, settings):
    settings.DEMO = True
    pages = [
        signed_in(owner).get(reverse("settings", args=["main"])),
        Client().get(reverse("login")),
    ]

    for seen in pages:
        assert "all data is made up" in seen.content.decode()


def test_a_real_installation_does_not(owner):
    seen = signed_in(owner).get(reverse("settings", args=["main"]))

    assert "made up" not in seen.content.decode()


def test_every_host_of_every_platform_is_replaced():
    made = origins("http://127.0.0.1:9000")

    assert made["PROVIDER_META__API_URL"] == "http://127.0.0.1:9000/meta"
    assert len(made) == sum(len(one.hosts) for one in registry.catalogue().values())


def test_the_stand_ins_own_page_lists_what_each_credential_does(stand_ins):
    seen = page(stand_ins.url)

    assert "EAAexpired" in seen
    assert '<h2 id="stripe">Stripe</h2>' in seen
