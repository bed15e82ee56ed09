"""Accounts: the very first one, and API tokens."""

from datetime import timedelta

from django import forms
from django.contrib import messages
from django.contrib.auth import login, password_validation
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from integrations.models import ApiToken, Role
from integrations.pages.parts import GREETS, Request, count_link, in_workspace
from integrations.services.people import people
from integrations.sessions import BACKEND


class OwnerForm(forms.Form):
    """The first account."""

    username = forms.CharField(max_length=150, validators=[User.username_validator])
    email = forms.EmailField(required=False, label="Email (optional)")
    password = forms.CharField(
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        strip=False,
        help_text="8 characters or more; long beats odd.",
    )

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        user = User(
            username=self.cleaned_data.get("username", ""),
            email=self.cleaned_data.get("email", ""),
        )
        password_validation.validate_password(password, user)
        return password


class TokenForm(forms.Form):
    """A new API token: a name to know it by, and when it ends."""

    LIVES = (("30", "30 days"), ("90", "90 days"), ("365", "1 year"), ("", "Never"))

    name = forms.CharField(max_length=100, help_text="What will use it, such as “Dashboard”.")
    days = forms.ChoiceField(choices=LIVES, required=False, initial="90", label="Ends after")


class RevokeForm(forms.Form):
    token = forms.UUIDField()


@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def welcome(request: HttpRequest, token: str) -> HttpResponse:
    """The one-time link on which the first person makes the owner account."""
    guess = count_link(request)
    if not people.is_owner_link(token):
        return render(request, "registration/link_refused.html", status=410)
    guess.was_right()
    form = OwnerForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            user = people.make_owner(token, **form.cleaned_data)
        except people.LinkRefused:
            return render(request, "registration/link_refused.html", status=410)
        login(request, user, backend=BACKEND)
        request.session[GREETS] = True
        return redirect("home-settings")
    status = 422 if form.is_bound else 200
    return render(request, "registration/welcome.html", {"form": form}, status=status)


@require_http_methods(["GET", "POST"])
@in_workspace(Role.VIEWER)
def api_access(request: Request) -> HttpResponse:
    """The person's API tokens; a new one is shown in the reply that makes it, never again."""
    form = TokenForm(request.POST or None)
    token = None
    if request.method == "POST" and form.is_valid():
        days = form.cleaned_data["days"]
        ends = timezone.now() + timedelta(days=int(days)) if days else None
        token = people.make_token(request.user, form.cleaned_data["name"], expires_at=ends)
        form = TokenForm()
    context = {
        "page": "settings",
        "section": "api-access",
        "form": form,
        "token": token,
        "tokens": ApiToken.objects.filter(user=request.user).order_by("-created"),
    }
    status = 422 if form.is_bound else 200
    return render(request, "integrations/api_access.html", context, status=status)


@require_POST
@in_workspace(Role.VIEWER)
def revoke_token(request: Request) -> HttpResponse:
    form = RevokeForm(request.POST)
    if form.is_valid() and people.revoke_token(request.user, form.cleaned_data["token"]):
        messages.success(request, "The token is revoked. Whatever used it is refused from now on.")
    return redirect("api-access", request.access.workspace.slug)
