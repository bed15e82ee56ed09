"""Upwork: job postings for lead research, and the team's own proposals.

API reference: https://www.upwork.com/developer/documentation/graphql/api/docs/index.html
(read 2026-11-22).
Quirks: Upwork approves every key by hand. Access tokens live 24 hours; a refresh token that
is not used for two weeks dies. There is no address to revoke a token. GraphQL answers with
status 200 when it refuses, so the verdict is in the body.
"""

from datetime import timedelta
from typing import Any

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
    Tester,
    Warned,
    access_token,
    account_id,
    base_url,
    compare_scopes,
    sign_in,
    step,
)
from providers.errors import AccountNotFound, AuthInvalid, PermissionMissing, UnexpectedReply
from providers.platforms.upwork.errors import (
    COPY_BOTH,
    ERRORS,
    KEYS_URL,
    SIGN_IN_ERRORS,
    WRONG_KEY,
    TokenRefused,
    retry_after,
)

WHO = "query { user { id nid rid name } organization { id } }"
# For a key that may not read names.
WHO_BY_ID = "query { user { id nid rid } organization { id } }"
ORGANIZATIONS = "query { companySelector { items { title organizationId } } }"
JOBS = """
query($f: MarketplaceJobPostingsSearchFilter) {
  marketplaceJobPostingsSearch(marketPlaceJobFilter: $f, searchType: USER_JOBS_SEARCH,
                               sortAttributes: [{field: RECENCY}]) {
    totalCount edges { node { id } } pageInfo { hasNextPage endCursor } } }
"""
ONE_JOB = {"searchExpression_eq": "marketing", "pagination_eq": {"first": 1, "after": "0"}}

ACCESS_TOKEN_LIFETIME = timedelta(hours=24)
WRITTEN_PERMISSION = "Upwork allows other than internal use only with its written permission."

REFRESH = Method(
    "refresh_token",
    "A key, its secret and a refresh token",
    help="Upwork approved your API key, and someone already signed in with it.",
    warning=f"{WRITTEN_PERMISSION} It ends a refresh token that is not used for two weeks.",
)
TOKEN = Method(
    "access_token",
    "A short-lived access token",
    help="Someone signed in with your API key and gave you the token for a first try.",
    warning="Upwork ends such a token after 24 hours, and every later test fails.",
    lives=ACCESS_TOKEN_LIFETIME,
)
CLIENT = Method(
    "client_credentials",
    "A service-account key and its secret",
    help="Upwork gave your company a key of the type service account.",
    warning="Upwork gives such keys to few customers; an ordinary key is refused here.",
)

# https://support.upwork.com/hc/en-us/articles/115015933448 (authentication) and
# …/115015857607 (permissions), read 2026-11-22.
OAUTH = OAuth(
    app=AppForm(
        slug="upwork",
        name="Upwork",
        console_url=KEYS_URL,
        steps=(
            "Apply for an API key with the Upwork account that is to be connected.",
            "Enter the redirect URI below as the key's callback address, exactly as it stands.",
            "Tick the permissions below, then send the application.",
            "When Upwork has approved the key, copy Key and Secret.",
        ),
        pitfalls=(
            "Upwork approves every key by hand, which takes up to two weeks. "
            "It wants a real name, a full address, a photo and a proven identity.",
            "The title of the key may not hold the name Upwork.",
            "Permissions are ticked on the key. Whoever changes them signs in again afterwards.",
            WRITTEN_PERMISSION,
        ),
        client_id_label="Key",
        client_secret_label="Secret",
    ),
    authorization_url="https://www.upwork.com/ab/account-security/oauth2/authorize",
    token_url="https://www.upwork.com/api/v3/oauth2/token",
    scopes=(
        Scope(
            name="Common Entities - Read-Only Access",
            gives="who is connected and the organizations",
            stops="Nothing can be read.",
        ),
        Scope(
            name="Read marketplace Job Postings",
            gives="job postings",
            stops="Lead research stops working.",
        ),
    ),
    # Upwork answers invalid_scope to whoever asks for permissions.
    lists_scopes=False,
    uses_pkce=False,
    pkce_source="Upwork's own clients send none: https://github.com/upwork/python-upwork-oauth2",
    access_token_lifetime=ACCESS_TOKEN_LIFETIME,
    refresh_token_lifetime=timedelta(days=14),
    how_to_remove="Remove the app in Upwork's settings, under Connected services.",
    errors=SIGN_IN_ERRORS,
)


