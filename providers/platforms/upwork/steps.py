"""How Upwork is tested: whose sign-in it is, the organization, and a search for jobs."""

from typing import Any

from providers.declare import SIGN_IN, Account, Answer, Passed, Tester, Warned, compare_scopes, step
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
ONE_JOB = {"searchExpression_eq": "marketing", "pagination_eq": {"first": 1, "after": "0"}}


class UpworkTester(Tester):
    own_organization = ""

    @step("Sign-in works")
    def sign_in_works(self) -> Passed | Warned:
        """{"data": {"user": {"id": str, "name": str}, "organization": {"id": str}}}."""
        self.enter()
        try:
            reply = self._ask(WHO, "user")
        except PermissionMissing:
            reply = self._ask_who_by_id()
        user = reply["data"]["user"]
        self.own_organization = str((reply["data"].get("organization") or {}).get("id", ""))
        return _answer(reply, f"Upwork knows this sign-in as {user.get('name') or user['id']}.")

    @step("Permissions", methods=(SIGN_IN,))
    def permissions(self) -> Answer:
        """Asks nothing: permissions are ticked on the key, and Upwork lists them nowhere."""
        return compare_scopes(self.grant.asked, None, self.api.platform)

    @step("Organization reachable")
    def organization_is_reachable(self) -> Passed | Warned:
        """{"data": {"companySelector": {"items": [{"title": str, "organizationId": str}]}}}."""
        found = self._organizations()
        wanted = self.values.get("account_id")
        if wanted and wanted not in found:
            raise AccountNotFound(
                "This login does not reach the chosen Upwork organization, or no longer.",
                "Choose another one, or leave the field empty for the login's own.",
            )
        only = next(iter(found)) if len(found) == 1 else ""
        own = self.own_organization if self.own_organization in found else only
        chosen = wanted or own
        if not chosen:
            return Warned(f"This login reaches {len(found)} organizations. Choose one by its ID.")
        self.api.headers["X-Upwork-API-TenantId"] = chosen
        self.account = Account(chosen, found[chosen])
        return Passed(f"{found[chosen] or 'The organization'} is reachable.")

    @step("Job postings can be read")
    def job_postings_are_readable(self) -> Passed | Warned:
        """{"data": {"marketplaceJobPostingsSearch": {"totalCount": int, "edges": […]}}}."""
        try:
            reply = self._ask(JOBS, "marketplaceJobPostingsSearch", variables={"f": ONE_JOB})
        except PermissionMissing:
            raise PermissionMissing(
                "The key works but may not read job postings.",
                "Tick Read marketplace Job Postings on the key, then sign in with it again.",
                action_url=KEYS_URL,
            ) from None
        total = int(reply["data"]["marketplaceJobPostingsSearch"]["totalCount"])
        return _answer(reply, f"{total} job postings match a search for marketing.")

    def accounts(self) -> list[Account]:
        """The login's organizations, all in one reply."""
        return [Account(number, title) for number, title in self._organizations().items()]

    def _ask_who_by_id(self) -> Any:
        try:
            return self._ask(WHO_BY_ID, "user")
        except PermissionMissing:
            raise PermissionMissing(
                "The key may not read whose it is, which everything else needs.",
                "Tick Common Entities - Read-Only Access on the key, then sign in with it again.",
                action_url=KEYS_URL,
            ) from None

    def _organizations(self) -> dict[str, str]:
        items = self._ask(ORGANIZATIONS, "companySelector")["data"]["companySelector"]["items"]
        return {str(item["organizationId"]): item.get("title") or "" for item in items if item}

    def _ask(self, query: str, needed: str, *, variables: Any = None) -> Any:
        """POST /graphql -> {"data": {…}, "errors": [{"message": str, "extensions": {…}}]}."""
        body = {"query": query} | ({"variables": variables} if variables else {})
        reply = self.api.post("/graphql", json=body)
        if (reply.get("data") or {}).get(needed) is None:
            raise UnexpectedReply("Upwork did not carry out what we asked.")
        return reply


def _answer(reply: Any, said: str) -> Passed | Warned:
    """Data that came with errors about other parts of it is usable all the same."""
    if reply.get("errors"):
        return Warned(f"{said} Upwork could not read a part of what we asked for.")
    return Passed(said)
