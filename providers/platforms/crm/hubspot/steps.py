"""How HubSpot is tested."""

import re
from urllib.parse import urlsplit

from providers.declare import Account, Passed, Warned, permissions_of_sign_in, step
from providers.errors import PermissionMissing
from providers.platforms.crm.hubspot.errors import KEYS_URL, ScopeMissing
from providers.platforms.crm.hubspot.sign_in import VERSION
from providers.platforms.crm.steps import CrmTester, named, one_read

KINDS = {
    "DEVELOPER_TEST": "a developer's test account",
    "SANDBOX": "a sandbox",
    "APP_DEVELOPER": "a developer's account",
}


class HubSpotTester(CrmTester):
    pasted = "key"

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
        return one_read(f"HubSpot shows {kind} to this {self.what}.", rows["results"])