class UpworkTester(Tester):
    own_organization = ""

    @step("Sign-in works")
    def sign_in_works(self) -> Passed | Warned:
        """{"data": {"user": {"id": str, "name": str}, "organization": {"id": str}}}."""
        self._sign_in()
        try:
            reply = self._ask(WHO, "user")
        except PermissionMissing:
            reply = self._ask_who_by_id()
        user = reply["data"]["user"]
        self.own_organization = str((reply["data"].get("organization") or {}).get("id", ""))
        return _answer(reply, f"Upwork knows this sign-in as {user.get('name') or user['id']}.")

    @step("Permissions", methods=(SIGN_IN,))
    def permissions(self) -> Answer:
        """Asks nothing: permissions are ticked on the key, and Upwork lists them nowhere."""
        return compare_scopes(self.grant.asked, None, self.api.platform)

    @step("Organization reachable")
    def organization_is_reachable(self) -> Passed | Warned:
        """{"data": {"companySelector": {"items": [{"title": str, "organizationId": str}]}}}."""
        found = self._organizations()
        wanted = self.values.get("account_id")
        if wanted and wanted not in found:
            raise AccountNotFound(
                "This login does not reach the chosen Upwork organization, or no longer.",
                "Choose another one, or leave the field empty for the login's own.",
            )
        only = next(iter(found)) if len(found) == 1 else ""
        own = self.own_organization if self.own_organization in found else only
        chosen = wanted or own
        if not chosen:
            return Warned(f"This login reaches {len(found)} organizations. Choose one by its ID.")
        self.api.headers["X-Upwork-API-TenantId"] = chosen
        self.account = Account(chosen, found[chosen])
        return Passed(f"{found[chosen] or 'The organization'} is reachable.")

    @step("Job postings can be read")
    def job_postings_are_readable(self) -> Passed | Warned:
        """{"data": {"marketplaceJobPostingsSearch": {"totalCount": int, "edges": […]}}}."""
        try:
            reply = self._ask(JOBS, "marketplaceJobPostingsSearch", variables={"f": ONE_JOB})
        except PermissionMissing:
            raise PermissionMissing(
                "The key works but may not read job postings.",
                "Tick Read marketplace Job Postings on the key, then sign in with it again.",
                action_url=KEYS_URL,
            ) from None
        total = int(reply["data"]["marketplaceJobPostingsSearch"]["totalCount"])
        return _answer(reply, f"{total} job postings match a search for marketing.")

    def accounts(self) -> list[Account]:
        """The login's organizations, all in one reply."""
        self._sign_in()
        return [Account(number, title) for number, title in self._organizations().items()]

    def _sign_in(self) -> None:
        has_token = self.method in (TOKEN.slug, SIGN_IN)
        token = self.values["access_token"] if has_token else self._new_token()
        self.api.headers["Authorization"] = f"Bearer {token}"

    def _new_token(self) -> str:
        """POST /api/v3/oauth2/token -> {"access_token": str, "refresh_token": str,
        "expires_in": 86400}. The two methods are named like their grants.
        """
        names = ["client_id", "client_secret"]
        names += ["refresh_token"] if self.method == REFRESH.slug else []
        form = {"grant_type": self.method} | {name: self.values[name] for name in names}
        try:
            reply = self.api.post("/api/v3/oauth2/token", host="TOKEN", data=form)
        except TokenRefused:
            raise AuthInvalid(WRONG_KEY, COPY_BOTH, action_url=KEYS_URL) from None
        token: str = reply["access_token"]
        self.api.add_secret(token)
        self.keep_renewed(reply if self.method == REFRESH.slug else {})
        return token

    def _ask_who_by_id(self) -> Any:
        try:
            return self._ask(WHO_BY_ID, "user")
        except PermissionMissing:
            raise PermissionMissing(
                "The key may not read whose it is, which everything else needs.",
                "Tick Common Entities - Read-Only Access on the key, then sign in with it again.",
                action_url=KEYS_URL,
            ) from None

    def _organizations(self) -> dict[str, str]:
        items = self._ask(ORGANIZATIONS, "companySelector")["data"]["companySelector"]["items"]
        return {str(item["organizationId"]): item.get("title") or "" for item in items if item}

    def _ask(self, query: str, needed: str, *, variables: Any = None) -> Any:
        """POST /graphql -> {"data": {…}, "errors": [{"message": str, "extensions": {…}}]}."""
        body = {"query": query} | ({"variables": variables} if variables else {})
        reply = self.api.post("/graphql", json=body)
        if (reply.get("data") or {}).get(needed) is None:
            raise UnexpectedReply("Upwork did not carry out what we asked.")
        return reply


