"""How accounts that were chosen together are proven, one by one, and what to do about the rest."""

import json
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from integrations.models import IntegrationConnection, Role, RunItem, TestOutcome, TestRun
from integrations.pages.cards import Card, Pill
from integrations.pages.parts import Request, in_workspace, is_partial
from integrations.pages.questions import Question, ask
from integrations.services import rows
from integrations.services.connecting import lending, several
from integrations.services.people import members
from integrations.services.proving import background, runs
from integrations.services.refusals import Busy, InvalidChange, NoConnection, VersionConflict
from providers.declare import Provider

PER_PAGE = 100
PAGE = "integrations/chosen_run.html"
PROGRESS = "integrations/partials/chosen_run.html"
NOT_REMOVED = "It could not be removed just now. Wait a little, then try again."
# Each item is in one of these states; they are shown in this order.
STATES = ("failed", "unanswered", "untested", "testing", "waiting", "proven")
OUTCOMES = {
    TestOutcome.PASSED: "proven",
    TestOutcome.NOT_IMPLEMENTED: "untested",
    TestOutcome.FAILED: "failed",
    TestOutcome.INCONCLUSIVE: "unanswered",
}
UNPROVEN = STATES[:3]


@dataclass(frozen=True)
class Line:
    """One account of a run."""

    item: RunItem

    @property
    def connection(self) -> IntegrationConnection:
        return self.item.connection

    @property
    def state(self) -> str:
        test = self.item.test
        if test is not None and not test.is_running:
            return OUTCOMES[TestOutcome(test.outcome)]
        if self.item.ended_at:
            return "untested"
        return "testing" if test else "waiting"

    @property
    def pill(self) -> Pill:
        """Of what is proven: a stand-in's proof is none of the platform's."""
        return Card(self.connection, timezone.now()).pill

    @property
    def is_unproven(self) -> bool:
        return self.state in UNPROVEN

    @property
    def is_proven_by_now(self) -> bool:
        """By whatever test: a later one may have been made elsewhere."""
        return self.connection.light(timezone.now()) == "green"

    @property
    def sentence(self) -> str:
        test = self.item.test
        if test and test.is_running:
            return runs.INTERRUPTED
        return f"{test.message} {test.action}".strip() if test else self.item.problem


class Told:
    """A run as its page tells it; `by_now` leaves out of what is unproven what was proven since."""

    def __init__(self, run: TestRun, *, by_now: bool = False) -> None:
        self.run, self.by_now = run, by_now

    @cached_property
    def lines(self) -> list[Line]:
        """What needs somebody first."""
        lines = [Line(item) for item in self.run.items.all()]
        return sorted(lines, key=lambda one: (STATES.index(one.state), one.item.pk))

    @cached_property
    def counts(self) -> Counter[str]:
        return Counter(one.state for one in self.lines)

    @property
    def total(self) -> int:
        return len(self.lines)

    @property
    def unproven(self) -> int:
        lines = (one for one in self.lines if one.is_unproven)
        return sum(not (self.by_now and one.is_proven_by_now) for one in lines)

    @property
    def provider(self) -> Provider | None:
        return self.lines[0].connection.platform if self.lines else None

    @property
    def headline(self) -> str:
        accounts = f"{self.total} account{'' if self.total == 1 else 's'}"
        if self.run.is_running:
            return f"Testing {accounts}: {self.run.done} done"
        if not self.total:
            return "Nothing is left of this"
        if self.counts["proven"] == self.total:
            return "The account is proven" if self.total == 1 else f"All {accounts} are proven"
        was = "was" if self.unproven == 1 else "were"
        return f"{self.unproven} of {accounts} {was} not proven"


def _told(request: Request, run_id: int) -> Told:
    if run := runs.chosen_run(request.access.workspace, run_id):
        return Told(run)
    raise Http404


@require_GET
@in_workspace(Role.VIEWER)
def page(request: Request, run_id: int) -> HttpResponse:
    """How far it is: asked for again and again until it has ended."""
    told = _told(request, run_id)
    context = {
        "page": "settings",
        "section": "integrations",
        "told": told,
        "shown": Paginator(told.lines, PER_PAGE).get_page(request.GET.get("page")),
    }
    if not is_partial(request):
        return render(request, PAGE, context | {"way_back": _way_back(request, told)})
    response = render(request, PROGRESS, context)
    if not told.run.is_running:
        response["HX-Trigger-After-Settle"] = json.dumps({"said": told.headline})
    return response


def _way_back(request: Request, told: Told) -> IntegrationConnection | None:
    """To what was lent, for who owns the workspace that lends it."""
    lent = next((one.connection for one in told.lines if one.connection.is_lent), None)
    if lent and lent.lender and members.owns(request.user, lent.lender):
        return lending.source_of(lent)
    return None


@require_http_methods(["GET", "POST"])
@in_workspace(Role.EDITOR)
def again(request: Request, run_id: int) -> HttpResponse:
    """Test what was not proven, or one of it, once more."""
    told = _told(request, run_id)
    if request.method == "POST":
        background.try_again(told.run, _id_of(request.POST.get("connection", "")))
    return redirect("chosen-run", request.access.workspace.slug, run_id)


def _id_of(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


@require_http_methods(["GET", "POST"])
@in_workspace(Role.EDITOR)
def remove(request: Request, run_id: int, chosen_id: UUID) -> HttpResponse:
    """Say what is lost, then forget one that was added."""
    told, workspace = _told(request, run_id), request.access.workspace
    back = reverse("chosen-run", args=[workspace.slug, run_id])
    mine = {one.connection.pk for one in told.lines}
    try:
        found = rows.find_by_id(workspace, chosen_id)
        if request.method == "GET" and found.pk in mine:
            return ask(request, _question(request, found, back))
        if found.pk in mine:
            done = several.remove(found, by=request.user)
            messages.success(request, f"{found.title} is removed. {done.warning}".strip())
    except (Busy, InvalidChange, VersionConflict):
        messages.warning(request, NOT_REMOVED)
    except NoConnection:
        pass  # somebody removed it meanwhile, which is what was asked for
    return redirect(back)


def _question(request: Request, found: IntegrationConnection, back: str) -> Question:
    return Question(
        title=f"Remove {found.title}?",
        sentences=[
            "It is forgotten with its tests. The others, and what lets them in, stay.",
        ],
        action=request.path,
        yes="Remove it",
        no="Keep it",
        is_loss=True,
        back=back,
        section="integrations",
    )
