"""Members and invitations, for their workspace's owners, who must be signed in as themselves."""

from typing import Any
from uuid import UUID

from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.permissions import BasePermission, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from integrations.api import schema as api_schema
from integrations.api.errors import Problem
from integrations.api.serializers import InviteRequest, RoleRequest
from integrations.api.team import invitation, member
from integrations.api.views import HasRole, InWorkspace
from integrations.models import ApiToken, Role
from integrations.services.people import invitations, members, own
from integrations.services.refusals import InvalidChange

NO_MEMBER = "No member here has this id. GET /api/members lists them."
NEEDS_PASSWORD = "Send your own password too: the role owner takes it."
NO_INVITATION = "No invitation here has this id. It was used or withdrawn."


class HasSession(BasePermission):
    """A token that leaks must not be able to let anybody in."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        if isinstance(request.auth, ApiToken):
            raise Problem(403, "session_required", api_schema.SESSION_REQUIRED)
        return True


class IsOwner(HasRole):
    message = api_schema.FOR_OWNERS

    def needed(self, request: Request) -> Role:
        return Role.OWNER  # to look, too


class OfOwners(InWorkspace):
    permission_classes = (IsAuthenticated, HasSession, IsOwner)

    def check_password(self, given: dict[str, Any]) -> None:
        """Whoever sits at somebody's open session makes no owner."""
        if given["role"] != Role.OWNER:
            return
        if not given.get("password"):
            raise InvalidChange({"password": [NEEDS_PASSWORD]})
        own.check_password(self.person, given["password"])


class Members(OfOwners):
    """Who is in the workspace."""

    @api_schema.list_members
    def list(self, request: Request) -> Response:
        """Everybody: owners, then editors, then viewers."""
        return Response([member(one, self.person) for one in members.of(self.workspace)])

    @api_schema.invite_member
    def create(self, request: Request) -> Response:
        """Invite somebody: by mail with an `email`, else by a link that is in this answer alone."""
        given = _valid(InviteRequest(data=request.data))
        self.check_password(given)
        made, link = invitations.invite(
            self.workspace,
            Role(given["role"]),
            by=self.person,
            email=given.get("email", ""),
            note=given.get("note", ""),
        )
        return Response(invitation(made) | {"link": link}, status=201)

    @api_schema.change_member
    def partial_update(self, request: Request, id: int) -> Response:  # noqa: A002 - as in the address
        """Give a member another role, at once."""
        given = _valid(RoleRequest(data=request.data))
        self.check_password(given)
        try:
            changed = members.change_role(self.workspace, id, Role(given["role"]), by=self.person)
        except members.NoMember:
            raise NotFound(NO_MEMBER) from None
        return Response(member(changed, self.person))

    @api_schema.remove_member
    def destroy(self, request: Request, id: int) -> Response:  # noqa: A002
        """End a member's access, at once, or leave."""
        try:
            members.remove(self.workspace, id, by=self.person)
        except members.NoMember:
            raise NotFound(NO_MEMBER) from None
        return Response(status=204)


class Invitations(OfOwners):
    """Who is invited."""

    @api_schema.list_invitations
    def list(self, request: Request) -> Response:
        """Those that wait, the newest first, and those that ended unused in the last days."""
        return Response([invitation(one) for one in invitations.of(self.workspace)])

    @api_schema.withdraw_invitation
    def destroy(self, request: Request, id: UUID) -> Response:  # noqa: A002
        """End an invitation: its link opens nothing any more."""
        if not invitations.withdraw(self.workspace, id, by=self.person):
            raise NotFound(NO_INVITATION)
        return Response(status=204)


def _valid(body: serializers.Serializer[Any]) -> dict[str, Any]:
    body.is_valid(raise_exception=True)
    return dict(body.validated_data)
