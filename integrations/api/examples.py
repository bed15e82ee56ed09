"""Examples for the OpenAPI document, as a script would meet them."""

from typing import Any

ACCOUNT = {"id": "act_123", "name": "Acme"}
TEST: dict[str, Any] = {
    "id": 91,
    "provider": "meta",
    "outcome": "passed",
    "errorKind": None,
    "message": "",
    "action": None,
    "actionUrl": None,
    "steps": [
        {
            "label": "Token is valid",
            "outcome": "passed",
            "detail": "Meta knows this token as Reporting.",
            "durationMs": 212,
        },
        {
            "label": "Ad account reachable",
            "outcome": "passed",
            "detail": "Acme is active.",
            "durationMs": 180,
        },
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
    "errorKind": "auth_expired",
    "message": "The access token has expired.",
    "action": "Generate a new token and paste it here.",
    "actionUrl": "https://business.facebook.com/settings/system-users",
    "steps": [
        {
            "label": "Token is valid",
            "outcome": "failed",
            "detail": "The access token has expired.",
            "durationMs": 212,
        },
        {
            "label": "Ad account reachable",
            "outcome": "skipped",
            "detail": "Not tried: a step above did not pass.",
            "durationMs": 0,
        },
    ],
    "account": None,
    "durationMs": 215,
}
TESTS = {"Passed": TEST, "Failed": FAILED_TEST}
ACCOUNTS = [ACCOUNT, {"id": "act_456", "name": None}]
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
        {"provider": "meta", "state": "done", "problem": None, "test": TEST},
        {"provider": "stripe", "state": "waiting", "problem": None, "test": None},
    ],
}
TEST_PAGE = {
    "next": "https://center.example/api/integrations/meta/tests?cursor=91",
    "results": [FAILED_TEST, TEST],
}
INTEGRATION: dict[str, Any] = {
    "provider": "meta",
    "name": "Meta",
    "usedBy": ["Ads monitor", "Pixel/CAPI lead tracking"],
    "status": "connected",
    "light": "green",
    "attention": None,
    "isEnabled": True,
    "needsReauth": False,
    "authMethod": "access_token",
    "account": ACCOUNT,
    "config": {"accountId": "act_123", "baseUrl": None, "pixelId": None},
    "secrets": {
        "accessToken": {"isSet": True, "hint": "…x9Qd"},
        "appSecret": {"isSet": False, "hint": None},
    },
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
INTEGRATION_WITH_FORM = INTEGRATION | {
    "methods": [
        {"name": "access_token", "label": "Access token", "help": "", "warning": None},
    ],
    "fields": [
        {
            "name": "accountId",
            "label": "Ad account ID",
            "help": "Ads Manager shows it in the account menu.",
            "helpUrl": None,
            "type": "text",
            "choices": [],
            "isSecret": False,
            "isRequired": True,
            "pattern": "act_[0-9]+",
            "usualPattern": None,
            "example": "act_123",
            "methods": ["access_token"],
        }
    ],
}
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
        "warnings": {"config": {"accessToken": ["A Meta token usually begins with EAA."]}},
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
        "config": {"accountId": None, "baseUrl": None, "pixelId": None},
        "secrets": {
            "accessToken": {"isSet": False, "hint": None},
            "appSecret": {"isSet": False, "hint": None},
        },
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
                "Meta did not confirm that the sign-in was ended. Meta has a problem at the "
                "moment. Remove the app in Facebook's settings, under Business integrations."
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
    "Configure": {"config": {"accessToken": "EAA…", "accountId": "act_123", "pixelId": None}},
    "Disable": {"isEnabled": False},
    "Report an error": {"status": "error", "lastError": "The nightly import found no rows."},
    "Clear the report": {"lastError": None},
}
TEST_REQUESTS = {
    "What is saved": {},
    "Other values, saving nothing": {"config": {"accountId": "act_456"}},
}
BAD_REQUESTS = {
    "By field": {"config": {"accountId": ["This may not be blank."]}},
    "An unknown key": {"foo": ["Unknown key. Use: config, authMethod."]},
    "No JSON": {"detail": "The body is not valid JSON.", "code": "parse_error"},
}
