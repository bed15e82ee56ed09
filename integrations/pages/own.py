"""A person's own page: name, mail address, time zone, notices."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from integrations.models import ApiToken, Membership, Role
from integrations.pages import sentences
from integrations.pages.parts import Request, count_link, in_workspace, posted
from integrations.pages.questions import PasswordForm
from integrations.services.people import own
from integrations.services.refusals import InvalidChange

SOME = 5  # workspaces; all of them have a page of their own


class OwnForm(forms.Form):
    """What needs no proof."""

    first_name = forms.CharField(
        max_length=150, required=False, widget=forms.TextInput({"autocomplete": "given-name"})
    )
    last_name = forms.CharField(
        max_length=150, required=False, widget=forms.TextInput({"autocomplete": "family-name"})
    )
    time_zone = forms.ChoiceField(
        required=False,
        choices=lambda: [("", "That of my browser"), *((one, one) for one in own.zones())],
        help_text="Every time is then shown in it, on every device, and without script too.",
    )
    wants_notices = forms.BooleanField(
        required=False,
        label="Mail me what breaks and what ends soon in workspaces that I own",
        help_text="While such a workspace has no channel. It shows on the overview in any case.",
    )


class EmailForm(PasswordForm):
    """Whether an address is right is checked by the service alone."""

    email = forms.CharField(
        label="New e-mail address", widget=forms.EmailInput({"autocomplete": "email"})
    )
    field_order = ("email", "password")


@require_http_methods(["GET", "POST"])
@in_workspace(Role.VIEWER)
def page(request: Request) -> HttpResponse:
    """All of it; what is posted here is what needs no proof."""
    form = _form(request.user, request.POST if request.method == "POST" else None)
    if form.is_valid():
        own.change(request.user, **form.cleaned_data)
        messages.success(request, "Saved.")
        return redirect("profile", request.access.workspace.slug)
    return _page(request, form=form, email=EmailForm())


def _form(user: User, data: Any = None) -> OwnForm:
    kept = own.page_of(user)
    before = {
        "first_name": user.first_name,
        "last_name": user.last_name,
        "time_zone": kept.time_zone,
        "wants_notices": kept.wants_notices,
    }
    return OwnForm(data, initial=before)


def _page(request: Request, *, form: OwnForm, email: EmailForm) -> HttpResponse:
    user, kept = request.user, own.page_of(request.user)
    waits = kept.new_email_expires_at
    mine = Membership.objects.filter(user=user, workspace__archived_at=None)
    mine = mine.select_related("workspace")
    context = {
        "page": "settings",
        "section": "profile",
        "person": kept,
        "waits": kept.new_email if waits and waits > timezone.now() else "",
        "form": form,
        "email_form": email,
        "sends_mail": settings.EMAIL_IS_CONFIGURED,
        "memberships": mine.order_by("workspace__name")[:SOME],
        "joined": mine.count(),
        "own_role": mine.filter(workspace=request.access.workspace)
        .values_list("role", flat=True)
        .first(),
        "tokens": ApiToken.objects.filter(user=user).count(),
        "now": timezone.now(),
    }
    status = 422 if form.is_bound or email.is_bound else 200
    return render(request, "integrations/profile.html", context, status=status)


@sensitive_post_parameters("password")
@in_workspace(Role.VIEWER)
@posted("profile")
def change_email(request: Request) -> HttpResponse:
    """Have a new address confirmed; without a mail server only an operator sets it, at once."""
    email = EmailForm(request.POST)
    if email.is_valid():
        try:
            said = _change_email(request, **email.cleaned_data)
        except InvalidChange as invalid:
            for name, told in invalid.errors.items():
                email.add_error(name, told)
        else:
            messages.success(request, said)
            return redirect("profile", request.access.workspace.slug)
    return _page(request, form=_form(request.user), email=email)


def _change_email(request: Request, email: str, password: str) -> str:
    own.check_password(request.user, password)
    if request.user.is_superuser and not settings.EMAIL_IS_CONFIGURED:
        own.set_email(request.user, email)
        return "The new address counts at once: this installation sends no mail to confirm it."
    own.ask_to_confirm(request.user, email)
    return f"{sentences.mailed('A link', email)} The new address counts once you used it."


@in_workspace(Role.VIEWER)
@posted("profile")
def keep_old_email(request: Request) -> HttpResponse:
    own.keep_old_email(request.user)
    messages.success(request, "Your address stays as it is. The link opens nothing any more.")
    return redirect("profile", request.access.workspace.slug)


@never_cache
@require_http_methods(["GET", "POST"])
def confirm_email(request: HttpRequest, token: str) -> HttpResponse:
    """Behind the link to a new address: a button confirms, since mail scanners open links."""
    guess = count_link(request)
    try:
        found = own.waiting_for(token)
        guess.was_right()
        if request.method == "POST":
            own.confirm(token)
    except own.LinkGone:
        return render(request, "people/link_gone.html", status=410)
    context = {"person": found, "is_done": request.method == "POST"}
    return render(request, "people/confirm_email.html", context)
