"""Salesforce: leads and opportunities of the organization behind a My Domain.

API reference: https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest
(read 2026-11-22).
Quirks: data errors are a JSON list, sign-in errors an object, and a dead token at /userinfo is
plain text with status 403. The client-credentials flow works at the My Domain alone, and what
comes back names the instance that all data calls go to. A token usually comes without its
lifetime, which is the organization's session timeout.
"""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from providers.access.flow import Flow
from providers.declare import (
    Account,
    Answer,
    AppForm,
    Cost,
    ErrorRule,
    OAuth,
    Passed,
    Provider,
    Scope,
    Skipped,
    Tokens,
    Warned,
    codes,
    compare_scopes,
    dig,
    step,
)
from providers.errors import (
    AuthExpired,
    AuthInvalid,
    Blocked,
    InvalidConfig,
    PermissionMissing,
    ProviderUnavailable,
    QuotaExhausted,
    RateLimited,
    UnexpectedReply,
)
from providers.outbound.reply import Reply
from providers.platforms.crm.apps import app_refused, ended, redirect_refused
from providers.platforms.crm.tester import CrmTester, named
from providers.platforms.crm.vendors import MY_DOMAIN, host_of

LOGIN = "https://login.salesforce.com"
NEWEST = 68.0  # Winter '27, the newest version that these calls were read for
FLOW_URL = (
    "https://help.salesforce.com/s/articleView"
    "?id=xcloud.remoteaccess_oauth_client_credentials_flow.htm&type=5"
)
STATUS_URL = "https://status.salesforce.com/"
OUR_FAULT = "Nothing to fix for you: tell whoever runs this installation."
SWITCH_ON = "In the app's policies, enable the Client Credentials Flow and choose a Run As user."

ERRORS = (
    ErrorRule(
        code=frozenset({"invalid_client", "invalid_client_id"}),
        error=AuthInvalid,
        message="Salesforce does not accept this consumer key and secret.",
        action="Copy both again; a new app works after about ten minutes.",
    ),
    ErrorRule(
        code="invalid_grant",
        text="no client credentials user",
        error=PermissionMissing,
        message="The Salesforce app has no Run As user.",
        action=SWITCH_ON,
        action_url=FLOW_URL,
    ),
    ErrorRule(
        code="invalid_grant",
        text="domain",
        error=InvalidConfig,
        message="This sign-in works at your own My Domain alone.",
        action="Enter the address that ends in .my.salesforce.com, from Setup, My Domain.",
        action_url=FLOW_URL,
    ),
    ErrorRule(
        code="invalid_grant",
        text="expired|inactive",
        error=AuthExpired,
        message="The approval for this Salesforce app is no longer valid.",
        action="Check that the Run As user is active, then enter the app's key and secret again.",
    ),
    ErrorRule(
        code="inactive_user",
        error=AuthExpired,
        message="The Salesforce user behind this app is no longer active.",
        action="Choose an active Run As user in the app's policies, then test again.",
        action_url=FLOW_URL,
    ),
    ErrorRule(
        code="invalid_grant",
        error=AuthInvalid,
        message="Salesforce refused the sign-in of this app.",
        action=SWITCH_ON,
        action_url=FLOW_URL,
    ),
    ErrorRule(
        code="redirect_uri_mismatch",
        error=InvalidConfig,
        message="Salesforce does not know the callback address.",
        action="Copy it into the app's callback addresses exactly as it is shown here.",
    ),
    ErrorRule(
        code="INVALID_SESSION_ID",
        text="not valid for use with",
        error=PermissionMissing,
        message="The Salesforce app may not use the API.",
        action="Add the scope api to the app's OAuth settings, then test again.",
    ),
    ErrorRule(
        code="INVALID_SESSION_ID",
        error=AuthExpired,
        message="The Salesforce session has ended, or may not be used from here.",
        action="Enter the credentials again, and check the app's IP restrictions.",
    ),
    ErrorRule(
        status=403,
        text="^Bad_OAuth_Token",
        error=AuthExpired,
        message="The Salesforce session has ended.",
        action="Enter the credentials again.",
    ),
    ErrorRule(
        code="REQUEST_LIMIT_EXCEEDED",
        error=QuotaExhausted,
        message="Salesforce's quota of 24 hours is used up.",
        action="Wait until requests of the last 24 hours run out of it, or buy more.",
    ),
    ErrorRule(
        code="TXN_SECURITY_METERING_ERROR",
        error=RateLimited,
        message="Salesforce is limiting requests at the moment.",
        action="Nothing to fix: wait a little and test again.",
    ),
    ErrorRule(
        code=frozenset(
            {"API_DISABLED_FOR_ORG", "API_CURRENTLY_DISABLED", "INSUFFICIENT_ACCESS", "FORBIDDEN"}
        ),
        error=PermissionMissing,
        message="This Salesforce edition or user has no access to the API.",
        action="Ask your Salesforce administrator for the permission API Enabled.",
    ),
    ErrorRule(
        code=frozenset({"INVALID_TYPE", "INVALID_FIELD"}),
        error=PermissionMissing,
        message="The Salesforce user may not see this object or one of its fields.",
        action="Ask your Salesforce administrator to let this user read it.",
    ),
    ErrorRule(
        code="MALFORMED_QUERY",
        error=UnexpectedReply,
        message="Salesforce did not understand what we asked.",
        action=OUR_FAULT,
    ),
    ErrorRule(
        code="NOT_FOUND",
        error=UnexpectedReply,
        message="Salesforce no longer knows what we asked for.",
        action=OUR_FAULT,
    ),
    ErrorRule(
        status=410,
        error=UnexpectedReply,
        message="Salesforce has retired this version of its API.",
        action=OUR_FAULT,
    ),
    ErrorRule(
        status=420,
        error=ProviderUnavailable,
        message="Salesforce is under maintenance.",
        action="Nothing to fix here: test again later.",
        action_url=STATUS_URL,
    ),
    ErrorRule(
        status=codes(range(300, 400)),
        error=InvalidConfig,
        message="This My Domain forwards to another address, as a renamed one does.",
        action="Enter the present one, from Setup, My Domain.",
    ),
    ErrorRule(
        status=codes(range(200, 300), 400, 401, 403, 404),
        text=r"^\s*<",
        error=Blocked,
        message="A web page answered where Salesforce's data was due.",
        action="Test again later, or from another network.",
    ),
)


