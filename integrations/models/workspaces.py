"""Workspaces, and who is in them."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone


class Workspace(models.Model):
    """A team, or one client of an agency.

    While it is archived nobody opens it and nothing works in it; all that is in it stays.
    """

    name = models.CharField(max_length=100)
    slug = models.SlugField(unique=True)
    archived_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class Role(models.TextChoices):
    """Each role may do what those before it may."""

    VIEWER = "viewer", "Viewer: sees everything"
    EDITOR = "editor", "Editor: tests, configures, enables and disconnects"
    OWNER = "owner", "Owner: also members, notifications and audit"

    def includes(self, other: "Role") -> bool:
        order = list(Role)
        return order.index(self) >= order.index(other)

    @property
    def an(self) -> str:
        """`"a viewer"`, `"an editor"`, `"an owner"`."""
        return f"{'a' if self is Role.VIEWER else 'an'} {self.value}"


class Membership(models.Model):
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships"
    )
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role, default=Role.VIEWER)
    is_default = models.BooleanField(
        default=False, help_text="The workspace that opens when none is named."
    )
    since = models.DateTimeField(  # unknown for those of before it was kept
        null=True, default=timezone.now, editable=False
    )

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["user", "workspace"], name="one_membership"),
            models.UniqueConstraint(
                fields=["user"], condition=Q(is_default=True), name="one_default_workspace"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} in {self.workspace}"
