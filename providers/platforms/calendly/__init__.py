"""Calendly: calls booked, cancelled and missed.

API reference: https://developer.calendly.com/api-docs (read 2026-11-22).
Quirks: every ID is a full address. A token made since March 2026 has no access at all until
scopes are chosen for it. Only owners and admins see the calls of the whole team.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from providers.access.refusals import APP_ACTION, AppRefused
from providers.declare import (
    Account,
    AppForm,
    Cost,
    ErrorRule,
    Field,
    Method,
    OAuth,
    Passed,
    Provider,
    Scope,
    Tester,
    Warned,
    access_token,
    account_id,
    base_url,
    permissions_of_sign_in,
    sign_in,
    step,
)
from providers.errors import AccountNotFound, InvalidConfig, PermissionMissing
from providers.platforms.calendly.errors import (
    ERRORS,
    TOKENS_URL,
    ArgumentRefused,
    retry_after,
)

LEADS = ("owner", "admin")
MOST_PAGES = 5
PER_PAGE = 100
FIND_URL = "https://developer.calendly.com/how-to-find-the-organization-or-user-uri"

TOKEN = Method(
    "access_token",
    "A personal access token",
    help="You can make one in Calendly's settings, best as an owner or admin of the "
    "organization: others see only their own calls.",
)

# Authorization and lifetimes: https://developer.calendly.com/authentication (read 2026-11-22).
OAUTH = OAuth(
    app=AppForm(
        slug="calendly",
        name="Calendly",
        console_url="https://developer.calendly.com/console/apps",
        steps=(
            "Sign in at developer.calendly.com: it is an account of its own.",
            "Create an app of the kind Web, in Production, with the redirect URI below.",
            "Choose the scopes below, then copy the client ID and the client secret.",
        ),
        pitfalls=(
            "Without chosen scopes an app made since March 2026 may read nothing at all.",
            "A Sandbox app takes http://localhost only, a Production app https only.",
        ),
    ),
    authorization_url="https://auth.calendly.com/oauth/authorize",
    token_url="https://auth.calendly.com/oauth/token",
    revocation_url="https://auth.calendly.com/oauth/revoke",
    issuer="https://calendly.com",
    scopes=(
        Scope(name="users:read", gives="who is connected", stops="Nothing can be read."),
        Scope(
            name="organizations:read",
            gives="the organization and its members",
            stops="Nothing can be read.",
        ),
        Scope(
            name="event_types:read",
            gives="the kinds of calls",
            stops="Calls cannot be told apart by kind.",
        ),
        Scope(
            name="scheduled_events:read",
            gives="booked calls",
            stops="Calls booked stops working.",
            implied_by=("scheduled_events:write",),
        ),
    ),
    client_authentication="client_secret_basic",
    revocation_authentication="client_secret_post",
    keeps=("owner", "organization"),
    access_token_lifetime=timedelta(hours=2),
    errors=(
        ErrorRule(
            status=403,
            text=r"^(?!\s*<)",  # a web page is a wall's, not Calendly's
            error=AppRefused,
            message="Calendly does not accept this app's ID and secret.",
            action=APP_ACTION,
        ),
    ),
)


class CalendlyTester(Tester):
    user = ""
    organization = ""
    sees_all = False

    # First: without its scopes a token may not even say whose it is.
    permissions = permissions_of_sign_in

    @step("Token is valid")
    def token_is_valid(self) -> Passed:
        """GET /users/me -> {"resource": {"uri": address, "name": str, "timezone": str,
        "current_organization": address, …}}.
        """
        self._sign_in()
        return Passed(f"Calendly knows this token as {self.name}. Days follow {self.zone}.")

    @step("Organization reachable")
    def organization_is_reachable(self) -> Passed | Warned:
        """GET /organization_memberships?user=… -> {"collection": [{"organization": address,
        "role": "owner" | "admin" | "user", …}], "pagination": {"next_page_token": str | null}}.
        """
        wanted = self.values.get("account_id") or self.own_organization
        roles = self._roles(wanted)
        if wanted not in roles:
            raise AccountNotFound(
                "The owner of this token is not a member of the chosen organization.",
                "Clear the organization URI, or connect as one of its members.",
                action_url=TOKENS_URL,
            )
        self.organization = wanted
        self.sees_all = roles[wanted] in LEADS
        self.account = Account(wanted, self.name)
        if not self.sees_all:
            return Warned(f"{self.name} is no admin of the organization, and sees own calls only.")
        return Passed(f"{self.name} sees the calls of the whole organization as {roles[wanted]}.")

    @step("Event types can be read")
    def event_types_are_readable(self) -> Passed:
        """GET /event_types?organization=… -> {"collection": [{"name": str, …}], …}."""
        whose = self._whose()
        if "user" in whose:
            whose.pop("organization", None)
        found = self._get("event_types", "event_types:read", active="true", count=1, **whose)
        known = "" if found["collection"] else " There is no active one yet."
        return Passed(f"Event types can be read.{known}")

    @step("Booked calls can be read")
    def calls_are_readable(self) -> Passed:
        """GET /scheduled_events?organization=… -> {"collection": [{"start_time": ISO 8601,
        "status": "active" | "canceled", …}], …}.
        """
        newest = {"count": 1, "sort": "start_time:desc"}
        rows = self._get("scheduled_events", "scheduled_events:read", **newest, **self._whose())
        if not rows["collection"]:
            return Passed("Calls can be read. None has been booked yet.")
        start = datetime.fromisoformat(rows["collection"][0]["start_time"]).astimezone(UTC)
        return Passed(f"Calls can be read. The last in the calendar: {start:%Y-%m-%d %H:%M} UTC.")

    def accounts(self) -> list[Account]:
        """Every organization of the token's owner, named by owner and role."""
        self._sign_in()
        roles = self._roles()
        return [Account(uri, f"{self.name}, {role}") for uri, role in roles.items()]

    def _sign_in(self) -> None:
        self.api.headers["Authorization"] = f"Bearer {self.values['access_token']}"
        me = self._get("users/me", "users:read")["resource"]
        self.user = me["uri"]
        self.name = str(me.get("name") or "somebody without a name")
        self.zone = me.get("timezone") or "UTC"
        self.own_organization: str = me["current_organization"]

    def _roles(self, wanted: str = "") -> dict[str, str]:
        """Role by organization, read until the wanted one is among them."""
        roles: dict[str, str] = {}
        after: dict[str, Any] = {}
        for _ in range(MOST_PAGES):
            page = self._get(
                "organization_memberships",
                "organizations:read",
                user=self.user,
                count=PER_PAGE,
                **after,
            )
            roles |= {str(one["organization"]): str(one["role"]) for one in page["collection"]}
            token = page["pagination"].get("next_page_token")
            if not token or wanted in roles:
                break
            after = {"page_token": token}
        return roles

    def _whose(self) -> dict[str, Any]:
        """Whose data is asked for: one person's, the whole organization's, or one's own."""
        person = self.values.get("user_uri")
        whole = {"organization": self.organization} if self.sees_all else {}
        if person and person != self.user:
            return whole | {"user": person}
        return {"user": self.user} if person else whole or {"user": self.user}

    def _get(self, path: str, scope: str, **params: Any) -> Any:
        is_about_another = params.get("user", self.user) != self.user
        try:
            return self.api.get(f"/{path}", **params)
        except PermissionMissing:
            if is_about_another and not self.sees_all:
                raise PermissionMissing(
                    "This token may not read the calls of the person with the saved user URI.",
                    "Clear the user URI, or connect as an admin of the organization.",
                    action_url=TOKENS_URL,
                ) from None
            raise PermissionMissing(
                f"The token is good, but lacks the scope {scope}.",
                "Make a new token: tick users, organizations, event types and scheduled events.",
                action_url=TOKENS_URL,
            ) from None
        except ArgumentRefused:
            if not is_about_another:
                raise
            raise InvalidConfig(
                "Calendly does not know a user with the saved user URI.",
                "Correct the user URI, or clear it.",
                action_url=FIND_URL,
            ) from None


