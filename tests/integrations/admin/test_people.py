"""History, workspaces, accounts and API tokens."""

import re
from datetime import timedelta
from uuid import uuid4

import pytest
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.urls import reverse

from integrations.admin import words
from integrations.models import ApiToken, Membership, Role, Workspace
from integrations.services import rows
from integrations.services.connecting import lending
from tests.integrations.admin.conftest import TESTS, TOKENS
from tests.integrations.services.connecting.agency import connect


def test_the_history_is_only_to_read(site, proven):
    test = proven.last_test
    url = reverse("admin:integrations_connectiontest_change", args=[test.pk])

    text = site.text(url)

    assert test.steps
    for step in test.steps:
        assert f"{words.OUTCOMES[step['outcome']].text} {step['label']}" in text
    assert site.client.post(url, {}).status_code == 403
    assert site.client.get(url.replace("change", "delete")).status_code == 403


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("outcome__exact=passed", True),
        ("outcome__exact=failed", False),
        ("trigger__exact=schedule", True),
        ("error_kind=auth_expired", False),
    ],
)
def test_the_history_filters(site, proven, query, found):
    url = reverse("admin:integrations_connectiontest_change", args=[proven.last_test.pk])

    page = site.client.get(f"{TESTS}?{query}").content.decode()

    assert (url.replace("/change/", "/") in page or url in page) == found


def test_members_are_kept_with_their_workspace(site, workspace, stranger):
    url = reverse("admin:integrations_workspace_change", args=[workspace.pk])
    count = Membership.objects.filter(workspace=workspace).count()
    rows = {
        "memberships-TOTAL_FORMS": str(count + 1),
        "memberships-INITIAL_FORMS": str(count),
        f"memberships-{count}-user": str(stranger.pk),
        f"memberships-{count}-role": Role.EDITOR.value,
        f"memberships-{count}-workspace": str(workspace.pk),
    }
    for number, member in enumerate(Membership.objects.filter(workspace=workspace)):
        rows |= {
            f"memberships-{number}-id": str(member.pk),
            f"memberships-{number}-user": str(member.user_id),
            f"memberships-{number}-role": member.role,
        }

    site.client.post(url, {"name": workspace.name, "slug": workspace.slug, **rows})

    assert stranger.memberships.get().role == Role.EDITOR


def deactivate(site, user):
    return site.client.post(
        reverse("admin:auth_user_change", args=[user.pk]),
        {
            "username": user.username,
            "date_joined_0": "2026-01-01",
            "date_joined_1": "00:00:00",
            **MEMBERSHIPS,
        },
        follow=True,
    )


def test_a_workspace_that_lends_is_not_deleted_before_that_is_taken_back(site, workspace, meta):
    north = Workspace.objects.create(slug="north", name="North")
    agency = connect(workspace)
    lending.lend(agency, north, [], by=None)
    url = reverse("admin:integrations_workspace_delete", args=[workspace.pk])

    asked = site.text(url)
    site.client.post(url, {"post": "yes"})

    assert "protected" in asked
    assert "Meta of North" in asked
    assert rows.find(north, "meta").lender == workspace
    lending.take_back(workspace, [rows.find(north, "meta").pk], by=None)
    site.client.post(url, {"post": "yes"})
    assert not Workspace.objects.filter(pk=workspace.pk).exists()


def delete(site, user):
    url = reverse("admin:auth_user_delete", args=[user.pk])
    return site.client.post(url, {"post": "yes"}, follow=True)


def delete_in_list(site, user):
    url = reverse("admin:auth_user_changelist")
    chosen = {"action": "delete_selected", "_selected_action": [user.pk], "post": "yes"}
    return site.client.post(url, chosen, follow=True)


MEMBERSHIPS = {"memberships-TOTAL_FORMS": "0", "memberships-INITIAL_FORMS": "0"}


@pytest.mark.parametrize("act", [deactivate, delete, delete_in_list])
def test_no_workspace_loses_its_last_owner(site, owner, person, workspace, act):
    workspace.memberships.exclude(user=owner).delete()

    page = act(site, owner).content.decode()

    assert "A workspace would have no owner." in page
    assert "successfully" not in page
    assert User.objects.get(pk=owner.pk).is_active
    person("otto", Role.OWNER)
    assert "A workspace would have no owner." not in act(site, owner).content.decode()
    assert not User.objects.filter(pk=owner.pk, is_active=True).exists()


def test_a_persons_page_lists_their_workspaces(site, editor, workspace):
    text = site.text(reverse("admin:auth_user_change", args=[editor.pk]))

    assert "Memberships" in text
    assert workspace.name in text


def test_a_new_account_starts_with_name_and_password(site):
    reply = site.client.post(
        reverse("admin:auth_user_add"),
        {
            "username": "nina",
            "usable_password": "true",
            "password1": "long-enough-1",
            "password2": "long-enough-1",
        },
    )

    assert reply.status_code == 302
    assert not User.objects.get(username="nina").memberships.exists()


def test_tokens_are_listed_without_their_digest_and_revoked(site, editor):
    token, clear = ApiToken.objects.create(user=editor, name="Dashboard", expiry=timedelta(days=30))

    page = site.client.get(TOKENS).content.decode()
    revoke = re.search(r'href="([^"]+/revoke/)"', page)[1]
    question = site.client.get(revoke).content.decode()
    site.client.post(revoke)

    for shown in (page, question):
        assert "Dashboard" in shown
        assert token.digest not in shown
        assert token.token_key not in shown
        assert clear not in shown
    assert not ApiToken.objects.exists()
    assert LogEntry.objects.get().change_message == "Revoked the API token “Dashboard”."


def test_a_token_is_revoked_only_by_who_may_delete_it(staff, editor):
    token, _ = ApiToken.objects.create(user=editor, name="Dashboard")
    reply = staff().client.post(reverse("admin:revoke_token", args=[token.reference]))

    assert reply.status_code == 403
    assert ApiToken.objects.exists()


def test_an_unknown_token_is_not_found(site):
    assert site.client.post(reverse("admin:revoke_token", args=[uuid4()])).status_code == 404


def test_tokens_have_no_page_of_their_own(site, editor):
    token, _ = ApiToken.objects.create(user=editor, name="Dashboard")

    reply = site.client.get(f"{TOKENS}{token.digest}/change/")

    assert reply.status_code in (302, 404)


def test_what_nobody_should_open_is_not_registered():
    names = {model._meta.label for model in admin.site._registry}

    assert "integrations.ApiToken" in names
    assert not names & {"integrations.Candidate", "integrations.OwnerLink", "knox.AuthToken"}