class SalesforceFlow(Flow):
    """Salesforce revokes by the token alone, and tells an end that has come already as an error.

    https://help.salesforce.com/s/articleView?id=xcloud.remoteaccess_revoke_token.htm
    """

    def revoke(self, held: Tokens) -> None:
        place = self.provider.place_of(str(self.oauth.revocation_url), "REVOKE", self.values)
        form = {"token": held.refresh_token or held.access_token}
        self.judge_revocation(self.api.request("POST", place[1], host=place[0], data=form))

    def judge_revocation(self, reply: Reply) -> None:
        if dig(reply.json_or_none(), "error") != "invalid_token":
            super().judge_revocation(reply)


def sign_in_at(login: str) -> OAuth:
    """How one signs in at this origin: at everybody's, or at one's own My Domain.

    https://help.salesforce.com/s/articleView?id=xcloud.remoteaccess_oauth_web_server_flow.htm
    How long a refresh token lives, and whether it rotates, is the app's own policy.
    """
    return OAuth(
        app=AppForm(
            slug="salesforce",
            name="Salesforce",
            console_url=f"{LOGIN}/lightning/setup/ManageExternalClientApplication/home",
            steps=(
                "In Setup open External Client App Manager and create an external client app.",
                "Enable OAuth, and enter the redirect URI below as its callback URL.",
                "Choose the scopes below, save, and copy the consumer key and secret.",
            ),
            pitfalls=(
                "A new app works after about ten minutes, and is refused until then.",
                "Each user has five approvals of one app: the sixth ends the oldest.",
                "For a sandbox enter its My Domain as the address, and make the app there.",
            ),
            client_id_label="Consumer key",
            client_secret_label="Consumer secret",
            client_secret_pattern=r"(?!3MVG9)\S+",
            client_secret_message="This is the consumer key, or holds a space. "
            "The secret stands beside it.",
        ),
        authorization_url=f"{login}/services/oauth2/authorize",
        token_url=f"{login}/services/oauth2/token",
        revocation_url=f"{login}/services/oauth2/revoke",
        scopes=(
            Scope(
                name="api",
                gives="leads, opportunities and the organization",
                stops="Nothing can be read.",
                implied_by=("full",),
            ),
            Scope(
                name="refresh_token",
                gives="a sign-in that renews itself",
                stops="You must sign in again after some hours.",
                is_optional=True,
                implied_by=("offline_access",),
            ),
            Scope(
                name="id",
                gives="who signed in",
                stops="It cannot be told who signed in.",
                is_optional=True,
                implied_by=("openid", "full"),
            ),
        ),
        keeps=("instance_url", "id"),
        access_token_lifetime=timedelta(hours=2),  # an organization's usual session timeout
        errors=(
            ended("Salesforce", code=frozenset({"inactive_user", "inactive_org"})),
            app_refused("Salesforce", code="invalid_client_id"),
            redirect_refused("Salesforce", code="redirect_uri_mismatch"),
        ),
        flow=SalesforceFlow,
    )


