"""The shapes of replies, for the OpenAPI document alone: `presentation` makes the replies."""

from typing import Any, get_args

from rest_framework import serializers

from integrations import platforms
from integrations.models import Ending, EventType, Role, Scope, Status, TestOutcome, Trigger
from providers import errors
from providers.declare import FieldType

PROVIDERS = list(platforms.catalogue())
KINDS = sorted(
    kind.kind for side in (errors.Refused, errors.Unanswered) for kind in side.__subclasses__()
)
ALL_KINDS = [*KINDS, "reported"]
CAUSES = [*ALL_KINDS, "ours", "channel"]
LIGHTS = ["green", "amber", "red", "grey"]
ATTENTIONS = [
    *("failing", "reported", "stale", "unproven", "unanswered", "expiring", "unreadable"),
    "taken_back",
]
STEP_OUTCOMES = [
    "passed",
    "failed",
    "inconclusive",
    "warned",
    "skipped",
    "running",
    "waiting",
]


Shape = serializers.Serializer[Any]  # one that never reads and never writes


class Problem(Shape):
    """What went wrong, for people in `detail` and for programs in `code`."""

    detail = serializers.CharField()
    code = serializers.CharField()


class Account(Shape):
    """An account at the platform."""

    id = serializers.CharField()
    name = serializers.CharField(allow_null=True)


class Secret(Shape):
    """Whether a secret is saved. Its value is never told."""

    isSet = serializers.BooleanField()
    hint = serializers.CharField(
        allow_null=True, help_text="The last four characters of one that has twelve or more."
    )


class Failure(Shape):
    """What broke, and what to do; it stays until a test passes or the report is cleared."""

    kind = serializers.ChoiceField(choices=ALL_KINDS)
    message = serializers.CharField()
    action = serializers.CharField()
    actionUrl = serializers.URLField(allow_null=True)
    since = serializers.DateTimeField(allow_null=True)
    testId = serializers.IntegerField(allow_null=True)


class TestStep(Shape):
    """One question that a test asked, in the order of asking."""

    label = serializers.CharField()  # type: ignore[assignment]
    outcome = serializers.ChoiceField(choices=STEP_OUTCOMES)
    detail = serializers.CharField(allow_blank=True)
    durationMs = serializers.IntegerField()


class Test(Shape):
    """One test of a connection: what was asked, and what it means."""

    id = serializers.IntegerField()
    provider = serializers.ChoiceField(choices=PROVIDERS)
    outcome = serializers.ChoiceField(choices=TestOutcome.choices)
    errorKind = serializers.ChoiceField(
        choices=KINDS, allow_null=True, help_text="Null unless it failed or got no clear answer."
    )
    message = serializers.CharField(allow_blank=True)
    action = serializers.CharField(allow_null=True)
    actionUrl = serializers.URLField(allow_null=True)
    steps = TestStep(many=True)
    account = Account(allow_null=True)
    accountChanged = serializers.BooleanField(
        help_text="Whether another account answered than at the last proof."
    )
    retryAt = serializers.DateTimeField(
        allow_null=True, help_text="When the platform may be asked again, where it says so."
    )
    trigger = serializers.ChoiceField(choices=Trigger.choices)
    dryRun = serializers.BooleanField(
        help_text="Whether other values than the saved ones were tested."
    )
    startedAt = serializers.DateTimeField()
    durationMs = serializers.IntegerField()


class TestPage(Shape):
    """Tests, the newest first."""

    next = serializers.URLField(allow_null=True, help_text="Where older tests are.")
    results = Test(many=True)


class RunItem(Shape):
    """One connection of a run."""

    provider = serializers.ChoiceField(choices=PROVIDERS)
    connection = serializers.UUIDField(help_text="The id of the connection.")
    state = serializers.ChoiceField(choices=["waiting", "running", "done", "skipped"])
    problem = serializers.CharField(allow_null=True, help_text="Why it was skipped.")
    test = Test(allow_null=True)


