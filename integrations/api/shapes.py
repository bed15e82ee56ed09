"""The shapes of replies, for the OpenAPI document alone: `presentation` makes the replies."""

from typing import Any, get_args

from rest_framework import serializers

from integrations import platforms
from integrations.models import Role, Status, TestOutcome, Trigger
from providers import errors
from providers.declare import FieldType

PROVIDERS = list(platforms.catalogue())
KINDS = sorted(
    kind.kind for side in (errors.Refused, errors.Unanswered) for kind in side.__subclasses__()
)
ALL_KINDS = [*KINDS, "reported"]
LIGHTS = ["green", "amber", "red", "grey"]
ATTENTIONS = ["failing", "reported", "stale", "unproven", "unanswered", "expiring", "unreadable"]
STEP_OUTCOMES = [
    "passed",
    "failed",
    "inconclusive",
    "warned",
    "skipped",
    "running",
    "waiting",
]


class Shape(serializers.Serializer[Any]):
    """Never reads and never writes."""


class Problem(Shape):
    detail = serializers.CharField()
    code = serializers.CharField()


class Account(Shape):
    id = serializers.CharField()
    name = serializers.CharField(allow_null=True)


class Secret(Shape):
    isSet = serializers.BooleanField()
    hint = serializers.CharField(allow_null=True, help_text="The last four characters.")


class Failure(Shape):
    kind = serializers.ChoiceField(choices=ALL_KINDS)
    message = serializers.CharField()
    action = serializers.CharField()
    actionUrl = serializers.URLField(allow_null=True)
    since = serializers.DateTimeField(allow_null=True)
    testId = serializers.IntegerField(allow_null=True)


class TestStep(Shape):
    label = serializers.CharField()  # type: ignore[assignment]
    outcome = serializers.ChoiceField(choices=STEP_OUTCOMES)
    detail = serializers.CharField(allow_blank=True)
    durationMs = serializers.IntegerField()


class Test(Shape):
    id = serializers.IntegerField()
    provider = serializers.ChoiceField(choices=PROVIDERS)
    outcome = serializers.ChoiceField(choices=TestOutcome.choices)
    errorKind = serializers.ChoiceField(choices=KINDS, allow_null=True)
    message = serializers.CharField(allow_blank=True)
    action = serializers.CharField(allow_null=True)
    actionUrl = serializers.URLField(allow_null=True)
    steps = TestStep(many=True)
    account = Account(allow_null=True)
    accountChanged = serializers.BooleanField()
    retryAt = serializers.DateTimeField(allow_null=True)
    trigger = serializers.ChoiceField(choices=Trigger.choices)
    dryRun = serializers.BooleanField()
    startedAt = serializers.DateTimeField()
    durationMs = serializers.IntegerField()


class TestPage(Shape):
    next = serializers.URLField(allow_null=True, help_text="Where older tests are.")
    results = Test(many=True)


class RunItem(Shape):
    provider = serializers.ChoiceField(choices=PROVIDERS)
    state = serializers.ChoiceField(choices=["waiting", "running", "done", "skipped"])
    problem = serializers.CharField(allow_null=True, help_text="Why it was skipped.")
    test = Test(allow_null=True)


class Run(Shape):
    id = serializers.IntegerField()
    state = serializers.ChoiceField(choices=["running", "finished", "stopped"])
    total = serializers.IntegerField()
    done = serializers.IntegerField()
    passed = serializers.IntegerField()
    failed = serializers.IntegerField()
    inconclusive = serializers.IntegerField()
    trigger = serializers.ChoiceField(choices=Trigger.choices)
    startedAt = serializers.DateTimeField()
    finishedAt = serializers.DateTimeField(allow_null=True)
    tests = RunItem(many=True)


