"""Examples for the OpenAPI document, as a script would meet them with the first platforms."""

from typing import Any

from integrations.api import presentation
from providers import errors, registry
from providers.run.ladder import NOT_TRIED

ONE, OTHER = list(registry.catalogue().values())[:2]
ACCOUNT_ID = ONE.field("account_id").example
ANOTHER_ID = f"{ACCOUNT_ID[:-1]}1"
ACCOUNT = {"id": ACCOUNT_ID, "name": "Acme"}
STEPS = ONE.tester.steps()[:2] if ONE.tester else []
REFUSAL = next(rule for rule in ONE.errors if issubclass(rule.error, errors.Refused))
UNUSUAL = next(field for field in ONE.fields if field.usual_message)
CONFIG = {field.api_name: None for field in ONE.fields if not field.secret}
SECRETS = {field.api_name: {"isSet": False, "hint": None} for field in ONE.fields if field.secret}
TEST: dict[str, Any] = {
    "id": 91,
    "provider": ONE.slug,
    "outcome": "passed",
    "errorKind": None,
    "message": "",
    "action": None,
    "actionUrl": None,
    "steps": [
        {
            "label": step.label,
            "outcome": "passed",
            "detail": f"{ONE.name} answered.",
            "durationMs": 196,
        }
        for step in STEPS
    ],
    "account": ACCOUNT,
    "accountChanged": False,
    "retryAt": None,
    "trigger": "api",
    "dryRun": False,
    "startedAt": "2026-11-22T14:02:11Z",
    "durationMs": 392,
}
FAILED_TEST = TEST | {
    "id": 92,
    "outcome": "failed",
    "errorKind": REFUSAL.error.kind,
    "message": REFUSAL.message,
    "action": REFUSAL.action or None,
    "actionUrl": REFUSAL.action_url,
    "steps": [
        {
            "label": step.label,
            "outcome": "skipped" if before else "failed",
            "detail": NOT_TRIED if before else REFUSAL.message,
            "durationMs": 0 if before else 215,
        }
        for before, step in enumerate(STEPS)
    ],
    "account": None,
    "durationMs": 215,
}
RUNNING_TEST = TEST | {
    "outcome": "running",
    "steps": [],
    "account": None,
    "durationMs": 0,
}
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
        {"provider": ONE.slug, "state": "done", "problem": None, "test": TEST},
        {"provider": OTHER.slug, "state": "waiting", "problem": None, "test": None},
    ],
}
TEST_PAGE = {
    "next": f"https://center.example/api/integrations/{ONE.slug}/tests?cursor=91",
    "results": [FAILED_TEST, TEST],
}
INTEGRATION: dict[str, Any] = {
    "provider": ONE.slug,
    "name": ONE.name,
    "usedBy": list(ONE.used_by),
    "status": "connected",
    "light": "green",
    "attention": None,
    "isEnabled": True,
    "needsReauth": False,
    "authMethod": ONE.methods[0].slug,
    "account": ACCOUNT,
    "config": CONFIG | {"accountId": ACCOUNT_ID},
    "secrets": SECRETS | {"accessToken": {"isSet": True, "hint": "…x9Qd"}},
    "lastError": None,
    "errorKind": None,
    "failure": None,
    "provenAt": "2026-11-22T14:02:11Z",
    "isStale": False,
    "unansweredSince": None,
    "expiresAt": None,
    "expiresIsEstimate": False,
    "lastTest": TEST,
    "updatedAt": "2026-11-22T14:02:11Z",
    "version": 7,
}
INTEGRATION_WITH_FORM = INTEGRATION | presentation.form(ONE)
UNPROVEN = {
    "light": "amber",
    "attention": "unproven",
    "account": None,
    "provenAt": None,
    "isStale": True,
}
CHANGED_INTEGRATION = (
    INTEGRATION
    | UNPROVEN
    | {
        "version": 8,
        "warnings": {"config": {UNUSUAL.api_name: [UNUSUAL.usual_message]}},
    }
)
FORGOTTEN = (
    INTEGRATION
    | UNPROVEN
    | {
        "status": "not_connected",
        "light": "grey",
        "attention": None,
        "authMethod": None,
        "config": CONFIG,
        "secrets": SECRETS,
        "isStale": False,
        "version": 8,
    }
)
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
BAD_REQUESTS = {
    "By field": {"config": {"accountId": ["This may not be blank."]}},
    "An unknown key": {"foo": ["Unknown key. Use: config, authMethod."]},
    "No JSON": {"detail": "The body is not valid JSON.", "code": "parse_error"},
}