class Run(Shape):
    """All that is connected, tested together."""

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


class Budget(Shape):
    """What checks by schedule have spent today of what the platform counts, and may."""

    used = serializers.IntegerField()
    limit = serializers.IntegerField()
    unit = serializers.CharField(help_text="What is counted, such as `operations`.")
    resetsAt = serializers.DateTimeField()


class BriefIncident(Shape):
    """The open incident that a connection is part of."""

    id = serializers.IntegerField()
    cause = serializers.ChoiceField(choices=CAUSES)
    openedAt = serializers.DateTimeField()
    acknowledgedBy = serializers.CharField(allow_null=True)


class Incident(BriefIncident):
    """What broke in this workspace, by its cause: several connections may show one."""

    title = serializers.CharField()
    message = serializers.CharField(allow_blank=True)
    action = serializers.CharField(allow_null=True)
    actionUrl = serializers.URLField(allow_null=True)
    stops = serializers.ListField(
        child=serializers.CharField(), help_text="What gets no data meanwhile."
    )
    connections = serializers.ListField(
        child=serializers.UUIDField(),
        help_text="The ids of those that are in it now; once it is over, of those that were.",
    )
    confirmedAt = serializers.DateTimeField(
        allow_null=True, help_text="When it was certain; before that nobody is told."
    )
    closedAt = serializers.DateTimeField(allow_null=True)
    endedBy = serializers.ChoiceField(
        choices=Ending.choices, allow_null=True, help_text="Why it is over."
    )
    isFlapping = serializers.BooleanField(help_text="Whether it comes and goes.")
    isDrill = serializers.BooleanField()
    owner = serializers.CharField(allow_null=True, help_text="The member who takes care of it.")
    note = serializers.CharField(allow_null=True)
    mutedUntil = serializers.DateTimeField(allow_null=True)


class Cause(Shape):
    """What broke, for all of the installation. Operators see it."""

    id = serializers.IntegerField()
    cause = serializers.ChoiceField(choices=CAUSES)
    scope = serializers.ChoiceField(choices=Scope.choices, help_text="What its connections share.")
    provider = serializers.CharField(allow_null=True)
    title = serializers.CharField()
    workspaces = serializers.IntegerField(help_text="In how many workspaces it is an incident.")
    connections = serializers.IntegerField(help_text="How many connections show it.")
    openedAt = serializers.DateTimeField()
    confirmedAt = serializers.DateTimeField(allow_null=True)
    closedAt = serializers.DateTimeField(allow_null=True)
    isFlapping = serializers.BooleanField()
    isDrill = serializers.BooleanField()


class IncidentPage(Shape):
    """Incidents, or the causes of the whole installation, the newest first."""

    next = serializers.URLField(allow_null=True, help_text="Where older ones are.")
    results = Incident(many=True, required=False)
    causes = Cause(
        many=True, required=False, help_text="In place of `results` with `scope=installation`."
    )


