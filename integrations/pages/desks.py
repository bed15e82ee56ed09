"""Desks: whose channels a page shows: a workspace's to owners, the installation's to operators.

The views are the same: each is given the desk that it is at.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse

from integrations.models import Role, Workspace
from integrations.pages.members import refusing
from integrations.pages.parts import Request, View, in_workspace, signed_in
from integrations.services.people import members

DeskView = Callable[..., HttpResponse]


@dataclass(frozen=True)
class Desk:
    """Without a workspace it is the operators'."""

    workspace: Workspace | None

    @property
    def base(self) -> str:
        """The template around its pages."""
        return f"integrations/{'settings' if self.workspace else 'operations'}_base.html"

    @property
    def page(self) -> str:
        return "settings" if self.workspace else "operations"

    def link(self, name: str, *args: object) -> str:
        """The address of one of its pages."""
        if self.workspace:
            return reverse(name, args=[self.workspace.slug, *args])
        return reverse(f"operators:{name}", args=args)


def of_workspace(view: DeskView) -> View:
    """For its owners."""

    @in_workspace(Role.OWNER)
    @refusing
    @wraps(view)
    def at_desk(request: Request, **kwargs: Any) -> HttpResponse:
        return view(request, Desk(request.access.workspace), **kwargs)

    return at_desk


def of_installation(view: DeskView) -> View:
    """For operators alone."""

    @signed_in
    @wraps(view)
    def at_desk(request: Request, **kwargs: Any) -> HttpResponse:
        if not request.user.is_superuser:
            return _not_yours(request)
        try:
            return view(request, Desk(None), **kwargs)
        except members.NotAnOwner:
            return _not_yours(request)

    return at_desk


def _not_yours(request: Request) -> HttpResponse:
    return render(request, "403.html", {"of_all": True}, status=403)
