"""Zoho CRM: leads and deals of the one organization that an approval belongs to.

API reference: https://www.zoho.com/crm/developer/docs/api/v8 and zoho/crm-oas, version 8
(read 2026-11-22).
Quirks: each data centre has its own sign-in, API and console. The sign-in tells its errors with
status 200, and gives ten access tokens in ten minutes for one refresh token. No rows are a 204.
Whoever signs in may live in another data centre than the one where signing in began.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from providers.access.flow import Flow
from providers.access.refusals import APP_ACTION, AppRefused
from providers.declare import (
    Account,
    AppForm,
    Cost,
    ErrorRule,
    OAuth,
    Passed,
    Provider,
    Scope,
    Tokens,
    Warned,
    dig,
    permissions_of_sign_in,
    step,
)
from providers.errors import (
    AccountNotFound,
    AuthExpired,
    AuthInvalid,
    InvalidConfig,
    PermissionMissing,
    ProviderUnavailable,
    RateLimited,
    UnexpectedReply,
)
from providers.outbound.reply import Reply
from providers.platforms.crm.apps import ended
from providers.platforms.crm.tester import CrmTester, named
from providers.platforms.crm.vendors import ZOHO, data_centre_of, host_of, organization_in

VERSION = "v8"
HOME_CENTRE = "us"  # where signing in begins when no data centre was chosen, as Zoho advises
ACCOUNTS_SERVER = "accounts-server"
PAUSE_SECONDS = 600.0
TOKEN_PATH = "/oauth/v2/token"
SCOPES = "Create the approval again with the scopes"
OUR_FAULT = "Nothing to fix for you: tell whoever runs this installation."
ALL_MODULES = ("ZohoCRM.modules.ALL", "ZohoCRM.modules.READ")
SIGN_IN_SCOPES = (
    Scope(
        name="ZohoCRM.org.READ",
        gives="the organization",
        stops="It cannot be told which organization this is.",
        implied_by=("ZohoCRM.org.ALL",),
    ),
    Scope(
        name="ZohoCRM.users.READ",
        gives="who is connected",
        stops="It cannot be told who signed in.",
        is_optional=True,
        implied_by=("ZohoCRM.users.ALL",),
    ),
    Scope(
        name="ZohoCRM.modules.leads.READ",
        gives="leads",
        stops="Leads can no longer be read.",
        implied_by=("ZohoCRM.modules.leads.ALL", *ALL_MODULES),
    ),
    Scope(
        name="ZohoCRM.modules.contacts.READ",
        gives="contacts",
        stops="Contacts can no longer be read.",
        is_optional=True,
        implied_by=("ZohoCRM.modules.contacts.ALL", *ALL_MODULES),
    ),
    Scope(
        name="ZohoCRM.modules.deals.READ",
        gives="deals",
        stops="Deals can no longer be read.",
        is_optional=True,
        implied_by=("ZohoCRM.modules.deals.ALL", *ALL_MODULES),
    ),
)


class ScopeMissing(PermissionMissing):
    """The approval lacks a scope: the step that met this knows which."""


def rules(console: str) -> tuple[ErrorRule, ...]:
    """The error table, linking to the console of one data centre."""
    return (
        ErrorRule(
            code="Access Denied",
            text="too many requests",
            error=RateLimited,
            message="Zoho asks for a pause of about ten minutes.",
            action="Nothing to fix: test again after it.",
        ),
        ErrorRule(
            code="invalid_client",
            error=AuthInvalid,
            message="Zoho does not know this client ID in this data centre.",
            action="Check the client ID and the data centre.",
            action_url=console,
        ),
        ErrorRule(
            code="invalid_client_secret",
            error=AuthInvalid,
            message="Zoho does not accept this client secret.",
            action="Copy it again; it can differ from one data centre to the next.",
            action_url=console,
        ),
        ErrorRule(
            code="invalid_code",
            error=AuthExpired,
            message="The approval in Zoho was revoked, or is of another client.",
            action="Generate a new code in the Self Client, and enter the new refresh token.",
            action_url=console,
        ),
        ErrorRule(
            code="INVALID_TOKEN",
            error=AuthExpired,
            message="Zoho does not accept this access token in this data centre.",
            action="Check the data centre, then enter the credentials again.",
            action_url=console,
        ),
        ErrorRule(
            code="AUTHENTICATION_FAILURE",
            error=AuthInvalid,
            message="Zoho does not accept these credentials.",
            action="Generate a new code in the Self Client, and enter the new refresh token.",
            action_url=console,
        ),
        ErrorRule(
            code="OAUTH_SCOPE_MISMATCH",
            error=ScopeMissing,
            message="The approval in Zoho lacks a scope.",
            action=f"{SCOPES} for users, the organization, leads, contacts and deals.",
            action_url=console,
        ),
        ErrorRule(
            code=frozenset({"NO_PERMISSION", "NOT_ALLOWED"}),
            error=PermissionMissing,
            message="This Zoho user's profile may not use the API or this module.",
            action="Ask a Zoho CRM administrator to allow both in the profile.",
        ),
        ErrorRule(
            code="TOO_MANY_REQUESTS",
            error=RateLimited,
            message="Zoho is limiting requests at the moment.",
            action="Nothing to fix: wait a little and test again.",
        ),
        ErrorRule(
            code="INTERNAL_ERROR",
            error=ProviderUnavailable,
            message="Zoho has a problem at the moment.",
            action="Nothing to fix here: test again later.",
        ),
        ErrorRule(
            code=frozenset(
                {
                    *("INVALID_MODULE", "INVALID_DATA", "REQUIRED_PARAM_MISSING"),
                    *("API_NOT_SUPPORTED", "INVALID_URL_PATTERN"),
                }
            ),
            error=UnexpectedReply,
            message="Zoho did not understand what we asked.",
            action=OUR_FAULT,
        ),
    )


def retry_after(reply: Reply) -> float | None:
    """Ten minutes for the limit of the sign-in, which sends no Retry-After."""
    return PAUSE_SECONDS if is_throttled(reply) else None


def is_throttled(reply: Reply) -> bool:
    return dig(reply.json_or_none(), "error") == "Access Denied"


class ZohoFlow(Flow):
    """A code and its tokens are known only in the data centre of the person who signed in.

    https://www.zoho.com/accounts/protocol/oauth/multi-dc/client-authorization.html: the callback
    names its `accounts-server`, which is asked from then on if it is one of Zoho's.
    """

    def exchange(
        self, callback: Mapping[str, str], *, redirect_uri: str, code_verifier: str
    ) -> Tokens:
        self._go_to(callback)
        return super().exchange(callback, redirect_uri=redirect_uri, code_verifier=code_verifier)

    def renew(self, held: Tokens) -> Tokens:
        self._go_to(held.facts)
        return super().renew(held)

    def revoke(self, held: Tokens) -> None:
        """With the token alone, and in the address: Zoho documents no other way."""
        self._go_to(held.facts)
        host, path = self.provider.place_of(str(self.oauth.revocation_url), "REVOKE", self.values)
        token = held.refresh_token or held.access_token
        self.judge_revocation(self.api.request("POST", path, host=host, token=token))

    def judge_revocation(self, reply: Reply) -> None:
        """A token that has ended already is told with status 400: nothing is left to revoke."""
        code = dig(reply.json_or_none(), "error")
        if reply.status != 400 or code not in ("invalid_code", "invalid_token"):
            super().judge_revocation(reply)

    def tokens_of(self, reply: Mapping[str, Any]) -> Tokens:
        tokens = super().tokens_of(reply)
        server = self.oauth.token_url.removesuffix(TOKEN_PATH)
        return replace(tokens, facts={**tokens.facts, ACCOUNTS_SERVER: server})

    def _go_to(self, named: Mapping[str, str]) -> None:
        """Raises UnexpectedReply, with nothing sent, for a server that is not one of Zoho's."""
        server = named.get(ACCOUNTS_SERVER)
        if server is None:
            return
        centres = (centre for centre, hosts in ZOHO.items() if server == f"https://{hosts[0]}")
        centre = next(centres, None)
        if centre is None:
            raise UnexpectedReply(
                "The sign-in came back naming a server that is not one of Zoho's.",
                "Sign in again; if this returns, tell whoever runs this installation.",
            )
        self.oauth = sign_in_in(centre)


