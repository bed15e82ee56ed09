"""Spreading a table over workspaces: typed or sent as a file, then planned, then confirmed."""

import hashlib
import zlib
from base64 import b64decode, b64encode
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from integrations.models import IntegrationConnection, Role
from integrations.pages import sentences
from integrations.pages.parts import Request, in_workspace
from integrations.services import rows
from integrations.services.connecting import choosing, spread_plans, spreading, tables
from integrations.services.connecting.spread_plans import Plan
from integrations.services.connecting.tables import UnreadableTable
from integrations.services.refusals import NoConnection

PAGE = "integrations/spread.html"
TABLE = "spread-table"  # in the session: the connection's id, and what was sent last
MOST_SHOWN = 500
STATES = ("problem", "connect", "there", "left_out")
OTHERWISE = "Something is otherwise than in the plan that you saw. This is the plan by now."


@require_http_methods(["GET", "POST"])
@in_workspace(Role.OWNER)
def spread(request: Request, slug: str, source_id: UUID) -> HttpResponse:
    """The table, and under it what would become of each of its lines."""
    connection = _found(request, slug, source_id)
    if request.method == "GET":
        return _planned(request, connection)
    text = request.POST.get("table", "")
    try:
        if sent := request.FILES.get("file"):
            text = tables.decoded(sent.read(tables.MOST_BYTES + 1))
        plan = spread_plans.plan(connection, tables.read(text), by=request.user)
    except UnreadableTable as unreadable:
        return _page(request, connection, text, refusal=str(unreadable))
    except sentences.NOT_LISTED as error:
        return _page(request, connection, text, refusal=sentences.of_listing(error))
    _keep_table(request, connection, text)
    if "confirmed" in request.POST and plan.targets and not sent:
        if request.POST["confirmed"] == fingerprint(plan):
            started = spreading.start(plan, by=request.user)
            return redirect("spread-progress", request.access.workspace.slug, started.pk)
        messages.warning(request, OTHERWISE)
    return redirect(f"{request.path}?plan=1")


def _planned(request: Request, connection: IntegrationConnection) -> HttpResponse:
    """The plan of the table that was sent last, as the way back leads to it; or an empty form."""
    if "plan" not in request.GET:
        request.session.pop(TABLE, None)
    text = _kept_table(request, connection)
    if not text:
        return _page(request, connection, "")
    try:
        plan = spread_plans.plan(connection, tables.read(text), by=request.user)
    except sentences.NOT_LISTED as error:
        return _page(request, connection, text, refusal=sentences.of_listing(error))
    return _page(request, connection, text, plan=plan)


def _keep_table(request: Request, connection: IntegrationConnection, text: str) -> None:
    """In the session, in which it is small."""
    packed = b64encode(zlib.compress(text.encode())).decode()
    request.session[TABLE] = [str(connection.pk), packed]


def _kept_table(request: Request, connection: IntegrationConnection) -> str:
    of, packed = request.session.get(TABLE, ("", ""))
    return zlib.decompress(b64decode(packed)).decode() if of == str(connection.pk) else ""


@require_GET
@in_workspace(Role.OWNER)
def table(request: Request, slug: str, source_id: UUID) -> HttpResponse:
    """All accounts that are reached, as a table to fill in."""
    connection = _found(request, slug, source_id)
    try:
        found = choosing.reachable(connection)
    except sentences.NOT_LISTED as error:
        messages.warning(request, sentences.of_listing(error))
        return redirect("spread", request.access.workspace.slug, slug, source_id)
    text = tables.written((one.account.id, one.account.name) for one in found)
    name = f"{connection.provider}-accounts.csv"
    return HttpResponse(
        f"\ufeff{text}",  # a spreadsheet then takes it for UTF-8
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _found(request: Request, slug: str, source_id: UUID) -> IntegrationConnection:
    try:
        found = rows.find_by_id(request.access.workspace, source_id)
    except NoConnection:
        raise Http404 from None
    if found.provider != slug or found.is_lent:
        raise Http404
    return found


def fingerprint(plan: Plan) -> str:
    """Of all that the person was shown."""
    shown = [
        (
            line.state,
            line.account.id if line.account else "",
            (line.target.slug, line.target.name, line.target.is_new) if line.target else (),
        )
        for line in plan.lines
    ]
    return hashlib.sha256(repr((plan.connection.revision, shown)).encode()).hexdigest()


def _page(
    request: Request,
    connection: IntegrationConnection,
    text: str,
    *,
    plan: Plan | None = None,
    refusal: str = "",
) -> HttpResponse:
    place = [request.access.workspace.slug, connection.provider, connection.pk]
    context: dict[str, Any] = {
        "page": "settings",
        "section": "integrations",
        "connection": connection,
        "provider": connection.platform,
        "here": reverse("spread", args=place),
        "text": text,
        "refusal": refusal,
        "latest": spreading.latest(connection),
    }
    if plan:
        lines = sorted(plan.lines, key=lambda line: STATES.index(line.state))
        context |= {
            "plan": plan,
            "shown": Paginator(lines, MOST_SHOWN).page(1),
            "counts": plan.counts,
            "fingerprint": fingerprint(plan),
        }
    return render(request, PAGE, context, status=422 if refusal else 200)
