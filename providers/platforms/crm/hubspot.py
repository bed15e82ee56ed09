"""HubSpot: contacts and deals of the one account that a key belongs to.

API reference: https://developers.hubspot.com/docs/api-reference/overview and HubSpot's public
API specification collection, versions 2026-09 (read 2026-11-22).
Quirks: service keys and the tokens of private apps look alike and are sent alike. A key without
the scope `oauth` may perhaps not read the account's details, so that fails nothing. The token
endpoint names its errors in `status`, beside an `error` that may say something else.
"""

import re
from dataclasses import replace
from datetime import timedelta
from urllib.parse import urlsplit

from providers.declare import (
    Account,
    AppForm,
    Cost,
    ErrorRule,
    OAuth,
    Passed,
    Provider,
    Scope,
    Warned,
    permissions_of_sign_in,
    step,
)
from providers.errors import (
    AuthExpired,
    AuthInvalid,
    PermissionMissing,
    ProviderUnavailable,
    QuotaExhausted,
    RateLimited,
    UnexpectedReply,
)
from providers.platforms.crm.apps import app_refused, ended, redirect_refused
from providers.platforms.crm.tester import CrmTester, named
from providers.platforms.crm.vendors import UUID

VERSION = "2026-09"
KEYS_URL = (
    "https://developers.hubspot.com/docs/apps/developer-platform/build-apps/authentication"
    "/account-service-keys"
)
NEW_KEY = "Copy the service key again, from Development, Keys, Service keys."
KINDS = {
    "DEVELOPER_TEST": "a developer's test account",
    "SANDBOX": "a sandbox",
    "APP_DEVELOPER": "a developer's account",
}


class ScopeMissing(PermissionMissing):
    """The key lacks a scope: the step that met this knows which."""


ERRORS = (
    ErrorRule(
        code="INVALID_AUTHENTICATION",
        error=AuthInvalid,
        message="HubSpot does not know this key or sign-in.",
        action=NEW_KEY,
        action_url=KEYS_URL,
    ),
    ErrorRule(
        code="EXPIRED_AUTHENTICATION",
        error=AuthExpired,
        message="HubSpot says that this key or sign-in has expired or was rotated.",
        action=NEW_KEY,
        action_url=KEYS_URL,
    ),
    ErrorRule(
        code="BANNED",
        error=AuthInvalid,
        message="HubSpot has blocked this app or account.",
        action="Ask HubSpot's support why, then make a new service key.",
        action_url=KEYS_URL,
    ),
    ErrorRule(
        code="MISSING_SCOPES",
        error=ScopeMissing,
        message="The key lacks a scope.",
        action="Add it in HubSpot, then test again.",
        action_url=KEYS_URL,
    ),
    ErrorRule(
        code="USER_DOES_NOT_HAVE_PERMISSIONS",
        error=PermissionMissing,
        message="The HubSpot user behind this connection may not read this.",
        action="Ask a super admin for the permission, or to connect HubSpot themselves.",
        action_url=KEYS_URL,
    ),
    ErrorRule(
        subcode="DAILY",
        error=QuotaExhausted,
        message="HubSpot's daily quota is used up.",
        action="It returns at midnight in the account's time zone.",
    ),
    ErrorRule(
        code=frozenset({"RATE_LIMITS", "RATE_LIMIT"}),
        error=RateLimited,
        message="HubSpot is limiting requests at the moment.",
        action="Nothing to fix: wait a little and test again.",
    ),
    ErrorRule(
        status=frozenset({"423", "477"}),
        error=ProviderUnavailable,
        message="HubSpot is busy, or is moving this account.",
        action="Nothing to fix here: test again later.",
    ),
    ErrorRule(
        status=404,
        error=UnexpectedReply,
        message="HubSpot no longer knows what we asked for.",
        action="Nothing to fix for you: tell whoever runs this installation.",
    ),
)

