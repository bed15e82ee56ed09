"""Pipedrive: deals of the one company that an API token belongs to.

API reference: https://developers.pipedrive.com/docs/api/v1 (read 2026-11-22).
Quirks: there is no second version of /users/me; deals and pipelines have only the second left.
A made-up company address is answered like a wrong token, so api.pipedrive.com is asked and the
company compared. Who ignores a limit is blocked with a web page and status 403.
"""

from dataclasses import replace
from typing import Any

from providers.base import Account, Cost, ErrorRule, Passed, Provider, dig, step
from providers.errors import (
    AccountNotFound,
    AuthInvalid,
    PermissionMissing,
    RateLimited,
    UnexpectedReply,
)
from providers.platforms.crm.tester import CrmTester, named, seconds_in
from providers.platforms.crm.vendors import host_of
from providers.reply import Reply

TOKEN_URL = "https://pipedrive.readme.io/docs/how-to-find-the-api-token"

ERRORS = (
    ErrorRule(
        status=401,
        error=AuthInvalid,
        message="Pipedrive refused the token.",
        action="Copy it again from Personal preferences, API, of the right company.",
        action_url=TOKEN_URL,
    ),
    ErrorRule(
        status=402,
        error=PermissionMissing,
        message="This Pipedrive account is not active.",
        action="Its trial may have ended: check the plan in Pipedrive, then test again.",
    ),
    ErrorRule(  # the edge, after limits were ignored
        status=403,
        text=r"^\s*<",
        error=RateLimited,
        message="Pipedrive has blocked us for a while because of too many requests.",
        action="Nothing to fix: wait a little and test again.",
    ),
    ErrorRule(
        status=403,
        error=PermissionMissing,
        message="The Pipedrive plan or this user's role does not allow this.",
        action="Ask an admin of Pipedrive to allow the API for this user.",
    ),
    ErrorRule(
        status=415,
        error=PermissionMissing,
        message="This feature is switched off in this Pipedrive account.",
        action="Switch it on in Pipedrive, then test again.",
    ),
    ErrorRule(
        status=frozenset({"400", "404", "410", "422"}),
        error=UnexpectedReply,
        message="Pipedrive no longer understands what we ask.",
        action="Nothing to fix for you: tell whoever runs this installation.",
    ),
)


def retry_after(reply: Reply) -> float | None:
    """Seconds until the limit is over; Pipedrive documents no Retry-After."""
    return seconds_in(reply.headers, "x-ratelimit-reset") if reply.status == 429 else None


class PipedriveTester(CrmTester):
    vendor = "Pipedrive"

    @step("Token is valid")
    def token_is_valid(self) -> Passed:
        """GET /v1/users/me -> {"success": true, "data": {"name": str, "company_id": int, …}}."""
        self.me = self._me()
        return Passed(f"Signed in as {self.me['name']}.")

    @step("Company is the one entered")
    def company_is_the_one_entered(self) -> Passed:
        """Asks nothing: the reply above has company_id, company_name and company_domain."""
        domain = self.me["company_domain"]
        wanted = self.values.get("company_domain") or self._domain_in_address()
        if wanted and wanted != domain.lower():
            raise AccountNotFound(
                "The token belongs to another Pipedrive company than the one entered.",
                "Copy the token while you are in that company, or correct the company domain.",
                action_url=TOKEN_URL,
            )
        self.belongs_to(_company(self.me))
        return Passed(f"The token reaches {named(_company(self.me))} at {domain}.pipedrive.com.")

    @step("Deals can be read")
    def deals_are_readable(self) -> Passed:
        """GET /api/v2/deals?limit=1 -> {"success": true, "data": [{"id": int, …}]}."""
        rows = self._rows("/api/v2/deals", limit=1)
        return Passed(f"Deals can be read. {'One was read' if rows else 'There are none yet'}.")

    @step("Pipelines can be read", optional=True)
    def pipelines_are_readable(self) -> Passed:
        """GET /api/v2/pipelines -> {"success": true, "data": [{"id": int, "name": str, …}]}."""
        return Passed(f"Pipelines: {len(self._rows('/api/v2/pipelines'))}.")

    def accounts(self) -> list[Account]:
        """One token is of one company."""
        return [_company(self._me())]

    def _me(self) -> dict[str, str]:
        self.begin()
        self.api.headers["x-api-token"] = self.typed(
            "access_token", "Choose the way with one key, and enter an API token of Pipedrive."
        )
        found: dict[str, str] = self.api.get("/v1/users/me", host="PIPEDRIVE")["data"]
        return found

    def _domain_in_address(self) -> str | None:
        """`acme` of `https://acme.pipedrive.com`; api.pipedrive.com is everybody's."""
        company, _, rest = host_of(self.values.get("base_url") or "").partition(".")
        return company if rest == "pipedrive.com" and company != "api" else None

    def _rows(self, path: str, **params: Any) -> list[object]:
        reply = self.api.get(path, host="PIPEDRIVE", **params)
        return list(dig(reply, "data"))


def _company(me: dict[str, str]) -> Account:
    return Account(str(me["company_id"]), me["company_name"])


def speak(crm: Provider) -> Provider:
    return replace(
        crm,
        name="Pipedrive",
        takes_any_address=False,
        tester=PipedriveTester,
        errors=ERRORS,
        error_code_at=("code", "errorCode", "error"),
        error_text_at="error",
        retry_after=retry_after,
        cost=Cost(calls=3, note="22 tokens of the company's daily budget of 30,000 and more."),
    )
