"""Known devices: browsers in which somebody has signed in before.

A cookie says so, signed. Strangers who try a name from everywhere then keep nobody out who has
signed in from such a browser: its tries are counted by themselves.
"""

from datetime import timedelta
from secrets import token_urlsafe

from django.conf import settings
from django.contrib.auth.models import User
from django.core import signing
from django.http import HttpRequest
from django.http.response import HttpResponseBase

SALT = "integrations.device"
REMEMBERED = timedelta(days=365)


def remember(response: HttpResponseBase, user: User) -> None:
    """Once somebody has signed in there."""
    known = signing.dumps({"name": user.get_username(), "id": token_urlsafe(9)}, salt=SALT)
    response.set_cookie(
        settings.DEVICE_COOKIE_NAME,
        known,
        max_age=REMEMBERED,
        path=settings.SESSION_COOKIE_PATH,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def of(request: HttpRequest | None, name: str) -> str:
    """What the browser is counted by when this person signs in there; "" for an unknown one."""
    cookie = request.COOKIES.get(settings.DEVICE_COOKIE_NAME, "") if request else ""
    try:
        known = signing.loads(cookie, salt=SALT, max_age=REMEMBERED)
    except signing.BadSignature:
        return ""
    return str(known["id"]) if known["name"] == User.normalize_username(name) else ""
