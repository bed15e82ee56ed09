"""What the views of a platform's dialog answer with."""

from typing import Any

from django.http import HttpResponse

from integrations.models import Candidate, ConnectionTest, IntegrationConnection
from integrations.pages import cards, searches
from integrations.pages.forms import ConnectionForm
from integrations.pages.parts import Request, dialog, find_connection, settled_card
from integrations.services.connecting import candidates, changes, choosing
from integrations.services.credentials import sharing
from integrations.services.people import people
from integrations.services.proving.discovery import ACCOUNT_FIELD
from integrations.services.refusals import InvalidChange, NothingToTest, VersionConflict

DIALOG = "integrations/partials/connection_dialog.html"
LENT_DIALOG = "integrations/partials/lent_dialog.html"
VENDORS = "integrations/partials/vendor_dialog.html"
REFUSALS = (InvalidChange, NothingToTest, VersionConflict)
GONE = "Those values are no longer here: they are kept for 15 minutes. Enter them again."


def refused(
    request: Request,
    form: ConnectionForm,
    refusal: InvalidChange | NothingToTest | VersionConflict,
    *,
    but: str = "",
    method: str = "",
) -> HttpResponse:
    """The form again, with why what was typed is not taken where that belongs.

    `but` and `method` are as in `ConnectionForm.show_missing`.
    """
    if isinstance(refusal, VersionConflict):
        return _conflict(request, form, refusal.connection)
    if isinstance(refusal, InvalidChange):
        form.show(refusal.errors)
    else:
        form.show_missing(but=but, method=method)
    return form_dialog(request, form, status=422)


def _conflict(
    request: Request, form: ConnectionForm, theirs: IntegrationConnection
) -> HttpResponse:
    """Two people edited: the second is told who saved what, and keeps what was typed."""
    data = request.POST.copy()
    data["version"] = str(theirs.version)
    again = ConnectionForm(theirs, data, typed=form.typed, candidate=data.get("candidate"))
    again.mark_theirs(theirs.edited_fields)
    return form_dialog(request, again, status=409, theirs=theirs)


def form_dialog(
    request: Request, form: ConnectionForm, *, status: int = 200, **context: Any
) -> HttpResponse:
    if form.connection.is_lent:
        return lent_dialog(request, form.connection, "" if status == 200 else changes.LENT)
    context |= _form_context(request, form)
    if not form.is_bound and form.initial["candidate"] is None:
        form.point()
    return dialog(request, VENDORS if form.asks_vendor else DIALOG, context, status=status)


def lent_dialog(
    request: Request, connection: IntegrationConnection, problem: str = ""
) -> HttpResponse:
    """What to whom it is lent reads in place of a form, with why nothing was done."""
    context = {"card": cards.card(connection), "problem": problem}
    return dialog(request, LENT_DIALOG, context, status=422 if problem else 200)


def _form_context(request: Request, form: ConnectionForm) -> dict[str, Any]:
    """What every dialog with the form is drawn with."""
    asks_owners = form.missing_apps and not request.access.is_owner
    return {
        "form": form,
        "card": cards.card(form.connection),
        "asked": form.asked,
        "vendor": form.vendor,
        "owners": people.owners(request.access.workspace) if asks_owners else [],
    }


def candidate_dialog(
    request: Request, slug: str, kept: Candidate, *, problem: str = ""
) -> HttpResponse:
    """How the proof of typed values goes, and the form with them once that has ended.

    Raises CandidateGone.
    """
    connection = find_connection(request, slug)
    if connection.is_lent:
        return _whole(lent_dialog(request, connection, problem))
    typed, tried = candidates.typed(kept), _tried(kept)
    form = ConnectionForm(connection, typed=typed, candidate=kept.pk, tried=tried)
    if tried:
        form.point()
    context = _form_context(request, form) | {
        "candidate": kept,
        "account_is_required": connection.platform.field(ACCOUNT_FIELD).required,
        **searches.choices(kept, request.GET.get("q", "").strip()),
    }
    if kept.is_running and request.headers.get("HX-Target") == "proof":
        return dialog(request, "integrations/partials/proof.html", context)
    if problem:
        context["problem"] = problem
    return _whole(dialog(request, DIALOG, context))


def _tried(kept: Candidate) -> ConnectionTest | None:
    """The test of typed values, once it has ended."""
    return None if kept.is_running or kept.sign_in_id else kept.test


def start_over(request: Request, slug: str) -> HttpResponse:
    """The form without the values that waited, which are gone."""
    form = ConnectionForm(find_connection(request, slug))
    return _whole(form_dialog(request, form, problem=GONE))


def saved_dialog(request: Request, slug: str, kept: Candidate) -> HttpResponse:
    """What was proven and saved; the card on the page is drawn with it."""
    using = sharing.sharers(kept.connection)
    context = settled_card(request, slug) | {
        "card": cards.card(find_connection(request, slug)),
        "test": kept.test,
        "farewell": kept.farewell,
        "sharers": sharing.named(using, request.access.workspace.pk),
        "more": _others_reached(kept),
    }
    return _whole(dialog(request, "integrations/partials/saved_dialog.html", context))


def _others_reached(kept: Candidate) -> int:
    """How many more accounts the person could have chosen, and may take now."""
    listed = kept.offered
    if len(listed) < 2:
        return 0
    return sum(one.connection is None for one in choosing.matched(kept.connection, listed))


def _whole(response: HttpResponse) -> HttpResponse:
    """Replaces the whole dialog, whichever part of it asked."""
    response["HX-Retarget"], response["HX-Reswap"] = "#dialog-content", "innerHTML"
    return response
