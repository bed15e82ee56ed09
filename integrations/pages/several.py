"""Several connections of a platform: all on a page, another one, and what each is called."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from integrations import platforms
from integrations.models import IntegrationConnection, Role, Trigger
from integrations.pages import cards, listing, parts
from integrations.pages.parts import (
    Request,
    dialog,
    find_connection,
    in_workspace,
    lead_to,
    posted,
    updated,
)
from integrations.services import rows
from integrations.services.connecting import disconnecting, saving, several
from integrations.services.connecting.changes import Changes
from integrations.services.proving import background
from integrations.services.refusals import NoConnection, VersionConflict

RENAME = "integrations/partials/rename_dialog.html"
NONE_TO_TEST = "None of these can be tested: they are not connected, or disabled."
CALLED_THE_SAME = "Another connection here is called that, too."
CONNECTED_MEANWHILE = "Somebody connected it meanwhile, so it was not removed."


class NameForm(forms.Form):
    name = forms.CharField(
        required=False,
        max_length=several.LONGEST_NAME,
        label="What do you call it?",
        help_text="Empty: the name of its account.",
        widget=forms.TextInput({"autofocus": True, "autocomplete": "off"}),
    )
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)


@require_GET
@in_workspace(Role.VIEWER)
def platform(request: Request, slug: str) -> HttpResponse:
    """All connections of a platform."""
    context = {
        "page": "settings",
        "section": "integrations",
        "provider": platforms.get(slug),
        "listing": listing.of(request.access.workspace, slug, request.GET.dict()),
    }
    return render(request, "integrations/platform.html", context)


@in_workspace(Role.EDITOR)
@posted("settings")
def test_these(request: Request, slug: str) -> HttpResponse:
    """Those that the search and the filter leave, of all pages, in a run of their own."""
    workspace = request.access.workspace
    these = listing.testable(workspace, slug, request.POST.dict())
    if not these:
        messages.info(request, NONE_TO_TEST)
        return redirect("platform", workspace.slug, slug)
    run = background.start_chosen(workspace, these, trigger=Trigger.PAGE, by=request.user)
    return redirect("chosen-run", workspace.slug, run.pk)


@require_POST
@in_workspace(Role.EDITOR)
def add_another(request: Request, slug: str) -> HttpResponse:
    """A dialog for one that is none until it is saved."""
    begun = several.begin_another(request.access.workspace, slug)
    request.connection_id = None if begun.is_default else begun.pk
    return lead_to(request, "connection", slug)


@require_POST
@in_workspace(Role.EDITOR)
def discard_draft(request: Request, slug: str) -> HttpResponse:
    several.discard(find_connection(request, slug))
    return updated(request, slug, "Cancelled. Nothing was saved.")


@require_http_methods(["GET", "POST"])
@in_workspace(Role.EDITOR)
def rename(request: Request, slug: str) -> HttpResponse:
    connection = find_connection(request, slug)
    if not connection.version:  # there is nothing yet to be called something
        raise NoConnection
    initial = {"name": connection.name, "version": connection.version}
    form = NameForm(request.POST or None, initial=initial)
    theirs = None
    if request.method == "POST" and form.is_valid():
        try:
            return updated(request, slug, _renamed(request, connection, form))
        except VersionConflict as conflict:
            theirs = conflict.connection
            again = {"name": form.cleaned_data["name"], "version": theirs.version}
            form = NameForm(initial=again)
    context = {"card": cards.card(theirs or connection), "form": form, "theirs": theirs}
    status = 409 if theirs else 422 if form.is_bound else 200
    return _asked(request, RENAME, context, status=status)


def _renamed(request: Request, connection: IntegrationConnection, form: NameForm) -> str:
    """What is said once it is done. Raises VersionConflict."""
    name = several.cleaned_name(form.cleaned_data["name"])
    seen = form.cleaned_data["version"]
    changes = Changes(name=name)
    done = saving.change_connection(connection, changes, by=request.user, expected_version=seen)
    title = done.connection.title
    is_known = any(one.title == title for one in rows.siblings(done.connection))
    said = f"It is called {title} now."
    return f"{said} {CALLED_THE_SAME}" if is_known else said


@require_http_methods(["GET", "POST"])
@in_workspace(Role.EDITOR)
def make_default(request: Request, slug: str) -> HttpResponse:
    connection = find_connection(request, slug)
    if request.method == "POST":
        done = saving.change_connection(connection, Changes(is_default=True), by=request.user)
        return updated(request, slug, f"{parts.name_of(done.connection)} is the default one now.")
    context = {
        "card": cards.card(connection),
        "until_now": rows.find(request.access.workspace, slug),
    }
    return dialog(request, "integrations/partials/default_dialog.html", context)


@require_http_methods(["GET", "POST"])
@in_workspace(Role.EDITOR)
def remove(request: Request, slug: str) -> HttpResponse:
    """Say what is lost, then do it. The last one of a platform can be disconnected instead."""
    connection = find_connection(request, slug)
    others = rows.siblings(connection).order_by("created_at")
    if not others.exists():
        return lead_to(request, "disconnect", slug)
    if request.method == "POST":
        return _removed(request, slug)
    context = {
        "card": cards.card(connection),
        "used_too": disconnecting.used_too(connection),
        "lent_to": parts.lent_to(request, connection),
        "siblings": disconnecting.siblings(connection),
        "heir": others.first() if connection.is_default else None,
    }
    return dialog(request, "integrations/partials/remove_dialog.html", context)


def _removed(request: Request, slug: str) -> HttpResponse:
    connection = find_connection(request, slug)
    name = parts.name_of(connection)
    try:
        done = several.remove(connection, by=request.user, takes_back=parts.takes_back(request))
    except VersionConflict:
        return updated(request, slug, CONNECTED_MEANWHILE)
    return updated(request, slug, f"{name} is removed. {done.warning}".strip())


def _asked(
    request: Request, template: str, context: dict[str, Any], *, status: int
) -> HttpResponse:
    """In the dialog, also where the form would have changed a card."""
    response = dialog(request, template, context, status=status)
    response["HX-Retarget"], response["HX-Reswap"] = "#dialog-content", "innerHTML"
    return response
