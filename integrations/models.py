"""What is stored. A connection's status is the database's to work out from facts."""

import uuid
from collections import Counter
from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Case, F, Q, Value, When
from django.utils import timezone
from knox.models import AbstractAuthToken

from integrations import crypto, platforms
from providers.base import Provider
from providers.errors import AccountNotFound, CredentialsUnreadable
from providers.sign_in import SIGN_IN

EXPIRING_WITHIN = timedelta(days=14)
UNANSWERED_TOO_LONG = timedelta(hours=24)
STARTS_WITHIN = timedelta(seconds=60)
SAVES_WITHIN = timedelta(seconds=5)


class Workspace(models.Model):
    """A team, or one client of an agency."""

    name = models.CharField(max_length=100)
    slug = models.SlugField(unique=True)

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


class Membership(models.Model):
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships"
    )
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role, default=Role.VIEWER)
    is_default = models.BooleanField(
        default=False, help_text="The workspace that opens when none is named."
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


class ApiToken(AbstractAuthToken):
    """A named token for the API. Only its digest is stored."""

    name = models.CharField(max_length=100)
    reference = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)

    def __str__(self) -> str:
        return self.name


class OwnerLink(models.Model):
    """A one-time way to make the first account. Only its digest is stored."""

    digest = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"Link until {self.expires_at:%Y-%m-%d %H:%M}"


class AppRegistration(models.Model):
    """A workspace's own app at a platform: whose name a person reads when signing in there."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="apps")
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
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="sign_ins")
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


class IntegrationConnection(models.Model):
    """A workspace's saved link to one account of a platform.

    `revision` moves when method, credentials or config change, and stands behind proof and
    results; `version` counts people's edits. `hints` has a key for every saved secret.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="connections")
    provider = models.CharField(max_length=50, choices=platforms.choices)
    name = models.CharField(max_length=100, blank=True, default="")

    auth_method = models.CharField(max_length=50, blank=True, default="")
    config = models.JSONField(default=dict, blank=True)
    credentials = models.TextField(blank=True, default="", editable=False)
    key_id = models.CharField(max_length=12, blank=True, default="", editable=False)
    hints = models.JSONField(default=dict, blank=True, editable=False)
    credentials_at = models.DateTimeField(null=True, blank=True, editable=False)
    sign_in = models.OneToOneField(
        SignIn, on_delete=models.SET_NULL, null=True, blank=True, editable=False
    )
    sign_in_key_id = models.CharField(max_length=12, blank=True, default="", editable=False)

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
    proven_at = models.DateTimeField(null=True, blank=True)
    unanswered_since = models.DateTimeField(null=True, blank=True)
    last_test = models.ForeignKey(
        "ConnectionTest", on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    platform_account_id = models.CharField(max_length=200, blank=True, default="")
    platform_account_name = models.CharField(max_length=200, blank=True, default="")
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
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["workspace", "provider", "name"], name="one_connection_of_a_name"
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
                condition=Q(credentials="", key_id="") | (~Q(credentials="") & ~Q(key_id="")),
                name="credentials_name_their_key",
            ),
            models.CheckConstraint(
                condition=Q(is_complete=False) | ~Q(auth_method=""),
                name="complete_has_method",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_provider_display()} of {self.workspace}"

    @property
    def platform(self) -> Provider:
        return platforms.get(self.provider)

    @property
    def owner(self) -> crypto.Owner:
        return crypto.Owner(self.workspace_id, self.provider, self.id)

    def secrets(self) -> dict[str, str]:
        """The saved secret values by field name. Raises crypto.Unreadable."""
        return crypto.decrypt(self.credentials, self.owner)

    @property
    def is_unreadable(self) -> bool:
        """Whether the key is not here. Damaged bytes show at their first use."""
        used = [self.key_id, self.sign_in_key_id if self.is_signed_in else ""]
        return any(key_id and not crypto.is_known(key_id) for key_id in used)

    @property
    def saved_names(self) -> set[str]:
        return {*self.config, *self.hints}

    @property
    def has_anything(self) -> bool:
        """Whether anything was saved: values, or a sign-in."""
        return bool(self.saved_names or self.sign_in_id)

    @property
    def is_signed_in(self) -> bool:
        """Whether it is connected by a sign-in made here."""
        return self.sign_in_id is not None and self.auth_method == SIGN_IN

    @property
    def needs_reauth(self) -> bool:
        return self.error_kind in ("auth_invalid", "auth_expired")

    def is_fresh(self, now: datetime) -> bool:
        """Whether a test passed with this revision within the platform's proof budget."""
        return self.proven_at is not None and self.proven_at + self.platform.proof_budget > now

    def light(self, now: datetime) -> str:
        if self.status == Status.ERROR:
            return "red"
        if self.status != Status.CONNECTED:
            return "grey"
        if self.is_unreadable:
            return "red"
        return "green" if self.is_fresh(now) else "amber"

    def attention(self, now: datetime) -> str | None:
        """In a word, why a person should look; None when nobody need look."""
        if self.status in (Status.NOT_CONNECTED, Status.DISABLED):
            return None
        reasons = (
            ("unreadable", self.is_unreadable),
            ("failing", self.last_error),
            ("reported", self.reported_error),
            ("unanswered", self.has_no_answer_for_long(now)),
            ("expiring", self.expires_at and self.expires_at - now < EXPIRING_WITHIN),
            ("unproven", self.proven_at is None),
            ("stale", not self.is_fresh(now)),
        )
        return next((word for word, holds in reasons if holds), None)

    def turns(self) -> list[datetime]:
        """When time alone turns the light, what asks for attention, or whether it is stale."""
        turns = []
        if self.proven_at and self.provider in platforms.catalogue():
            turns.append(self.proven_at + self.platform.proof_budget)
        if self.expires_at:
            turns.append(self.expires_at - EXPIRING_WITHIN)
        if self.unanswered_since:
            turns.append(self.unanswered_since + UNANSWERED_TOO_LONG)
        return turns

    def has_no_answer_for_long(self, now: datetime) -> bool:
        since = self.unanswered_since
        return since is not None and now - since > UNANSWERED_TOO_LONG

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
                "action": unreadable.action,
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