class IntegrationFacts(Shape):
    """What is told of a connection, whatever it was asked by."""

    provider = serializers.ChoiceField(choices=PROVIDERS)
    name = serializers.CharField()
    usedBy = serializers.ListField(child=serializers.CharField())
    status = serializers.ChoiceField(choices=Status.choices)
    light = serializers.ChoiceField(
        choices=LIGHTS,
        help_text="Green: proven lately. Amber: not, or no more. Red: broken. Grey: the rest.",
    )
    attention = serializers.ChoiceField(
        choices=ATTENTIONS, allow_null=True, help_text="Why a person should look, if one should."
    )
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
    config = serializers.DictField(
        child=serializers.CharField(allow_null=True),
        help_text="The values that are no secrets, by the names in `fields`.",
    )
    secrets = serializers.DictField(
        child=Secret(), help_text="All secrets of all methods, by the names in `fields`."
    )
    lastError = serializers.CharField(allow_null=True)
    errorKind = serializers.ChoiceField(choices=ALL_KINDS, allow_null=True)
    failure = Failure(allow_null=True)
    provenAt = serializers.DateTimeField(
        allow_null=True, help_text="When a test last passed with these very values."
    )
    isStale = serializers.BooleanField(
        help_text="True without a proof, and with one that is too old to count."
    )
    unansweredSince = serializers.DateTimeField(
        allow_null=True, help_text="When tests began to get no clear answer."
    )
    incident = BriefIncident(
        allow_null=True, help_text="The open incident that it is part of, if it is of one."
    )
    expiresAt = serializers.DateTimeField(
        allow_null=True, help_text="When a person must renew the credential, where that is known."
    )
    expiresIsEstimate = serializers.BooleanField()
    checksEverySeconds = serializers.IntegerField(
        allow_null=True,
        help_text="How often its team wants it checked by schedule; null is the platform's own.",
    )
    nextCheckAt = serializers.DateTimeField(
        allow_null=True,
        help_text="When the schedule tests it next; null for what it does not test, such as what "
        "is disabled or not complete.",
    )
    mutedUntil = serializers.DateTimeField(
        allow_null=True, help_text="Until when nobody is told that it broke."
    )
    budget = Budget(
        allow_null=True, help_text="What its checks may spend; null where they cost nothing."
    )
    lastTest = Test(allow_null=True)
    updatedAt = serializers.DateTimeField(allow_null=True)
    version = serializers.IntegerField(help_text="Counts people's edits: the ETag.")


class BriefConnection(Shape):
    """One of a platform's connections, and how it is."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    slug = serializers.CharField()
    status = serializers.ChoiceField(choices=Status.choices)
    light = serializers.ChoiceField(choices=LIGHTS)


class Integration(IntegrationFacts):
    """A platform, with its default connection and how that is. Secrets are never told."""

    connections = BriefConnection(
        many=True, help_text="All that there are of this platform, the default one first."
    )


class SharedCredential(Shape):
    """What lets a connection in: others may use the same."""

    id = serializers.UUIDField()
    method = serializers.CharField()
    sharedBy = serializers.IntegerField(
        help_text="How many connections use it. Of one that is lent to you, your own alone count."
    )
    lentBy = serializers.CharField(
        allow_null=True,
        help_text="The workspace that lends it, whose owners alone change it; null for your own.",
    )


class Connection(IntegrationFacts):
    """A connection by itself: what an integration tells, with its own name and id."""

    id = serializers.UUIDField()
    name = serializers.CharField(help_text="What people call it, or the account's own name.")
    slug = serializers.CharField(help_text="Its name in commands. It never changes.")
    isDefault = serializers.BooleanField(
        help_text="Whether /api/integrations/{provider} means this one."
    )
    credential = SharedCredential(allow_null=True)


class ConnectionPage(Shape):
    """Connections, the oldest first."""

    next = serializers.URLField(allow_null=True, help_text="Where newer ones are.")
    results = Connection(many=True)


class Member(Shape):
    """A person of the workspace. An e-mail address is shown to owners, and one's own."""

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
    """Somebody who was asked to join, until they do or a week has passed."""

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
    """An invitation that was just made."""

    link = serializers.URLField(
        allow_null=True, help_text="In this answer alone; null for one that goes by mail."
    )


class Channel(Shape):
    """Where people of the workspace are told what breaks. Secrets are never told."""

    id = serializers.UUIDField()
    kind = serializers.CharField()
    name = serializers.CharField()
    isEnabled = serializers.BooleanField()
    config = serializers.DictField(
        child=serializers.CharField(allow_null=True), help_text="The values that are no secrets."
    )
    secrets = serializers.DictField(
        child=Secret(), help_text="All secrets of its kind: of an address the host is shown."
    )
    hears = serializers.ChoiceField(
        choices=["all", "breaks"], help_text="Everything, or breaks only."
    )
    platforms = serializers.ListField(
        child=serializers.CharField(), help_text="Those that it is for; empty for all."
    )
    tellsRecovery = serializers.BooleanField()
    tellsWeek = serializers.BooleanField(
        help_text="Whether it says each Monday at 08:00 how the week was."
    )
    quietFrom = serializers.CharField(allow_null=True, help_text="Such as 22:00, in `timeZone`.")
    quietUntil = serializers.CharField(allow_null=True)
    timeZone = serializers.CharField()
    isGone = serializers.BooleanField(
        help_text="Whether its receiver switched it off. A test that arrives switches it on again."
    )
    failingSince = serializers.DateTimeField(
        allow_null=True, help_text="When it began to take nothing."
    )
    problem = serializers.CharField(allow_null=True, help_text="Why it takes nothing.")
    deliveredAt = serializers.DateTimeField(allow_null=True)
    madeAt = serializers.DateTimeField()


