"""Pages that say what went wrong are kept by no browser and no proxy: soon it may be right."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse


class UncachedErrorsMiddleware:
    """First of all, so that it meets what the others answer too."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.status_code >= 400:
            response.headers.setdefault("Cache-Control", "no-store")
        return response
