"""The addresses under /api/, each with and without a final slash."""

from collections.abc import Callable
from typing import Any

from django.urls import URLPattern, path, re_path
from django.views.decorators.cache import cache_control
from django.views.decorators.csrf import csrf_exempt

from integrations.api import channels as api_channels
from integrations.api import errors as api_errors
from integrations.api import members as api_members
from integrations.api import reference
from integrations.api import schema as api_schema
from integrations.api import views as api
from integrations.api.connections import Connections
from integrations.api.events import Events
from integrations.api.incidents import Incidents

unknown = csrf_exempt(api_errors.not_found)  # whatever the method
ANY = "connections/<uuid:id>"
ONE = "integrations/<slug:provider>"


def both(route: str, view: Callable[..., Any], name: str) -> list[URLPattern]:
    """A redirect would lose the body of a PATCH, so there is none."""
    unstored = cache_control(no_store=True)(view)
    return [path(f"{route}/", unstored), path(route, unstored, name=name)]


app_name = "api"
urlpatterns = [
    path("", cache_control(no_store=True)(api.Root.as_view()), name="root"),
    *both("integrations", api.Integrations.as_view({"get": "list"}), "integrations"),
    *both(
        "integrations/test",
        api.Runs.as_view({"get": "retrieve", "post": "create", "delete": "destroy"}),
        "run",
    ),
    *both(
        ONE, api.Integrations.as_view({"get": "retrieve", "patch": "partial_update"}), "integration"
    ),
    *both(f"{ONE}/test", api.Integrations.as_view({"post": "test"}), "test"),
    *both(f"{ONE}/disconnect", api.Integrations.as_view({"post": "disconnect"}), "disconnect"),
    *both(f"{ONE}/tests", api.Integrations.as_view({"get": "tests"}), "tests"),
    *both(f"{ONE}/tests/<int:id>", api.Integrations.as_view({"get": "one_test"}), "one-test"),
    *both(f"{ONE}/accounts", api.Integrations.as_view({"get": "accounts"}), "accounts"),
    *both("connections", Connections.as_view({"get": "list", "post": "create"}), "connections"),
    *both(
        ANY,
        Connections.as_view({"get": "retrieve", "patch": "partial_update", "delete": "destroy"}),
        "connection",
    ),
    *both(f"{ANY}/test", Connections.as_view({"post": "test"}), "connection-test-now"),
    *both(f"{ANY}/disconnect", Connections.as_view({"post": "disconnect"}), "disconnect-one"),
    *both(f"{ANY}/tests", Connections.as_view({"get": "tests"}), "connection-tests"),
    *both(
        f"{ANY}/tests/<int:test_id>", Connections.as_view({"get": "one_test"}), "connection-test"
    ),
    *both(f"{ANY}/accounts", Connections.as_view({"get": "accounts"}), "connection-accounts"),
    *both(
        "channels",
        api_channels.Channels.as_view({"get": "list", "post": "create"}),
        "channels",
    ),
    *both(
        "channels/<uuid:id>",
        api_channels.Channels.as_view({"patch": "partial_update", "delete": "destroy"}),
        "channel",
    ),
    *both(
        "channels/<uuid:id>/test",
        api_channels.Channels.as_view({"post": "test"}),
        "test-channel",
    ),
    *both("events", Events.as_view({"get": "list"}), "events"),
    *both("incidents", Incidents.as_view({"get": "list"}), "incidents"),
    *both(
        "incidents/<int:id>",
        Incidents.as_view({"get": "retrieve", "patch": "partial_update"}),
        "incident",
    ),
    *both("members", api_members.Members.as_view({"get": "list", "post": "create"}), "members"),
    *both(
        "members/<int:id>",
        api_members.Members.as_view({"patch": "partial_update", "delete": "destroy"}),
        "member",
    ),
    *both("invitations", api_members.Invitations.as_view({"get": "list"}), "invitations"),
    *both(
        "invitations/<uuid:id>",
        api_members.Invitations.as_view({"delete": "destroy"}),
        "invitation",
    ),
    *both("schema", api_schema.Schema.as_view(), "schema"),
    *both("schema/docs", reference.Reference.as_view(), "schema-docs"),
    re_path("", unknown),
]
