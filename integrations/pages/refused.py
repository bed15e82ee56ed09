"""Short pages: 429 for whoever tried too often, 403 for a form that was out of date.

Under /api/ the API answers by itself.
"""

from collections.abc import Callable
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render, resolve_url

from integrations.services.refusals import TooManyGuesses


class TooManyGuessesMiddleware:
    """Whichever page counted: log-in, a password's change, a link."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, TooManyGuesses):
            return None
        page = render(request, "registration/locked.html", {"refusal": exception}, status=429)
        page["Retry-After"] = str(exception.retry_after_seconds)
        return page


class NoPageMiddleware:
    """An address that only a button of a page asks has no page of its own: it says so."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        is_bare = response.status_code == HTTPStatus.METHOD_NOT_ALLOWED and not response.content
        if not is_bare or request.path_info.startswith("/api/"):
            return response
        page = render(request, "no_page.html", status=HTTPStatus.METHOD_NOT_ALLOWED)
        page["Allow"] = response["Allow"]
        return page


def out_of_date(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Django's CSRF failure: most often the page was open while its person signed in elsewhere."""
    back = request.headers.get("Referer", "")
    here = f"{request.scheme}://{request.get_host()}/"
    context = {"back": back if back.startswith(here) else resolve_url("dashboard")}
    return render(request, "out_of_date.html", context, status=403)
