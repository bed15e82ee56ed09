"""What every template may need."""

from django.conf import settings
from django.http import HttpRequest


def site(request: HttpRequest) -> dict[str, bool | str]:
    return {"is_demo": settings.DEMO, "csrf_cookie": settings.CSRF_COOKIE_NAME}
