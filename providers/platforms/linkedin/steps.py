"""LinkedIn's test: whose token it is, when it ends, and what it may read of which Page."""

import re
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from providers import errors
from providers.access.refusals import APP_ACTION, AppRefused
from providers.declare.oauth import SIGN_IN
from providers.declare.permissions import compare_scopes, told_of
from providers.declare.steps import Account, Answer, Passed, Skipped, Tester, Warned, step
from providers.outbound.secrets import Placeholder
from providers.platforms.linkedin.errors import (
    APPS,
    ENDED,
    NEW_TOKEN,
    SIGN_IN_AGAIN,
    TOKENS,
    WITHDRAWN,
    ClientRefused,
    Revoked,
    VersionRetired,
)

TOKEN, REFRESH = "access_token", "refresh_token"
VERSION = "202607"
ORGANIZATION = "urn:li:organization:"

IDENTITY = {"openid", "profile", "email"}
READS_PAGES = ("rw_organization_admin", "r_organization_admin")
READS_ADS = ("r_ads", "rw_ads")
# Any one of the permissions is enough for its purpose.
PURPOSES = (
    ("Page statistics", ("r_organization_social", "rw_organization_social")),
    ("posts", ("w_member_social", "w_organization_social")),
    ("lead forms", ("r_marketing_leadgen_automation",)),
    ("ad accounts", READS_ADS),
)
STATISTICS_ROLE = "ADMINISTRATOR"

ROLES_AT_ONCE = 100
MOST_ROLE_PAGES = 10
MOST_NAMES = 20
# A token that was made a moment ago may be called revoked for some seconds.
SETTLING_SECONDS = (2, 4)
JUST_MADE = (REFRESH, SIGN_IN)