class Trigger(models.TextChoices):
    PAGE = "page", "the page"
    API = "api", "the API"
    ADMIN = "admin", "the admin"
    SCHEDULE = "schedule", "the schedule"
    SAVE = "save", "Test and save"
    COMMAND = "command", "a command"


class TestOutcome(models.TextChoices):
    RUNNING = "running", "Running"
    PASSED = "passed", "Passed"
    FAILED = "failed", "Failed"
    INCONCLUSIVE = "inconclusive", "No answer"
    NOT_IMPLEMENTED = "not_implemented", "Test not implemented yet"


class ConnectionTest(models.Model):
    """One test of one connection, written when it starts and again as its steps end."""

    connection = models.ForeignKey(
        IntegrationConnection, on_delete=models.CASCADE, related_name="tests"
    )
    revision = models.PositiveIntegerField()
    trigger = models.CharField(max_length=10, choices=Trigger)
    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    fix_link = models.ForeignKey(
        "FixLink", on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    dry_run = models.BooleanField(default=False)
    outcome = models.CharField(max_length=20, choices=TestOutcome, default=TestOutcome.RUNNING)
    error_kind = models.CharField(max_length=30, blank=True, default="")
    message = models.TextField(blank=True, default="")
    action = models.TextField(blank=True, default="")
    action_url = models.URLField(max_length=500, blank=True, default="")
    steps = models.JSONField(default=list, blank=True)
    account_id = models.CharField(max_length=200, blank=True, default="")
    account_name = models.CharField(max_length=200, blank=True, default="")
    account_changed = models.BooleanField(default=False)
    expires_at = models.DateTimeField(null=True, blank=True)
    expires_is_estimate = models.BooleanField(default=False)
    retry_at = models.DateTimeField(null=True, blank=True)
    started_at = models.DateTimeField(default=timezone.now)
    lease_until = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)
    duration_ms = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = "test"
        ordering = ("-id",)
        indexes: ClassVar = [
            models.Index(fields=["connection", "-id"], name="test_history"),
            models.Index(fields=["connection", "started_at"], name="test_rate"),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["connection"],
                condition=Q(outcome=TestOutcome.RUNNING),
                name="one_running_test",
            ),
            models.CheckConstraint(
                condition=Q(outcome=TestOutcome.RUNNING, finished_at=None)
                | (~Q(outcome=TestOutcome.RUNNING) & Q(finished_at__isnull=False)),
                name="finished_unless_running",
            ),
            models.CheckConstraint(
                condition=Q(lease_until__gt=F("started_at")), name="lease_after_start"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_outcome_display()} at {self.started_at:%Y-%m-%d %H:%M}"

    @property
    def is_running(self) -> bool:
        return self.outcome == TestOutcome.RUNNING

    @property
    def warnings(self) -> list[str]:
        """What a test that passed warned about."""
        if self.outcome != TestOutcome.PASSED:
            return []
        return [step["detail"] for step in self.steps if step["outcome"] == "warned"]


