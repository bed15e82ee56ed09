"""Every address of the site."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import get_script_prefix, include, path
from django.views import defaults
from django.views.generic import RedirectView

from integrations.api import errors as api_errors
from integrations.pages.door import views as door
from integrations_center import health
from integrations_center.metrics import metrics

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("healthz/", health.healthz),
    path("readyz", health.readyz, name="readyz"),
    path("readyz/", health.readyz),
    path("metrics", metrics, name="metrics"),
    path("metrics/", metrics),
    # One door: the admin's own log-in and change of a password count nothing and ask nothing more.
    path("admin/login/", door.admin_login),
    path("admin/password_change/", RedirectView.as_view(pattern_name="password_change")),
    path("admin/", admin.site.urls),
    path("", include("integrations.pages.urls")),
]


View = Callable[..., HttpResponse]


def _answers(to_scripts: View, to_people: View) -> View:
    """JSON under /api/, a page elsewhere."""

    def view(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        answer = to_scripts if request.path_info.startswith("/api/") else to_people
        return answer(request, *args, **kwargs)

    return view


def _crashed(request: HttpRequest) -> HttpResponse:
    """A page that looks nothing up: who knows what is broken."""
    context = {"home": get_script_prefix(), "static_url": settings.STATIC_URL}
    return HttpResponse(render_to_string("500.html", context), status=500)


handler400 = _answers(api_errors.bad_request, defaults.bad_request)
handler404 = _answers(api_errors.not_found, defaults.page_not_found)
handler500 = _answers(api_errors.server_error, _crashed)
