"""A saved link to one account of a platform.

Its status is the database's to work out from facts.
"""

import uuid
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Case, F, Q, Value, When
from django.utils import timezone

from integrations import crypto, platforms
from providers.declare import SIGN_IN, Provider
from providers.errors import CredentialsUnreadable

if TYPE_CHECKING:
    from integrations.models.watches import Watch

A_LITTLE_AHEAD = timedelta(minutes=1)  # as clocks of machines that are kept right may be
EXPIRING_WITHIN = timedelta(days=14)


class Status(models.TextChoices):
    NOT_CONNECTED = "not_connected", "Not connected"
    DISABLED = "disabled", "Disabled"
    ERROR = "error", "Error"
    CONNECTED = "connected", "Connected"


STATUS_FROM_FACTS = Case(
    When(is_complete=False, then=Value(Status.NOT_CONNECTED.value)),
    When(is_enabled=False, then=Value(Status.DISABLED.value)),
    When(~Q(last_error="") | ~Q(reported_error=""), then=Value(Status.ERROR.value)),
    default=Value(Status.CONNECTED.value),
    output_field=models.TextField(),
)

# Each is there exactly while something is wrong.
IN_TROUBLE = (
    Q(failing_since__isnull=False)
    | Q(reported_at__isnull=False)
    | Q(unanswered_since__isnull=False)
)

MENDED_BY_LENDER = "Only the owners of the workspace that lends it can mend this. Ask them."


