"""Sealed rows: what opens a platform."""

import uuid
from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from integrations import crypto
from providers.access.flow import DEADLINE_SECONDS

# What a row is for that no method of a platform has.
APP, CANDIDATE, ATTEMPT = "app", "candidate", "attempt"
LEASE = timedelta(seconds=DEADLINE_SECONDS + 5)


class Credential(models.Model):
    """What opens a platform, sealed: typed secrets, and tokens that were got for them.

    `values` are the plain values that say where and how the secrets are used: both envelopes
    are bound to them, to `method` and `family`, and go nowhere else. `hints` has a key for
    every typed secret.

    Of a sign-in `grant` is a digest of the refresh token, or else the access token, that it came
    with, and stays when they are replaced: two rows with the same one end together. Empty is not
    known. `expires_at` is the access token's end; `ends_at` is when a person must come
    back, `renew_at` when the schedule renews it. A renewal holds the lease; one that is still
    there when it has run out was left by a process that died. `is_ended` means that the
    platform refused: only a new sign-in helps. Of one that nobody uses `give_back_at` is when its
    platform is asked to end it, and `failures` how often that was done.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    workspace = models.ForeignKey("Workspace", on_delete=models.CASCADE, related_name="credentials")
    method = models.CharField(max_length=50)
    family = models.CharField(max_length=50)
    provider = models.CharField(max_length=50, blank=True, default="")
    app = models.CharField(max_length=50, blank=True, default="")
    client_id = models.CharField(max_length=255, blank=True, default="")
    grant = models.CharField(max_length=64, blank=True, default="", editable=False, db_index=True)
    values = models.JSONField(default=dict, blank=True)
    secrets = models.TextField(blank=True, default="", editable=False)
    tokens = models.TextField(blank=True, default="", editable=False)
    key_id = models.CharField(max_length=12, blank=True, default="", editable=False)
    hints = models.JSONField(default=dict, blank=True, editable=False)
    scopes = models.JSONField(null=True, blank=True)
    facts = models.JSONField(default=dict, blank=True)
    obtained_at = models.DateTimeField(default=timezone.now)
    renewed_at = models.DateTimeField(default=timezone.now)
    can_renew = models.BooleanField(default=False)
    expires_at = models.DateTimeField(null=True, blank=True)
    refresh_expires_at = models.DateTimeField(null=True, blank=True)
    ends_at = models.DateTimeField(null=True, blank=True)
    ends_is_estimate = models.BooleanField(default=False)
    renew_at = models.DateTimeField(null=True, blank=True, db_index=True)
    give_back_at = models.DateTimeField(null=True, blank=True, db_index=True)
    lease = models.UUIDField(null=True, blank=True, editable=False)
    lease_until = models.DateTimeField(null=True, blank=True)
    interrupted_at = models.DateTimeField(null=True, blank=True)
    failures = models.PositiveIntegerField(default=0)
    failed_at = models.DateTimeField(null=True, blank=True)
    refused_since = models.DateTimeField(null=True, blank=True)
    failure_kind = models.CharField(max_length=30, blank=True, default="")
    failure_message = models.TextField(blank=True, default="")
    failure_action = models.TextField(blank=True, default="")
    failure_url = models.URLField(max_length=500, blank=True, default="")
    is_ended = models.BooleanField(default=False)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(lease=None, lease_until=None)
                | Q(lease__isnull=False, lease_until__isnull=False),
                name="lease_has_an_end",
            ),
            models.CheckConstraint(
                condition=Q(is_ended=False) | ~Q(failure_kind=""), name="ended_says_why"
            ),
            models.CheckConstraint(
                condition=Q(secrets="", tokens="", key_id="")
                | (~Q(key_id="") & (~Q(secrets="") | ~Q(tokens=""))),
                name="sealed_names_its_key",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.method} for {self.provider} of {self.workspace}"

    @property
    def plain(self) -> dict[str, str]:
        """Those of its values that there are."""
        return {name: value for name, value in self.values.items() if value is not None}

    def place(self, part: str) -> crypto.Place:
        """Where an envelope of this row belongs: `part` is "secrets" or "tokens"."""
        return crypto.Place(
            row_id=self.id,
            workspace_id=self.workspace_id,
            part=part,
            method=self.method,
            family=self.family,
            values=self.values,
            provider=self.provider,
            app=self.app,
        )

    def typed(self) -> dict[str, Any]:
        """The typed secrets by field name. Raises crypto.Unreadable."""
        return crypto.unseal(self.secrets, self.place("secrets"))

    def obtained(self) -> dict[str, Any]:
        """`access_token` and `refresh_token` as far as there are any. Raises crypto.Unreadable."""
        return crypto.unseal(self.tokens, self.place("tokens"))

    def is_leased(self, now: datetime) -> bool:
        """Whether somebody renews it, by a clock that is less than a lease ahead of ours."""
        return self.lease_until is not None and now < self.lease_until <= now + 2 * LEASE


class AppRegistration(models.Model):
    """A workspace's own app at a platform: whose name a person reads when signing in there."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    workspace = models.ForeignKey("Workspace", on_delete=models.CASCADE, related_name="apps")
    app = models.CharField(max_length=50)
    client_id = models.CharField(max_length=255)
    credential = models.OneToOneField(
        Credential, on_delete=models.CASCADE, related_name="registration", editable=False
    )
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
    def hint(self) -> str:
        """The end of the secret; "" for one too short to show any of."""
        return self.credential.hints.get("client_secret") or ""
