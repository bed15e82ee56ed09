"""Where people open the site: PUBLIC_URL, and addresses made with it."""

from urllib.parse import urlsplit

from django.conf import settings
from django.urls import reverse


def origin() -> str:
    """Without the path: `https://example.com`."""
    parts = urlsplit(settings.PUBLIC_URL)
    return f"{parts.scheme}://{parts.netloc}"


def link(view: str, *args: object) -> str:
    """The whole address of a view, for mails, platforms and terminals."""
    return origin() + reverse(view, args=args)
