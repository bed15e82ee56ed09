"""Behind an invitation's link: an account is made with it, or a member is made of one's own.

A link is opened by a browser and used by a button: what reads mails for viruses opens links too.
"""

from collections.abc import Callable
from functools import wraps

from django import forms
from django.contrib import messages
from django.contrib.auth import login, password_validation
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_POST

from integrations.models import Invitation, Role
from integrations.pages.parts import count_name, keep_link
from integrations.services.people import invitations
from integrations.services.people.invitations import full_name
from integrations.services.people.members import Archived
from integrations.services.refusals import InvalidChange
from integrations.sessions import BACKEND

INVITATION = "invitation"
GONE = "invitations/gone.html"


class AccountForm(forms.Form):
    """A new account, for who comes with an invitation."""

    username = forms.CharField(
        max_length=150,
        validators=[User.username_validator],
        help_text="For signing in. Letters, digits and @ . + - _",
        widget=forms.TextInput({"autocomplete": "username", "autocapitalize": "none"}),
    )
    first_name = forms.CharField(
        max_length=150, required=False, widget=forms.TextInput({"autocomplete": "given-name"})
    )
    last_name = forms.CharField(
        max_length=150, required=False, widget=forms.TextInput({"autocomplete": "family-name"})
    )
    password = forms.CharField(
        strip=False,
        widget=forms.PasswordInput({"autocomplete": "new-password"}),
        help_text="8 characters or more; long beats odd.",
    )

    def clean(self) -> None:
        """The whole account is known here, whose parts make a bad password."""
        given = self.cleaned_data
        names = ("username", "first_name", "last_name")
        user = User(**{name: given.get(name, "") for name in names})
        if password := given.get("password"):
            try:
                password_validation.validate_password(password, user)
            except forms.ValidationError as bad:
                self.add_error("password", bad)


@never_cache
@require_GET
def open_link(request: HttpRequest, token: str) -> HttpResponse:
    return keep_link(
        request, INVITATION, lambda: _digest(token), page="opened-invitation", gone=GONE
    )


def _digest(token: str) -> str | None:
    try:
        return invitations.find(token).digest
    except invitations.InvitationGone:
        return None


InvitedView = Callable[[HttpRequest, Invitation], HttpResponse]


def _invited(view: InvitedView) -> Callable[[HttpRequest], HttpResponse]:
    """Let in whoever opened a link in this browser that works, until all is done.

    A form names its invitation: another one may have been opened since its page was.
    """

    @wraps(view)
    @never_cache
    def permitted(request: HttpRequest) -> HttpResponse:
        try:
            invitation = invitations.opened(request.session.get(INVITATION, ""))
            if request.method == "POST" and not request.POST.get("invitation"):
                return render(request, "invitations/unnamed.html", status=400)
            if request.POST.get("invitation", str(invitation.pk)) != str(invitation.pk):
                return redirect("opened-invitation")
            return view(request, invitation)
        except (invitations.InvitationGone, Archived):
            return render(request, GONE, status=410)

    return permitted


@require_GET
@_invited
def opened(request: HttpRequest, invitation: Invitation) -> HttpResponse:
    return _page(request, invitation, AccountForm())


@require_POST
@_invited
def accept(request: HttpRequest, invitation: Invitation) -> HttpResponse:
    """Make whoever is signed in a member."""
    if not isinstance(request.user, User):
        return redirect("opened-invitation")
    try:
        invitations.accept(invitation.digest, request.user)
    except (invitations.ForSomebodyElse, invitations.AlreadyAMember):
        return redirect("opened-invitation")  # which says so
    return _arrive(request, invitation)


@sensitive_post_parameters("password")
@require_POST
@_invited
def join(request: HttpRequest, invitation: Invitation) -> HttpResponse:
    """Make an account, and sign in to it."""
    if request.user.is_authenticated:
        return redirect("opened-invitation")
    form = AccountForm(request.POST)
    if form.is_valid():
        guess = count_name(request)
        try:
            user = invitations.join(invitation.digest, **form.cleaned_data)
        except InvalidChange as invalid:
            form.add_error("username", invalid.errors["username"])
        else:
            guess.was_right()
            login(request, user, backend=BACKEND)
            return _arrive(request, invitation)
    return _page(request, invitation, form)


def _page(request: HttpRequest, invitation: Invitation, form: AccountForm) -> HttpResponse:
    context = {
        "invitation": invitation,
        "role": Role(invitation.role),
        "by": full_name(invitation.invited_by) if invitation.invited_by else "",
        "form": form,
    }
    if isinstance(request.user, User):
        context["is_for_them"] = invitations.is_for(invitation, request.user)
        context["role_here"] = invitations.role_here(invitation, request.user)
    status = 422 if form.is_bound else 200
    return render(request, "invitations/page.html", context, status=status)


def _arrive(request: HttpRequest, invitation: Invitation) -> HttpResponse:
    request.session.pop(INVITATION, None)
    role = Role(invitation.role)
    messages.success(request, f"Welcome to {invitation.workspace.name}. You are {role.an} here.")
    return redirect("overview", invitation.workspace.slug)
