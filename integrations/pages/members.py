"""The members of a workspace: who is in it, who is invited, and who takes it over."""

from collections import Counter
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.models import User
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods

from integrations.models import Membership, Role
from integrations.pages.parts import Request, View, in_workspace
from integrations.pages.questions import PasswordForm, Question, ask, password_asked, proves_to_be
from integrations.pages.team_forms import HandOverForm, InviteForm, RoleForm
from integrations.services import events
from integrations.services.people import hand_over, invitations, members, people

GONE = "This person is not a member any more."
NOT_ASKED = "Nobody asks you for this any more. Nothing was changed."
INVITATION_GONE = "There is no such invitation any more. It was used or withdrawn."
LEAVES = (
    "You open it no more, from this moment on, and neither do your API tokens.",
    "Only one of its owners can let you in again.",
)
OPERATOR_LEAVES = (
    "You are no member any more, from this moment on.",
    "As an operator you may still open it, and act as an owner there.",
)
MAY = {
    Role.VIEWER: "They see everything except secrets, and change nothing.",
    Role.EDITOR: "They connect, test, enable and disconnect platforms, and manage no members.",
    Role.OWNER: "They also manage members and notices, and may rename and archive the workspace.",
}


def name_of(user: User) -> str:
    return invitations.full_name(user)


def refusing(view: View) -> View:
    """What the services refuse, in words, on the page that the person came from."""

    @wraps(view)
    def told(request: Request, **kwargs: Any) -> HttpResponse:
        try:
            return view(request, **kwargs)
        except members.NotAnOwner:
            return render(request, "403.html", {"needed": Role.OWNER.value}, status=403)
        except members.LastOwner:
            messages.error(request, last_owner(request))
        except members.NoMember:
            messages.warning(request, GONE)
        except invitations.InvitationGone:
            messages.warning(request, INVITATION_GONE)
        except hand_over.NotAsked:
            messages.warning(request, NOT_ASKED)
        except members.Archived:
            name = request.access.workspace.name
            messages.warning(request, f"{name} was archived meanwhile. Nothing was changed.")
            return redirect("workspaces")
        return to_members(request)

    return told


def last_owner(request: Request) -> str:
    name = request.access.workspace.name
    return f"Somebody must own {name}. Make another member an owner first."


def to_members(request: Request) -> HttpResponse:
    return redirect("members", request.access.workspace.slug)


@require_GET
@in_workspace(Role.VIEWER)
def page(request: Request) -> HttpResponse:
    return show(request)


def show(
    request: Request,
    *,
    link: str | None = None,
    invite: InviteForm | None = None,
    handing: HandOverForm | None = None,
    taking: PasswordForm | None = None,
) -> HttpResponse:
    """The page; `link` is shown this once, and forms that were bound show what is wrong."""
    workspace, may_manage = request.access.workspace, request.access.is_owner
    latest = events.latest_id(workspace)  # before what it changed is read
    shown = list(members.of(workspace))
    counts = Counter(one.role for one in shown)
    mine = next((one for one in shown if one.user_id == request.user.pk), None)
    others = [one for one in shown if one != mine and one.user.is_active]
    active_owners = [one for one in shown if one.role == Role.OWNER and one.user.is_active]
    context: dict[str, Any] = {
        "page": "settings",
        "section": "members",
        "members": shown,
        "mine": mine,
        "last_owner": active_owners[0] if len(active_owners) == 1 else None,
        "tally": [(counts[role], role.value) for role in reversed(Role) if counts[role]],
        "roles": [(role, MAY[role], counts[role]) for role in Role],
        "hand_over": hand_over.pending(workspace),
        "taking": taking or PasswordForm(auto_id="taking_%s"),
        "link": link,
        "since": latest,
        "latest": latest,
    }
    if not may_manage:
        context |= {"my_role": request.access.role, "owners": people.owners(workspace)}
    else:
        invited = list(invitations.of(workspace))
        context |= {
            "invite": invite or InviteForm(),
            "invitations": invited,
            "open_invitations": sum(one.is_open for one in invited),
            "sends_mail": settings.EMAIL_IS_CONFIGURED,
            "operators": members.operators(workspace),
        }
    if mine in active_owners and others:
        context["handing"] = handing or HandOverForm(others)
    bound = any(form is not None for form in (invite, handing, taking))
    status = 422 if bound else 200
    return render(request, "integrations/members.html", context, status=status)