# https://developers.hubspot.com/docs/api-reference/latest/authentication/manage-oauth-tokens
OAUTH = OAuth(
    app=AppForm(
        slug="hubspot",
        name="HubSpot",
        console_url="https://app.hubspot.com/l/developer-projects/",
        steps=(
            "Create an app of HubSpot's developer platform that signs people in with OAuth.",
            "Enter the redirect URI below, and the scopes below as required ones.",
            "Upload it, open it under Development, Projects, and copy both from its Auth tab.",
        ),
        pitfalls=(
            "A scope that the app requires and this list lacks makes every sign-in fail.",
            "Legacy apps can no longer be created; an existing one works until September 2027.",
            "Only a super admin, or who may install apps, can sign in.",
        ),
        client_id_pattern=UUID,
        client_id_message="This is not a client ID of HubSpot: five groups of letters and digits "
        "with dashes between.",
        client_secret_pattern=UUID,
        client_secret_message="This is not a client secret of HubSpot: five groups of letters and "
        "digits with dashes between.",
    ),
    authorization_url="https://app.hubspot.com/oauth/authorize",
    token_url=f"https://api.hubapi.com/oauth/{VERSION}/token",
    revocation_url=f"https://api.hubapi.com/oauth/{VERSION}/token/revoke",
    scopes=(
        Scope(
            name="oauth",
            gives="which account is connected",
            stops="It cannot be told which account this is.",
            is_optional=True,
        ),
        Scope(
            name="crm.objects.contacts.read",
            gives="contacts",
            stops="Contacts can no longer be read.",
        ),
        Scope(
            name="crm.objects.deals.read",
            gives="deals",
            stops="Deals can no longer be read.",
            is_optional=True,
        ),
    ),
    uses_pkce=False,
    pkce_source="HubSpot asks for a code challenge from apps of its MCP server alone; what one "
    "does at an ordinary app is not documented.",
    access_token_lifetime=timedelta(minutes=30),
    how_to_remove="In HubSpot open Settings, Integrations, Connected apps and uninstall the app.",
    errors=(
        ended("HubSpot", text="^BAD_(REFRESH_TOKEN|AUTH_CODE|HUB)$"),
        app_refused("HubSpot", text="^BAD_CLIENT_(ID|SECRET)$"),
        app_refused("HubSpot", code="INVALID_AUTHENTICATION"),
        redirect_refused("HubSpot", text="^BAD_REDIRECT_URI$"),
    ),
)


class HubSpotTester(CrmTester):
    vendor = "HubSpot"

    @property
    def what(self) -> str:
        return "sign-in" if self.is_signed_in else "key"

    @step("Key or sign-in is valid")
    def key_is_valid(self) -> Passed | Warned:
        """GET /account-info/<version>/details -> {"portalId": int, "accountType": str, …}."""
        try:
            account, about = self._portal()
        except PermissionMissing:
            unproven = " It was not compared with the account ID." if self._wanted() else ""
            return Warned(f"HubSpot does not say of which account this {self.what} is.{unproven}")
        self.belongs_to(account, hint=self._wanted())
        return Passed(f"HubSpot knows this {self.what}, of account {named(account)}{about}.")

    permissions = permissions_of_sign_in

    @step("Contacts can be read")
    def contacts_are_readable(self) -> Passed:
        """GET /crm/objects/<version>/contacts?limit=1 -> {"results": [{"id": str, …}]}."""
        return self._read("contacts")

    @step("Deals can be read", optional=True)
    def deals_are_readable(self) -> Passed:
        """GET /crm/objects/<version>/deals?limit=1 -> {"results": [{"id": str, …}]}."""
        return self._read("deals")

    def accounts(self) -> list[Account]:
        """One key, like one sign-in, is of one account."""
        account, _ = self._portal()
        return [account]

    def _portal(self) -> tuple[Account, str]:
        """The account, and in words what kind of account it is."""
        self.begin()
        key = self.typed("access_token", "Choose the way with one key, and enter a service key.")
        self.api.headers["Authorization"] = f"Bearer {key}"
        details = self.api.get(f"/account-info/{VERSION}/details", host="HUBSPOT")
        kind = KINDS.get(details.get("accountType"))
        account = Account(str(details["portalId"]), details.get("portalName") or "")
        return account, f", {kind}" if kind else ""

    def _wanted(self) -> str | None:
        """The account ID, or the digits in `https://app.hubspot.com/contacts/<digits>/…`."""
        if self.values.get("account_id"):
            return self.values["account_id"]
        path = urlsplit(self.values.get("base_url") or "").path
        found = re.match(r"/[a-z0-9-]+/([0-9]+)(?:/|$)", path)
        return found[1] if found else None

    def _read(self, kind: str) -> Passed:
        try:
            rows = self.api.get(f"/crm/objects/{VERSION}/{kind}", host="HUBSPOT", limit=1)
        except ScopeMissing:
            scope = f"crm.objects.{kind}.read"
            raise PermissionMissing(
                f"This {self.what} may not read {kind}.",
                f"Add the scope {scope} to the app in HubSpot, then sign in again."
                if self.is_signed_in
                else f"Add the scope {scope} to it in HubSpot, then test again.",
                action_url=None if self.is_signed_in else KEYS_URL,
            ) from None
        there = "One was read" if rows["results"] else "There are none yet"
        return Passed(f"HubSpot shows {kind} to this {self.what}. {there}.")


def speak(crm: Provider) -> Provider:
    return replace(
        crm,
        name="HubSpot",
        takes_any_address=False,
        oauth=OAUTH,
        tester=HubSpotTester,
        errors=ERRORS,
        error_code_at=("category", "errorType"),
        error_subcode_at="policyName",
        error_text_at="status",
        cost=Cost(calls=3, note="Three of the account's daily calls, 250,000 on the free plan."),
    )