class TestRun(models.Model):
    """All that a workspace has connected, tested together; one run at a time."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="runs")
    trigger = models.CharField(max_length=10, choices=Trigger)
    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    started_at = models.DateTimeField(default=timezone.now)
    lease_until = models.DateTimeField()
    stopped_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "run"
        ordering = ("-id",)
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["workspace"], condition=Q(finished_at=None), name="one_run_at_a_time"
            ),
        ]

    def __str__(self) -> str:
        return f"Test of all in {self.workspace} at {self.started_at:%Y-%m-%d %H:%M}"

    @property
    def is_running(self) -> bool:
        return self.finished_at is None

    @property
    def total(self) -> int:
        return len(self.items.all())

    @property
    def done(self) -> int:
        return sum(item.ended_at is not None for item in self.items.all())

    @property
    def skipped(self) -> int:
        return sum(item.test is None for item in self.items.all())

    @property
    def failed_names(self) -> str:
        """The platforms whose test failed, by name."""
        failed = (i for i in self.items.all() if i.test and i.test.outcome == TestOutcome.FAILED)
        return ", ".join(item.connection.platform.name for item in failed)

    @property
    def outcomes(self) -> Counter[str]:
        """How many of the items' tests ended in which outcome."""
        tests = (item.test for item in self.items.all())
        return Counter(test.outcome for test in tests if test and not test.is_running)


class RunItem(models.Model):
    """One connection of a run. Without a test it waits, or `problem` says why it has none."""

    run = models.ForeignKey(TestRun, on_delete=models.CASCADE, related_name="items")
    connection = models.ForeignKey(
        IntegrationConnection, on_delete=models.CASCADE, related_name="+"
    )
    test = models.ForeignKey(
        ConnectionTest, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    problem = models.TextField(blank=True, default="")
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["run", "connection"], name="one_item_a_connection"),
        ]

    def __str__(self) -> str:
        return f"{self.connection} in run {self.run_id}"


