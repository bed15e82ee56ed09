"""Search Console: clicks, impressions and positions of one property in Google's search.

API reference: https://developers.google.com/webmaster-tools/v1/searchanalytics
(read 2026-11-22).
Quirk: a property is known by one exact string. `sc-domain:example.com`,
`https://example.com/` and `https://www.example.com/` are three different ones.
"""

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

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
    step,
)
from providers.errors import (
    AccountNotFound,
    PermissionMissing,
    QuotaExhausted,
    RateLimited,
    UnexpectedReply,
)
from providers.families import google
from providers.families.google import errors as google_errors
from providers.outbound.reply import Reply

USERS_URL = "https://search.google.com/search-console/users"
PROPERTIES_URL = "https://search.google.com/search-console"
OAUTH = google.oauth(
    google.scope(
        "webmasters.readonly",
        "webmasters",
        gives="properties, searches and sitemaps of Search Console",
        stops="Search performance stops working.",
    )
)
# Answers spell a level one way, Google's machine-readable description the other.
LEVELS = {
    "siteOwner": "owner",
    "SITE_OWNER": "owner",
    "siteFullUser": "full user",
    "SITE_FULL_USER": "full user",
    "siteRestrictedUser": "restricted user",
    "SITE_RESTRICTED_USER": "restricted user",
}
UNVERIFIED = ("siteUnverifiedUser", "SITE_UNVERIFIED_USER")
PAUSE_SECONDS = 15 * 60.0


class SearchConsoleTester(google.GoogleTester):
    needs = OAUTH.scopes

    sign_in_works = google.sign_in_works
    permissions_are_granted = google.permissions_are_granted

    @step("Property reachable")
    def property_is_reachable(self) -> Passed:
        """GET /sites/<site> -> {"siteUrl": str, "permissionLevel": "siteFullUser" …}."""
        site = self._ask_site("")
        self.account = Account(site["siteUrl"], site["siteUrl"])
        level = site["permissionLevel"]
        if level in UNVERIFIED:
            raise PermissionMissing(
                "Search Console has not verified this sign-in for the property.",
                "Ask an owner of the property to add it as a user.",
                action_url=USERS_URL,
            )
        return Passed(f"This sign-in is a {LEVELS.get(level, 'user')} of {site['siteUrl']}.")

    @step("Search performance can be read")
    def performance_is_readable(self) -> Passed:
        """POST /sites/<site>/searchAnalytics/query -> {"rows": [{"keys": ["2026-11-18"],
        "clicks": 1.0, "impressions": 2.0}]}; no rows without data.
        """
        today = datetime.now(UTC).date()
        try:
            found = self.api.post(
                self._path("/searchAnalytics/query"),
                json={
                    "startDate": f"{today - timedelta(days=10)}",
                    "endDate": f"{today - timedelta(days=1)}",
                    "dimensions": ["DATE"],
                    "type": "WEB",
                    "dataState": "ALL",
                    "rowLimit": 10,
                },
            )
        except AccountNotFound:
            # The step before has just seen the property.
            raise PermissionMissing(
                "This sign-in may not read the property's search performance.",
                "Ask an owner of the property for the level Restricted or Full.",
                action_url=USERS_URL,
            ) from None
        if not isinstance(found, dict):
            raise UnexpectedReply
        rows = found.get("rows", [])
        if not rows:
            return Passed("Reports can be read. Google shows no searches of the last ten days.")
        newest = max(rows, key=lambda row: str(row["keys"][0]))
        clicks, shown = round(newest["clicks"]), round(newest["impressions"])
        return Passed(f"{newest['keys'][0]}: {clicks} clicks, {shown} impressions.")

    @step("Sitemaps", optional=True)
    def sitemaps_are_well(self) -> Passed | Warned:
        """GET /sites/<site>/sitemaps -> {"sitemap": [{"path": str, "errors": "0"}]}, with
        numbers as texts; no list without sitemaps.
        """
        sitemaps = self._ask_site("/sitemaps").get("sitemap", [])
        broken = [one["path"] for one in sitemaps if int(one.get("errors", 0))]
        if broken:
            return Warned(f"{len(broken)} of {len(sitemaps)} sitemaps have errors. Look at them.")
        if not sitemaps:
            return Passed("No sitemap was submitted.")
        return Passed(f"Sitemaps without errors: {len(sitemaps)}.")

    def accounts(self) -> list[Account]:
        """GET /sites -> {"siteEntry": [{"siteUrl": str, "permissionLevel": str}]}, all at once."""
        self.sign_in()
        listed = self.api.get("/webmasters/v3/sites").get("siteEntry", [])
        return [
            Account(site["siteUrl"], site["siteUrl"])
            for site in listed
            if site.get("permissionLevel") not in UNVERIFIED
        ]

    def _ask_site(self, below: str) -> Any:
        return self.api.get(self._path(below))

    def _path(self, below: str) -> str:
        return f"/webmasters/v3/sites/{quote(self.values['account_id'], safe='')}{below}"


