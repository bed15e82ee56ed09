"""A short answer, 503, for whoever asks while something that is needed is busy or not there."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string

from integrations.database import is_unavailable
from integrations.services.refusals import Busy

NO_DATABASE = "The database is busy or not there."
NO_PLACE = "Many calls wait for platforms just now."
RETRY_AFTER_SECONDS = 5


class UnavailableMiddleware:
    """What a view needs it asks for while it runs, sessions included."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, Busy):
            return _answer(request, NO_PLACE, exception.retry_after_seconds)
        if is_unavailable(exception):
            return _answer(request, NO_DATABASE, RETRY_AFTER_SECONDS)
        return None


def sentence(reason: str) -> str:
    return f"{reason} Try again in a few seconds."


def _answer(request: HttpRequest, reason: str, seconds: int) -> HttpResponse:
    headers = {
        "Retry-After": str(seconds),
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",  # the address that was asked for may hold a code
    }
    if request.path_info.startswith("/api/"):
        body = {"detail": sentence(reason), "code": "unavailable"}
        return JsonResponse(body, status=503, headers=headers)
    page = render_to_string("503.html", {"reason": reason, "static_url": settings.STATIC_URL})
    return HttpResponse(page, status=503, headers=headers)
