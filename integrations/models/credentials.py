"""Sealed rows: what opens a platform."""

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from integrations import crypto


class AppRegistration(models.Model):
    """A workspace's own app at a platform: whose name a person reads when signing in there."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    workspace = models.ForeignKey("Workspace", on_delete=models.CASCADE, related_name="apps")
    app = models.CharField(max_length=50)
    client_id = models.CharField(max_length=255)
    client_secret = models.TextField(editable=False)
    key_id = models.CharField(max_length=12, editable=False)
    hint = models.CharField(max_length=10, blank=True, default="", editable=False)
    proven_at = models.DateTimeField(null=True, blank=True)
    problem = models.TextField(blank=True, default="")
    updated_at = models.DateTimeField(auto_now=True)
    updated_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        verbose_name = "sign-in app"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["workspace", "app"], name="one_registration_an_app"),
        ]

    def __str__(self) -> str:
        return f"{self.app} app of {self.workspace}"

    @property
    def owner(self) -> crypto.Owner:
        return crypto.Owner(self.workspace_id, self.app, self.id)


class SignIn(models.Model):
    """What one sign-in at a platform gave, and what keeps it alive.

    `values` are the plain ones it was made with: its tokens go where those lead, and nowhere
    else. `expires_at` is the access token's end; `ends_at` is when a person must come back,
    `renew_at` when the schedule renews it. A renewal holds the lease; one that is still there
    when it has run out was left by a process that died. `is_ended` means that the platform
    refused: only a new sign-in helps.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    workspace = models.ForeignKey("Workspace", on_delete=models.CASCADE, related_name="sign_ins")
    provider = models.CharField(max_length=50)
    app = models.CharField(max_length=50)
    client_id = models.CharField(max_length=255)
    values = models.JSONField(default=dict, blank=True)
    tokens = models.TextField(editable=False)
    key_id = models.CharField(max_length=12, editable=False)
    scopes = models.JSONField(null=True, blank=True)
    facts = models.JSONField(default=dict, blank=True)
    obtained_at = models.DateTimeField()
    renewed_at = models.DateTimeField()
    can_renew = models.BooleanField(default=False)
    expires_at = models.DateTimeField(null=True, blank=True)
    refresh_expires_at = models.DateTimeField(null=True, blank=True)
    ends_at = models.DateTimeField(null=True, blank=True)
    ends_is_estimate = models.BooleanField(default=False)
    renew_at = models.DateTimeField(null=True, blank=True, db_index=True)
    lease = models.UUIDField(null=True, blank=True, editable=False)
    lease_until = models.DateTimeField(null=True, blank=True)
    interrupted_at = models.DateTimeField(null=True, blank=True)
    failures = models.PositiveIntegerField(default=0)
    failed_at = models.DateTimeField(null=True, blank=True)
    failure_kind = models.CharField(max_length=30, blank=True, default="")
    failure_message = models.TextField(blank=True, default="")
    failure_action = models.TextField(blank=True, default="")
    is_ended = models.BooleanField(default=False)

    class Meta:
        verbose_name = "sign-in"
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(lease=None, lease_until=None)
                | Q(lease__isnull=False, lease_until__isnull=False),
                name="lease_has_an_end",
            ),
            models.CheckConstraint(
                condition=Q(is_ended=False) | ~Q(failure_kind=""), name="ended_says_why"
            ),
        ]

    def __str__(self) -> str:
        return f"Sign-in to {self.provider} of {self.workspace}"

    @property
    def owner(self) -> crypto.Owner:
        return crypto.Owner(self.workspace_id, self.provider, self.id)

    @property
    def is_leased(self) -> bool:
        return self.lease_until is not None and self.lease_until > timezone.now()
