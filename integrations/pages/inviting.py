"""Invitations, as owners make, renew and withdraw them."""

from collections.abc import Mapping
from itertools import chain
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from integrations.models import Role
from integrations.pages import sentences
from integrations.pages.members import refusing, show, to_members
from integrations.pages.parts import Request, in_workspace, posted
from integrations.pages.questions import Question, ask, password_asked, proves_to_be
from integrations.pages.team_forms import InviteForm
from integrations.services.people import invitations
from integrations.services.refusals import InvalidChange


@sensitive_post_parameters("password")
@in_workspace(Role.OWNER)
@posted("members")
@refusing
def invite(request: Request) -> HttpResponse:
    """By mail where an address was typed, else by a link that is shown this once."""
    form = InviteForm(request.POST)
    if form.is_valid():
        if form.cleaned_data["role"] == Role.OWNER:
            typed = {name: form[name].data or "" for name in form.fields}
            typed |= {"link": "yes"} if "link" in request.POST else {}
            if asked := _ask_password(request, reverse("invite", args=_here(request)), typed):
                return asked
        given = form.cleaned_data
        as_link = "link" in request.POST
        try:
            made, link = invitations.invite(
                request.access.workspace,
                Role(given["role"]),
                by=request.user,
                email="" if as_link else given.get("email", ""),
                note=given["note"] or (given.get("email", "") if as_link else ""),
            )
        except InvalidChange as invalid:
            for name, told in invalid.errors.items():
                form.add_error(name, told)
        else:
            return _given_out(request, made.email, link)
    return show(request, invite=form)


def _given_out(request: Request, email: str, link: str | None) -> HttpResponse:
    if link:
        return show(request, link=link)
    messages.success(request, sentences.mailed("The invitation", email))
    return to_members(request)


def _here(request: Request) -> list[str]:
    return [request.access.workspace.slug]


def _ask_password(request: Request, action: str, typed: Mapping[str, str]) -> HttpResponse | None:
    """Before somebody is invited to own the workspace. None once the password is right."""
    is_answered = "password" in request.POST
    form = password_asked(request.POST if is_answered else None)
    if is_answered and proves_to_be(request.user, form):
        return None
    return ask(
        request,
        Question(
            title=f"Invite an owner of {request.access.workspace.name}?",
            sentences=["Whoever uses the invitation may do all that you may, members included."],
            action=action,
            hidden=typed,
            password=form,
            yes="Invite an owner",
            back=reverse("members", args=_here(request)),
            section="members",
        ),
    )


@sensitive_post_parameters("password")
@in_workspace(Role.OWNER)
@posted("members")
@refusing
def renew(request: Request, invitation_id: UUID) -> HttpResponse:
    """Send it again, or make a new link; the old link ends."""
    found = invitations.of(request.access.workspace).filter(pk=invitation_id).first()
    if found and found.role == Role.OWNER:
        action = reverse("renew-invitation", args=[*_here(request), found.pk])
        if asked := _ask_password(request, action, {}):
            return asked
    try:
        made, link = invitations.renew(request.access.workspace, invitation_id, by=request.user)
    except InvalidChange as invalid:
        messages.warning(request, " ".join(chain.from_iterable(invalid.errors.values())))
        return to_members(request)
    return _given_out(request, made.email, link)


@require_http_methods(["GET", "POST"])
@in_workspace(Role.OWNER)
@refusing
def withdraw(request: Request, invitation_id: UUID) -> HttpResponse:
    workspace = request.access.workspace
    found = invitations.of(workspace).filter(pk=invitation_id).first()
    if found is None:
        raise invitations.InvitationGone
    if request.method == "GET":
        return ask(
            request,
            Question(
                title="Withdraw the invitation?",
                sentences=[
                    f"Its link, for {found.email or found.note or 'whoever has it'}, opens "
                    "nothing any more. Nobody is told."
                ],
                action=reverse("withdraw-invitation", args=[workspace.slug, found.pk]),
                yes="Withdraw it",
                no="Keep it",
                is_loss=True,
                back=reverse("members", args=[workspace.slug]),
                section="members",
            ),
        )
    if not invitations.withdraw(workspace, invitation_id, by=request.user):
        raise invitations.InvitationGone
    messages.success(request, "The invitation is withdrawn. Its link opens nothing any more.")
    return to_members(request)
