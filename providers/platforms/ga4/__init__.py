"""Google Analytics 4: site traffic, key events and funnels of one property.

API reference: https://developers.google.com/analytics/devguides/reporting/data/v1 and
https://developers.google.com/analytics/devguides/config/admin/v1 (read 2026-11-22).
Quirks: an API key does not work. Reports come from the Data API (host API), names and the
list of properties from the Admin API (host ADMIN); both must be enabled.
"""

import re
from typing import Any

from providers.declare import (
    Account,
    Cost,
    ErrorRule,
    Passed,
    Provider,
    Warned,
    account_id,
    base_url,
    codes,
    dig,
    step,
)
from providers.errors import (
    AccountNotFound,
    AuthInvalid,
    PermissionMissing,
    QuotaExhausted,
    RateLimited,
    UnexpectedReply,
)
from providers.families import google
from providers.families.google import errors as google_errors
from providers.outbound.reply import Reply

ADMIN_URL = "https://analytics.google.com"
MOST_PAGES = 10  # of 200 accounts each
OAUTH = google.oauth(
    google.scope(
        "analytics.readonly",
        "analytics",
        gives="properties and reports of Google Analytics",
        stops="Site traffic and funnels stop working.",
    )
)
CONCURRENT = "concurrent requests"
HOURLY = "per hour|thresholded requests"


class Ga4Tester(google.GoogleTester):
    needs = OAUTH.scopes

    sign_in_works = google.sign_in_works
    permissions_are_granted = google.permissions_are_granted

    @step("Property reachable")
    def property_is_reachable(self) -> Passed | Warned:
        """GET /properties/<id> of the Admin API -> {"name": "properties/<id>", "displayName":
        str, "timeZone": str, "deleteTime": RFC 3339 when it is in the trash}.
        """
        found = self._admin("")
        name = found.get("displayName", "")
        self.account = Account(found["name"].removeprefix("properties/"), name)
        if found.get("deleteTime"):
            return Warned("This property is in the trash of Google Analytics. Restore it there.")
        zone = found.get("timeZone", "a time zone of its own")
        return Passed(f"{name or self.account.id} is there. Its days follow {zone}.")

    @step("Reports can be read")
    def reports_are_readable(self) -> Passed:
        """POST /properties/<id>:runReport -> {"rows": [{"metricValues": [{"value": "12"}]}],
        "propertyQuota": {"tokensPerDay": {"remaining": int}}}; no rows without traffic.
        """
        report = self.api.post(
            f"/v1beta/properties/{self.values['account_id']}:runReport",
            json={
                "dateRanges": [{"startDate": "7daysAgo", "endDate": "yesterday"}],
                "metrics": [{"name": "sessions"}],
                "limit": "1",
                "returnPropertyQuota": True,
            },
        )
        if not isinstance(report, dict):
            raise UnexpectedReply
        sessions = dig(report, "rows.0.metricValues.0.value") or "no"
        left = dig(report, "propertyQuota.tokensPerDay.remaining")
        quota = f" {left} tokens of today's quota are left." if isinstance(left, int) else ""
        return Passed(f"The last seven days had {sessions} sessions.{quota}")

    @step("Website named", optional=True)
    def website_is_named(self) -> Passed | Warned:
        """GET /properties/<id>/dataStreams -> {"dataStreams": [{"displayName": str,
        "webStreamData": {"measurementId": "G-…", "defaultUri": "https://…"}}]}.
        """
        streams = self._admin("/dataStreams").get("dataStreams", [])
        named = [
            f"{web.get('defaultUri', 'a website')} ({web.get('measurementId', 'no tag')})"
            for web in (stream.get("webStreamData") for stream in streams)
            if web
        ]
        if named:
            return Passed(f"Measures {', '.join(named[:3])}.")
        if streams:
            return Passed("Measures apps only.")
        return Warned("The property has no data stream, so nothing is measured. Add a website.")

    @step("Key events for funnels", optional=True)
    def key_events_are_defined(self) -> Passed | Warned:
        """GET /properties/<id>/keyEvents -> {"keyEvents": [{"eventName": "purchase"}]}."""
        events = [event["eventName"] for event in self._admin("/keyEvents").get("keyEvents", [])]
        if not events:
            return Warned("No key event is defined, so a funnel has no goal. Mark one in Admin.")
        return Passed(f"Key events: {', '.join(events[:5])}.")

    def accounts(self) -> list[Account]:
        """GET /accountSummaries -> {"accountSummaries": [{"displayName": str, "propertySummaries":
        [{"property": "properties/<id>", "displayName": str}]}], "nextPageToken": str}.
        """
        self.sign_in()
        found: list[Account] = []
        page: dict[str, Any] = {}
        for _ in range(MOST_PAGES):
            reply = self.api.get("/v1beta/accountSummaries", host="ADMIN", pageSize=200, **page)
            for summary in reply.get("accountSummaries", []):
                found += [
                    _account(listed, summary) for listed in summary.get("propertySummaries", [])
                ]
            if not reply.get("nextPageToken"):
                break
            page = {"pageToken": reply["nextPageToken"]}
        return found

    def _admin(self, below: str) -> Any:
        path = f"/v1beta/properties/{self.values['account_id']}{below}"
        return self.api.get(path, host="ADMIN")


