"""Badges: a connection's state, or a workspace's, in a word, for whoever has the address.

An image that a proxy keeps (GitHub's does) is asked for without anybody's cookies, and an error
would be kept, too: so there is always an answer, and nobody may store it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.utils import timezone
from django.views.decorators.http import require_safe

from integrations import platforms
from integrations.models import Feed, FeedKind, IntegrationConnection, Status
from integrations.services import rows
from integrations.services.telling import feeds

PUBLIC = {
    "Cache-Control": "no-store, max-age=0",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
}
COLOURS = {"green": "#1a7f4b", "amber": "#9a6700", "red": "#c02b2b", "grey": "#5f6672"}
LABEL = "integrations"
# What only a stand-in proves says nothing of the platform itself, so it is not green.
LIGHTS = {
    "error": "red",
    "unanswered": "amber",
    "unproven": "amber",
    "stand_in": "amber",
    "proven": "green",
}
WORDS = {
    "unanswered": "no answer",
    "unproven": "not proven",
    "stand_in": "proven by a stand-in",
}
OF_ALL = {  # the worst first
    "error": "in error",
    "unanswered": "without an answer",
    "unproven": "not proven",
    "stand_in": "proven by a stand-in",
    "proven": "proven",
}
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
        if connection.provider not in platforms.catalogue():  # its room is gone
            return UNKNOWN
        state = _state(connection, now)
        return Badge(connection.platform.name, WORDS.get(state, state), _light(state))
    return _of_all(rows.saved_in(feed.workspace), now)


def _of_all(connections: Iterable[IntegrationConnection], now: datetime) -> Badge:
    """The worst of them, and of how many; what is off or can never be proven says nothing."""
    states = [_state(one, now) for one in connections]
    for state, word in OF_ALL.items():
        if number := states.count(state):
            return Badge(LABEL, f"{number} {word}", _light(state))
    return Badge(LABEL, "not connected", "grey")


def _state(connection: IntegrationConnection, now: datetime) -> str:
    """One of those that have a light, or the word for what has none."""
    light = connection.light(now)
    if light == "red":
        return "error"
    if light == "amber":
        return "unanswered" if connection.unanswered_since else "unproven"
    if light == "green":
        is_real = settings.DEMO or not platforms.stand_in(connection.provider)
        return "proven" if is_real else "stand_in"
    if connection.status == Status.CONNECTED:
        return "public page only"
    return Status(connection.status).label.lower()


def _light(state: str) -> str:
    return LIGHTS.get(state, "grey")


def _width(text: str) -> int:
    return round(len(text) * LETTER) + PADDING
