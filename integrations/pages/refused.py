"""A short page, 429, for whoever tried too often. Under /api/ the API answers by itself."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

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