class SavedChannel(Channel):
    """A channel as it is saved now."""

    made = serializers.DictField(
        child=serializers.CharField(),
        help_text="Secrets that were made here, such as `signingSecret`: in this answer alone.",
    )


class TriedChannel(Shape):
    """What became of a test message."""

    isDelivered = serializers.BooleanField()
    message = serializers.CharField(help_text="What its receiver said, in a sentence.")
    statusCode = serializers.IntegerField(allow_null=True)


class Event(Shape):
    """One thing that happened. What `data` holds depends on the type: see docs/api.md."""

    id = serializers.IntegerField()
    type = serializers.ChoiceField(choices=EventType.values)
    at = serializers.DateTimeField()
    workspace = serializers.CharField(help_text="The slug of the workspace.")
    connection = serializers.UUIDField(
        allow_null=True, help_text="The id of the one that it is about, as long as that is there."
    )
    by = serializers.CharField(
        allow_null=True, help_text="The user name of who did it; null where nobody did."
    )
    data = serializers.DictField()  # type: ignore[assignment]


class EventPage(Shape):
    """Events, the oldest first."""

    next = serializers.URLField(allow_null=True, help_text="Where later ones are already.")
    cursor = serializers.CharField(
        help_text="Send it as `after` to hear what happens from now on. Good for 30 days."
    )
    results = Event(many=True)


class Method(Shape):
    """A way to prove who one is; `fields` say which values it takes."""

    name = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    help = serializers.CharField(allow_blank=True)
    warning = serializers.CharField(allow_null=True)


class Choice(Shape):
    """A value that a field may have."""

    value = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]


class FormField(Shape):
    """A value that can be sent in `config`, under this name."""

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
    """An integration, with the ways to connect it and the values that these take."""

    methods = Method(many=True)
    fields = FormField(many=True)  # type: ignore[assignment]


class ConnectionWithForm(Connection):
    """A connection, with the ways to connect it and the values that these take."""

    methods = Method(many=True)
    fields = FormField(many=True)  # type: ignore[assignment]


class RevocationWarnings(Shape):
    """Sentences about the sign-in at the platform."""

    revoke = serializers.ListField(child=serializers.CharField())


class NotConfirmed(Shape):
    """What the platform did not confirm, or was not asked for."""

    warnings = RevocationWarnings(
        required=False,
        help_text="What the platform did not confirm or was not asked for, and what to do there. "
        "Only present when there is something to know.",
    )


class DisconnectedIntegration(Integration, NotConfirmed):
    """The integration, of which nothing but its history is left."""


class DisconnectedConnection(Connection, NotConfirmed):
    """The connection, of which nothing but its history is left."""


class Unusual(Shape):
    """What looks unusual about values that were taken."""

    warnings = serializers.DictField(
        child=serializers.DictField(
            child=serializers.ListField(child=serializers.CharField()),
        ),
        help_text='Sentences about unusual values: `{"config": {"accessToken": ["…"]}}`.',
    )


class ChangedIntegration(Integration, Unusual):
    """The integration as it is saved now."""


class ChangedConnection(Connection, Unusual):
    """The connection as it is saved now."""


class Removed(Shape):
    """What to know of a connection that is gone."""

    warnings = RevocationWarnings()
