"""What every template may need."""

from django.conf import settings
from django.http import HttpRequest
from django.shortcuts import resolve_url

from integrations_center import front_door


def site(request: HttpRequest) -> dict[str, bool | str]:
    return {"is_demo": settings.DEMO, "csrf_cookie": settings.CSRF_COOKIE_NAME}


def trouble(request: HttpRequest) -> dict[str, str]:
    """What is not set up right, for an operator, and for who signs in as one may."""
    sentence = front_door.trouble_of(request)
    return {"trouble": sentence if sentence and _may_mend(request) else ""}


def _may_mend(request: HttpRequest) -> bool:
    user = getattr(request, "user", None)
    return request.path == resolve_url(settings.LOGIN_URL) or bool(user and user.is_superuser)