def _answer(reply: Any, said: str) -> Passed | Warned:
    """Data that came with errors about other parts of it is usable all the same."""
    if reply.get("errors"):
        return Warned(f"{said} Upwork could not read a part of what we asked for.")
    return Passed(said)


PROVIDER = Provider(
    slug="upwork",
    name="Upwork",
    used_by=("Lead research ingestion",),
    docs_url="https://www.upwork.com/developer/documentation/graphql/api/docs/index.html",
    setup_url=KEYS_URL,
    hosts={
        "API": "https://api.upwork.com",
        "AUTHORIZATION": "https://www.upwork.com",
        "TOKEN": "https://www.upwork.com",
    },
    methods=(
        REFRESH,
        TOKEN,
        CLIENT,
        sign_in(
            "Sign in with Upwork",
            "You are sent to Upwork and come back connected, with a key that Upwork approved.",
            warning=WRITTEN_PERMISSION,
        ),
    ),
    oauth=OAUTH,
    fields=(
        Field(
            name="client_id",
            label="Key",
            help="Upwork → Developer Center → API keys → Key. "
            "Upwork must have approved it, which takes up to two weeks.",
            help_url=KEYS_URL,
            required=True,
            usual_pattern=r"[0-9a-fA-F]{32}",
            usual_message="A key usually has 32 characters, 0 to 9 and a to f.",
            example="0123456789abcdef0123456789abcdef",
            methods=(REFRESH.slug, CLIENT.slug),
        ),
        Field(
            name="client_secret",
            label="Secret",
            help="Upwork → Developer Center → API keys → Secret.",
            help_url=KEYS_URL,
            secret=True,
            required=True,
            usual_pattern=r"[0-9a-fA-F]{16}",
            usual_message="A secret usually has 16 characters, 0 to 9 and a to f.",
            example="0123456789abcdef",
            methods=(REFRESH.slug, CLIENT.slug),
        ),
        Field(
            name="refresh_token",
            label="Refresh token",
            help="The result of the sign-in with this key, from whoever did it.",
            secret=True,
            required=True,
            methods=(REFRESH.slug,),
        ),
        access_token(
            help="The token that the sign-in with your key gave, from whoever did it.",
            methods=(TOKEN.slug,),
        ),
        account_id(
            label="Organization ID",
            help="Leave this empty to use the organization of your login. "
            "Upwork tells the ID of every other one after the first test.",
            pattern=r"[^\s\/]+",
            pattern_message="An organization ID holds neither spaces nor slashes. "
            "Take it from the list of accounts after the first test.",
            example="1234567890",
        ),
        base_url(),
    ),
    tester=UpworkTester,
    errors=ERRORS,
    error_code_at="error",
    error_subcode_at="errors.0.extensions.classification",
    error_text_at=("errors.0.message", "error_description", "message"),
    retry_after=retry_after,
    cost=Cost(
        calls=5,
        note="Upwork allows 10 requests a second for each server, and some 40,000 a day.",
    ),
)
