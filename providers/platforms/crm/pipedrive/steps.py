"""How Pipedrive is tested."""

from typing import Any

from providers.declare import SIGN_IN, Account, Answer, Passed, compare_scopes, dig, step
from providers.errors import AccountNotFound, AuthExpired, AuthInvalid, PermissionMissing
from providers.platforms.crm.pipedrive.errors import TICK, TOKEN_URL
from providers.platforms.crm.steps import CrmTester, named, one_read
from providers.platforms.crm.vendors import host_of


class PipedriveTester(CrmTester):
    @step("Token is valid")
    def token_is_valid(self) -> Passed:
        """GET /v1/users/me -> {"success": true, "data": {"name": str, "company_id": int, …}}."""
        self.me = self._me()
        return Passed(f"Signed in as {self.me['name']}.")

    @step("Permissions", methods=(SIGN_IN,))
    def permissions_are_ticked(self) -> Answer:
        """Asks nothing: the sign-in's reply listed them."""
        try:
            return compare_scopes(self.grant.asked, self.grant.granted, self.api.platform)
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
        return one_read("Deals can be read.", rows)

    @step("Pipelines can be read", optional=True)
    def pipelines_are_readable(self) -> Passed:
        """GET /api/v2/pipelines -> {"success": true, "data": [{"id": int, "name": str, …}]}."""
        return Passed(f"Pipelines: {len(self._rows('/api/v2/pipelines'))}.")

    def accounts(self) -> list[Account]:
        """One token, pasted or of a sign-in, is of one company."""
        return [_company(self._me())]

    def _me(self) -> dict[str, str]:
        path = "/v1/users/me"
        domain = self.grant.facts.get("api_domain")  # the company's own, where the path differs
        if domain:
            self.api.move("PIPEDRIVE", self.named_by_sign_in(domain, ".pipedrive.com"))
            path = f"/api{path}"
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
