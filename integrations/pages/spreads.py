"""How a spread goes on, workspace by workspace, and what became of each."""

import json
from collections import Counter
from functools import cached_property

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from integrations import queue
from integrations.models import Role, Spread, SpreadPart
from integrations.pages.parts import Request, in_workspace, is_partial
from integrations.services.connecting import spreading

PER_PAGE = 100
PAGE = "integrations/spread_progress.html"
PROGRESS = "integrations/partials/spread_progress.html"
NO_WORKER = (
    "The worker is not running, so nothing more is done. "
    "Start `./dev serve` or `manage.py worker`, then go on."
)
STOPPED = "Whoever did this was stopped. What is done is whole; go on with the rest."
STATES = ("failed", "waiting", "done")


def state_of(part: SpreadPart) -> str:
    if part.problem:
        return "failed"
    return "done" if part.ended_at else "waiting"


class Told:
    """A spread as its page tells it; `testing` are the runs that are at work, `tests` how those
    that have ended did.
    """

    def __init__(self, spread: Spread) -> None:
        self.spread = spread
        now = timezone.now()
        self.is_running = spread.is_leased(now)
        runs = [part.run for part in spread.parts.all() if part.run]
        self.testing = {run.pk for run in runs if run.is_leased(now)}
        self.tests = sum((run.outcomes for run in runs), Counter())

    @cached_property
    def lines(self) -> list[tuple[SpreadPart, str]]:
        """Each workspace with its state; what needs somebody first."""
        lines = [(part, state_of(part)) for part in self.spread.parts.all()]
        return sorted(lines, key=lambda line: STATES.index(line[1]))

    @cached_property
    def counts(self) -> Counter[str]:
        return Counter(state for _, state in self.lines)

    @property
    def total(self) -> int:
        return len(self.lines)

    @property
    def ended(self) -> int:
        return self.total - self.counts["waiting"]

    @property
    def added(self) -> int:
        return sum(part.added for part, _ in self.lines)

    @property
    def is_left(self) -> bool:
        """Whether somebody has to go on with it."""
        return not self.is_running and self.counts["done"] < self.total

    @property
    def why_left(self) -> str:
        if not self.is_left or not self.counts["waiting"]:
            return ""
        return STOPPED if queue.has_worker() else NO_WORKER

    @property
    def headline(self) -> str:
        workspaces = f"{self.total} workspace{'' if self.total == 1 else 's'}"
        if self.is_running:
            return f"Spreading over {workspaces}: {self.ended} done"
        if self.is_left:
            return f"{self.counts['done']} of {workspaces} have their accounts"
        if self.testing:
            return f"Spread over {workspaces}. Tests are at work"
        return "All is connected already" if not self.total else f"Spread over {workspaces}"


def _told(request: Request, spread_id: int) -> Told:
    if found := spreading.find(request.access.workspace, spread_id):
        return Told(found)
    raise Http404


@require_GET
@in_workspace(Role.OWNER)
def page(request: Request, spread_id: int) -> HttpResponse:
    """How far it is: asked for again and again until it has ended."""
    told = _told(request, spread_id)
    context = {
        "page": "settings",
        "section": "integrations",
        "told": told,
        "provider": told.spread.connection.platform,
        "shown": Paginator(told.lines, PER_PAGE).get_page(request.GET.get("page")),
    }
    if not is_partial(request):
        return render(request, PAGE, context)
    response = render(request, PROGRESS, context)
    if not told.is_running and not told.testing:
        response["HX-Trigger-After-Settle"] = json.dumps({"said": told.headline})
    return response


@require_http_methods(["GET", "POST"])
@in_workspace(Role.OWNER)
def go_on(request: Request, spread_id: int) -> HttpResponse:
    """Do what is left of it, or what failed, once more."""
    told = _told(request, spread_id)
    if request.method == "POST" and spreading.go_on(told.spread) and not queue.has_worker():
        messages.warning(request, NO_WORKER)
    return redirect("spread-progress", request.access.workspace.slug, spread_id)