class LinkedInTester(Tester):
    scopes: frozenset[str] | None = None
    organization = ""

    @step("Token is valid")
    def token_is_valid(self) -> Passed:
        """GET /v2/userinfo -> {"sub": str, "name": str, …}; refused without openid and profile."""
        entry = self.enter()
        self.scopes = entry.grant.granted
        if self.method == REFRESH:
            self.expires_at = entry.refresh_ends_at
        if self._knows_app():
            self._inspect()
        name = self._name_of_person()
        known = f"knows this {self.what} as {name}" if name else f"accepts this {self.what}"
        who = f"LinkedIn {known}."
        if self.expires_at:
            return Passed(f"{who} It ends on {self.expires_at:%Y-%m-%d}.")
        if self._knows_app() or self.is_signed_in:
            return Passed(who)
        return Passed(f"{who} Save the client ID and client secret to see when it ends.")

    @step("Permissions")
    def permissions_are_granted(self) -> Answer:
        """From the inspection or the sign-in's reply; LinkedIn has no other list of them."""
        if self.is_signed_in:
            return compare_scopes(self.grant.asked, self.scopes, self.api.platform)
        if self.scopes is None:
            return Skipped("LinkedIn lists permissions only to the app; the next steps prove them.")
        needed = next((name for name in READS_PAGES if name in self.scopes), None)
        if needed is None:
            raise errors.PermissionMissing(
                "This token may not read Pages: rw_organization_admin is missing.",
                "Add Community Management API to the app's products, then make a new token.",
                action_url=APPS,
            )
        useful = {needed, *(name for _, names in PURPOSES for name in names)}
        have = told_of(sorted(self.scopes & useful), self.scopes - useful - IDENTITY)
        missing = [
            f"{names[0]} for {purpose}"
            for purpose, names in PURPOSES
            if not self.scopes & set(names)
        ]
        return Warned(f"{have} Missing: {', '.join(missing)}.") if missing else Passed(have)

    @step("Page reachable")
    def page_is_reachable(self) -> Passed | Warned:
        """GET /rest/organizations/<id> -> {"localizedName": str, "vanityName": str, …}."""
        wanted = self.values.get("account_id", "")
        roles = self._roles(wanted)
        if not roles:
            raise errors.AccountNotFound(
                "This login has no role on any LinkedIn Page.",
                "Ask an admin of the Page for a role, then test again.",
            )
        if wanted and wanted not in roles:
            raise errors.AccountNotFound(
                "This login has no role on the Page with this organization ID.",
                "Correct the ID, or ask an admin of the Page for a role.",
            )
        self.organization = wanted or next(iter(roles))
        if not wanted and len(roles) > 1:
            return Warned(f"This login reaches {len(roles)} Pages. Choose one by its ID.")
        name = self._name_of_page(self.organization)
        self.account = Account(self.organization, name)
        mine = roles[self.organization]
        who = f"{name or 'The Page'} is reachable as {', '.join(sorted(mine))}."
        if STATISTICS_ROLE not in mine:
            return Warned(f"{who} Its statistics need the role {STATISTICS_ROLE}.")
        return Passed(who)

    @step("Page data can be read")
    def page_data_is_readable(self) -> Passed:
        """GET /rest/networkSizes/<urn>?edgeType=… -> {"firstDegreeSize": int}."""
        urn = f"{ORGANIZATION}{self.organization}".replace(":", "%3A")
        edge = "COMPANY_FOLLOWED_BY_MEMBER"
        followers = self._rest(f"networkSizes/{urn}", edgeType=edge)["firstDegreeSize"]
        return Passed(f"The Page has {int(followers)} followers.")

    @step("Ad accounts can be listed", optional=True)
    def ad_accounts_are_listed(self) -> Passed | Skipped:
        """GET /rest/adAccounts?q=search&search=… -> {"elements": [{"id": int, "name": str …}]}."""
        if self.scopes is not None and not self.scopes & set(READS_ADS):
            return Skipped("r_ads is not granted. Only the lead forms of ads need it.")
        # Rest.li reads ( ) : and , as they are, so they may not be encoded as other values are.
        found = self._rest(
            "adAccounts?q=search&search=(status:(values:List(ACTIVE)),test:false)"
            "&fields=id,name,test,referenceInfo"
        )["elements"]
        return Passed(f"Active ad accounts found: {len(found)}.")

    def accounts(self) -> list[Account]:
        """Every Page with a role of this login; by name as far as a few calls tell."""
        pages = list(self._roles())
        names = {page: self._name_of_page(page) for page in pages[:MOST_NAMES]}
        return [Account(page, names.get(page, "")) for page in pages]

    def _knows_app(self) -> bool:
        return self.has("client_id", "client_secret")

    def _inspect(self) -> None:
        """POST /oauth/v2/introspectToken -> {"active": bool, "status": "active" | "expired" |
        "revoked", "auth_type": "3L", "scope": "openid,profile", "expires_at": seconds}.
        """
        asked = {
            "client_id": self.values["client_id"],
            "client_secret": Placeholder("client_secret"),
            "token": Placeholder("access_token"),
        }
        try:
            found = self.api.post("/oauth/v2/introspectToken", host="INTROSPECT", data=asked)
        except ClientRefused as refused:
            if not self.is_signed_in:
                raise
            raise AppRefused(refused.message, APP_ACTION) from None
        _refuse_dead(found)
        if found.get("scope") is not None:
            self.scopes = frozenset(re.split(r"[ ,]+", found["scope"].strip()))
        # What ends for a person with a refresh token is that one, not the token made of it.
        if self.method == TOKEN and found.get("expires_at"):
            self.expires_at = datetime.fromtimestamp(found["expires_at"], UTC)

    def _name_of_person(self) -> str:
        if self.scopes is not None and not {"openid", "profile"} <= self.scopes:
            return ""
        try:
            return str(self._get("/v2/userinfo").get("name", ""))
        except errors.PermissionMissing:
            # The token was recognised: it just may not say whose it is.
            return ""

    def _roles(self, wanted: str = "") -> dict[str, set[str]]:
        """Roles by organization ID, read until the wanted one is among them.

        GET /rest/organizationAcls -> {"paging": {"start": int, "count": int, "links": []},
        "elements": [{"organization": "urn:li:organization:1", "role": "ADMINISTRATOR"}]}.
        """
        roles: dict[str, set[str]] = {}
        start = 0
        for _ in range(MOST_ROLE_PAGES):
            body = self._rest(
                "organizationAcls",
                q="roleAssignee",
                state="APPROVED",
                start=start,
                count=ROLES_AT_ONCE,
            )
            found = body["elements"]
            for element in found:
                urn = element["organization"]
                if urn.startswith(ORGANIZATION):
                    roles.setdefault(urn.removeprefix(ORGANIZATION), set()).add(element["role"])
            start += len(found)
            # LinkedIn says how many it gives at once, which may be fewer than asked for.
            if not found or len(found) < body["paging"]["count"] or wanted in roles:
                break
        return roles

    def _name_of_page(self, organization: str) -> str:
        try:
            return str(self._rest(f"organizations/{organization}").get("localizedName", ""))
        except errors.PermissionMissing:
            return ""  # a role below ADMINISTRATOR; the role itself is proof enough

    def _rest(self, path: str, **params: Any) -> Any:
        typed = self.values.get("api_version")
        headers = {"LinkedIn-Version": typed or VERSION, "X-Restli-Protocol-Version": "2.0.0"}
        try:
            return self._get(f"/rest/{path}", headers, **params)
        except VersionRetired:
            if not typed:
                raise
            raise errors.InvalidConfig(
                "LinkedIn does not have the API version that was entered, or no longer.",
                "Clear the field API version, then test again.",
            ) from None

    def _get(self, path: str, headers: Mapping[str, str] | None = None, **params: Any) -> Any:
        for pause in SETTLING_SECONDS if self.method in JUST_MADE else ():
            try:
                return self.api.get(path, headers=headers, **params)
            except Revoked:
                time.sleep(pause)
        return self.api.get(path, headers=headers, **params)


def _refuse_dead(found: Mapping[str, Any]) -> None:
    """Raise what an inspected token's state means, unless it is a living one of a person."""
    status = found.get("status") or ("active" if found["active"] else "unknown")
    if status == "expired":
        raise errors.AuthExpired(ENDED, NEW_TOKEN, action_url=TOKENS)
    if status == "revoked":
        raise errors.AuthInvalid(WITHDRAWN, SIGN_IN_AGAIN, action_url=TOKENS)
    if not found["active"]:
        raise errors.AuthInvalid(
            "LinkedIn does not recognise this token as one of this app's.",
            "Make a new token with the app whose client ID is saved here.",
            action_url=TOKENS,
        )
    if found.get("auth_type") == "2L":
        raise errors.AuthInvalid(
            "This token belongs to an app, which has no Pages of its own.",
            "Make a token as a person: choose 3-legged when LinkedIn asks.",
            action_url=TOKENS,
        )
