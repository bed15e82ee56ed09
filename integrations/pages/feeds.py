"""The page of a workspace's badges and calendars."""

from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from integrations.models import FeedKind, IntegrationConnection, Role, Workspace
from integrations.pages.members import refusing
from integrations.pages.parts import Request, in_workspace, posted
from integrations.services import rows
from integrations.services.telling import feeds
from integrations_center import public_url

CALENDAR, ALL = "calendar", "all"
TOO_MANY = f"A workspace has {feeds.MOST} at most. End one that nobody needs first."
ENDED = "That address tells nothing any more: a badge says “unknown”, a calendar is not found."
ADDRESSES = {FeedKind.BADGE: "badge", FeedKind.CALENDAR: "expiries"}


class FeedForm(forms.Form):
    """What a new address shows."""

    shows = forms.ChoiceField(
        label="It shows", help_text="Whoever has the address sees exactly this, without an account."
    )

    def __init__(self, workspace: Workspace, data: QueryDict | None = None) -> None:
        super().__init__(data)
        self.connections = {str(one.pk): one for one in rows.saved_in(workspace)}
        badges = [(ALL, "A badge of the whole workspace")]
        badges += [(pk, f"A badge of {_named(one)}") for pk, one in self.connections.items()]
        badges[1:] = sorted(badges[1:], key=lambda choice: choice[1])
        field = self.fields["shows"]
        field.choices = [*badges, (CALENDAR, "A calendar of what ends")]  # type: ignore[attr-defined]

    @property
    def kind(self) -> FeedKind:
        is_calendar = self.cleaned_data["shows"] == CALENDAR
        return FeedKind.CALENDAR if is_calendar else FeedKind.BADGE

    @property
    def connection(self) -> IntegrationConnection | None:
        return self.connections.get(self.cleaned_data["shows"])


@require_http_methods(["GET", "POST"])
@in_workspace(Role.OWNER)
@refusing
def page(request: Request) -> HttpResponse:
    """All of them; a new one's address is shown in the reply that makes it, never again."""
    workspace = request.access.workspace
    form = FeedForm(workspace, request.POST if request.method == "POST" else None)
    address, kind = "", None
    if form.is_bound and form.is_valid():
        try:
            feed, token = feeds.make(
                workspace, form.kind, connection=form.connection, by=request.user
            )
            address, kind = public_url.link(ADDRESSES[form.kind], token), feed.kind
        except feeds.TooManyFeeds:
            form.add_error("shows", TOO_MANY)
    context = {
        "page": "settings",
        "section": "feeds",
        "form": form if form.errors else FeedForm(workspace),
        "feeds": feeds.of(workspace),
        "address": address,
        "is_badge": kind == FeedKind.BADGE,
    }
    status = 422 if form.errors else 200
    return render(request, "integrations/feeds.html", context, status=status)


@in_workspace(Role.OWNER)
@posted("feeds")
@refusing
def end(request: Request, feed_id: UUID) -> HttpResponse:
    """Its address tells nothing from now on."""
    feeds.end(request.access.workspace, feed_id, by=request.user)
    messages.success(request, ENDED)
    return redirect("feeds", request.access.workspace.slug)


def _named(connection: IntegrationConnection) -> str:
    return f"{connection.platform.name} ({connection.title})"
