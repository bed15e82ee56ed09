"""How Zoho CRM is tested."""

from collections.abc import Mapping
from typing import Any

from providers.declare import Account, Passed, Warned, permissions_of_sign_in, step
from providers.errors import AccountNotFound, PermissionMissing, UnexpectedReply
from providers.platforms.crm.steps import CrmTester, named, one_read
from providers.platforms.crm.vendors import data_centre_of, host_of, organization_in
from providers.platforms.crm.zoho.centres import ACCOUNTS_SERVER, HOME_CENTRE, centre_of, is_api
from providers.platforms.crm.zoho.errors import ScopeMissing

VERSION = "v8"


class ZohoTester(CrmTester):
    centre = ""

    @step("Approval is valid")
    def approval_is_valid(self) -> Passed:
        """POST /oauth/v2/token -> {"access_token": str, "api_domain": str, "expires_in": 3600}.

        A pasted access token needs none, nor does one of a person's sign-in.
        """
        self._sign_in()
        return self.entered(Passed("Zoho accepts the client, its secret and the refresh token."))

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
        """Find the data centre, and where its API is. Raises UnexpectedReply for a stranger's."""
        facts = self.grant.facts
        lives_in = data_centre_of(facts.get(ACCOUNTS_SERVER, ""))
        self.centre = lives_in or centre_of(self.values) or HOME_CENTRE
        address, named = self.values.get("base_url") or "", facts.get("api_domain")
        if named and not is_api(named):
            raise UnexpectedReply("Zoho named an address that is not one of its own.")
        for origin in (address, named or ""):
            if is_api(origin):
                self.api.move(self._host, f"https://{host_of(origin)}")

    @property
    def _host(self) -> str:
        return f"ZOHO_{self.centre.upper()}"

    def _organization(self) -> tuple[Account, Mapping[str, Any]]:
        """The number in addresses of Zoho CRM, after org, is `zgid`."""
        [row] = self._get("org", "org")["org"]
        return Account(str(row.get("zgid") or row["id"]), row.get("company_name") or ""), row

    def _read(self, module: str, fields: str) -> Passed:
        reply = self._get(module, f"modules.{module.lower()}", fields=fields, per_page=1)
        return one_read(f"{module} can be read.", reply and reply["data"])

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