def sign_in_in(centre: str) -> OAuth:
    """How one signs in in this data centre.

    https://www.zoho.com/crm/developer/docs/api/v8/oauth-overview.html. A refresh token lives until
    it is revoked, or until the same person has approved twenty times more.
    """
    server = f"https://{ZOHO[centre][0]}"
    return OAuth(
        app=AppForm(
            slug="zoho",
            name="Zoho CRM",
            console_url=console_of(centre),
            steps=(
                "Create a client of the kind Server-based Applications.",
                "Enter the redirect URI below, then copy the client ID and the client secret.",
                "Under Settings switch on Multi-DC, with one client secret for all data centres.",
            ),
            pitfalls=(
                "A Self Client knows no redirect URI: nobody can sign in with one.",
                "Without Multi-DC only people of the app's own data centre can sign in.",
                "A client secret of its own for each data centre is refused in all but one.",
            ),
            client_secret_pattern=r"(?!1000\.)\S+",
            client_secret_message="This is the client ID, or holds a space. "
            "The secret stands beside it.",
        ),
        authorization_url=f"{server}/oauth/v2/auth",
        token_url=f"{server}{TOKEN_PATH}",
        revocation_url=f"{server}{TOKEN_PATH}/revoke",
        scopes=SIGN_IN_SCOPES,
        scope_separator=",",
        authorization_params={"access_type": "offline", "prompt": "consent"},
        uses_pkce=False,
        pkce_source="Zoho's pages on server-based applications know no code challenge.",
        keeps=("api_domain",),
        access_token_lifetime=timedelta(hours=1),
        errors=(
            ended("Zoho CRM", code="invalid_code"),
            ErrorRule(
                code="invalid_client",
                error=AppRefused,
                message="Zoho does not know this app in this data centre.",
                action="An owner switches on Multi-DC for it, or corrects its ID here.",
                action_url=console_of(centre),
            ),
            ErrorRule(
                code="invalid_client_secret",
                error=AppRefused,
                message="Zoho does not accept this app's secret in this data centre.",
                action=APP_ACTION,
                action_url=console_of(centre),
            ),
        ),
        flow=ZohoFlow,
    )


