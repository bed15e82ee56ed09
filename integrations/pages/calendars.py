"""A workspace's calendar of ends (RFC 5545), for whoever has the address.

Calendars ask when they like, some once a day: this is no alert.
"""

from datetime import timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response
from django.utils.http import quote_etag
from django.views.decorators.http import require_safe
from icalendar import Calendar, Event, vDuration

from integrations import crypto, platforms
from integrations.models import End, Feed, FeedKind
from integrations.services.telling import ends, feeds
from integrations_center import public_url
from providers.declare import Provider

EVERY = timedelta(hours=12)
PRODUCT = "-//Integrations Control Center//Ends of connections//EN"


@require_safe
def calendar(request: HttpRequest, token: str) -> HttpResponse:
    """What ends, as days of a calendar."""
    feed = feeds.found(token, FeedKind.CALENDAR)
    if feed is None:
        raise Http404
    content = drawn(feed)
    etag = quote_etag(crypto.digest(content.decode()))
    response = HttpResponse(
        content,
        content_type="text/calendar; charset=utf-8",
        headers={"Cache-Control": "private, max-age=3600", "ETag": etag},
    )
    found = get_conditional_response(request, etag=etag, response=response)
    return found or response


def drawn(feed: Feed) -> bytes:
    made = Calendar()
    made.add("prodid", PRODUCT)
    made.add("version", "2.0")
    made.add("x-wr-calname", f"{feed.workspace.name}: what ends")
    # The library's own property leaves out VALUE, which RFC 7986, 5.7, demands.
    made.add("refresh-interval", EVERY, parameters={"VALUE": "DURATION"})
    made.add("x-published-ttl", vDuration(EVERY).to_ical().decode())  # as text it is no duration
    for end in ends.of(feed.workspace):
        made.add_component(_event(end))
    return made.to_ical()


def _event(end: End) -> Event:
    platform = platforms.get(end.provider)
    probably = "probably ends" if end.is_estimate else "ends"
    event = Event()
    event.add("uid", f"end-{end.pk}@{urlsplit(settings.PUBLIC_URL).hostname}")
    event.add("dtstamp", end.changed_at)
    event.add("last-modified", end.changed_at)
    event.add("sequence", end.sequence)
    event.add("status", "CANCELLED" if end.is_off else "CONFIRMED")
    event.add("summary", f"{platform.name} ({end.title}) {probably}")
    event.add("dtstart", end.ends_at.date())
    event.add("transp", "TRANSPARENT")
    event.add("description", _sentence(end, platform))
    event.add("url", public_url.link("settings", end.workspace.slug))
    return event


def _sentence(end: End, platform: Provider) -> str:
    if end.is_off:
        return "It does not end any more, or is not watched any more."
    stops = " and ".join(platform.used_by)
    at = f"{end.ends_at:%H:%M} UTC"
    return f"At {at}. After that, {stops} will get no data from it: renew it before then."
