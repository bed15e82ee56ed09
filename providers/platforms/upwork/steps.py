"""How Upwork is tested: whose sign-in it is, the organization, and a search for jobs."""

from typing import Any

from providers.declare import (
    SIGN_IN,
    Account,
    Answer,
    Passed,
    Tester,
    Warned,
    compare_scopes,
    dig,
    step,
)
from providers.declare.parts import ask_for, has_any, told
from providers.errors import AccountNotFound, PermissionMissing, UnexpectedReply
from providers.platforms.upwork.errors import KEYS_URL

WHO = "query { user { id nid rid name } organization { id } }"
# For a key that may not read names.
WHO_BY_ID = "query { user { id nid rid } organization { id } }"
ORGANIZATIONS = "query { companySelector { items { title organizationId } } }"
JOBS = """
query($f: MarketplaceJobPostingsSearchFilter) {
  marketplaceJobPostingsSearch(marketPlaceJobFilter: $f, searchType: USER_JOBS_SEARCH,
                               sortAttributes: [{field: RECENCY}]) {
    totalCount edges { node { id } } pageInfo { hasNextPage endCursor } } }
"""
SEARCH = "data.marketplaceJobPostingsSearch"
ONE_JOB = {"searchExpression_eq": "marketing", "pagination_eq": {"first": 1, "after": "0"}}


class UpworkTester(Tester):
    own_organization = ""

    @step("Sign-in works")
    def sign_in_works(self) -> Passed | Warned:
        """{"data": {"user": {"id": str, "name": str}, "organization": {"id": str}}}."""
        self.enter()
        try:
            reply = self._ask(WHO, "data.user")
        except PermissionMissing:
            reply = self._ask_who_by_id()
        user = reply["data"]["user"]
        self.own_organization = str((reply["data"].get("organization") or {}).get("id", ""))
        name = user.get("name") or user.get("id") or user.get("nid")
        return told(reply, f"Upwork knows this sign-in as {name}.", "Upwork")

    @step("Permissions", methods=(SIGN_IN,))
    def permissions(self) -> Answer:
        """Asks nothing: permissions are ticked on the key, and Upwork lists them nowhere."""
        return compare_scopes(self.grant.asked, None, self.api.platform)

    @step("Organization reachable")
    def organization_is_reachable(self) -> Passed | Warned:
        """{"data": {"companySelector": {"items": [{"title": str, "organizationId": str}]}}}."""
        found, reply = self._organizations()
        wanted = self.values.get("account_id")
        is_partial = bool(reply.get("errors"))
        if wanted and wanted not in found and is_partial:
            raise UnexpectedReply("Upwork lists only a part of this login's organizations.")
        if wanted and wanted not in found:
            raise AccountNotFound(
                "This login does not reach the chosen Upwork organization, or no longer.",
                "Choose another one, or leave the field empty for the login's own.",
            )
        only = next(iter(found)) if len(found) == 1 and not is_partial else ""
        own = self.own_organization if self.own_organization in found else only
        chosen = wanted or own
        if not chosen:
            return Warned(f"This login reaches {len(found)} organizations. Choose one by its ID.")
        self.api.headers["X-Upwork-API-TenantId"] = chosen
        self.account = Account(chosen, found[chosen])
        name = found[chosen] or "The organization"
        return told(reply, f"{name} is reachable.", "Upwork")

    @step("Job postings can be read")
    def job_postings_are_readable(self) -> Passed | Warned:
        """{"data": {"marketplaceJobPostingsSearch": {"totalCount": int, "edges": […]}}}."""
        try:
            reply = self._ask(
                JOBS, f"{SEARCH}.totalCount", f"{SEARCH}.edges", variables={"f": ONE_JOB}
            )
        except PermissionMissing:
            raise PermissionMissing(
                "The key works but may not read job postings.",
                "Tick Read marketplace Job Postings on the key, then sign in with it again.",
                action_url=KEYS_URL,
            ) from None
        total = dig(reply, f"{SEARCH}.totalCount")
        said = "Job postings" if total is None else f"{int(total)} job postings"
        return told(reply, f"{said} match a search for marketing.", "Upwork")

    def accounts(self) -> list[Account]:
        """The login's organizations, all in one reply."""
        found, _ = self._organizations()
        return [Account(number, title) for number, title in found.items()]

    def _ask_who_by_id(self) -> Any:
        try:
            return self._ask(WHO_BY_ID, "data.user")
        except PermissionMissing:
            raise PermissionMissing(
                "The key may not read whose it is, which everything else needs.",
                "Tick Common Entities - Read-Only Access on the key, then sign in with it again.",
                action_url=KEYS_URL,
            ) from None

    def _organizations(self) -> tuple[dict[str, str], Any]:
        """Titles by ID, and the reply that has them."""
        reply = self._ask(ORGANIZATIONS, "data.companySelector.items")
        items = [
            item
            for item in reply["data"]["companySelector"]["items"]
            if item and item.get("organizationId")
        ]
        found = {str(item["organizationId"]): item.get("title") or "" for item in items}
        return found, reply

    def _ask(self, query: str, *needed: str, variables: Any = None) -> Any:
        """POST /graphql -> {"data": {…}, "errors": [{"message": str, "extensions": {…}}]}."""
        body = {"query": query} | ({"variables": variables} if variables else {})
        reply = ask_for(self.api, needed, "POST", "/graphql", json=body)
        is_refused = reply.get("errors") and not has_any(reply, needed)
        if is_refused or all(dig(reply, path) is None for path in needed):
            raise UnexpectedReply("Upwork did not carry out what we asked.")
        return reply
