"""Badges: a connection's state, or a workspace's, in a word, for whoever has the address.

An image that a proxy keeps (GitHub's does) is asked for without anybody's cookies, and an error
would be kept, too: so there is always an answer, and nobody may store it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.utils import timezone
from django.views.decorators.http import require_safe

from integrations.models import Feed, FeedKind, IntegrationConnection, Status
from integrations.services import rows
from integrations.services.telling import feeds

PUBLIC = {
    "Cache-Control": "no-store, max-age=0",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
}
COLOURS = {"green": "#1a7f4b", "amber": "#9a6700", "red": "#c02b2b", "grey": "#5f6672"}
LABEL = "integrations"
LETTER = 6.6  # pixels of one, at 11 px: `textLength` makes it fit
PADDING = 12


@dataclass(frozen=True)
class Badge:
    """What it says: `Postbox | proven`."""

    label: str
    message: str
    light: str

    @property
    def colour(self) -> str:
        return COLOURS[self.light]

    @property
    def label_width(self) -> int:
        return _width(self.label)

    @property
    def message_width(self) -> int:
        return _width(self.message)

    @property
    def width(self) -> int:
        return self.label_width + self.message_width

    @property
    def label_middle(self) -> float:
        return self.label_width / 2

    @property
    def message_middle(self) -> float:
        return self.label_width + self.message_width / 2

    @property
    def label_length(self) -> int:
        return self.label_width - PADDING

    @property
    def message_length(self) -> int:
        return self.message_width - PADDING


UNKNOWN = Badge(LABEL, "unknown", "grey")


@require_safe
def svg(request: HttpRequest, token: str) -> HttpResponse:
    """The picture."""
    badge = _badge(token)
    drawn = render_to_string("integrations/badge.svg", {"badge": badge})
    return HttpResponse(drawn, content_type="image/svg+xml", headers=PUBLIC)


@require_safe
def facts(request: HttpRequest, token: str) -> HttpResponse:
    """The same as shields.io draws it: its endpoint badge, schema version 1."""
    badge = _badge(token)
    said = {"schemaVersion": 1, "label": badge.label, "message": badge.message}
    told = said | {"color": badge.colour, "isError": badge.light == "red"}
    return JsonResponse(told, headers=PUBLIC)


def _badge(token: str) -> Badge:
    feed = feeds.found(token, FeedKind.BADGE)
    return of_feed(feed, timezone.now()) if feed else UNKNOWN


def of_feed(feed: Feed, now: datetime) -> Badge:
    if connection := feed.connection:
        light = connection.light(now)
        return Badge(connection.platform.name, _word(connection, light), light)
    return _of_all(rows.saved_in(feed.workspace), now)


def _of_all(connections: Iterable[IntegrationConnection], now: datetime) -> Badge:
    """The worst of them, and of how many; what is off or can never be proven says nothing."""
    lights = [one.light(now) for one in connections]
    for light, word in (("red", "in error"), ("amber", "not proven")):
        if number := lights.count(light):
            return Badge(LABEL, f"{number} {word}", light)
    if proven := lights.count("green"):
        return Badge(LABEL, f"{proven} proven", "green")
    return Badge(LABEL, "not connected", "grey")


def _word(connection: IntegrationConnection, light: str) -> str:
    if light == "grey" and connection.status == Status.CONNECTED:
        return "public page only"
    if light == "amber":
        return "no answer" if connection.unanswered_since else "not proven"
    words = {"green": "proven", "red": "error"}
    return words.get(light) or Status(connection.status).label.lower()


def _width(text: str) -> int:
    return round(len(text) * LETTER) + PADDING