@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
@in_workspace(Role.OWNER)
@refusing
def role(request: Request, member_id: int) -> HttpResponse:
    """Another role for a member: asked once more, then given. An owner takes the password."""
    workspace = request.access.workspace
    member = members.find(workspace, member_id)
    form = RoleForm(request.POST if request.method == "POST" else request.GET)
    if not form.is_valid():
        messages.warning(request, "Choose one of the three roles.")
        return to_members(request)
    wanted = Role(form.cleaned_data["role"])
    who = name_of(member.user)
    if wanted == member.role:
        messages.info(request, f"{who} is {wanted.an} already.")
        return to_members(request)
    if request.method == "GET":
        if wanted != Role.OWNER and members.is_last_owner(member):
            raise members.LastOwner
        return ask(request, _about_role(request, member, wanted, password_asked()))
    password = password_asked(request.POST)
    if wanted == Role.OWNER and not proves_to_be(request.user, password):
        return ask(request, _about_role(request, member, wanted, password))
    members.change_role(workspace, member_id, wanted, by=request.user)
    messages.success(request, f"{who} is {wanted.an} now.")
    return to_members(request)


def _about_role(
    request: Request, member: Membership, wanted: Role, password: PasswordForm
) -> Question:
    loses = not wanted.includes(Role(member.role))
    is_me = member.user_id == request.user.pk
    sentences = [MAY[wanted], "It counts at once, for their API tokens too."]
    if member.user.is_superuser:
        sentences.append("As an operator they may act as an owner in every workspace all the same.")
    elif is_me and loses:
        sentences.append("This is you: only another owner can make you one again.")
    return Question(
        title=f"Make {name_of(member.user)} {wanted.an}?",
        sentences=sentences,
        action=reverse("member-role", args=[request.access.workspace.slug, member.pk]),
        hidden={"role": wanted.value},
        yes=f"Make {name_of(member.user)} {wanted.an}",
        is_loss=loses,
        password=password if wanted == Role.OWNER else None,
        back=reverse("members", args=[request.access.workspace.slug]),
        section="members",
    )


@require_http_methods(["GET", "POST"])
@in_workspace(Role.OWNER)
@refusing
def remove(request: Request, member_id: int) -> HttpResponse:
    workspace = request.access.workspace
    member = members.find(workspace, member_id)
    if member.user_id == request.user.pk:
        return redirect("leave", workspace.slug)
    who = name_of(member.user)
    if request.method == "GET":
        if members.is_last_owner(member):
            raise members.LastOwner
        return ask(
            request,
            Question(
                title=f"Remove {who}?",
                sentences=[
                    f"{who} opens {workspace.name} no more, from this moment on, and neither do "
                    "their API tokens. Fix links and invitations that they sent stop working.",
                    "What they connected stays, with their name in the history.",
                ],
                action=reverse("remove-member", args=[workspace.slug, member.pk]),
                yes=f"Remove {who}",
                no="Keep them",
                is_loss=True,
                back=reverse("members", args=[workspace.slug]),
                section="members",
            ),
        )
    members.remove(workspace, member_id, by=request.user)
    messages.success(request, f"{who} is removed, and their access has ended.")
    return to_members(request)


@require_http_methods(["GET", "POST"])
@in_workspace(Role.VIEWER)
@refusing
def leave(request: Request) -> HttpResponse:
    workspace = request.access.workspace
    mine = members.of(workspace).filter(user=request.user).first()
    if mine is None:
        raise members.NoMember
    if request.method == "GET":
        if members.is_last_owner(mine):
            raise members.LastOwner
        return ask(
            request,
            Question(
                title=f"Leave {workspace.name}?",
                sentences=OPERATOR_LEAVES if request.user.is_superuser else LEAVES,
                action=reverse("leave", args=[workspace.slug]),
                yes="Leave it",
                no="Stay",
                is_loss=True,
                back=reverse("members", args=[workspace.slug]),
                section="members",
            ),
        )
    members.leave(workspace, request.user)
    messages.success(request, f"You left {workspace.name}.")
    return redirect("dashboard")
