"""How a connection to Search Console is tested."""

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from providers.declare import Account, Passed, Warned, step
from providers.errors import AccountNotFound, PermissionMissing, UnexpectedReply
from providers.families.google.facts import scope
from providers.families.google.steps import GoogleTester
from providers.platforms.search_console.errors import USERS_URL

# Answers spell a level one way, Google's machine-readable description the other.
LEVELS = {
    "siteOwner": "an owner",
    "SITE_OWNER": "an owner",
    "siteFullUser": "a full user",
    "SITE_FULL_USER": "a full user",
    "siteRestrictedUser": "a restricted user",
    "SITE_RESTRICTED_USER": "a restricted user",
}
UNVERIFIED = ("siteUnverifiedUser", "SITE_UNVERIFIED_USER")


class SearchConsoleTester(GoogleTester):
    needs = (
        scope(
            "webmasters.readonly",
            "webmasters",
            gives="properties, searches and sitemaps of Search Console",
            stops="Search performance stops working.",
        ),
    )

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
        return Passed(f"This sign-in is {LEVELS.get(level, 'a user')} of {site['siteUrl']}.")

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
