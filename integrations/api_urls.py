"""The addresses under /api/, each with and without a final slash."""

from typing import Any

from django.urls import URLPattern, path, re_path
from django.views.decorators.cache import cache_control

from integrations import api, api_schema

ONE = "integrations/<slug:provider>"


def both(route: str, view: Any, name: str) -> list[URLPattern]:
    """A redirect would lose the body of a PATCH, so there is none."""
    unstored = cache_control(no_store=True)(view.as_view())
    return [path(f"{route}/", unstored), path(route, unstored, name=name)]


app_name = "api"
urlpatterns = [
    path("", cache_control(no_store=True)(api.Root.as_view()), name="root"),
    *both("integrations", api.Integrations, "integrations"),
    *both(ONE, api.Integration, "integration"),
    *both(f"{ONE}/test", api.Test, "test"),
    *both(f"{ONE}/disconnect", api.Disconnect, "disconnect"),
    *both(f"{ONE}/tests", api.Tests, "tests"),
    *both("schema", api_schema.Schema, "schema"),
    *both("schema/docs", api_schema.Docs, "schema-docs"),
    re_path("", api.unknown),
]
