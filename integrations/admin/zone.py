"""The admin's times, without script too, in the zone that its reader set."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from integrations.services.people import own


class ZoneMiddleware:
    """Around the answer as a whole: the admin's pages are drawn after their views returned."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path_info.startswith("/admin/"):
            return self.get_response(request)
        user = request.user
        with timezone.override(own.zone_of(user) if user.is_authenticated else None):
            return self.get_response(request)