def console_of(centre: str) -> str:
    return f"https://{ZOHO[centre][0].replace('accounts.', 'api-console.')}"


class ZohoTester(CrmTester):
    vendor = "Zoho CRM"
    centre = ""

    @step("Approval is valid")
    def approval_is_valid(self) -> Passed:
        """POST /oauth/v2/token -> {"access_token": str, "api_domain": str, "expires_in": 3600}.

        A pasted access token needs none, nor does one of a person's sign-in.
        """
        self._sign_in()
        if self.values.get("access_token"):
            whose = "sign-in's" if self.is_signed_in else "pasted"
            return Passed(f"The {whose} access token is used; the next steps prove it.")
        return Passed("Zoho accepts the client, its secret and the refresh token.")

    permissions = permissions_of_sign_in

    @step("User behind the approval")
    def user_is_known(self) -> Passed | Warned:
        """GET /crm/v8/users?type=CurrentUser -> {"users": [{"id": str, "full_name": str, …}]}."""
        try:
            [user] = self._get("users", "users", type="CurrentUser")["users"]
        except PermissionMissing as error:
            return Warned(f"{error.message} {error.action}")
        return Passed(f"Reads as {user.get('full_name') or user['id']}.")

    @step("Organization is the one entered")
    def organization_is_the_one_entered(self) -> Passed:
        """GET /crm/v8/org -> {"org": [{"id": str, "zgid": str, "company_name": str, …}]}."""
        account, row = self._organization()
        if str(row.get("type")).lower() == "bigin":
            raise AccountNotFound(
                "This is an account of Bigin, not of Zoho CRM.",
                "Make the approval in an organization of Zoho CRM.",
            )
        hint = organization_in(self.values.get("base_url") or "")
        self.belongs_to(account, str(row["id"]), f"org{account.id}", hint=hint)
        kind = str(row.get("type") or "").lower()
        about = "" if kind in ("", "production") else f", of the kind {kind}"
        return Passed(f"{named(account)}{about}.")

    @step("Leads can be read")
    def leads_are_readable(self) -> Passed:
        """GET /crm/v8/Leads -> {"data": [{"id": str, …}], "info": {…}}; 204 without rows."""
        return self._read("Leads", "Last_Name,Modified_Time")

    @step("Deals can be read", optional=True)
    def deals_are_readable(self) -> Passed:
        """GET /crm/v8/Deals -> {"data": [{"id": str, …}], "info": {…}}; 204 without rows."""
        return self._read("Deals", "Deal_Name,Modified_Time")

    def accounts(self) -> list[Account]:
        """One approval is of one organization."""
        self._sign_in()
        account, _ = self._organization()
        return [account]

    def _sign_in(self) -> None:
        self.begin()
        facts = self.grant.facts  # empty but for a person's sign-in
        self.centre = data_centre_of(facts.get(ACCOUNTS_SERVER, "")) or centre_of(self.values)
        if not self.centre:
            raise InvalidConfig(
                "Nothing says in which data centre of Zoho this account is.",
                "Choose the data centre, or enter the address where you use Zoho CRM.",
            )
        address = self.values.get("base_url") or ""
        if is_api(address):
            self.api.move(self._host, f"https://{host_of(address)}")
        self._use_api(facts.get("api_domain"))
        token = self.values.get("access_token") or self._refreshed()
        self.api.headers["Authorization"] = f"Zoho-oauthtoken {token}"

    def _refreshed(self) -> str:
        action = "Choose the way with a Self Client, and enter all its values."
        reply = self.api.post(
            "/oauth/v2/token",
            host=f"ZOHO_{self.centre.upper()}_ACCOUNTS",
            data={
                "grant_type": "refresh_token",
                "client_id": self.typed("client_id", action),
                "client_secret": self.typed("client_secret", action),
                "refresh_token": self.typed("refresh_token", action),
            },
        )
        token: str = reply["access_token"]
        self.api.add_secret(token)
        self.keep_renewed(reply)
        self._use_api(reply.get("api_domain"))
        return token

    def _use_api(self, named: str | None) -> None:
        """Data are read where the sign-in says. Raises UnexpectedReply for a stranger's address."""
        if named and not is_api(named):
            raise UnexpectedReply("Zoho named an address that is not one of its own.")
        if named:
            self.api.move(self._host, f"https://{host_of(named)}")

    @property
    def _host(self) -> str:
        return f"ZOHO_{self.centre.upper()}"

    def _organization(self) -> tuple[Account, Mapping[str, Any]]:
        """The number in addresses of Zoho CRM, after org, is `zgid`."""
        [row] = self._get("org", "org")["org"]
        return Account(str(row.get("zgid") or row["id"]), row.get("company_name") or ""), row

    def _read(self, module: str, fields: str) -> Passed:
        reply = self._get(module, f"modules.{module.lower()}", fields=fields, per_page=1)
        there = "One was read" if reply and reply["data"] else "There are none yet"
        return Passed(f"{module} can be read. {there}.")

    def _get(self, path: str, scope: str, **params: Any) -> Any:
        try:
            return self.api.get(f"/crm/{VERSION}/{path}", host=self._host, **params)
        except ScopeMissing as error:
            raise PermissionMissing(
                f"The approval in Zoho lacks the scope ZohoCRM.{scope}.READ.",
                "Sign in to Zoho CRM again, and allow everything it asks."
                if self.is_signed_in
                else "Create the approval again with this scope too.",
                action_url=None if self.is_signed_in else error.action_url,
            ) from None


def centre_of(values: Mapping[str, str]) -> str:
    return values.get("data_centre") or data_centre_of(values.get("base_url") or "") or ""


def is_api(address: str) -> bool:
    """Whether an address is the API of a data centre, or of its sandbox or developer editions."""
    host = host_of(address)
    return any(
        host == api.replace("www.", f"{kind}.")
        for _, api in ZOHO.values()
        for kind in ("www", "sandbox", "developer")
    )


def speak(crm: Provider, centre: str) -> Provider:
    known = centre if centre in ZOHO else HOME_CENTRE
    return replace(
        crm,
        name="Zoho CRM",
        takes_any_address=False,
        tester=ZohoTester,
        oauth=sign_in_in(known),
        errors=rules(console_of(known)),
        error_code_at=("code", "error"),
        error_text_at=("error_description", "message"),
        retry_after=retry_after,
        cost=Cost(calls=5, note="Four of the organization's credits of 24 hours, 5,000 at least."),
    )
