"""Lists and changes the members of a workspace from a shell, also where no owner is left."""

import json
from argparse import ArgumentParser
from collections.abc import Callable
from itertools import chain
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError

from integrations.api import team
from integrations.api.errors import ARCHIVED, LAST_OWNER
from integrations.management.arguments import USAGE, confirm, named_workspace
from integrations.models import After, Membership, Role, Workspace
from integrations.services.people import hand_over, invitations, members, own, people
from integrations.services.refusals import InvalidChange, TooManyGuesses


class Command(BaseCommand):
    help = "Lists, invites and removes members, gives roles, hands a workspace over."

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)

        listing = actions.add_parser("list", help="who is in, and who is invited")
        listing.add_argument("--json", action="store_true", help="print JSON")

        inviting = actions.add_parser("invite", help="print a link, or mail it")
        inviting.add_argument("role", choices=Role.values)
        inviting.add_argument("--email", default="", help="where the link goes, by the worker")
        inviting.add_argument("--note", default="", help="a word for the list of invitations")

        giving = actions.add_parser("role", help="give a member another role")
        giving.add_argument("username")
        giving.add_argument("role", choices=Role.values)

        removing = actions.add_parser("remove", help="end a member's access at once")
        removing.add_argument("username")

        handing = actions.add_parser("hand-over", help="at once, where nobody can be asked")
        handing.add_argument("old", metavar="OWNER")
        handing.add_argument("new", metavar="SUCCESSOR")
        handing.add_argument(
            "--then", choices=After.values, default=After.EDITOR, help="what OWNER is afterwards"
        )

        for action in (removing, handing):
            action.add_argument("--yes", action="store_true", help="do not ask")

        address = actions.add_parser("email", help="set somebody's mail address, unproven")
        address.add_argument("username")
        address.add_argument("email")

        for action in (listing, inviting, giving, removing, handing):
            action.add_argument("--workspace", metavar="SLUG", help="the first one unless named")

    def handle(self, *args: Any, action: str, **options: Any) -> None:
        handlers: dict[str, Callable[..., None]] = {
            "list": self.list,
            "invite": self.invite,
            "role": self.role,
            "remove": self.remove,
            "hand-over": self.hand_over,
            "email": self.email,
        }
        if "workspace" in options:
            options["workspace"] = named_workspace(options["workspace"])
        try:
            handlers[action](**options)
        except members.LastOwner:
            raise CommandError(LAST_OWNER) from None
        except members.Archived:
            raise CommandError(ARCHIVED) from None
        except TooManyGuesses as refused:
            raise CommandError(f"{refused.sentence} {refused.wait}") from None
        except InvalidChange as invalid:
            raise CommandError(" ".join(chain.from_iterable(invalid.errors.values()))) from None

    def list(self, workspace: Workspace, *, json: bool, **_: Any) -> None:
        found = [team.member(one) for one in members.of(workspace)]
        invited = [team.invitation(one) for one in invitations.of(workspace)]
        if json:
            self.write_json({"members": found, "invitations": invited})
            return
        for person in found:
            off = "" if person["isActive"] else "  (account switched off)"
            self.stdout.write(f"{person['role']:<8}{person['username']}{off}")
        for sent in invited:
            whom = sent["email"] or sent["note"] or "whoever has the link"
            state = f"until {sent['expiresAt']}" if sent["isOpen"] else "ended unused"
            self.stdout.write(f"{sent['role']:<8}invited: {whom}, {state}")

    def write_json(self, value: Any) -> None:
        self.stdout.write(json.dumps(value, indent=2, ensure_ascii=False))

    def invite(self, workspace: Workspace, *, role: str, email: str, note: str, **_: Any) -> None:
        if people.nobody_has_an_account():
            raise CommandError("Nobody has an account yet. Make the first with owner_link.")
        made = invitations.invite(workspace, Role(role), by=None, email=email, note=note)
        self.stdout.write(made[1] or f"The worker mails it to {email}.")

    def role(self, workspace: Workspace, *, username: str, role: str, **_: Any) -> None:
        found = _member(workspace, username)
        members.change_role(workspace, found.pk, Role(role), by=None)
        self.stdout.write(f"{username} is {Role(role).an} of {workspace} now.")

    def remove(self, workspace: Workspace, *, username: str, yes: bool, **_: Any) -> None:
        found = _member(workspace, username)
        if not yes:
            confirm(self.stderr, f"{username} loses access to {workspace}.", "remove them")
        members.remove(workspace, found.pk, by=None)
        self.stdout.write(f"{username} is removed from {workspace}.")

    def hand_over(
        self, workspace: Workspace, *, old: str, new: str, then: str, yes: bool, **_: Any
    ) -> None:
        before, after = _member(workspace, old), _member(workspace, new)
        if before.role != Role.OWNER or before == after:
            raise CommandError(f"{old} does not own {workspace}, or is both.", returncode=USAGE)
        if not yes:
            confirm(self.stderr, f"{new} will own {workspace}; nobody is asked.", "hand it over")
        hand_over.at_once(workspace, before, after, After(then))
        self.stdout.write(f"{new} owns {workspace} now.")

    def email(self, *, username: str, email: str, **_: Any) -> None:
        user = User.objects.filter(username=username).first()
        if user is None:
            raise CommandError("Nobody has this name. Check how it is written.", returncode=USAGE)
        own.set_email(user, email)
        self.stdout.write(f"{username} has the address {user.email} now.")


def _member(workspace: Workspace, username: str) -> Membership:
    found = members.of(workspace).filter(user__username=username).first()
    if not found:
        raise CommandError(f"{username} is no member of {workspace}.", returncode=USAGE)
    return found
