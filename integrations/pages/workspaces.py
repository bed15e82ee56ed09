"""Workspaces: the list of one's own, a new one, and the page to rename or archive one."""

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from integrations.models import Role
from integrations.pages.lending import shown
from integrations.pages.members import refusing
from integrations.pages.parts import Request, in_workspace, is_partial, posted, signed_in
from integrations.pages.questions import Question, ask
from integrations.services.connecting import lending
from integrations.services.people import members, people, workspaces
from integrations.services.refusals import InvalidChange

PER_PAGE = 50


class WorkspaceForm(forms.Form):
    """Whether a name will do is checked by the service alone."""

    name = forms.CharField(
        required=False, label="Name", widget=forms.TextInput({"autocomplete": "off"})
    )


class NewWorkspaceForm(WorkspaceForm):
    slug = forms.CharField(
        required=False,
        label="Short name, for addresses",
        help_text="Made from the name if you leave it out. It stays when the name changes.",
        widget=forms.TextInput({"autocomplete": "off", "autocapitalize": "none"}),
    )


@require_GET
@signed_in
def listed(request: Request) -> HttpResponse:
    """All workspaces of a person, by name, to search and to page through."""
    return _list(request, NewWorkspaceForm(auto_id="new_%s"))


def _list(request: Request, form: NewWorkspaceForm) -> HttpResponse:
    query = request.GET.get("q", "").strip()
    pages = Paginator(workspaces.search(request.user, query), PER_PAGE)
    found = pages.get_page(request.GET.get("page"))
    if is_partial(request):
        return render(request, "workspaces/found.html", {"found": found, "query": query})
    context = {
        "found": found,
        "query": query,
        "archived": [
            workspaces.told_of(one, request.user)
            for one in workspaces.archived_of(request.user)[:PER_PAGE]
        ],
        "form": form if request.user.is_superuser else None,
        "default": people.default_of(request.user),
    }
    status = 422 if form.is_bound else 200
    return render(request, "workspaces/list.html", context, status=status)


@signed_in
@posted("workspaces")
def make(request: Request) -> HttpResponse:
    """A new workspace, for whoever runs the installation."""
    form = NewWorkspaceForm(request.POST, auto_id="new_%s")
    if not form.is_valid():
        return _list(request, form)
    try:
        made = workspaces.make(**form.cleaned_data, by=request.user)
    except members.NotAnOwner:
        return render(request, "403.html", {"operators": True}, status=403)
    except InvalidChange as invalid:
        for name, told in invalid.errors.items():
            form.add_error(name, told)
        return _list(request, form)
    messages.success(request, f"{made.name} is made. You own it: invite the others.")
    return redirect("members", made.slug)


@signed_in
@posted("workspaces")
def bring_back(request: Request, slug: str) -> HttpResponse:
    try:
        back = workspaces.bring_back(slug, by=request.user)
    except people.NoWorkspace:
        raise Http404 from None
    except workspaces.NotArchived as back_already:
        messages.info(request, f"{back_already.workspace.name} is back already.")
        return redirect("workspace", slug)
    messages.success(request, f"{back.name} is back, with everything that was in it.")
    return redirect("workspace", back.slug)


@require_http_methods(["GET", "POST"])
@in_workspace(Role.OWNER)
@refusing
def workspace(request: Request) -> HttpResponse:
    """Its name, and its end."""
    here = request.access.workspace
    form = WorkspaceForm(request.POST or None, initial={"name": here.name})
    if request.method == "POST" and form.is_valid():
        try:
            workspaces.rename(here, form.cleaned_data["name"], by=request.user)
        except InvalidChange as invalid:
            form.add_error("name", invalid.errors["name"])
        else:
            messages.success(request, "The name is changed. Addresses and tokens stay as they are.")
            return redirect("workspace", here.slug)
    context = {"page": "settings", "section": "workspace", "form": form}
    context |= shown(lending.lent_by(here), request.GET.get("lent", ""))
    status = 422 if form.is_bound else 200
    return render(request, "workspaces/workspace.html", context, status=status)


@require_http_methods(["GET", "POST"])
@in_workspace(Role.OWNER)
@refusing
def archive(request: Request) -> HttpResponse:
    here = request.access.workspace
    if request.method == "GET" and lending.lent_by(here).exists():
        messages.error(request, workspaces.LENDS)
        place = reverse("workspace", args=[here.slug])
        return (
            HttpResponse(headers={"HX-Redirect": place}) if is_partial(request) else redirect(place)
        )
    if request.method == "GET":
        return ask(
            request,
            Question(
                title=f"Archive {here.name}?",
                sentences=[
                    "Nobody opens it any more, and its API calls answer that there is no such "
                    "workspace. Nothing in it is tested or renewed, so sign-ins may end.",
                    "Nothing is deleted. Its owners bring it back under All workspaces.",
                ],
                action=reverse("archive-workspace", args=[here.slug]),
                yes="Archive it",
                no="Keep it",
                is_loss=True,
                back=reverse("workspace", args=[here.slug]),
                section="workspace",
            ),
        )
    try:
        workspaces.archive(here, by=request.user)
    except InvalidChange as invalid:
        messages.error(request, invalid.errors["workspace"][0])
        return redirect("workspace", here.slug)
    messages.success(request, f"{here.name} is archived. It can be brought back below.")
    return redirect("workspaces")


@in_workspace(Role.VIEWER)
@posted("overview")
def make_default(request: Request) -> HttpResponse:
    """The one that opens when none is named."""
    here = request.access.workspace
    workspaces.make_default(request.user, here)
    messages.success(request, f"{here.name} opens first from now on.")
    return redirect("workspaces")