class SalesforceTester(CrmTester):
    vendor = "Salesforce"
    version = ""
    scopes: list[str] | None = None

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
        if self.values.get("access_token"):
            self._use_token()
            whose = "sign-in's" if self.is_signed_in else "pasted"
            return Passed(f"The {whose} access token is used; the next steps prove it.")
        self._sign_in()
        return Passed("Salesforce accepts the consumer key and secret.")

    @step("Permissions")
    def permissions_are_granted(self) -> Answer:
        """Asks nothing: the sign-in's reply lists the scopes of the app."""
        if self.is_signed_in:
            return compare_scopes(self.grant.asked, self.grant.granted, self.vendor)
        if not self.scopes:
            return Skipped("Salesforce lists no scopes for this token; the next steps prove them.")
        needed = next((scope for scope in ("api", "full") if scope in self.scopes), None)
        if not needed:
            raise PermissionMissing(
                "The Salesforce app lacks the scope api.",
                "Add it to the app's OAuth settings, then test again.",
                action_url=FLOW_URL,
            )
        others = ", ".join(sorted({*self.scopes} - {needed}))
        return Passed(f"Has {needed}." + (f" Not needed here: {others}." if others else ""))

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
        if self.values.get("access_token"):
            self._use_token()
        else:
            self._sign_in()
        account, _ = self._organization()
        return [account]

    def _find_version(self) -> None:
        self.begin()
        if self.is_signed_in:
            self._go_to(self.grant.facts["instance_url"])
        else:
            address = self.typed("base_url", "Enter your My Domain, from Setup, My Domain.")
            self.api.move("API", f"https://{host_of(address)}")
        try:
            rows = self.api.get("/services/data/")
        except Blocked:  # the first call: nothing shows yet that the address is right
            raise InvalidConfig(
                "A web page answered at this address, not a Salesforce organization.",
                "Check your My Domain, in Setup, My Domain.",
            ) from None
        known = [float(row["version"]) for row in rows]
        self.version = f"v{max(version for version in known if version <= NEWEST)}"

    def _sign_in(self) -> None:
        action = "Choose the way with a consumer key and secret, and enter both."
        token = self.api.post(
            "/services/oauth2/token",
            data={
                "grant_type": "client_credentials",
                "client_id": self.typed("client_id", action),
                "client_secret": self.typed("client_secret", action),
            },
        )
        self.api.add_secret(token["access_token"])
        self.api.headers["Authorization"] = f"Bearer {token['access_token']}"
        self.scopes = str(token.get("scope") or "").split()
        self._go_to(token["instance_url"])

    def _go_to(self, instance: str) -> None:
        self.api.move("API", self.named_by_sign_in(instance, ".salesforce.com"))

    def _use_token(self) -> None:
        self.api.headers["Authorization"] = f"Bearer {self.values['access_token']}"

    def _organization(self) -> tuple[Account, bool]:
        fields = "Id, Name, OrganizationType, IsSandbox"
        [row] = self._query(f"SELECT {fields} FROM Organization")["records"]
        return Account(row["Id"], row["Name"]), row["IsSandbox"] is True

    def _read(self, name: str, shown: str) -> Passed:
        found = self._query(f"SELECT Id FROM {name} LIMIT 1")
        there = "One was read" if found["totalSize"] else "There are none yet"
        return Passed(f"{shown} can be read. {there}.")

    def _query(self, soql: str) -> Any:
        return self._data("query", q=soql)

    def _data(self, path: str, **params: Any) -> Any:
        return self.api.get(f"/services/data/{self.version}/{path}", **params)


def speak(crm: Provider, address: str) -> Provider:
    """Sign-in is at the typed My Domain, so that the app's secret goes to no other address."""
    host = host_of(address)
    login = f"https://{host}" if host.endswith(MY_DOMAIN) else LOGIN
    return replace(
        crm,
        name="Salesforce",
        hosts={**crm.hosts, "SALESFORCE_LOGIN": login},
        oauth=sign_in_at(login),
        tester=SalesforceTester,
        errors=ERRORS,
        error_code_at=("0.errorCode", "error"),
        error_text_at=("0.message", "error_description"),
        cost=Cost(calls=7, note="Five of the organization's API requests of 24 hours."),
    )
