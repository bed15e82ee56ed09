"""How a spread goes on, workspace by workspace, and what became of each."""

import json
from collections import Counter
from functools import cached_property

from django.contrib import messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Case, Count, Q, QuerySet, Sum, Value, When
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from integrations import platforms, queue
from integrations.models import Role, RunItem, Spread, SpreadPart, TestOutcome, TestRun
from integrations.pages import members
from integrations.pages.parts import Request, in_workspace, is_partial
from integrations.services.connecting import spreading
from integrations.services.people.members import NotAnOwner

PER_PAGE = 100
PAGE = "integrations/spread_progress.html"
PROGRESS = "integrations/partials/spread_progress.html"
NO_WORKER = (
    "The worker is not running, so nothing more is done. "
    "Whoever runs this installation starts it (./dev serve, or manage.py worker); then go on."
)
STOPPED = "Whoever did this was stopped. What is done is whole; go on with the rest."
OPERATOR = "whoever runs this installation"
STATES = ("failed", "waiting", "done")
# In the order in which they are shown: what needs somebody first.
STATE = Case(
    When(~Q(problem=""), then=Value(0)), When(ended_at=None, then=Value(1)), default=Value(2)
)


def state_of(part: SpreadPart) -> str:
    if part.problem:
        return "failed"
    return "done" if part.ended_at else "waiting"


class Told:
    """A spread as its page tells it to somebody."""

    def __init__(self, spread: Spread, person: User) -> None:
        self.spread, self._person = spread, person
        self.is_running = spreading.is_performed(spread, timezone.now())

    @property
    def parts(self) -> QuerySet[SpreadPart]:
        """A row for each workspace; what needs somebody first."""
        every = self.spread.parts.select_related("workspace", "run")
        every = every.prefetch_related("run__items__test")
        return every.annotate(place=STATE).order_by("place", "pk")

    @cached_property
    def counts(self) -> Counter[str]:
        places = self.spread.parts.order_by().annotate(place=STATE).values_list("place")
        return Counter({STATES[at]: many for at, many in places.annotate(many=Count("pk"))})

    @cached_property
    def testing(self) -> set[int]:
        """The runs of its tests that are at work."""
        running = TestRun.objects.filter(finished_at=None, lease_until__gt=timezone.now())
        of_parts = running.filter(pk__in=self.spread.parts.values("run"))
        return {*of_parts.values_list("pk", flat=True)}

    @cached_property
    def tests(self) -> Counter[str]:
        """How many of its tests ended in which outcome."""
        items = RunItem.objects.filter(run__in=self.spread.parts.values("run"))
        ended = items.exclude(test=None).exclude(test__outcome=TestOutcome.RUNNING)
        return Counter(dict(ended.values_list("test__outcome").annotate(many=Count("pk"))))

    @property
    def total(self) -> int:
        return self.counts.total()

    @property
    def ended(self) -> int:
        return self.total - self.counts["waiting"]

    @property
    def added(self) -> int:
        number: int = self.spread.parts.aggregate(number=Sum("added", default=0))["number"]
        return number

    @property
    def is_left(self) -> bool:
        """Whether somebody has to go on with it."""
        return not self.is_running and self.counts["done"] < self.total

    @property
    def can_go_on(self) -> bool:
        return self.is_left and spreading.may_go_on(self.spread, self._person)

    @property
    def who_goes_on(self) -> str:
        """For who cannot."""
        if not self.is_left or self.can_go_on:
            return ""
        by = self.spread.started_by
        return f"{members.name_of(by)} or {OPERATOR}" if by else OPERATOR

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
        return Told(found, request.user)
    raise Http404


@require_GET
@in_workspace(Role.OWNER)
def page(request: Request, spread_id: int) -> HttpResponse:
    """How far it is: asked for again and again until it has ended."""
    told = _told(request, spread_id)
    shown = Paginator(told.parts, PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "page": "settings",
        "section": "integrations",
        "told": told,
        "provider": platforms.get(told.spread.provider),
        "shown": shown,
        "lines": [(part, state_of(part)) for part in shown],
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
    if request.method == "POST":
        try:
            is_begun = spreading.go_on(told.spread, by=request.user)
        except NotAnOwner:
            raise PermissionDenied from None
        if is_begun and not queue.has_worker():
            messages.warning(request, NO_WORKER)
    return redirect("spread-progress", request.access.workspace.slug, spread_id)
