"""A short answer, 503, for whoever asks while the database is not there or too busy."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string

from integrations.database import is_unavailable

SENTENCE = "The database is busy or not there. Try again in a few seconds."
HEADERS = {"Retry-After": "5", "Cache-Control": "no-store"}


class UnavailableMiddleware:
    """What a view needs of the database it asks for while it runs, sessions included."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not is_unavailable(exception):
            return None
        if request.path_info.startswith("/api/"):
            body = {"detail": SENTENCE, "code": "unavailable"}
            return JsonResponse(body, status=503, headers=HEADERS)
        return HttpResponse(render_to_string("503.html"), status=503, headers=HEADERS)
