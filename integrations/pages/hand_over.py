"""The hand-over of a workspace: asked for by an owner, answered by whoever is to own it."""

from django.contrib import messages
from django.contrib.auth.models import User
from django.http import HttpResponse
from django.views.decorators.debug import sensitive_post_parameters

from integrations.models import After, Role
from integrations.pages.members import name_of, refusing, show, to_members
from integrations.pages.parts import Request, in_workspace, posted
from integrations.pages.questions import PasswordForm, proves_to_be
from integrations.pages.team_forms import HandOverForm
from integrations.services.people import hand_over, members


@sensitive_post_parameters("password")
@in_workspace(Role.OWNER)
@posted("members")
@refusing
def ask_to_take_over(request: Request) -> HttpResponse:
    """Ask another member to own the workspace; their yes changes it."""
    workspace = request.access.workspace
    others = [one for one in members.of(workspace) if one.user_id != request.user.pk]
    form = HandOverForm(others, request.POST)
    if proves_to_be(request.user, form):
        after = After(form.cleaned_data["after"])
        asked = hand_over.ask(workspace, form.cleaned_data["member"], after, by=request.user)
        who = name_of(asked.asked)
        messages.success(request, f"{who} is asked. Nothing changes until {who} says yes.")
        return to_members(request)
    return show(request, handing=form)


@sensitive_post_parameters("password")
@in_workspace(Role.VIEWER)
@posted("members")
@refusing
def take_over(request: Request) -> HttpResponse:
    form = PasswordForm(request.POST, auto_id="taking_%s")
    if proves_to_be(request.user, form):
        done = hand_over.accept(request.access.workspace, request.user)
        messages.success(request, f"You own {request.access.workspace.name} now.")
        if done.after != After.OWNER:
            messages.info(request, _of_the_one_before(done.asked_by))
        return to_members(request)
    return show(request, taking=form)


def _of_the_one_before(user: User) -> str:
    who = name_of(user)
    if user.is_superuser:
        return f"{who} stays an operator, and may go on doing all that an owner may."
    return f"{who} does not own it any more."


@in_workspace(Role.VIEWER)
@posted("members")
@refusing
def end_hand_over(request: Request) -> HttpResponse:
    """No, from whoever was asked; or the question is taken back."""
    if not hand_over.end(request.access.workspace, request.user):
        raise hand_over.NotAsked
    messages.success(request, "Nothing is handed over, and nobody is asked any more.")
    return to_members(request)
