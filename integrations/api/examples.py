"""Examples for the OpenAPI document, as a script would meet them with the first platforms."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from integrations.api import presentation
from integrations.api.presentation import Json
from integrations.models import (
    ConnectionTest,
    IntegrationConnection,
    Status,
    TestOutcome,
    Trigger,
    Watch,
)
from providers import errors, registry
from providers.declare import Provider
from providers.run.ladder import NOT_TRIED

ONE, OTHER = list(registry.catalogue().values())[:2]
CONNECTION_ID = UUID("0197f3a2-5c1e-7d4b-9a8e-2f6b1c3d4e60")
CREDENTIAL_ID = UUID("0197f3a2-5c1e-7d4b-9a8e-2f6b1c3d4e61")
NOW = datetime(2026, 11, 22, 14, 2, 11, tzinfo=UTC)
ACCOUNT_ID = ONE.field("account_id").example
ANOTHER_ID = f"{ACCOUNT_ID[:-1]}1"
ACCOUNT = presentation.account(ACCOUNT_ID, "Acme")
STEPS = ONE.tester.steps()[:2] if ONE.tester else []
REFUSAL = next(rule for rule in ONE.errors if issubclass(rule.error, errors.Refused))
UNUSUAL = next(field for field in ONE.fields if field.usual_message)


def _test(**facts: Any) -> ConnectionTest:
    told = {"pk": 91, "outcome": TestOutcome.PASSED, "trigger": Trigger.API, "started_at": NOW}
    return ConnectionTest(**told | facts)


def _steps(*ends: tuple[TestOutcome | str, str, int]) -> list[Json]:
    return [
        {"label": step.label, "outcome": outcome, "detail": detail, "duration_ms": duration_ms}
        for step, (outcome, detail, duration_ms) in zip(STEPS, ends, strict=False)
    ]


def _integration(**facts: Any) -> Json:
    row = _row(**facts)
    return presentation.integration(row, NOW, [row])


def _connection(**facts: Any) -> Json:
    row = _row(**facts)
    return presentation.connection(row, NOW, {CREDENTIAL_ID: 3})


def _row(**facts: Any) -> IntegrationConnection:
    told = {"pk": CONNECTION_ID, "provider": ONE.slug, "last_test": PASSED, "updated_at": NOW}
    row = IntegrationConnection(**told | facts)
    row.watch = Watch(provider=ONE.slug, due_at=NOW + timedelta(minutes=48))
    return row


def _run_item(provider: Provider, state: str, test: Json | None = None) -> Json:
    where = {"provider": provider.slug, "connection": str(CONNECTION_ID)}
    return where | {"state": state, "problem": None, "test": test}


ANSWERED = ("passed", f"{ONE.name} answered.", 196)
PASSED = _test(
    steps=_steps(ANSWERED, ANSWERED), account_id=ACCOUNT_ID, account_name="Acme", duration_ms=392
)
REFUSED = _test(
    pk=92,
    outcome=TestOutcome.FAILED,
    error_kind=REFUSAL.error.kind,
    message=REFUSAL.message,
    action=REFUSAL.action,
    action_url=REFUSAL.action_url or "",
    steps=_steps(("failed", REFUSAL.message, 215), ("skipped", NOT_TRIED, 0)),
    duration_ms=215,
)
TEST = presentation.test(PASSED, ONE.slug)
FAILED_TEST = presentation.test(REFUSED, ONE.slug)
RUNNING_TEST = presentation.test(_test(outcome=TestOutcome.RUNNING), ONE.slug)
TESTS = {"Passed": TEST, "Failed": FAILED_TEST}
ACCOUNTS = [ACCOUNT, {"id": ANOTHER_ID, "name": None}]
RUN = {
    "id": 12,
    "state": "running",
    "total": 2,
    "done": 1,
    "passed": 1,
    "failed": 0,
    "inconclusive": 0,
    "trigger": "api",
    "startedAt": "2026-11-22T14:02:11Z",
    "finishedAt": None,
    "tests": [
        _run_item(ONE, "done", TEST),
        _run_item(OTHER, "waiting"),
    ],
}
TEST_PAGE = {
    "next": f"https://center.example/api/integrations/{ONE.slug}/tests?cursor=91",
    "results": [FAILED_TEST, TEST],
}
CONNECTED: Json = {
    "status": Status.CONNECTED,
    "is_complete": True,
    "auth_method": ONE.methods[0].slug,
    "config": {"account_id": ACCOUNT_ID},
    "hints": {"access_token": "…x9Qd"},
}
INTEGRATION = _integration(
    **CONNECTED,
    platform_account_id=ACCOUNT_ID,
    platform_account_name="Acme",
    proven_at=NOW,
    version=7,
)
NORTH = {
    "slug": "north",
    "name": "North",
    "is_default": False,
    "credential_id": CREDENTIAL_ID,
    "platform_account_id": ACCOUNT_ID,
    "platform_account_name": "Acme",
    "version": 7,
}
CONNECTION = _connection(**CONNECTED, **NORTH, proven_at=NOW)
CONNECTION_WITH_FORM = CONNECTION | presentation.form(ONE)
ADDED = _connection(**CONNECTED, **NORTH | {"version": 1}) | {"warnings": {}}
CHANGED_CONNECTION = CONNECTION | {"name": "North shop", "warnings": {}}
DISCONNECTED_CONNECTION = _connection(**NORTH | {"status": Status.NOT_CONNECTED})
REMOVED = {"warnings": {"revoke": [f"{ONE.name} has no way to end a sign-in from here."]}}
ADDITIONS = {
    "With its own secrets": {
        "provider": ONE.slug,
        "name": "North",
        "config": {
            "accessToken": ONE.field("access_token").example,
            "accountId": ANOTHER_ID,
        },
    },
    "Let in by what lets in another": {
        "provider": ONE.slug,
        "slug": "south",
        "credential": str(CREDENTIAL_ID),
        "config": {"accountId": ANOTHER_ID},
    },
}
CONNECTION_CHANGES = {
    "Rename": {"name": "North shop"},
    "Make it the default one": {"isDefault": True},
}
INTEGRATION_WITH_FORM = INTEGRATION | presentation.form(ONE)
CHANGED_INTEGRATION = _integration(**CONNECTED, version=8) | {
    "warnings": {"config": {UNUSUAL.api_name: [UNUSUAL.usual_message]}}
}
FORGOTTEN = _integration(status=Status.NOT_CONNECTED, version=8)
DISCONNECTED = {
    "Disconnected": FORGOTTEN,
    "Not confirmed": FORGOTTEN
    | {
        "warnings": {
            "revoke": [
                f"{ONE.name} did not confirm that the sign-in was ended. {ONE.name} has a problem "
                f"at the moment. {ONE.sign_ins[0].how_to_remove}"
            ]
        }
    },
}
DISCONNECTS = {
    "The usual way": {},
    "End it at the platform, also for others": {"revoke": True},
    "Leave the approval there": {"revoke": False},
}
CHANGES = {
    "Configure": {
        "config": {
            "accessToken": ONE.field("access_token").example,
            "accountId": ACCOUNT_ID,
            "baseUrl": None,
        }
    },
    "Disable": {"isEnabled": False},
    "Report an error": {"status": "error", "lastError": "The nightly import found no rows."},
    "Clear the report": {"lastError": None},
}
TEST_REQUESTS = {
    "What is saved": {},
    "Other values, saving nothing": {"config": {"accountId": ANOTHER_ID}},
}
INCIDENT = {
    "id": 118,
    "cause": REFUSAL.error.kind,
    "title": f"{ONE.name} ended the access token",
    "message": REFUSAL.message,
    "action": REFUSAL.action,
    "actionUrl": None,
    "stops": list(ONE.used_by),
    "connections": [str(CONNECTION_ID)],
    "openedAt": "2026-11-22T09:14:00Z",
    "confirmedAt": "2026-11-22T09:14:04Z",
    "closedAt": None,
    "endedBy": None,
    "isFlapping": False,
    "isDrill": False,
    "acknowledgedBy": "ben",
    "owner": "ben",
    "note": "Asking Carla for a new token",
    "mutedUntil": None,
}
CAUSE = {
    "id": 71,
    "cause": REFUSAL.error.kind,
    "scope": "app",
    "provider": ONE.slug,
    "title": f"{ONE.name} refuses the app that you sign in with",
    "workspaces": 312,
    "connections": 312,
    "openedAt": "2026-11-22T08:42:00Z",
    "confirmedAt": "2026-11-22T08:42:10Z",
    "closedAt": None,
    "isFlapping": False,
    "isDrill": False,
}
EVENTS = {
    "next": None,
    "cursor": "1313-1795342931",
    "results": [
        {
            "id": 1311,
            "type": "connection.failing",
            "at": "2026-11-22T09:14:00Z",
            "workspace": "main",
            "connection": str(CONNECTION_ID),
            "by": None,
            "data": {
                "what": REFUSAL.error.kind,
                "trigger": "schedule",
                "test": 91,
                "provider": ONE.slug,
            },
        },
        {
            "id": 1313,
            "type": "incident.opened",
            "at": "2026-11-22T09:14:04Z",
            "workspace": "main",
            "connection": None,
            "by": None,
            "data": {
                "what": "opened",
                "cause": REFUSAL.error.kind,
                "incident": INCIDENT["id"],
                "title": INCIDENT["title"],
                "stops": INCIDENT["stops"],
                "platforms": [ONE.slug],
                "connections": INCIDENT["connections"],
                "since": INCIDENT["openedAt"],
                "lastedSeconds": None,
                "isDrill": False,
            },
        },
    ],
}
HANDLINGS = {
    "Take it": {"acknowledged": True, "owner": "ben", "note": "Asking Carla for a new token"},
    "Mute it": {"mutedUntil": "2026-11-22T18:00:00Z"},
    "Give it up": {"owner": None, "note": None},
}
MEMBER = {
    "id": 5,
    "username": "ben",
    "name": "Ben Ortiz",
    "email": "ben@acme.example",
    "role": "editor",
    "isActive": True,
    "isYou": False,
    "since": "2026-09-03T08:00:00Z",
    "signedInAt": "2026-11-22T08:58:00Z",
}
INVITATION = {
    "id": "0197f3a2-5c1e-7d4b-9a8e-2f6b1c3d4e5f",
    "role": "viewer",
    "email": None,
    "note": "the new analyst",
    "invitedBy": "dana",
    "invitedAt": "2026-11-22T14:02:11Z",
    "mailedAt": None,
    "expiresAt": "2026-11-29T14:02:11Z",
    "isOpen": True,
}
INVITATIONS = {
    "A link": INVITATION | {"link": "https://center.example/invitation/b3VyLXRva2Vu/"},
    "By mail": INVITATION | {"email": "carla@acme.example", "note": None, "link": None},
}
INVITES = {
    "By a link": {"role": "viewer", "note": "the new analyst"},
    "By mail": {"role": "editor", "email": "carla@acme.example"},
    "An owner": {"role": "owner", "password": "your own password"},
}
ROLES = {
    "Another role": {"role": "viewer"},
    "An owner": {"role": "owner", "password": "your own password"},
}
CHANNEL = {
    "id": "0197f3a2-5c1e-7d4b-9a8e-2f6b1c3d4e62",
    "kind": "webhook",
    "name": "Our own monitor",
    "isEnabled": True,
    "config": {},
    "secrets": {
        "url": {"isSet": True, "hint": "hooks.acme.example/…"},
        "signingSecret": {"isSet": True, "hint": "…k2w="},
    },
    "hears": "breaks",
    "platforms": [],
    "tellsRecovery": True,
    "tellsWeek": False,
    "quietFrom": "22:00",
    "quietUntil": "07:00",
    "timeZone": "Europe/Madrid",
    "isGone": False,
    "failingSince": None,
    "problem": None,
    "deliveredAt": "2026-11-22T14:02:11Z",
    "madeAt": "2026-11-20T08:00:00Z",
}
ADDED_CHANNEL = CHANNEL | {"deliveredAt": None, "made": {"signingSecret": "whsec_b3VyLXNlY3JldA=="}}
ADD_CHANNELS = {
    "A signed webhook": {
        "kind": "webhook",
        "name": "Our own monitor",
        "config": {"url": "https://hooks.acme.example/control-center"},
        "hears": "breaks",
    },
    "A room of Slack": {
        "kind": "slack",
        "config": {"url": "https://hooks.slack.com/services/T000/B000/xxxx"},
    },
    "A list": {"kind": "email", "config": {"to": "team@acme.example"}},
}
CHANNEL_CHANGES = {
    "Quiet at night": {"quietFrom": "22:00", "quietUntil": "07:00", "timeZone": "Europe/Madrid"},
    "Off": {"isEnabled": False},
}
TRIED_CHANNELS = {
    "It arrived": {
        "isDelivered": True,
        "message": "Webhook took the message.",
        "statusCode": 204,
    },
    "It did not": {
        "isDelivered": False,
        "message": "The receiver knows nothing at this address any more. Make a new one there.",
        "statusCode": 404,
    },
}
BAD_REQUESTS = {
    "By field": {"config": {"accountId": ["This may not be blank."]}},
    "An unknown key": {"foo": ["Unknown key. Use: config, authMethod."]},
    "No JSON": {"detail": "The body is not valid JSON.", "code": "parse_error"},
}
