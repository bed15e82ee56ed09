"""How Salesforce is tested."""

from typing import Any

from providers.declare.permissions import compare_scopes, told_of
from providers.declare.steps import Account, Answer, Passed, Skipped, Warned, step
from providers.errors import AuthExpired, Blocked, PermissionMissing, wrong_address
from providers.platforms.crm.salesforce.errors import FLOW_URL
from providers.platforms.crm.steps import CrmTester, named, one_read
from providers.platforms.crm.vendors import INSTANCES, host_of

NEWEST = 68.0  # Winter '27, the newest version that these calls were read for


class SalesforceTester(CrmTester):
    version = ""

    @step("My Domain answers")
    def my_domain_answers(self) -> Passed:
        """GET /services/data/ -> [{"label": str, "url": str, "version": "68.0"}], with no token."""
        self._find_version()
        return Passed(f"A Salesforce organization answers. Its API is used at {self.version}.")

    @step("Sign-in is accepted")
    def sign_in_is_accepted(self) -> Passed:
        """POST /services/oauth2/token -> {"access_token": str, "instance_url": str, "scope": str}.

        A pasted access token needs none, nor does one of a person's sign-in.
        """
        self._enter()
        return self.entered(Passed("Salesforce accepts the consumer key and secret."))

    @step("Permissions")
    def permissions_are_granted(self) -> Answer:
        """Asks nothing: the sign-in's reply lists the scopes of the app."""
        granted = self.grant.granted
        if self.is_signed_in:
            return compare_scopes(self.grant.asked, granted, self.api.platform)
        if not granted:
            return Skipped("Salesforce lists no scopes for this token; the next steps prove them.")
        needed = next((scope for scope in ("api", "full") if scope in granted), None)
        if not needed:
            raise PermissionMissing(
                "The Salesforce app lacks the scope api.",
                "Add it to the app's OAuth settings, then test again.",
                action_url=FLOW_URL,
            )
        return Passed(told_of([needed], granted - {needed}))

    @step("User behind the sign-in")
    def user_is_known(self) -> Passed | Warned:
        """GET /services/oauth2/userinfo -> {"name": str, "preferred_username": str, …}."""
        try:
            user = self.api.get("/services/oauth2/userinfo")
        except (AuthExpired, PermissionMissing):
            # An app without the scope `id` is told the same as one with a dead token.
            return Warned("Salesforce does not say which user this is; the next steps prove it.")
        return Passed(f"Reads as {user.get('name') or user['preferred_username']}.")

    @step("API may be used")
    def api_may_be_used(self) -> Passed | Warned:
        """GET …/limits -> {"DailyApiRequests": {"Max": int, "Remaining": int}, …}."""
        daily = self._data("limits")["DailyApiRequests"]
        left = f"{daily['Remaining']:,} of {daily['Max']:,} daily requests are left."
        return Passed(left) if daily["Remaining"] > 0 else Warned(left)

    @step("Organization is the one entered")
    def organization_is_the_one_entered(self) -> Passed:
        """GET …/query?q=SELECT … FROM Organization -> {"records": [{"Id": str, "Name": str}]}."""
        account, is_sandbox = self._organization()
        # People know both ways to write an id: 15 characters, and 18 with a checksum.
        self.belongs_to(account, account.id[:15])
        return Passed(f"{named(account)}{', a sandbox' if is_sandbox else ''}.")

    @step("Leads can be read")
    def leads_are_readable(self) -> Passed:
        """GET …/query?q=SELECT Id FROM Lead LIMIT 1 -> {"totalSize": int, …}."""
        return self._read("Lead", "Leads")

    @step("Opportunities can be read", optional=True)
    def opportunities_are_readable(self) -> Passed:
        """GET …/query?q=SELECT Id FROM Opportunity LIMIT 1 -> {"totalSize": int, …}."""
        return self._read("Opportunity", "Opportunities")

    def accounts(self) -> list[Account]:
        """One sign-in is of one organization."""
        self._find_version()
        self._enter()
        account, _ = self._organization()
        return [account]

    def _find_version(self) -> None:
        address = self.values.get("base_url")
        if self.is_signed_in:
            self._enter()
        elif address:
            self.api.move("API", f"https://{host_of(address)}")
        try:
            rows = self.api.get("/services/data/", anonymous=True)
        except Blocked:
            if self.is_signed_in:
                raise
            # The first call: nothing shows yet that the address is right.
            raise wrong_address(
                "A web page answered at this address, not a Salesforce organization.",
                "Check your My Domain, in Setup, My Domain.",
            ) from None
        known = [float(row["version"]) for row in rows]
        self.version = f"v{max(version for version in known if version <= NEWEST)}"

    def _enter(self) -> None:
        """Data are read where the reply with a token says; a pasted token came without one."""
        if self.enter().got_at:
            instance = self.grant.facts["instance_url"]
            self.api.move("API", self.named_by_sign_in(instance, *INSTANCES))

    def _organization(self) -> tuple[Account, bool]:
        fields = "Id, Name, OrganizationType, IsSandbox"
        [row] = self._query(f"SELECT {fields} FROM Organization")["records"]
        return Account(row["Id"], row["Name"]), row["IsSandbox"] is True

    def _read(self, name: str, shown: str) -> Passed:
        found = self._query(f"SELECT Id FROM {name} LIMIT 1")
        return one_read(f"{shown} can be read.", found["totalSize"])

    def _query(self, soql: str) -> Any:
        return self._data("query", q=soql)

    def _data(self, path: str, **params: Any) -> Any:
        return self.api.get(f"/services/data/{self.version}/{path}", **params)
