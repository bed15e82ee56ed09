"""How a connection to Google Analytics is tested: names from ADMIN, reports from API."""

from functools import partial
from typing import Any

from providers.declare import Account, Passed, Warned, dig, step
from providers.declare.paging import following, pages
from providers.errors import UnexpectedReply
from providers.families.google.facts import scope
from providers.families.google.steps import GoogleTester


class Ga4Tester(GoogleTester):
    needs = (
        scope(
            "analytics.readonly",
            "analytics",
            gives="properties and reports of Google Analytics",
            stops="Site traffic and funnels stop working.",
        ),
    )

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
        ask = partial(self.api.get, "/v1beta/accountSummaries", host="ADMIN", pageSize=200)
        return [
            _account(listed, summary)
            for page in pages(ask, following("pageToken", "nextPageToken"))
            for summary in page.get("accountSummaries", [])
            for listed in summary.get("propertySummaries", [])
        ]

    def _admin(self, below: str) -> Any:
        path = f"/v1beta/properties/{self.values['account_id']}{below}"
        return self.api.get(path, host="ADMIN")


def _account(listed: dict[str, Any], summary: dict[str, Any]) -> Account:
    names = (summary.get("displayName"), listed.get("displayName"))
    return Account(
        listed["property"].removeprefix("properties/"), " · ".join(name for name in names if name)
    )