PROVIDER = Provider(
    slug="calendly",
    name="Calendly",
    used_by=("Calls booked",),
    docs_url="https://developer.calendly.com/api-docs",
    setup_url=TOKENS_URL,
    hosts={
        "API": "https://api.calendly.com",
        "AUTHORIZATION": "https://auth.calendly.com",
        "TOKEN": "https://auth.calendly.com",
        "INTROSPECT": "https://auth.calendly.com",
        "REVOKE": "https://auth.calendly.com",
    },
    methods=(
        TOKEN,
        sign_in(
            "Sign in with Calendly",
            "You are sent to Calendly and come back connected, best as an owner or admin of "
            "the organization: others see only their own calls.",
        ),
    ),
    oauth=OAUTH,
    fields=(
        access_token(
            label="Personal access token",
            help="Calendly → Integrations & apps → API & webhooks → Generate new token. "
            "Tick users, organizations, event types and scheduled events (read).",
            help_url=TOKENS_URL,
            pattern=r"eyJ[A-Za-z0-9_\-]+\.[A-Za-z0-9_\-]+\.[A-Za-z0-9_\-]+",
            pattern_message="This is not a whole personal access token: it starts with eyJ and "
            "has three parts with dots between. Calendly shows it once, so make a new one.",
            example="eyJabc.eyJdef.ghi-123",
            methods=(TOKEN.slug,),
        ),
        account_id(
            label="Organization URI",
            help="Leave this empty to use the organization of the token's owner. "
            "It is a full address; a test shows it.",
            help_url=FIND_URL,
            pattern=r"https:\/\/api\.calendly\.com\/organizations\/[A-Za-z0-9\-]+",
            pattern_message="This is not an organization URI. It is a full address that starts "
            "with https://api.calendly.com/organizations/, not the last part alone.",
            example="https://api.calendly.com/organizations/0123abcd-45ef",
        ),
        Field(
            name="user_uri",
            label="User URI",
            help="Only to read one person's calls: that person's full address.",
            help_url=FIND_URL,
            pattern=r"https:\/\/api\.calendly\.com\/users\/[A-Za-z0-9\-]+",
            pattern_message="This is not a user URI. It is a full address that starts with "
            "https://api.calendly.com/users/, not the last part alone.",
            example="https://api.calendly.com/users/0123abcd-45ef",
        ),
        base_url(),
    ),
    tester=CalendlyTester,
    errors=ERRORS,
    error_code_at=("error", "title"),
    error_text_at=("error_description", "message"),
    retry_after=retry_after,
    cost=Cost(
        calls=4,
        note="Of 50 calls a minute that Calendly gives a user on its free plan, 500 on others.",
    ),
)
