"""LinkedIn: Pages, followers and leads of the team, and posts for outreach.

API reference: https://learn.microsoft.com/linkedin/ (read 2026-11-22).
Quirks: most apps get no refresh token, so a sign-in ends after 60 days. A version header
is mandatory under /rest, and each monthly version lives for about a year. An app with
Community Management API may have no other product, so no sign-in can ask for openid as well.
"""

import re
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from providers.access.refusals import APP_ACTION, AppRefused
from providers.declare import (
    SIGN_IN,
    Account,
    Answer,
    AppForm,
    Cost,
    Field,
    Method,
    OAuth,
    Passed,
    Provider,
    Scope,
    Skipped,
    Tester,
    Warned,
    access_token,
    account_id,
    base_url,
    compare_scopes,
    sign_in,
    step,
)
from providers.errors import (
    AccountNotFound,
    AuthExpired,
    AuthInvalid,
    InvalidConfig,
    PermissionMissing,
)
from providers.platforms.linkedin.errors import (
    APPS,
    ENDED,
    ERRORS,
    NEW_TOKEN,
    SIGN_IN_AGAIN,
    SIGN_IN_ERRORS,
    TOKENS,
    WITHDRAWN,
    ClientRefused,
    Revoked,
    VersionRetired,
    retry_after,
)

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
ACCESS_TOKEN_LIFETIME = timedelta(days=60)

TOKEN = Method(
    "access_token",
    "An access token from the LinkedIn developer portal",
    help="You can open your app at linkedin.com/developers and press a button to make a token.",
    warning="LinkedIn ends the token after 60 days. Make a new one before then.",
    lives=ACCESS_TOKEN_LIFETIME,
)
REFRESH = Method(
    "refresh_token",
    "A client ID, a client secret and a refresh token",
    help="LinkedIn approved your app for refresh tokens, and someone already signed in with it.",
    warning="LinkedIn ends the refresh token 365 days after the sign-in.",
)
JUST_MADE = (REFRESH.slug, SIGN_IN)
PASTED = (TOKEN.slug, REFRESH.slug)

# https://learn.microsoft.com/linkedin/shared/authentication/authorization-code-flow and
# …/programmatic-refresh-tokens; products: …/marketing/increasing-access (read 2026-11-22).
OAUTH = OAuth(
    app=AppForm(
        slug="linkedin",
        name="LinkedIn",
        console_url=APPS,
        steps=(
            "Create an app for your company's Page, and have an admin of the Page verify it.",
            "Under Products, request Community Management API or Advertising API, "
            "and wait for LinkedIn to approve it.",
            "Under Auth, add the redirect URI below, then copy the client ID "
            "and the primary client secret.",
        ),
        pitfalls=(
            "Until the product is approved, LinkedIn refuses the whole sign-in "
            "because of permissions that are not authorized for the app.",
            "Community Management API must be the app's only product: make an app just for it.",
            "LinkedIn gives refresh tokens to approved partners only. "
            "With other apps everybody signs in again every 60 days.",
            "The redirect URI has to be the same to the letter.",
        ),
        client_id_pattern=r"[A-Za-z0-9_\-]+",
        client_id_message="A client ID holds only letters and digits. "
        "Copy it from the Auth tab of the LinkedIn app.",
    ),
    authorization_url="https://www.linkedin.com/oauth/v2/authorization",
    token_url="https://www.linkedin.com/oauth/v2/accessToken",
    revocation_url="https://www.linkedin.com/oauth/v2/revoke",
    issuer="https://www.linkedin.com/oauth",
    # LinkedIn refuses everything when one of them is not the app's: these two are in both products.
    scopes=(
        Scope(
            name="rw_organization_admin",
            gives="your Pages and their followers",
            stops="No Page can be read.",
            implied_by=("r_organization_admin",),
        ),
        Scope(
            name="r_organization_social",
            gives="the posts of your Pages and their statistics",
            stops="Page statistics stop working.",
            is_optional=True,
            implied_by=("rw_organization_social",),
        ),
    ),
    uses_pkce=False,
    pkce_source="https://learn.microsoft.com/linkedin/shared/authentication/"
    "authorization-code-flow-native",
    app_values={"client_id": "client_id", "client_secret": "client_secret"},
    access_token_lifetime=ACCESS_TOKEN_LIFETIME,
    refresh_token_lifetime=timedelta(days=365),
    refresh_token_ends_anyway=True,
    how_to_remove="Remove the app in LinkedIn's settings, under Data privacy, Permitted services.",
    errors=SIGN_IN_ERRORS,
)