def _account(listed: dict[str, Any], summary: dict[str, Any]) -> Account:
    names = (summary.get("displayName"), listed.get("displayName"))
    return Account(
        listed["property"].removeprefix("properties/"), " · ".join(name for name in names if name)
    )


ERRORS = (
    ErrorRule(
        subcode="RESOURCE_EXHAUSTED",
        text=CONCURRENT,
        error=RateLimited,
        message="Too many reports of this property are running at once.",
        action="Nothing to fix: test again in half a minute.",
    ),
    ErrorRule(
        subcode="RESOURCE_EXHAUSTED",
        text=HOURLY,
        error=QuotaExhausted,
        message="This property's quota for the hour is used up.",
        action="Wait: it returns within the hour.",
    ),
    ErrorRule(
        code=codes("CREDENTIALS_MISSING", "ACCESS_TOKEN_TYPE_UNSUPPORTED"),
        error=AuthInvalid,
        message="Google Analytics does not take this kind of credential.",
        action="An API key is not enough: paste a service-account key file instead.",
        action_url=google.SERVICE_ACCOUNTS_URL,
    ),
    ErrorRule(
        code="SERVICE_DISABLED",
        text="admin api",
        error=PermissionMissing,
        message="The Cloud project has not switched on the Google Analytics Admin API.",
        action="Enable it there, wait a few minutes, then test again.",
        action_url=f"{google.CONSOLE_URL}/apis/library/analyticsadmin.googleapis.com",
    ),
    *google_errors.rules(
        "Google Analytics", "the Google Analytics Data API", "analyticsdata.googleapis.com"
    ),
    ErrorRule(
        subcode="PERMISSION_DENIED",
        text="caller does not have permission",
        error=AccountNotFound,
        message="Google Analytics shows this sign-in no such property.",
        action="Check the number, and give the sign-in the role Viewer on the property.",
        action_url=ADMIN_URL,
    ),
    ErrorRule(
        subcode="NOT_FOUND",
        error=AccountNotFound,
        message="Google Analytics knows no such property.",
        action="Copy the property ID again, from GA4, Admin, Property details.",
        action_url=ADMIN_URL,
    ),
    ErrorRule(
        subcode="PERMISSION_DENIED",
        error=PermissionMissing,
        message="This sign-in may not read the property's reports.",
        action="Give it the role Viewer in GA4, Admin, Property access management.",
        action_url=ADMIN_URL,
    ),
)


def retry_after(reply: Reply) -> float | None:
    """Half a minute or half an hour, by the name of the quota: Analytics sends no number."""
    message = str(dig(reply.json_or_none(), "error.message"))
    for quota, seconds in ((CONCURRENT, 30.0), (HOURLY, 30 * 60.0)):
        if reply.status == 429 and re.search(quota, message, re.IGNORECASE):
            return seconds
    return google_errors.retry_after(reply)


def property_digits(text: str) -> str:
    """`properties/123` -> `123`."""
    return text.strip().removeprefix("properties/")


PROVIDER = Provider(
    slug="ga4",
    name="Google Analytics (GA4)",
    used_by=("Site traffic", "Funnel visibility"),
    docs_url="https://developers.google.com/analytics/devguides/reporting/data/v1",
    setup_url=google.CONSOLE_URL,
    hosts={
        "API": "https://analyticsdata.googleapis.com",
        "ADMIN": "https://analyticsadmin.googleapis.com",
        **google.HOSTS,
    },
    methods=(
        google.service_account(
            "Add its client_email in GA4 → Admin → Property access management, "
            "with the role Viewer."
        ),
        google.REFRESH_TOKEN,
        google.ACCESS_TOKEN,
        google.by_sign_in("Sign in as somebody who can see the property in Google Analytics."),
    ),
    oauth=OAUTH,
    fields=(
        google.service_account_json(),
        *google.client_fields(),
        google.pasted_access_token(),
        account_id(
            label="Property ID",
            help="GA4 → Admin → Property details → Property ID, at the top right.",
            help_url="https://analytics.google.com",
            required=True,
            pattern=r"[0-9]+",
            pattern_message="A property ID is digits only. G-… is a measurement ID, UA-… an old "
            "property and GTM-… a tag container.",
            example="123456789",
            normalize=property_digits,
        ),
        base_url(),
    ),
    tester=Ga4Tester,
    errors=ERRORS,
    error_code_at=google_errors.CODE_AT,
    error_subcode_at=google_errors.STATUS_AT,
    error_text_at=google_errors.TEXT_AT,
    retry_after=retry_after,
    cost=Cost(
        calls=6,
        note="One report: under 10 of the property's 200,000 tokens a day. The rest is free.",
    ),
)
