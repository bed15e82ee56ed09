"""Values and sign-ins that wait to be proven."""

import uuid
from datetime import datetime, timedelta

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from integrations.models.credentials import Credential
from integrations.models.tests import ConnectionTest, TestOutcome
from providers.declare import Account
from providers.errors import AccountNotFound

STARTS_WITHIN = timedelta(seconds=60)
SAVES_WITHIN = timedelta(minutes=1)  # a sign-in may let in hundreds
EXCHANGED_WITHIN = timedelta(seconds=30)


class OfSession(models.Model):
    """What waits for the person, or whoever came with a fix link, of one browser's session."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, related_name="+"
    )
    fix_link = models.ForeignKey(
        "integrations.FixLink", on_delete=models.CASCADE, null=True, related_name="+"
    )
    session_digest = models.CharField(max_length=64)

    class Meta:
        abstract = True


class Candidate(OfSession):
    """Values typed in the dialog, waiting to be proven before they replace the saved ones.

    Bound to one person's session, or to that of whoever came with a fix link. The payload is
    emptied once they are saved. A draft is kept only so that secrets need not be typed again;
    nothing was asked of it yet. `accounts` are those a sign-in reaches, as `[id, name, values]`;
    while one of them `is_choosing`, nothing is tested. `farewell` is what to know of the sign-in
    that it replaced.
    """

    connection = models.ForeignKey(
        "IntegrationConnection", on_delete=models.CASCADE, related_name="candidates"
    )
    credential = models.OneToOneField(
        "Credential",
        on_delete=models.SET_NULL,
        null=True,
        related_name="candidate",
        editable=False,
    )
    sign_in = models.ForeignKey(
        "Credential", on_delete=models.SET_NULL, null=True, related_name="candidates"
    )
    accounts = models.JSONField(null=True)
    is_choosing = models.BooleanField(default=False)
    base_version = models.PositiveIntegerField()
    test = models.ForeignKey(
        "ConnectionTest", on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    problem = models.TextField(blank=True, default="")
    farewell = models.TextField(blank=True, default="")
    is_draft = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    saved_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"Values of {self.user or self.fix_link} for {self.connection}"

    @property
    def is_proven(self) -> bool:
        """Whether its test passed for the account that is connected: then it saves itself.

        Not where something would be lost with the sign-in that it replaces.
        """
        test = self.test
        passed = bool(test and test.outcome == TestOutcome.PASSED and not test.account_changed)
        return passed and not self.is_unsure and not self.is_loss

    @property
    def is_unsure(self) -> bool:
        """Whether a new sign-in passed, and nobody said that it is the connected account's."""
        test = self.test
        told = test is None or test.outcome != TestOutcome.PASSED or test.account_id
        return not told and bool(self.sign_in_id and self.connection.platform_account_id)

    @property
    def is_loss(self) -> bool:
        """Whether the sign-in that it replaces could do more than this one."""
        return self.loses_renewal or bool(self.lost_permissions)

    @property
    def loses_renewal(self) -> bool:
        """Whether the present sign-in renews itself, and this one cannot."""
        present, new = self._replaced, self.sign_in
        return bool(present and new and present.can_renew and not new.can_renew)

    @property
    def lost_permissions(self) -> list[str]:
        """What the present sign-in may read and this one may not, as the platform's file says it.

        Only where the platform lists what it granted.
        """
        present, new = self._replaced, self.sign_in
        if not present or not new or present.scopes is None or new.scopes is None:
            return []
        declared = self.connection.platform.for_values(new.plain).oauth
        before, after = frozenset(present.scopes), frozenset(new.scopes)
        asked = declared.scopes if declared else ()
        return [one.gives for one in asked if one.is_in(before) and not one.is_in(after)]

    @property
    def _replaced(self) -> Credential | None:
        """The sign-in that is connected and alive, where this one would take its place."""
        present = self.connection.sign_in if self.connection.is_signed_in else None
        if present is None or present.pk == self.sign_in_id or present.is_ended:
            return None
        return present

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
            return self.test.is_leased(now)
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
    def offered(self) -> list[Account]:
        """The accounts to choose from."""
        return [Account(*one) for one in self.accounts or []]

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


class SignInAttempt(OfSession):
    """A sign-in that was begun: what comes back must fit it, within ten minutes.

    Bound to the session of whoever began it. The payload holds the code verifier and what was
    typed; it is kept for as long as another answer may do better. `codes` are digests of those
    that were exchanged. `used_at` is when the last answer came, and `problem` says how that
    ended if not with tokens.
    """

    connection = models.ForeignKey(
        "IntegrationConnection", on_delete=models.CASCADE, related_name="sign_in_attempts"
    )
    state_digest = models.CharField(max_length=64, unique=True)
    credential = models.OneToOneField(
        "Credential",
        on_delete=models.SET_NULL,
        null=True,
        related_name="attempt",
        editable=False,
    )
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
    codes = models.JSONField(default=list)

    def __str__(self) -> str:
        return f"Sign-in for {self.connection}"

    @classmethod
    def going_on(cls, now: datetime) -> models.QuerySet["SignInAttempt"]:
        """Those of which an answer may still connect, or does so just now."""
        is_open = cls.objects.filter(candidate=None, credential__isnull=False)
        under_way = Q(used_at__gt=now - EXCHANGED_WITHIN, problem="")
        return is_open.filter(Q(expires_at__gt=now) | under_way)

    @property
    def is_open(self) -> bool:
        """Whether an answer may still connect: nothing was given yet, and what it needs is here."""
        return self.credential_id is not None and self.candidate_id is None

    @property
    def is_under_way(self) -> bool:
        """Whether an answer came and its code is being exchanged: how that ends shows soon."""
        came = self.used_at if self.is_open and not self.problem else None
        return came is not None and timezone.now() - came < EXCHANGED_WITHIN
