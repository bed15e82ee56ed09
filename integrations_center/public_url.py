"""Where people open the site: PUBLIC_URL, and addresses made with it."""

from ipaddress import ip_address
from urllib.parse import urlsplit

from django.conf import settings
from django.urls import get_script_prefix, reverse


def origin() -> str:
    """Without the path: `https://example.com`."""
    parts = urlsplit(settings.PUBLIC_URL)
    return f"{parts.scheme}://{parts.netloc}"


def is_loopback() -> bool:
    """Whether it leads nobody here but who sits at this machine."""
    host = urlsplit(settings.PUBLIC_URL).hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def link(view: str, *args: object) -> str:
    """The whole address of a view, for mails, platforms and terminals.

    Django knows the path of PUBLIC_URL by the thread: one that answers no request has none.
    """
    return f"{settings.PUBLIC_URL}/{reverse(view, args=args).removeprefix(get_script_prefix())}"
