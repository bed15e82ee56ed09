"""What happens elsewhere while a page is open: a line for each, and the cards as they are now.

The page of members is told of members, the one with the cards of connections.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.http import HttpResponse, HttpResponseNotModified
from django.shortcuts import render
from django.utils import timezone
from django.utils.text import get_text_list
from django.views.decorators.http import require_GET

from integrations import platforms
from integrations.models import After, Event, EventType, Role, Trigger
from integrations.pages import paces, platform_cards, sections
from integrations.pages.parts import Request, in_workspace
from integrations.services import events, rows
from integrations.services.connecting import saving
from integrations.services.people.invitations import full_name

MOST_EVENTS = 50
MOST_LINES = 5
FOUND = {
    "proven": "was proven",
    "unanswered": "gave no clear answer",
    "sign_in_ended": "lost its sign-in",
    "expiry_near": "ends soon",
}
DRILLED = {
    "started": "a fire drill was started",
    "passed": "a fire drill passed",
    "failed": "a fire drill failed",
    "stopped": "a fire drill was stopped",
    "plan_on": "monthly fire drills were switched on",
    "plan_off": "monthly fire drills were switched off",
}
LAST_ID = 2**63 - 1
OVERVIEW = ". Answer on the overview."


@dataclass(frozen=True)
class Line:
    """ "Postbox stopped working, as a test by Ana found." `who` is "" where nobody is known.

    Of a member `whom` says who it is: "Ben was removed by Ana."
    """

    at: datetime
    said: str
    between: str = ""
    who: str = ""
    end: str = "."
    whom: str = ""


@require_GET
@in_workspace(Role.VIEWER)
def changes(request: Request) -> HttpResponse:
    """Nothing, by 304, as long as nothing has happened.

    `after` is the last event that the page knows, `since` the last one when it was loaded, and
    `until` when time alone changes what its cards say (0 for never). `of=members` asks for these,
    `of=overview` for lines alone.
    """
    workspace = request.access.workspace
    latest = events.latest_id(workspace)
    since, after, until = (
        number(request.GET.get(name, "")) for name in ("since", "after", "until")
    )
    has_turned = 0 < until <= timezone.now().timestamp()
    if not has_turned and request.headers.get("If-None-Match") == f'"{latest}"':
        return HttpResponseNotModified()
    happened = events.since(workspace, since, most=MOST_EVENTS)
    about = LINES.get(request.GET.get("of", ""))
    if about:
        told = about(happened, request.user.pk)
        context: dict[str, Any] = {"lines": told, "of": request.GET["of"], "until": 0}
        context |= {"since": since, "latest": latest}
        return render(request, "integrations/partials/changes.html", context)
    changed = {_provider(one) for one in happened if one.pk > after}
    shown = platform_cards.of_workspace(workspace)
    several = {one.slug for one in shown if one.is_several}
    context = sections.summary(shown) | {
        "lines": lines(happened, request.user.pk, several),
        "changed": [one for one in shown if has_turned or one.slug in changed],
        "until": sections.next_turn(shown),
        "since": since,
        "latest": latest,
    }
    return render(request, "integrations/partials/changes_update.html", context)


def number(text: str) -> int:
    """0 for anything but the number of an event."""
    return min(int(text), LAST_ID) if text.isascii() and text.isdecimal() else 0


def lines(happened: list[Event], own_id: int, several: Collection[str] = ()) -> list[Line]:
    """What others did, the newest first. Whoever looks knows what they did themselves.

    `several` are the platforms of which a connection has to be named. Of members only what
    concerns this one.
    """
    others = (one for one in reversed(happened) if one.by_id != own_id)
    told = (_own_line(one, own_id) or _of_connection(one, several) for one in others)
    return [line for line in told if line][:MOST_LINES]


def history(happened: list[Event], several: Collection[str] = ()) -> list[Line]:
    """All that happened, whoever did it, the newest first."""
    told = (_of_connection(one, several) for one in reversed(happened))
    return [line for line in told if line]


def overview_lines(happened: list[Event], own_id: int) -> list[Line]:
    """As `lines`, for a page that does not read the connections again."""
    several = rows.several_in(happened[0].workspace_id) if happened else ()
    return lines(happened, own_id, several)


def _of_connection(event: Event, several: Collection[str]) -> Line | None:
    return _line(event, _name(event, several)) if _provider(event) else None


def _own_line(event: Event, own_id: int) -> Line | None:
    """What somebody else made of whoever looks: the page still offers what they might before."""
    data = event.data
    if event.type != EventType.MEMBER_CHANGED:
        return None
    by = full_name(event.by) if event.by else ""
    if data["what"] == "role_changed" and data["user"] == own_id:
        return Line(event.at, f"{_you_are(Role(data['role']))}{', by ' if by else ''}", "", by)
    if data["what"] == "handed_over" and data["before"] == own_id and data["after"] != After.LEAVE:
        return Line(event.at, f"{_you_are(Role(data['after']))}: the hand-over is accepted")
    if data["what"] == "asked_to_own" and data["user"] == own_id:
        return Line(event.at, "You are asked to own this workspace", ", by ", by, OVERVIEW)
    return None


def _you_are(role: Role) -> str:
    return f"You are {role.an} here now"


def _provider(event: Event) -> str:
    """The platform of the connection, also of one that was removed; "" of a member."""
    known = event.connection.provider if event.connection else event.data.get("provider", "")
    return known if known in platforms.catalogue() else ""


def _name(event: Event, several: Collection[str]) -> str:
    """ "Postbox", or "Postbox (North)" where there are several, or were."""
    provider = _provider(event)
    name = platforms.get(provider).name
    if event.connection:
        return f"{name} ({event.connection.title})" if provider in several else name
    return f"{name} ({event.data['slug']})"


def member_lines(happened: list[Event], own_id: int) -> list[Line]:
    """What became of members, the newest first."""
    others = [
        one
        for one in reversed(happened)
        if one.by_id != own_id and one.type == EventType.MEMBER_CHANGED
    ][:MOST_LINES]
    known = User.objects.in_bulk([one.data["user"] for one in others if "user" in one.data])
    return [
        _own_line(one, own_id) or _member_line(one, known.get(one.data.get("user", 0)))
        for one in others
    ]


LINES = {"members": member_lines, "overview": overview_lines}


def _member_line(event: Event, user: User | None) -> Line:
    data = event.data
    role = Role(data["role"]).an if "role" in data else ""
    if "user" not in data:
        said = {
            "invited": f"Somebody was invited as {role}",
            "invitation_withdrawn": "An invitation was withdrawn",
            "archived": "The workspace was archived",
            "brought_back": "The workspace was brought back",
        }[data["what"]]
        by = full_name(event.by) if event.by else ""
        return Line(event.at, said, " by " if by else "", by)
    is_own = event.by_id == data["user"]
    said = {
        "joined": f"joined as {role}" if is_own else f"was made a member as {role}",
        "role_changed": f"was made {role}",
        "removed": "was removed",
        "left": "left",
        "handed_over": "owns the workspace now",
        "asked_to_own": "was asked to own the workspace",
        "not_asked": "said no to owning it" if is_own else "is not asked to own it any more",
    }[data["what"]]
    who = full_name(event.by) if event.by and not is_own else ""
    whom = full_name(user) if user else "Somebody whose account is deleted"
    return Line(event.at, said, " by " if who else "", who, whom=whom)


def _line(event: Event, name: str) -> Line:
    data = event.data
    who = full_name(event.by) if event.by else _lender_of(event)
    if event.type == EventType.DRILL_CHANGED:
        said = f"{name}: {DRILLED[data['what']]}"
        return Line(event.at, said, " by " if who else "", who)
    if data["what"] == "edited":
        said = f"{name} was connected" if "is_first" in data else _edited(name, data)
        return Line(event.at, said, " by " if who else "", who)
    if data["what"] == "removed":
        return Line(event.at, f"{name} was removed", " by " if who else "", who)
    said = f"{name} {_verb(event.type, data)}"
    if who:
        return Line(event.at, said, ", as a test by ", who, " found.")
    return Line(event.at, f"{said}, as {_asked(data)} found" if "trigger" in data else said)


def _lender_of(event: Event) -> str:
    """The workspace that took it back, as long as nobody has seen to that."""
    by = event.connection.taken_back_by if event.connection else None
    return by.name if by and event.data.get("fields") == [saving.TAKEN_BACK] else ""


def _edited(name: str, data: dict[str, Any]) -> str:
    fields: list[str] = data["fields"]
    if fields in (["disconnected"], [saving.TAKEN_BACK]):
        return f"{name} was {fields[0]}"
    if fields[:1] == ["added"]:
        return f"{name} was added"
    if fields in (["disabled"], ["enabled"]):
        return f"{name} was {fields[0]}"
    said = f"{name}: {get_text_list(fields, 'and')} changed"
    if "every" in data and len(fields) == 1:
        before, after = (paces.every(one) for one in data["every"])
        said += f" from {before} to {after}"
    return said


def _verb(kind: str, data: dict[str, Any]) -> str:
    if kind == EventType.FAILING:
        return "stopped working"
    return "works again" if kind == EventType.RECOVERED else FOUND[data["what"]]


def _asked(data: dict[str, Any]) -> str:
    return "the schedule" if data["trigger"] == Trigger.SCHEDULE else "a test"