class IntegrationConnection(models.Model):
    """A workspace's saved link to one account of a platform.

    `slug` is kept for good, and names it in commands; `name` is what people call it, and
    without one the account's own counts: see `title`. One of a platform is the default.

    `revision` moves when method, credentials or config change, and stands behind proof and
    results; `version` counts people's edits. What lets us in is in `credential`, or in `sign_in`
    for that method; `hints`, with a key for every saved secret, and the ids of their keys are
    copies of what those rows have. Those rows are of its own workspace, or of its `lender`: then
    the hints show nothing.

    What it was for before it was disconnected is in `former_account_id` and `former_account_name`,
    and who took it back in `taken_back_by`: as long as nothing is saved anew.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    workspace = models.ForeignKey("Workspace", on_delete=models.CASCADE, related_name="connections")
    provider = models.CharField(max_length=50, choices=platforms.choices)
    slug = models.SlugField(
        max_length=50, default="main", db_default="main", db_index=False, editable=False
    )
    name = models.CharField(max_length=100, blank=True, default="")
    is_default = models.BooleanField(default=True, db_default=True, editable=False)

    auth_method = models.CharField(max_length=50, blank=True, default="")
    config = models.JSONField(default=dict, blank=True)
    credential = models.ForeignKey(
        "Credential",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="connections",
        editable=False,
    )
    key_id = models.CharField(max_length=12, blank=True, default="", editable=False)
    hints = models.JSONField(default=dict, blank=True, editable=False)
    credentials_at = models.DateTimeField(null=True, blank=True, editable=False)
    sign_in = models.ForeignKey(
        "Credential",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="signed_in",
        editable=False,
        db_index=False,
    )
    sign_in_key_id = models.CharField(max_length=12, blank=True, default="", editable=False)
    lender = models.ForeignKey(
        "Workspace",
        on_delete=models.RESTRICT,
        null=True,
        blank=True,
        related_name="lent",
        editable=False,
        db_index=False,
    )

    is_complete = models.BooleanField(default=False)
    is_enabled = models.BooleanField(default=True)
    last_error = models.TextField(blank=True, default="")
    reported_error = models.TextField(blank=True, default="")
    status = models.GeneratedField(
        expression=STATUS_FROM_FACTS,
        output_field=models.TextField(choices=Status),
        db_persist=True,
    )

    error_kind = models.CharField(max_length=30, blank=True, default="")
    error_action = models.TextField(blank=True, default="")
    error_action_url = models.URLField(max_length=500, blank=True, default="")
    failing_since = models.DateTimeField(null=True, blank=True)
    failed_test = models.ForeignKey(
        "ConnectionTest", on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    reported_at = models.DateTimeField(null=True, blank=True)
    reported_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    proven_at = models.DateTimeField(null=True, blank=True)
    proof_stand_in = models.CharField(max_length=300, blank=True, default="", editable=False)
    unanswered_since = models.DateTimeField(null=True, blank=True)
    last_test = models.ForeignKey(
        "ConnectionTest", on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    platform_account_id = models.CharField(max_length=200, blank=True, default="")
    platform_account_name = models.CharField(max_length=200, blank=True, default="")
    former_account_id = models.CharField(
        max_length=200, blank=True, default="", db_default="", editable=False
    )
    former_account_name = models.CharField(
        max_length=200, blank=True, default="", db_default="", editable=False
    )
    taken_back_at = models.DateTimeField(null=True, blank=True, editable=False)
    taken_back_by = models.ForeignKey(
        "Workspace",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        editable=False,
    )
    expires_at = models.DateTimeField(null=True, blank=True)
    expires_is_estimate = models.BooleanField(default=False)

    revision = models.PositiveIntegerField(default=0)
    version = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)
    edited_at = models.DateTimeField(null=True, blank=True)
    edited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    edited_fields = models.JSONField(default=list, blank=True)

    class Meta:
        verbose_name = "connection"
        # Most have none. Among many without, a database would rather read them all than an index
        # of those, too.
        indexes: ClassVar = [
            models.Index(
                fields=["sign_in"], condition=Q(sign_in__isnull=False), name="signed_in_by"
            ),
            models.Index(fields=["lender"], condition=Q(lender__isnull=False), name="lent_by"),
            # Of many the few in which something is wrong.
            models.Index(fields=["id"], condition=IN_TROUBLE, name="connections_in_trouble"),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["workspace", "provider", "slug"], name="one_connection_of_a_slug"
            ),
            models.UniqueConstraint(
                fields=["workspace", "provider"],
                condition=Q(is_default=True),
                name="one_default_connection",
            ),
            models.CheckConstraint(
                condition=Q(proven_at=None) | Q(last_error="", is_complete=True),
                name="proof_excludes_error",
            ),
            models.CheckConstraint(
                condition=Q(last_error="", error_kind="", failing_since=None)
                | (~Q(last_error="") & ~Q(error_kind="") & Q(failing_since__isnull=False)),
                name="error_has_kind_and_time",
            ),
            models.CheckConstraint(
                condition=Q(reported_error="", reported_at=None)
                | (~Q(reported_error="") & Q(reported_at__isnull=False)),
                name="reported_error_has_time",
            ),
            models.CheckConstraint(
                condition=Q(is_complete=False) | ~Q(auth_method=""),
                name="complete_has_method",
            ),
            models.CheckConstraint(
                condition=Q(lender=None) | ~Q(lender=F("workspace")),
                name="nobody_lends_to_oneself",
            ),
        ]

    def __str__(self) -> str:
        other = "" if self.is_default else f" ({self.title})"
        return f"{self.get_provider_display()}{other} of {self.workspace}"

    @property
    def title(self) -> str:
        """What people call it: its name, or the account's own as far as it is known."""
        account = self.platform_account_name or self.platform_account_id
        account = account or str(self.config.get("account_id") or "")
        return self.name or account or self.former_account or self.slug

    @property
    def former_account(self) -> str:
        """What it was for before it was disconnected."""
        return self.former_account_name or self.former_account_id

    @property
    def platform(self) -> Provider:
        return platforms.get(self.provider)

    @property
    def is_unreadable(self) -> bool:
        """Whether the key is not here. Damaged bytes show at their first use."""
        used = [self.key_id, self.sign_in_key_id if self.is_signed_in else ""]
        return any(key_id and not crypto.is_known(key_id) for key_id in used)

    @property
    def saved_names(self) -> set[str]:
        return {*self.config, *self.hints}

    @property
    def watched(self) -> "Watch | None":
        """When it is checked next; None where nobody looked after it yet."""
        if self._state.adding and "watch" not in self._state.fields_cache:
            return None
        return getattr(self, "watch", None)

    @property
    def has_anything(self) -> bool:
        """Whether anything was saved: values, or a sign-in."""
        return bool(self.saved_names or self.sign_in_id)

    @property
    def is_signed_in(self) -> bool:
        """Whether it is connected by a sign-in made here."""
        return self.sign_in_id is not None and self.auth_method == SIGN_IN

    @property
    def opened_by_id(self) -> uuid.UUID | None:
        """The credential that lets us in: the sign-in's where that is the way."""
        return self.sign_in_id if self.auth_method == SIGN_IN else self.credential_id

    @property
    def owner_id(self) -> int:
        """The workspace whose rows let it in."""
        return self.lender_id or self.workspace_id

    @property
    def is_lent(self) -> bool:
        """Whether what lets it in is another workspace's, which alone may change that."""
        return self.lender_id is not None

    @property
    def needs_reauth(self) -> bool:
        return self.error_kind in ("auth_invalid", "auth_expired")

    @property
    def unprovable(self) -> str:
        """What is said of a way in that no test can ever prove; "" where one can."""
        provider = platforms.catalogue().get(self.provider)  # of one that is gone, a row may stay
        methods = provider.methods if provider else ()
        return next((one.unprovable for one in methods if one.slug == self.auth_method), "")

    @property
    def proof_at(self) -> datetime | None:
        """When it was proven by whoever is asked now: a stand-in proves nothing of the platform."""
        is_same = self.proof_stand_in == (platforms.stand_in(self.provider) or "")
        return self.proven_at if is_same else None

    def is_fresh(self, now: datetime) -> bool:
        """Whether a test passed with this revision within the platform's proof budget.

        One of the future was written by a clock that was ahead: nobody knows when it passed.
        """
        age = now - self.proof_at if self.proof_at else None
        return age is not None and -A_LITTLE_AHEAD < age < self.platform.proof_budget

    def light(self, now: datetime) -> str:
        if self.status == Status.ERROR:
            return "red"
        if self.status != Status.CONNECTED:
            return "grey"
        if self.is_unreadable:
            return "red"
        if self.unprovable:
            return "grey"
        return "green" if self.is_fresh(now) and not self.unanswered_since else "amber"

    def attention(self, now: datetime) -> str | None:
        """In a word, why a person should look; None when nobody need look."""
        if self.taken_back_at:
            return "taken_back"
        if self.status in (Status.NOT_CONNECTED, Status.DISABLED):
            return None
        reasons = (
            ("unreadable", self.is_unreadable),
            ("failing", self.last_error),
            ("reported", self.reported_error),
            (None, self.unprovable),
            ("unanswered", self.has_no_answer_for_long(now)),
            ("expiring", self.expires_at and self.expires_at - now < EXPIRING_WITHIN),
            ("unproven", self.proof_at is None),
            ("stale", not self.is_fresh(now)),
        )
        return next((word for word, holds in reasons if holds), None)

    def has_no_answer_for_long(self, now: datetime) -> bool:
        since = self.unanswered_since
        return since is not None and now - since > timedelta(minutes=settings.OUTAGE_MINUTES)

    def clear_report(self) -> None:
        self.reported_error, self.reported_at, self.reported_by = "", None, None

    def failure(self) -> dict[str, Any] | None:
        """The break itself, whatever later inconclusive tests say."""
        if self.last_error:
            return {
                "kind": self.error_kind,
                "message": self.last_error,
                "action": self.error_action,
                "actionUrl": self.error_action_url or None,
                "since": self.failing_since,
                "testId": self.failed_test_id,
            }
        if self.is_unreadable:
            unreadable = CredentialsUnreadable()
            return {
                "kind": unreadable.kind,
                "message": unreadable.message,
                "action": MENDED_BY_LENDER if self.is_lent else unreadable.action,
                "actionUrl": None,
                "since": self.edited_at,
                "testId": None,
            }
        if self.reported_error:
            return {
                "kind": "reported",
                "message": self.reported_error,
                "action": "Put it right where it was reported, then clear the report here.",
                "actionUrl": None,
                "since": self.reported_at,
                "testId": None,
            }
        return None