class Integration(Shape):
    provider = serializers.ChoiceField(choices=PROVIDERS)
    name = serializers.CharField()
    usedBy = serializers.ListField(child=serializers.CharField())
    status = serializers.ChoiceField(choices=Status.choices)
    light = serializers.ChoiceField(choices=LIGHTS)
    attention = serializers.ChoiceField(choices=ATTENTIONS, allow_null=True)
    isEnabled = serializers.BooleanField()
    needsReauth = serializers.BooleanField()
    authMethod = serializers.CharField(allow_null=True)
    account = Account(allow_null=True)
    canBeProven = serializers.BooleanField(
        help_text="False for a way in that no test can ever prove, such as a public page alone."
    )
    standIn = serializers.URLField(
        allow_null=True,
        help_text="The origin that is asked in place of the platform: a proof is only its own.",
    )
    config = serializers.DictField(child=serializers.CharField(allow_null=True))
    secrets = serializers.DictField(child=Secret())
    lastError = serializers.CharField(allow_null=True)
    errorKind = serializers.ChoiceField(choices=ALL_KINDS, allow_null=True)
    failure = Failure(allow_null=True)
    provenAt = serializers.DateTimeField(allow_null=True)
    isStale = serializers.BooleanField()
    unansweredSince = serializers.DateTimeField(allow_null=True)
    expiresAt = serializers.DateTimeField(allow_null=True)
    expiresIsEstimate = serializers.BooleanField()
    lastTest = Test(allow_null=True)
    updatedAt = serializers.DateTimeField(allow_null=True)
    version = serializers.IntegerField(help_text="Counts people's edits.")


class Member(Shape):
    id = serializers.IntegerField()
    username = serializers.CharField()
    name = serializers.CharField(allow_null=True)
    email = serializers.CharField(allow_null=True)
    role = serializers.ChoiceField(choices=Role.choices)
    isActive = serializers.BooleanField(help_text="False while the account is switched off.")
    isYou = serializers.BooleanField()
    since = serializers.DateTimeField(allow_null=True)
    signedInAt = serializers.DateTimeField(allow_null=True)


class Invitation(Shape):
    id = serializers.UUIDField()
    role = serializers.ChoiceField(choices=Role.choices)
    email = serializers.CharField(allow_null=True)
    note = serializers.CharField(allow_null=True)
    invitedBy = serializers.CharField(allow_null=True)
    invitedAt = serializers.DateTimeField()
    mailedAt = serializers.DateTimeField(allow_null=True)
    expiresAt = serializers.DateTimeField()
    isOpen = serializers.BooleanField()


class MadeInvitation(Invitation):
    link = serializers.URLField(
        allow_null=True, help_text="In this answer alone; null for one that goes by mail."
    )


class Method(Shape):
    name = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    help = serializers.CharField(allow_blank=True)
    warning = serializers.CharField(allow_null=True)


class Choice(Shape):
    value = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]


class FormField(Shape):
    name = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    help = serializers.CharField(allow_blank=True)
    helpUrl = serializers.URLField(allow_null=True)
    type = serializers.ChoiceField(choices=get_args(FieldType))
    choices = Choice(many=True)
    isSecret = serializers.BooleanField()
    isRequired = serializers.BooleanField()
    pattern = serializers.CharField(allow_null=True)
    usualPattern = serializers.CharField(allow_null=True)
    example = serializers.CharField(allow_null=True)
    methods = serializers.ListField(child=serializers.CharField())


class IntegrationWithForm(Integration):
    methods = Method(many=True)
    fields = FormField(many=True)  # type: ignore[assignment]


class RevocationWarnings(Shape):
    revoke = serializers.ListField(child=serializers.CharField())


class DisconnectedIntegration(Integration):
    warnings = RevocationWarnings(
        required=False,
        help_text="What the platform did not confirm or was not asked for, and what to do there. "
        "Only present when there is something to know.",
    )


class ChangedIntegration(Integration):
    warnings = serializers.DictField(
        child=serializers.DictField(
            child=serializers.ListField(child=serializers.CharField()),
        ),
        help_text='Sentences about unusual values: `{"config": {"accessToken": ["…"]}}`.',
    )
