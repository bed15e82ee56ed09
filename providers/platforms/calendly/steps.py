"""How Calendly is tested: whose token it is, the organization, event types and booked calls."""

from datetime import UTC, datetime
from functools import partial
from typing import Any

from providers.declare import Account, Passed, Tester, Warned, permissions_of_sign_in, step
from providers.declare.paging import following, pages
from providers.errors import AccountNotFound, InvalidConfig, PermissionMissing
from providers.platforms.calendly.errors import FIND_URL, TOKENS_URL, ArgumentRefused

LEADS = ("owner", "admin")
MOST_PAGES = 5
PER_PAGE = 100


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
        self._look_who_it_is()
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
        self._look_who_it_is()
        roles = self._roles()
        return [Account(uri, f"{self.name}, {role}") for uri, role in roles.items()]

    def _look_who_it_is(self) -> None:
        self.enter()
        me = self._get("users/me", "users:read")["resource"]
        self.user = me["uri"]
        self.name = str(me.get("name") or "somebody without a name")
        self.zone = me.get("timezone") or "UTC"
        self.own_organization: str = me["current_organization"]

    def _roles(self, wanted: str = "") -> dict[str, str]:
        """Role by organization, read until the wanted one is among them."""
        roles: dict[str, str] = {}
        ask = partial(self._get, "organization_memberships", "organizations:read", user=self.user)
        after = following("page_token", "pagination.next_page_token")
        for page in pages(partial(ask, count=PER_PAGE), after, most=MOST_PAGES):
            roles |= {str(one["organization"]): str(one["role"]) for one in page["collection"]}
            if wanted in roles:
                break
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
