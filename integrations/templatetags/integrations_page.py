"""Small pieces that several templates draw: icons, times, durations."""

import re
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from django import template
from django.contrib.auth.models import User
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.timezone import get_current_timezone_name, localtime

from integrations import platforms
from integrations.models import IntegrationConnection
from integrations.pages import parts, record, sentences
from integrations.services.watching import wording
from integrations.services.watching.states import State
from providers.declare import Provider

register = template.Library()
register.filter("lasting", record.lasting)
register.filter("short_day", record.short)

SOME_MONTHS = timedelta(days=180)  # as in times.js
AGO = (  # as there
    *(("year", 365 * 86400, 1), ("month", 30 * 86400, 3), ("day", 86400, 1)),
    *(("hour", 3600, 1), ("minute", 60, 1)),
)
UTC_MOMENT = re.compile(r"(\d{4}-\d\d-\d\d)(?: at)? (\d\d:\d\d) UTC")
DAY = re.compile(
    r"(?:\A|(?<= on )|(?<= of )|(?<=until )|(?<=since ))(\d{4}-\d\d-\d\d)(?![\d-]| ?(?:at )?\d)"
)
PICTURES = Path(__file__).resolve().parent.parent / "static" / "integrations"


@register.simple_tag
def icon(name: str) -> SafeString:
    """One of our own icons, drawn inline so that it takes the text's colour."""
    return _svg(PICTURES / "icons" / f"{name}.svg")


@register.simple_tag
def sign(name: str) -> SafeString:
    """A state's shape, beside its word and colour."""
    return _svg(PICTURES / "signs" / f"{name}.svg")


@register.simple_tag
def logo(provider: Provider, values: Mapping[str, str] | None = None) -> SafeString:
    """A platform's mark, or a plug where there is none that may be used.

    `values` are a connection's, which may say which of several the platform is.
    """
    who = provider.for_values(values or {})
    return mark(who.slug if who.mark is None else who.mark)


@register.simple_tag
def platform_mark(slug: str) -> SafeString:
    """A platform's mark that stands for its name."""
    provider = platforms.catalogue().get(slug)
    if provider is None:
        return SafeString("")
    shown = '<span class="one-mark" title="{0}">{1}<span class="sr-only">{0} </span></span>'
    return format_html(shown, provider.name, logo(provider))


@register.simple_tag
def mark(name: str) -> SafeString:
    """The mark of a declared name, such as a vendor's."""
    path = PICTURES / "platforms" / f"{name}.svg"
    return _svg(path) if name and path.exists() else icon("plug")


@register.simple_tag
def meant(connection: IntegrationConnection) -> SafeString:
    """In a form: which connection it is about, whichever is the default when it is sent."""
    field = '<input type="hidden" name="connection" value="{}">'
    return format_html(field, connection.pk) if connection.version else SafeString("")


@register.simple_tag(takes_context=True)
def connection_url(
    context: template.Context, name: str, connection: IntegrationConnection, *more: Any
) -> str:
    """Where something is done with a connection: by its platform's name or by its id."""
    return parts.connection_url(context["request"], name, connection, *more)


@register.simple_tag(takes_context=True)
def desk_url(context: template.Context, name: str, *more: Any) -> str:
    """A page of channels, of the same desk: a workspace's, or the operators'."""
    return str(context["desk"].link(name, *more))


@register.simple_tag(takes_context=True)
def dialog_url(context: template.Context, connection: IntegrationConnection) -> str:
    """The settings page with a connection's dialog open."""
    return parts.dialog_page(context["request"].access.workspace.slug, connection)


@register.simple_tag(takes_context=True)
def guide_url(context: template.Context, connection: IntegrationConnection) -> str:
    """The guide to the way that a connection uses; before it has one, to all of its platform."""
    place = [context["request"].access.workspace.slug, connection.provider]
    known = {method.slug for method in connection.platform.methods}
    if connection.auth_method in known:
        return reverse("guide", args=[*place, connection.auth_method])
    return reverse("guides", args=place)


