"""The apps of ours at the platforms, which sign-ins need."""

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from integrations import platforms
from integrations.models import AppRegistration, Role
from integrations.pages import parts, sentences
from integrations.pages.parts import Request, in_workspace
from integrations.services.credentials import apps
from integrations.services.refusals import Busy, InvalidChange
from providers.declare import Provider


class AppForm(forms.Form):
    """A registration at a platform. The rules stand in `apps.save` alone."""

    client_id = forms.CharField(
        required=False, widget=forms.TextInput({"autocomplete": "off", "spellcheck": "false"})
    )
    client_secret = forms.CharField(
        required=False,
        widget=forms.PasswordInput(
            {"autocomplete": "new-password", "spellcheck": "false"}, render_value=False
        ),
    )


@require_GET
@in_workspace(Role.OWNER)
def app_list(request: Request) -> HttpResponse:
    """Every app that a sign-in here can use, and how far each is set up."""
    listed = apps.listed(request.access.workspace)
    context = {"page": "settings", "section": "sign-in-apps", "apps": listed}
    return render(request, "integrations/sign_in_apps.html", context)


@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
@in_workspace(Role.OWNER)
def app(request: Request, app: str) -> HttpResponse:
    """One app: what to do at the platform, and what to paste from there."""
    listed = {one.facts.form.slug: one for one in apps.listed(request.access.workspace)}
    if app not in listed:
        raise Http404
    one = listed[app]
    asked_for = _asked_for(request, one)
    given = {"client_id": one.saved.client_id} if one.saved else {}
    form = AppForm(request.POST or None, initial=given)
    form.fields["client_id"].label = one.facts.form.client_id_label
    form.fields["client_secret"].label = one.facts.form.client_secret_label
    if one.saved:
        kept = f" It ends in {one.saved.hint}." if one.saved.hint else ""
        form.fields["client_secret"].help_text = f"Saved.{kept} Leave empty to keep it."
    if request.method == "POST" and form.is_valid():
        try:
            row = apps.save(request.access.workspace, app, by=request.user, **form.cleaned_data)
        except InvalidChange as invalid:
            for name, told in invalid.errors.items():
                form.add_error(name, told)
        else:
            _prove(request, one.facts.form.name, row)
            query = request.GET.urlencode() if asked_for else ""
            page = reverse("sign-in-app", args=[request.access.workspace.slug, app])
            return redirect(f"{page}?{query}" if query else page)
    context = {
        "page": "settings",
        "section": "sign-in-apps",
        "app": one,
        "form": form,
        "others": one.sign_ins,
        "asked_for": asked_for,
        "way_back": _way_back(request, asked_for) if asked_for else "",
    }
    status = 422 if form.is_bound else 200
    return render(request, "integrations/sign_in_app.html", context, status=status)


def _asked_for(request: Request, app: apps.Listed) -> Provider | None:
    """The platform whose dialog led here, if it signs in with this app."""
    asked = platforms.catalogue().get(request.GET.get("for", ""))
    uses = {way.app.slug for way in asked.sign_ins} if asked else set()
    return asked if app.facts.form.slug in uses else None


def _way_back(request: Request, asked_for: Provider) -> str:
    """The settings page with that dialog open, at the vendor that was chosen in it."""
    query = {"dialog": asked_for.slug}
    if one := parts.uuid_of(request.GET.get("connection", "")):
        query["connection"] = str(one)
    if asked_for.vendor(request.GET.get("first", "")):
        query["first"] = request.GET["first"]
    return reverse("settings", args=[request.access.workspace.slug], query=query)


def _prove(request: Request, name: str, row: AppRegistration) -> None:
    """Say how it went; it is saved already."""
    try:
        is_proven = apps.prove(row)
    except Busy as busy:
        said = sentences.busy(busy.retry_after_seconds)
        messages.warning(request, f"Saved, but not proven. {said}")
        return
    if is_proven:
        messages.success(request, f"Saved, and proven: {name} accepts this app.")
    elif row.problem:
        messages.warning(request, f"Saved, but not proven. {row.problem}")
    else:
        messages.info(
            request, f"Saved. {name} tells only at the first sign-in whether it accepts the app."
        )


@require_POST
@in_workspace(Role.OWNER)
def remove_app(request: Request, app: str) -> HttpResponse:
    if app not in apps.catalogue():
        raise Http404
    apps.remove(request.access.workspace, app)
    messages.info(request, f"The {apps.catalogue()[app].form.name} app is removed here.")
    return redirect("sign-in-apps", request.access.workspace.slug)