ERRORS = (
    ErrorRule(
        text="sufficient permission for site",
        error=AccountNotFound,
        message="This sign-in is not a user of exactly this property.",
        action="Choose the property from the list, or ask its owner to add the sign-in.",
        action_url=USERS_URL,
    ),
    ErrorRule(
        code="quotaExceeded",
        text="daily|per day",
        error=QuotaExhausted,
        message="Today's Search Console quota is used up.",
        action="Wait: it returns at midnight, Pacific time.",
    ),
    ErrorRule(
        code="quotaExceeded",
        error=RateLimited,
        message="Search Console has had too many requests.",
        action="Wait 15 minutes; if this returns, test again tomorrow.",
    ),
    *google_errors.rules(
        "Search Console", "the Google Search Console API", "searchconsole.googleapis.com"
    ),
    ErrorRule(
        code=codes("forbidden", "insufficientPermissions"),
        error=PermissionMissing,
        message="This sign-in may not read the property.",
        action="Ask an owner of the property to add it as a user.",
        action_url=USERS_URL,
    ),
    ErrorRule(
        code="notFound",
        error=AccountNotFound,
        message="Search Console knows no such property.",
        action="Check http or https, www and the final slash, or choose it from the list.",
        action_url=PROPERTIES_URL,
    ),
)


def retry_after(reply: Reply) -> float | None:
    """A quarter of an hour for the load quota, about which Google sends no number."""
    said = google_errors.retry_after(reply)
    if said is None and google_errors.reason_of(reply) == "quotaExceeded":
        return PAUSE_SECONDS
    return said


PROVIDER = Provider(
    slug="search_console",
    name="Search Console",
    used_by=("Search performance",),
    docs_url="https://developers.google.com/webmaster-tools/v1/searchanalytics",
    setup_url=google.CONSOLE_URL,
    hosts={"API": "https://searchconsole.googleapis.com", **google.HOSTS},
    methods=(
        google.service_account(
            "Add its client_email in Search Console → Settings → Users and permissions "
            "→ Add user; Restricted is enough."
        ),
        google.REFRESH_TOKEN,
        google.ACCESS_TOKEN,
        google.by_sign_in("Sign in as a user of the property in Search Console."),
    ),
    oauth=OAUTH,
    fields=(
        google.service_account_json(),
        *google.client_fields(),
        google.pasted_access_token(),
        account_id(
            label="Property",
            help="Search Console → the property selector at the top left. "
            "Copy it exactly; a domain property gets sc-domain: in front.",
            help_url="https://search.google.com/search-console",
            required=True,
            pattern=r"sc-domain:[a-z0-9.\-]+|https?:\/\/[^\/\s]+\/\S*",
            pattern_message="Enter the property as Search Console shows it. That is "
            "sc-domain:example.com, or https://www.example.com/ with its final slash.",
            example="sc-domain:example.com",
            max_length=2048,
        ),
        base_url(),
    ),
    tester=SearchConsoleTester,
    errors=ERRORS,
    error_code_at=google_errors.CODE_AT,
    error_subcode_at=google_errors.STATUS_AT,
    error_text_at=google_errors.TEXT_AT,
    retry_after=retry_after,
    cost=Cost(calls=5, note="One query of the property's 1,200 a minute. The rest is free."),
)