@cache
def _svg(path: Path) -> SafeString:
    svg = path.read_text().strip()
    # Files of our own, read once: nothing a person typed is in them.
    return mark_safe(svg.replace("<svg ", '<svg aria-hidden="true" ', 1))  # nosec B308 B703


@register.simple_tag
def moment(at: datetime | None, style: str = "smart") -> SafeString | str:
    """A time that reads in the server's zone, and by script in the reader's.

    Styles: smart ("14:02", "3 Nov 14:02", with its year when that is months away), ago
    ("4 min ago"), date ("3 Nov 2026"), full.
    """
    if at is None:
        return ""
    local = localtime(at)
    is_near = abs(timezone.now() - at) < SOME_MONTHS
    day = f"{local.day} {local:%b}" if is_near and style != "date" else f"{local.day} {local:%b %Y}"
    words = day if style == "date" else f"{day} {local:%H:%M} {get_current_timezone_name()}"
    if style == "ago":
        words = _ago(at - timezone.now())
    return format_html(
        '<time datetime="{}" data-style="{}">{}</time>', at.isoformat(), style, words
    )


def _ago(ahead: timedelta) -> str:
    """ "4 minutes ago", "in 3 days": what times.js says, as it was when the page was drawn."""
    seconds = int(ahead.total_seconds())
    for unit, size, least in AGO:
        if abs(seconds) >= size * least:
            number = abs(seconds) // size
            length = f"{number} {unit}{'' if number == 1 else 's'}"
            return f"in {length}" if seconds > 0 else f"{length} ago"
    return "just now"


@register.filter
def said(text: str) -> SafeString:
    """A sentence: what it says of a moment in UTC, or of a day, is shown as the other times are.

    Whatever names are in it, in whatever script, turn nothing that stands beside it.
    """
    words = UTC_MOMENT.split(DAY.sub(_day_of, text))
    shown = ((words[at], _moment_of(*words[at + 1 : at + 3])) for at in range(0, len(words) - 1, 3))
    return format_html("<bdi>{}{}</bdi>", format_html_join("", "{}{}", shown), words[-1])


def _day_of(found: re.Match[str]) -> str:
    try:
        day = date.fromisoformat(found[1])
    except ValueError:
        return found[1]
    return f"{day.day} {day:%b %Y}"


def _moment_of(day: str, clock: str) -> SafeString | str:
    try:
        return moment(datetime.fromisoformat(f"{day}T{clock}Z"))
    except ValueError:
        return f"{day} {clock} UTC"


@register.filter
def duration(milliseconds: int) -> str:
    """`245` -> "245 ms", `3210` -> "3.2 s"."""
    return f"{milliseconds} ms" if milliseconds < 1000 else f"{milliseconds / 1000:.1f} s"


@register.simple_tag
def lasted(began: datetime, ended: datetime) -> str:
    """ "5 h 6 min"."""
    return wording.lasted(began, ended)


@register.filter
def thousands(number: int) -> str:
    """`4213` -> "4,213"."""
    return f"{number:,}"


@register.filter
def lower_first(words: str) -> str:
    """To go on with within a sentence."""
    return words[:1].lower() + words[1:]


@register.filter
def moment_word(moment: str) -> str:
    """When in the life of a break a message was for: "opened" -> "Broken"."""
    return sentences.MOMENTS.get(moment, moment)


@register.filter
def state_words(state: State) -> str:
    """ "In error"."""
    return record.SAID[state].capitalize()


@register.filter
def name_of(person: User) -> str:
    return person.get_full_name() or person.get_username()


@register.filter
def by_hand(label: str) -> str:
    return sentences.by_hand(label)


@register.filter
def initials(person: User) -> str:
    """`"Dana Kim"` -> "DK", `"dana"` -> "da"."""
    words = name_of(person).split()
    return words[0][:1] + words[-1][:1] if len(words) > 1 else words[0][:2]


@register.filter
def short_id(account_id: str) -> str:
    """The last word of an ID that is a whole address: `https://…/organizations/ab12` -> "ab12".

    A site's address, which ends in a slash, says more as it is.
    """
    return account_id.rpartition("/")[2] or account_id if "://" in account_id else account_id
