"""Zoho CRM: leads and deals of the one organization that an approval belongs to.

API reference: https://www.zoho.com/crm/developer/docs/api/v8 and zoho/crm-oas, version 8
(read 2026-11-22).
Quirks: each data centre has its own sign-in, API and console. The sign-in tells its errors with
status 200, and gives ten access tokens in ten minutes for one refresh token. No rows are a 204.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from providers.base import Account, Cost, ErrorRule, Passed, Provider, Warned, dig, step
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
from providers.platforms.crm.tester import CrmTester, named
from providers.platforms.crm.vendors import ZOHO, data_centre_of, host_of, organization_in
from providers.reply import Reply

VERSION = "v8"
PAUSE_SECONDS = 600.0
SCOPES = "Create the approval again with the scopes"
OUR_FAULT = "Nothing to fix for you: tell whoever runs this installation."


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
    throttled = dig(reply.json_or_none(), "error") == "Access Denied"
    return PAUSE_SECONDS if throttled else None


class ZohoTester(CrmTester):
    vendor = "Zoho CRM"
    centre = ""

    @step("Approval is valid")
    def approval_is_valid(self) -> Passed:
        """POST /oauth/v2/token -> {"access_token": str, "api_domain": str, "expires_in": 3600}.

        A pasted access token needs none.
        """
        self._sign_in()
        if self.values.get("access_token"):
            return Passed("The pasted access token needs no sign-in; the next steps prove it.")
        return Passed("Zoho accepts the client, its secret and the refresh token.")

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
        self.centre = centre_of(self.values)
        if not self.centre:
            raise InvalidConfig(
                "Nothing says in which data centre of Zoho this account is.",
                "Choose the data centre, or enter the address where you use Zoho CRM.",
            )
        address = self.values.get("base_url") or ""
        if is_api(address):
            self.api.move(self._host, f"https://{host_of(address)}")
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
        where = reply.get("api_domain")
        if where and not is_api(where):
            raise UnexpectedReply("Zoho named an address that is not one of its own.")
        if where:
            self.api.move(self._host, f"https://{host_of(where)}")
        return token

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
                "Create the approval again with this scope too.",
                action_url=error.action_url,
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
    accounts, _ = ZOHO.get(centre, ZOHO["us"])
    console = f"https://{accounts.replace('accounts.', 'api-console.')}"
    return replace(
        crm,
        name="Zoho CRM",
        takes_any_address=False,
        tester=ZohoTester,
        errors=rules(console),
        error_code_at=("code", "error"),
        error_text_at=("error_description", "message"),
        retry_after=retry_after,
        cost=Cost(calls=5, note="Four of the organization's credits of 24 hours, 5,000 at least."),
    )
