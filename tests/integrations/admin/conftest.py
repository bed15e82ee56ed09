"""A staff person's browser, and the admin's addresses."""

import html
import re

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from integrations.models import IntegrationConnection
from integrations.services import rows
from integrations.sessions import BACKEND

CANARY = "EAAcanary0123456789x9Qd"
LIST = reverse("admin:integrations_integrationconnection_changelist")
TESTS = reverse("admin:integrations_connectiontest_changelist")
TOKENS = reverse("admin:integrations_apitoken_changelist")


class Admin:
    """A staff person's browser, which sends what a page's form holds."""

    def __init__(self, user: User) -> None:
        self.client = Client()
        self.client.force_login(user, backend=BACKEND)

    def text(self, url: str) -> str:
        reply = self.client.get(url, follow=True)
        assert reply.status_code == 200, url
        return words(reply)

    def act(self, action: str, *rows: IntegrationConnection, **more: str) -> str:
        data = {"action": action, "_selected_action": [str(row.pk) for row in rows], **more}
        return words(self.client.post(LIST, data, follow=True))

    def save(self, connection: IntegrationConnection, **typed: str):
        """Open a connection's page, type over some values and save."""
        url = page_of(connection)
        form = self.client.get(url).context["adminform"].form
        shown = {name: form[name].value() for name in form.fields}
        sent = (shown | typed).items()
        data = {name: value for name, value in sent if value is not None and value is not False}
        return self.client.post(url, data, follow=True)


def words(reply) -> str:
    text = re.sub(r"<[^>]+>", " ", reply.content.decode())
    return re.sub(r"\s+", " ", html.unescape(text))


def page_of(connection: IntegrationConnection) -> str:
    return reverse("admin:integrations_integrationconnection_change", args=[connection.pk])


@pytest.fixture
def root(workspace) -> User:
    return User.objects.create_superuser("root", password="pass-word-1")


@pytest.fixture
def site(root) -> Admin:
    return Admin(root)


@pytest.fixture
def staff(person):
    """A staff person who may do to connections only what is named."""

    def make(*permissions: str) -> Admin:
        user = person("stan", is_staff=True)
        names = [f"{permission}_integrationconnection" for permission in permissions]
        user.user_permissions.set(Permission.objects.filter(codename__in=names))
        return Admin(user)

    return make


def reload(connection: IntegrationConnection) -> IntegrationConnection:
    return rows.find(connection.workspace, connection.provider)
