"""What every template may need."""

from django.conf import settings
from django.http import HttpRequest
from django.shortcuts import resolve_url

from integrations_center import front_door

# Addresses and what is trusted are nobody's business who is not signed in.
TOLD_TO_ALL = (
    "This site is not set up right behind its proxy. Whoever runs it reads in its log what to set."
)


def site(request: HttpRequest) -> dict[str, bool | str]:
    return {"is_demo": settings.DEMO, "csrf_cookie": settings.CSRF_COOKIE_NAME}


def trouble(request: HttpRequest) -> dict[str, str]:
    """What is not set up right, for an operator, and for who signs in as one may."""
    sentence = front_door.trouble_of(request)
    user = getattr(request, "user", None)
    if not sentence or (user and user.is_superuser):
        return {"trouble": sentence}
    is_at_door = request.path == resolve_url(settings.LOGIN_URL)
    return {"trouble": TOLD_TO_ALL if is_at_door else ""}