class FixLink(models.Model):
    """A one-time way for the person who owns the platform's account to sign in there for us.

    Opens nothing else of the application. Only its digest is stored.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    connection = models.ForeignKey(
        IntegrationConnection, on_delete=models.CASCADE, related_name="fix_links"
    )
    digest = models.CharField(max_length=64, unique=True, editable=False)
    recipient = models.CharField(max_length=100)
    sent_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    sent_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"Fix link for {self.recipient}"


class Candidate(models.Model):
    """Values typed in the dialog, waiting to be proven before they replace the saved ones.

    Bound to one person's session, or to that of whoever came with a fix link. The payload is
    emptied once they are saved. A draft is kept only so that secrets need not be typed again;
    nothing was asked of it yet. `accounts` are those a sign-in reaches, as `[id, name]`;
    while one of them `is_choosing`, nothing is tested.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    connection = models.ForeignKey(
        IntegrationConnection, on_delete=models.CASCADE, related_name="candidates"
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, related_name="+"
    )
    fix_link = models.ForeignKey(FixLink, on_delete=models.CASCADE, null=True, related_name="+")
    session_digest = models.CharField(max_length=64)
    payload = models.TextField(editable=False)
    sign_in = models.ForeignKey(
        SignIn, on_delete=models.SET_NULL, null=True, related_name="candidates"
    )
    accounts = models.JSONField(null=True)
    is_choosing = models.BooleanField(default=False)
    base_version = models.PositiveIntegerField()
    test = models.ForeignKey(
        ConnectionTest, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    problem = models.TextField(blank=True, default="")
    is_draft = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    saved_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"Values of {self.user or self.fix_link} for {self.connection}"

    @property
    def owner(self) -> crypto.Owner:
        return crypto.Owner(self.connection.workspace_id, self.connection.provider, self.id)

    @property
    def is_proven(self) -> bool:
        """Whether its test passed for the account that is connected: then it saves itself."""
        test = self.test
        passed = bool(test and test.outcome == TestOutcome.PASSED and not test.account_changed)
        return passed and not self.is_unsure

    @property
    def is_unsure(self) -> bool:
        """Whether a new sign-in passed, and nobody said that it is the connected account's."""
        test = self.test
        told = test is None or test.outcome != TestOutcome.PASSED or test.account_id
        return not told and bool(self.sign_in_id and self.connection.platform_account_id)

    @property
    def is_switch(self) -> bool:
        """Whether its test passed for another account than the one that is connected."""
        test = self.test
        return bool(test and test.outcome == TestOutcome.PASSED and test.account_changed)

    @property
    def is_running(self) -> bool:
        """Whether waiting is worth while: for the test, or for its result to be saved."""
        if self.saved_at or self.problem or self.is_draft or self.is_choosing:
            return False
        now = timezone.now()
        if self.test is None:
            return now - self.created_at < STARTS_WITHIN
        if self.test.finished_at is None:
            return self.test.lease_until > now
        return now - self.test.finished_at < self._settles_within(self.test)

    def _settles_within(self, test: ConnectionTest) -> timedelta:
        """How long after its test something may still become of it: saved, refused, offered."""
        missed = test.error_kind == AccountNotFound.kind and self.sign_in_id is not None
        if missed and self.fix_link_id is None and self.accounts is None:
            return STARTS_WITHIN  # the accounts that it does reach are looked up
        passed = test.outcome == TestOutcome.PASSED
        if self.is_proven or (self.fix_link_id is not None and (passed or missed)):
            return SAVES_WITHIN
        return timedelta(0)

    @property
    def trouble(self) -> str:
        """What stands in the way, other than the platform's answer."""
        if self.problem or self.is_running or self.is_draft or self.is_choosing:
            return self.problem
        interrupted = self.test is None or self.test.is_running
        return "The test was interrupted. Try again." if interrupted else ""

    @property
    def can_be_saved(self) -> bool:
        """Whether there is something to keep, and nobody is at it."""
        settled = not self.is_running and not self.saved_at
        return settled and not self.problem and not self.is_draft and not self.is_choosing


class SignInAttempt(models.Model):
    """A sign-in that was begun: what comes back must fit it, once, within ten minutes.

    Bound to the session of whoever began it. The payload holds the code verifier and what was
    typed. `problem` says how it ended if not with tokens.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    connection = models.ForeignKey(
        IntegrationConnection, on_delete=models.CASCADE, related_name="sign_in_attempts"
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, related_name="+"
    )
    fix_link = models.ForeignKey(FixLink, on_delete=models.CASCADE, null=True, related_name="+")
    session_digest = models.CharField(max_length=64)
    state_digest = models.CharField(max_length=64, unique=True)
    payload = models.TextField(editable=False)
    app = models.CharField(max_length=50)
    client_id = models.CharField(max_length=255)
    redirect_uri = models.CharField(max_length=500)
    base_version = models.PositiveIntegerField()
    begun_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    problem = models.TextField(blank=True, default="")
    action = models.TextField(blank=True, default="")
    candidate = models.ForeignKey(Candidate, on_delete=models.SET_NULL, null=True, related_name="+")

    def __str__(self) -> str:
        return f"Sign-in for {self.connection}"

    @property
    def owner(self) -> crypto.Owner:
        return crypto.Owner(self.connection.workspace_id, self.connection.provider, self.id)


class ExpiryNotice(models.Model):
    """That a connection ends in so many days: told once for each of its ends."""

    connection = models.ForeignKey(
        IntegrationConnection, on_delete=models.CASCADE, related_name="expiry_notices"
    )
    days = models.PositiveSmallIntegerField()
    ends_at = models.DateTimeField()
    is_estimate = models.BooleanField()
    given_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("-given_at", "-id")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["connection", "days", "ends_at"], name="one_notice_an_end"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.connection} ends in {self.days} days"


class Heartbeat(models.Model):
    """When the work that nobody asks for was last looked after."""

    name = models.CharField(max_length=20, primary_key=True)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name} at {self.at:%Y-%m-%d %H:%M}"
