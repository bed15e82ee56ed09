"""Pipedrive: deals of the one company that an API token belongs to.

API reference: https://developers.pipedrive.com/docs/api/v1 (read 2026-11-22).
Quirks: there is no second version of /users/me; deals and pipelines have only the second left.
A made-up company address is answered like a wrong token, so api.pipedrive.com is asked and the
company compared. Who ignores a limit is blocked with a web page and status 403. What an app may
read is ticked on the app; it cannot be asked for when somebody signs in.
"""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from providers.declare import (
    SIGN_IN,
    Account,
    Answer,
    AppForm,
    Cost,
    ErrorRule,
    OAuth,
    Passed,
    Provider,
    Scope,
    compare_scopes,
    dig,
    step,
)
from providers.errors import (
    AccountNotFound,
    AuthExpired,
    AuthInvalid,
    PermissionMissing,
    RateLimited,
    UnexpectedReply,
)
from providers.outbound.reply import Reply
from providers.platforms.crm.apps import app_refused, ended, redirect_refused
from providers.platforms.crm.tester import CrmTester, named, seconds_in
from providers.platforms.crm.vendors import host_of

TOKEN_URL = "https://pipedrive.readme.io/docs/how-to-find-the-api-token"
TICK = "An owner ticks it on the app in Pipedrive's Developer Hub, then sign in again."

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
        text="^scope and url mismatch",
        error=PermissionMissing,
        message="The app in Pipedrive lacks a scope for this.",
        action=TICK,
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

# https://pipedrive.readme.io/docs/marketplace-oauth-authorization and its page on status codes,
# which lists what the token endpoint says, but not in which field.
OAUTH = OAuth(
    app=AppForm(
        slug="pipedrive",
        name="Pipedrive",
        console_url="https://app.pipedrive.com/developer-hub",
        steps=(
            "Open the Developer Hub in a developer sandbox account of Pipedrive.",
            "Create a private app with the redirect URI below as its callback URL.",
            "Tick the scopes below, change the app to live, and copy client ID and secret.",
        ),
        pitfalls=(
            "A draft app cannot be installed in another company: it answers with a refusal.",
            "An app takes one callback URL only, so each installation needs its own app.",
            "Scopes that are ticked later count from the next sign-in on.",
        ),
    ),
    authorization_url="https://oauth.pipedrive.com/oauth/authorize",
    token_url="https://oauth.pipedrive.com/oauth/token",
    revocation_url="https://oauth.pipedrive.com/oauth/revoke",
    scopes=(
        Scope(name="base", gives="who is connected", stops="Nothing can be read."),
        Scope(
            name="deals:read",
            gives="deals and pipelines",
            stops="Deals can no longer be read.",
            implied_by=("deals:full",),
        ),
        Scope(
            name="contacts:read",
            gives="persons and organizations",
            stops="Contacts can no longer be read.",
            is_optional=True,
            implied_by=("contacts:full",),
        ),
    ),
    lists_scopes=False,
    uses_pkce=False,
    pkce_source="https://pipedrive.readme.io/docs/marketplace-oauth-authorization",
    client_authentication="client_secret_basic",
    keeps=("api_domain",),
    access_token_lifetime=timedelta(hours=1),
    refresh_token_lifetime=timedelta(days=60),
    revoking_ends_siblings=True,  # it uninstalls the app
    errors=(
        ended("Pipedrive", text="^invalid[ _]grant"),
        redirect_refused("Pipedrive", text="^invalid request: redirect_uri"),
        app_refused("Pipedrive", text="^invalid[ _]client"),
        app_refused("Pipedrive", status=401),
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

    @step("Permissions", methods=(SIGN_IN,))
    def permissions_are_ticked(self) -> Answer:
        """Asks nothing: the sign-in's reply listed them."""
        try:
            return compare_scopes(self.grant.asked, self.grant.granted, self.vendor)
        except PermissionMissing as error:
            raise PermissionMissing(error.message, TICK) from None

    @step("Company is the one entered")
    def company_is_the_one_entered(self) -> Passed:
        """Asks nothing: the reply above has company_id, company_name and company_domain."""
        domain = self.me["company_domain"]
        wanted = self.values.get("company_domain") or self._domain_in_address()
        if wanted and wanted != domain.lower():
            raise AccountNotFound(
                "The token belongs to another Pipedrive company than the one entered.",
                "Choose that company when you sign in, or correct the address."
                if self.is_signed_in
                else "Copy the token while you are in that company, or correct the company domain.",
                action_url=None if self.is_signed_in else TOKEN_URL,
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
        """One token, pasted or of a sign-in, is of one company."""
        return [_company(self._me())]

    def _me(self) -> dict[str, str]:
        self.begin()
        token = self.typed(
            "access_token", "Choose the way with one key, and enter an API token of Pipedrive."
        )
        path = "/v1/users/me"
        domain = self.grant.facts.get("api_domain")  # the company's own, where the path differs
        if domain:
            self.api.move("PIPEDRIVE", self.named_by_sign_in(domain, ".pipedrive.com"))
            path = f"/api{path}"
        if self.is_signed_in:
            self.api.headers["Authorization"] = f"Bearer {token}"
        else:
            self.api.headers["x-api-token"] = token
        try:
            found: dict[str, str] = self.api.get(path, host="PIPEDRIVE")["data"]
        except AuthInvalid:
            if not self.is_signed_in:
                raise
            raise AuthExpired(
                "Pipedrive has ended this sign-in, or the app was uninstalled there."
            ) from None
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
        oauth=OAUTH,
        tester=PipedriveTester,
        errors=ERRORS,
        error_code_at=("code", "errorCode", "error"),
        error_text_at=("message", "error"),
        retry_after=retry_after,
        cost=Cost(calls=3, note="22 tokens of the company's daily budget of 30,000 and more."),
    )
