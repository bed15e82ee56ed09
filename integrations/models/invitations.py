"""Ways into a workspace that somebody else has to take: invitations, and its hand-over."""

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone

from integrations.models.workspaces import Role


class Invitation(models.Model):
    """A one-time way to become a member, in one role. Only its link's digest is stored.

    With an address it goes there by mail, and is for whoever has that address; without one its
    link was shown to who made it. No link exists before the mail is sent. Nobody invited where
    whoever runs the installation did, by a command.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    workspace = models.ForeignKey("Workspace", on_delete=models.CASCADE, related_name="invitations")
    role = models.CharField(max_length=10, choices=Role)
    digest = models.CharField(max_length=64, blank=True, editable=False)
    email = models.EmailField(blank=True)
    note = models.CharField(max_length=100, blank=True)
    invited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, related_name="+"
    )
    invited_at = models.DateTimeField(default=timezone.now)
    mailed_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField()

    class Meta:
        ordering = ("-invited_at",)
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["digest"], condition=~models.Q(digest=""), name="one_invitation_a_link"
            )
        ]

    def __str__(self) -> str:
        return f"Invitation to {self.workspace}"

    @property
    def is_open(self) -> bool:
        return self.expires_at > timezone.now()


class After(models.TextChoices):
    """What becomes of an owner who hands over."""

    OWNER = "owner", "I stay, as an owner too"
    EDITOR = "editor", "I stay, as an editor"
    LEAVE = "leave", "I leave"


class HandOver(models.Model):
    """An owner asks another member to own the workspace; nothing changes until they say yes."""

    workspace = models.OneToOneField("Workspace", on_delete=models.CASCADE)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+"
    )
    asked = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    after = models.CharField(max_length=10, choices=After)
    asked_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"Hand-over of {self.workspace}"