class LinkedInTester(Tester):
    scopes: frozenset[str] | None = None
    organization = ""

    @step("Token is valid")
    def token_is_valid(self) -> Passed:
        """GET /v2/userinfo -> {"sub": str, "name": str, …}; refused without openid and profile."""
        self._sign_in(inspects=True)
        name = self._name_of_person()
        what = "sign-in" if self.method == SIGN_IN else "token"
        who = f"LinkedIn knows this {what} as {name}." if name else f"LinkedIn accepts this {what}."
        if self.expires_at:
            return Passed(f"{who} It ends on {self.expires_at:%Y-%m-%d}.")
        if self._knows_app() or self.method == SIGN_IN:
            return Passed(who)
        return Passed(f"{who} Save the client ID and client secret to see when it ends.")

    @step("Permissions")
    def permissions_are_granted(self) -> Answer:
        """From the inspection or the sign-in's reply; LinkedIn has no other list of them."""
        if self.method == SIGN_IN:
            return compare_scopes(self.grant.asked, self.scopes, self.api.platform)
        if self.scopes is None:
            return Skipped("LinkedIn lists permissions only to the app; the next steps prove them.")
        needed = next((name for name in READS_PAGES if name in self.scopes), None)
        if needed is None:
            raise PermissionMissing(
                "This token may not read Pages: rw_organization_admin is missing.",
                "Add Community Management API to the app's products, then make a new token.",
                action_url=APPS,
            )
        useful = {needed, *(name for _, names in PURPOSES for name in names)}
        have = f"Has {', '.join(sorted(self.scopes & useful))}."
        others = ", ".join(sorted(self.scopes - useful - IDENTITY))
        have += f" Not needed here: {others}." if others else ""
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
            raise AccountNotFound(
                "This login has no role on any LinkedIn Page.",
                "Ask an admin of the Page for a role, then test again.",
            )
        if wanted and wanted not in roles:
            raise AccountNotFound(
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
        self._sign_in(inspects=False)
        pages = list(self._roles())
        names = {page: self._name_of_page(page) for page in pages[:MOST_NAMES]}
        return [Account(page, names.get(page, "")) for page in pages]

    def _knows_app(self) -> bool:
        return bool(self.values.get("client_id") and self.values.get("client_secret"))

    def _sign_in(self, *, inspects: bool) -> None:
        renews = self.method == REFRESH.slug
        token = self._renewed_token() if renews else self.values["access_token"]
        self.scopes = self.grant.granted
        if inspects and self._knows_app():
            self._inspect(token)
        self.api.headers["Authorization"] = f"Bearer {token}"

    def _app(self) -> dict[str, str]:
        return {name: self.values[name] for name in ("client_id", "client_secret")}

    def _renewed_token(self) -> str:
        """POST /oauth/v2/accessToken -> {"access_token": str, "expires_in": seconds,
        "refresh_token_expires_in": seconds of the refresh token's year that are left}.
        """
        grant = {"grant_type": "refresh_token", "refresh_token": self.values["refresh_token"]}
        reply = self.api.post("/oauth/v2/accessToken", host="TOKEN", data=grant | self._app())
        token: str = reply["access_token"]
        self.api.add_secret(token)
        self.keep_renewed(reply)
        if left := reply.get("refresh_token_expires_in"):
            self.expires_at = datetime.now(UTC) + timedelta(seconds=left)
        return token

    def _inspect(self, token: str) -> None:
        """POST /oauth/v2/introspectToken -> {"active": bool, "status": "active" | "expired" |
        "revoked", "auth_type": "3L", "scope": "openid,profile", "expires_at": seconds}.
        """
        asked = self._app() | {"token": token}
        try:
            found = self.api.post("/oauth/v2/introspectToken", host="INTROSPECT", data=asked)
        except ClientRefused as refused:
            if self.method != SIGN_IN:
                raise
            raise AppRefused(refused.message, APP_ACTION) from None
        _refuse_dead(found)
        if found.get("scope") is not None:
            self.scopes = frozenset(re.split(r"[ ,]+", found["scope"].strip()))
        # What ends for a person with a refresh token is that one, not the token made of it.
        if self.method == TOKEN.slug and found.get("expires_at"):
            self.expires_at = datetime.fromtimestamp(found["expires_at"], UTC)

    def _name_of_person(self) -> str:
        if self.scopes is not None and not {"openid", "profile"} <= self.scopes:
            return ""
        try:
            return str(self._get("/v2/userinfo").get("name", ""))
        except PermissionMissing:
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
        except PermissionMissing:
            return ""  # a role below ADMINISTRATOR; the role itself is proof enough

    def _rest(self, path: str, **params: Any) -> Any:
        typed = self.values.get("api_version")
        headers = {
            "LinkedIn-Version": typed or VERSION,
            "X-Restli-Protocol-Version": "2.0.0",
        }
        try:
            return self._get(f"/rest/{path}", headers, **params)
        except VersionRetired:
            if not typed:
                raise
            raise InvalidConfig(
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
        raise AuthExpired(ENDED, NEW_TOKEN, action_url=TOKENS)
    if status == "revoked":
        raise AuthInvalid(WITHDRAWN, SIGN_IN_AGAIN, action_url=TOKENS)
    if not found["active"]:
        raise AuthInvalid(
            "LinkedIn does not recognise this token as one of this app's.",
            "Make a new token with the app whose client ID is saved here.",
            action_url=TOKENS,
        )
    if found.get("auth_type") == "2L":
        raise AuthInvalid(
            "This token belongs to an app, which has no Pages of its own.",
            "Make a token as a person: choose 3-legged when LinkedIn asks.",
            action_url=TOKENS,
        )


def organization_digits(text: str) -> str:
    """`urn:li:organization:123` or the Page's address -> `123`."""
    text = text.strip().removeprefix("urn:li:organization:")
    return re.sub(r"^(https://)?(www\.)?linkedin\.com/company/([0-9]+)(/.*)?$", r"\3", text)


PROVIDER = Provider(
    slug="linkedin",
    name="LinkedIn",
    used_by=("Lead research", "Outreach"),
    docs_url="https://learn.microsoft.com/linkedin/",
    setup_url=APPS,
    hosts={
        "API": "https://api.linkedin.com",
        "AUTHORIZATION": "https://www.linkedin.com",
        "TOKEN": "https://www.linkedin.com",
        "INTROSPECT": "https://www.linkedin.com",
        "REVOKE": "https://www.linkedin.com",
    },
    methods=(
        TOKEN,
        REFRESH,
        sign_in(
            "Sign in with LinkedIn",
            "You are sent to LinkedIn and come back connected, best as an admin of the Page.",
            warning="Unless LinkedIn approved your app for more, it asks for a new sign-in "
            "every 60 days.",
        ),
    ),
    oauth=OAUTH,
    fields=(
        access_token(
            help="LinkedIn developers → OAuth tools → Create token, "
            "signed in as an admin of the Page.",
            help_url=TOKENS,
            pattern=r"\S+",
            pattern_message="This holds a space. Copy the token alone.",
            methods=(TOKEN.slug,),
        ),
        Field(
            name="refresh_token",
            label="Refresh token",
            help="The result of the sign-in with this app, from whoever did it.",
            secret=True,
            required=True,
            pattern=r"\S+",
            pattern_message="This holds a space. Copy the token alone.",
            methods=(REFRESH.slug,),
        ),
        Field(
            name="client_id",
            label="Client ID",
            help="LinkedIn developers → My apps → your app → Auth. "
            "With it a test can tell when the token ends.",
            help_url=APPS,
            required_by=(REFRESH.slug,),
            usual_pattern=r"[A-Za-z0-9]+",
            usual_message="A client ID usually holds only letters and digits.",
            example="77abc123def456",
            methods=PASTED,
        ),
        Field(
            name="client_secret",
            label="Client secret",
            help="On the same page as the client ID.",
            help_url=APPS,
            secret=True,
            required_by=(REFRESH.slug,),
            methods=PASTED,
        ),
        account_id(
            label="Organization ID",
            help="The number in the Page's address when you open it as admin: "
            "linkedin.com/company/12345/admin.",
            pattern=r"[0-9]+",
            pattern_message="An organization ID is digits only. Take the number from the Page's "
            "address as admin, not the Page's name.",
            example="12345",
            normalize=organization_digits,
        ),
        Field(
            name="api_version",
            label="API version",
            help="Leave this empty unless LinkedIn has retired the version this app uses.",
            pattern=r"20[0-9]{4}",
            pattern_message="A version is a year and a month in six digits, such as 202607.",
            example="202607",
        ),
        base_url(),
    ),
    tester=LinkedInTester,
    errors=ERRORS,
    error_code_at=("code", "serviceErrorCode", "error"),
    error_text_at=("error_description", "message"),
    retry_after=retry_after,
    cost=Cost(
        calls=7,
        note="LinkedIn counts each kind of call by day; most kinds are called once. "
        "A login with more than 100 roles needs a few more.",
    ),
)
