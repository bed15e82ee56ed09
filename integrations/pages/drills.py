"""Fire drills on a connection's page: asked about, begun, stopped, looked at, each month or not."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from integrations import clock
from integrations.models import DrillKind, IntegrationConnection, Role
from integrations.pages import drill_records
from integrations.pages.drill_records import Practised
from integrations.pages.parts import Request, find_connection, in_workspace, posted
from integrations.pages.questions import Question, ask
from integrations.services import rows
from integrations.services.people.members import Archived
from integrations.services.refusals import NoConnection
from integrations.services.watching.drills import plans, starting
from integrations.services.watching.drills.starting import NotPossible

SECTION = "integrations/partials/drill.html"
CHOOSE = "Choose first what to practise."
BEGUN = "The drill begins. It is over by itself in a minute or two."
STOPPED = "The drill is stopped, and its incident closed."
NONE = "No drill goes on any more."
MONTHLY = {True: "It is practised each month from now on.", False: "It is not practised monthly."}
ARCHIVED = "The workspace was archived meanwhile. Nothing was begun."


@in_workspace(Role.EDITOR)
def start(request: Request, slug: str) -> HttpResponse:
    """Ask first, with whom it will tell; then begin."""
    connection = _found(request)
    sent = request.POST if request.method == "POST" else request.GET
    kind = sent.get("kind", "")
    if kind not in DrillKind:
        messages.warning(request, CHOOSE)
        return _back(request, connection)
    if request.method != "POST":
        return ask(request, _question(request, connection, DrillKind(kind)))
    try:
        starting.start(connection, DrillKind(kind), by=request.user, now=clock.now())
    except NotPossible as refused:
        messages.error(request, refused.sentence)
    except Archived:
        messages.error(request, ARCHIVED)
        return redirect("dashboard")
    else:
        messages.info(request, BEGUN)
    return _back(request, connection)


@in_workspace(Role.EDITOR)
@posted("settings")
def stop(request: Request, slug: str) -> HttpResponse:
    connection = _found(request)
    stopped = starting.stop(connection, by=request.user, now=clock.now())
    messages.info(request, STOPPED if stopped else NONE)
    return _back(request, connection)


@in_workspace(Role.EDITOR)
@posted("settings")
def monthly(request: Request, slug: str) -> HttpResponse:
    """Switch the monthly drill on or off."""
    connection, is_on = _found(request), request.POST.get("do") == "on"
    try:
        plans.switch(connection, is_on=is_on, by=request.user, now=clock.now())
    except NotPossible as refused:
        messages.error(request, refused.sentence)
    else:
        messages.info(request, MONTHLY[is_on])
    return _back(request, connection)


@require_GET
@in_workspace(Role.VIEWER)
def progress(request: Request, slug: str) -> HttpResponse:
    """The section alone, while a drill goes on; nothing while it says what was seen already."""
    connection = _found(request)
    practised = Practised(connection, timezone.now())
    if practised.stamp and practised.stamp == request.GET.get("seen"):
        return HttpResponse(status=204)
    context = {"practised": practised, "connection": connection}
    return render(request, SECTION, context)


def _question(request: Request, connection: IntegrationConnection, kind: DrillKind) -> Question:
    page = _page(request, connection)
    return Question(
        title=f"Start a fire drill: {kind.label.lower()}?",
        sentences=drill_records.announced(connection, kind, timezone.now()),
        action=reverse("start-drill", args=[request.access.workspace.slug, connection.pk]),
        yes="Start the drill",
        back=page,
        section="integrations",
        hidden={"kind": kind.value},
    )


def _found(request: Request) -> IntegrationConnection:
    """Raises NoConnection, also for a draft, which is none yet."""
    found = find_connection(request, "")
    if rows.is_draft(found):
        raise NoConnection
    return found


def _page(request: Request, connection: IntegrationConnection) -> str:
    page = reverse("connection-page", args=[request.access.workspace.slug, connection.pk])
    return f"{page}#drill"


def _back(request: Request, connection: IntegrationConnection) -> HttpResponse:
    return redirect(_page(request, connection))
