"""Several connections of a platform: all on a page, another one, and what each is called."""

from typing import Any

from django import forms
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from integrations import platforms
from integrations.models import Role
from integrations.pages import cards, listing, parts
from integrations.pages.parts import (
    Request,
    dialog,
    find_connection,
    in_workspace,
    lead_to,
    updated,
)
from integrations.services import rows
from integrations.services.connecting import disconnecting, saving, several
from integrations.services.connecting.changes import Changes
from integrations.services.refusals import NoConnection, VersionConflict

RENAME = "integrations/partials/rename_dialog.html"
CONNECTED_MEANWHILE = "Somebody connected it meanwhile, so it was not removed."


class NameForm(forms.Form):
    name = forms.CharField(
        required=False,
        max_length=several.LONGEST_NAME,
        label="What do you call it?",
        help_text="Empty: the name of its account.",
        widget=forms.TextInput({"autofocus": True, "autocomplete": "off"}),
    )


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
    form = NameForm(request.POST or None, initial={"name": connection.name})
    if request.method == "POST" and form.is_valid():
        name = several.cleaned_name(form.cleaned_data["name"])
        done = saving.change_connection(connection, Changes(name=name), by=request.user)
        return updated(request, slug, f"It is called {done.connection.title} now.")
    context = {"card": cards.card(connection), "form": form}
    return _asked(request, RENAME, context, status=422 if form.is_bound else 200)


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
