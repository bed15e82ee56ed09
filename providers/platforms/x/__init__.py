"""X, formerly Twitter: mentions, keyword volume and the reach of the team's own posts.

API reference: https://docs.x.com (read 2026-11-22).
Quirks: every read that returns something costs credits. "API key and secret" and "client ID
and secret" are two different pairs. A Bearer token never expires and reads public data only.
A sign-in may not count posts nor ask for the app's usage, and searches instead.
"""

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import quote

from providers.declare import (
    SIGN_IN,
    Account,
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
    permissions_of_sign_in,
    sign_in,
    step,
)
from providers.errors import AccountNotFound, InvalidConfig, UnexpectedReply
from providers.outbound.basic import basic
from providers.platforms.x.errors import (
    CONSOLE_URL,
    ERRORS,
    SIGN_IN_ERRORS,
    RequestRefused,
    retry_after,
)

# Searched for when neither a search nor a username is saved.
ANY_SEARCH = "marketing"
USAGE: dict[str, Any] = {
    "days": 1,
    "usage.fields": "cap_reset_day,project_cap,project_id,project_usage",
}
PROFILE: dict[str, Any] = {"user.fields": "public_metrics"}
FEWEST = 10  # posts of a search: each costs credits, and X gives no fewer

BEARER = Method(
    "access_token",
    "A Bearer token",
    help="You can open your app in the X console and copy one long token.",
)
KEYS = Method(
    "client_credentials",
    "An API key and its secret",
    help="You have the pair that the X console calls API key and API key secret.",
)
APP_ONLY = (BEARER.slug, KEYS.slug)

# https://docs.x.com/fundamentals/authentication/oauth-2-0/authorization-code (read 2026-11-22).
OAUTH = OAuth(
    app=AppForm(
        slug="x",
        name="X",
        console_url=CONSOLE_URL,
        steps=(
            "Open your app in the X console: it needs a project, and credits to read anything.",
            "Set up user authentication: Read permission and the type Web App.",
            "Enter the redirect URI below as the callback address, and save.",
            "Under Keys and tokens, make an OAuth 2.0 client ID and client secret. "
            "X shows the secret once.",
        ),
        pitfalls=(
            "The API key and its secret are another pair, which no sign-in takes.",
            "An app of the type Native App has no secret: choose Web App.",
            "X takes no callback address on localhost: use 127.0.0.1 for a trial.",
            "Signing in works without credits, and every test after it fails.",
        ),
        client_id_pattern=r"[A-Za-z0-9_\-]+",
        client_id_message="A client ID holds only letters, digits and dashes. "
        "Copy it from OAuth 2.0 in the X console.",
        client_secret_pattern=r"(?!AAAA)\S+",
        client_secret_message="This is a Bearer token or holds a space. "
        "Copy the OAuth 2.0 client secret.",
    ),
    authorization_url="https://x.com/i/oauth2/authorize",
    token_url="https://api.x.com/2/oauth2/token",
    revocation_url="https://api.x.com/2/oauth2/revoke",
    scopes=(
        Scope(
            name="tweet.read", gives="posts and the search for them", stops="No post can be read."
        ),
        Scope(name="users.read", gives="who is connected", stops="No account can be read."),
        Scope(
            name="offline.access",
            gives="a sign-in that lasts",
            stops="The sign-in ends after two hours.",
            is_optional=True,
        ),
    ),
    client_authentication="client_secret_basic",
    access_token_lifetime=timedelta(hours=2),
    # Reported by those who integrate X; its documents name no end.
    refresh_token_lifetime=timedelta(days=180),
    errors=SIGN_IN_ERRORS,
)


class XTester(Tester):
    own: Mapping[str, Any] | None = None

    # First, as X's refusal of an account does not tell which permission is missing.
    permissions = permissions_of_sign_in

    @step("Sign-in works", methods=(SIGN_IN,))
    def sign_in_works(self) -> Passed:
        """GET /2/users/me -> {"data": {"username": str, "name": str, "public_metrics": {…}}}."""
        self._sign_in()
        self.own = self._get("/2/users/me", **PROFILE)["data"]
        return Passed(f"Signed in to X as @{self.own['username']}.")

    @step("Token is valid", methods=APP_ONLY)
    def token_is_valid(self) -> Passed | Warned:
        """GET /2/usage/tweets -> {"data": {"project_usage": int, "project_cap": int,
        "cap_reset_day": int}}; a number may come as text.
        """
        self._sign_in()
        try:
            found = self.api.get("/2/usage/tweets", **USAGE)
        except AccountNotFound:
            return Warned("X accepts this token, but does not tell how much it has read.")
        usage = found["data"]
        used, cap = (int(usage.get(name) or 0) for name in ("project_usage", "project_cap"))
        if cap and used >= cap:
            again = usage.get("cap_reset_day", "of its reset")
            return Warned(f"The app has read all {cap} posts of the month. Wait for day {again}.")
        told = f"{used} of {cap}" if cap else str(used)
        return Passed(f"X accepts this token. Posts read this month: {told}.")

    @step("Account found")
    def account_is_found(self) -> Passed | Skipped:
        """GET /2/users/by/username/<name> -> {"data": {"username": str, "name": str,
        "public_metrics": {"followers_count": int, …}}}.
        """
        username = self._username()
        if not username:
            return Skipped("No username is saved, so no account was looked up.")
        if self.own and username.lower() != self.own["username"].lower():
            raise AccountNotFound(
                "You are signed in to X as another account than the one entered.",
                "Sign in as that account, or clear the username.",
            )
        user = self.own or self._user(username)
        self.account = Account(str(user["username"]), str(user.get("name", "")))
        # A part that may not be read is left out of a good reply.
        followers = user.get("public_metrics", {}).get("followers_count")
        told = "" if followers is None else f" It has {int(followers)} followers."
        return Passed(f"X knows @{self.account.id}.{told}")

    @step("Posts can be searched")
    def posts_are_searchable(self) -> Passed:
        """Of the last seven days, for the saved search or else for who mentions the account."""
        saved, username = self.values.get("search_query"), self._username()
        query = saved or (f"@{username}" if username else ANY_SEARCH)
        try:
            total = self._found(query)
        except RequestRefused:
            if not saved:
                raise
            raise InvalidConfig(
                "X does not understand the saved search.", "Correct the search, then test again."
            ) from None
        what = "the saved search" if saved else query
        return Passed(f"Posts of the last seven days for {what}: {total}.")

    def accounts(self) -> list[Account] | None:
        """The one account that signed in; no list for an app alone."""
        if self.method != SIGN_IN:
            return None
        self._sign_in()
        own = self._get("/2/users/me")["data"]
        return [Account(str(own["username"]), str(own.get("name", "")))]

    def _username(self) -> str:
        return self.values.get("account_id") or (str(self.own["username"]) if self.own else "")

    def _user(self, username: str) -> Any:
        try:
            return self.api.get(f"/2/users/by/username/{username}", **PROFILE)["data"]
        except RequestRefused:
            raise InvalidConfig(
                "X says this cannot be a username.", "Enter the name after the @ of the profile."
            ) from None

    def _found(self, query: str) -> str:
        """GET /2/tweets/counts/recent -> {"data": […], "meta": {"total_tweet_count": int}};
        newer replies say total_post_count. A person's token is refused there, and takes
        GET /2/tweets/search/recent -> {"meta": {"result_count": int, "next_token": str}}.
        """
        if self.method == SIGN_IN:
            meta = self._get("/2/tweets/search/recent", query=query, max_results=FEWEST)["meta"]
            least = "at least " if meta.get("next_token") else ""
            return f"{least}{int(meta['result_count'])}"
        meta = self._get("/2/tweets/counts/recent", query=query, granularity="day")["meta"]
        return str(int(meta.get("total_tweet_count", meta.get("total_post_count"))))

    def _get(self, path: str, **params: Any) -> Any:
        try:
            return self.api.get(path, **params)
        except AccountNotFound:
            raise UnexpectedReply("X does not know what we asked for.") from None

    def _sign_in(self) -> None:
        token = self._new_token() if self.method == KEYS.slug else self.values["access_token"]
        self.api.headers["Authorization"] = f"Bearer {token}"

    def _new_token(self) -> str:
        """POST /oauth2/token -> {"token_type": "bearer", "access_token": str}."""
        key, secret = (quote(self.values[name], safe="") for name in ("api_key", "api_key_secret"))
        proof = basic(key, secret)
        self.api.add_secret(proof.removeprefix("Basic "))
        try:
            reply = self.api.post(
                "/oauth2/token",
                host="TOKEN",
                headers={"Authorization": proof},
                data={"grant_type": "client_credentials"},
            )
        except AccountNotFound:
            raise UnexpectedReply("X does not know what we asked for.") from None
        token: str = reply["access_token"]
        self.api.add_secret(token)
        return token


def username_alone(text: str) -> str:
    """`@acme` or the profile's address -> `acme`."""
    text = re.sub(r"^(https://)?(www\.)?(x|twitter)\.com/", "", text.strip())
    return text.removeprefix("@").removesuffix("/")


PROVIDER = Provider(
    slug="x",
    name="X (Twitter)",
    used_by=("Social signals",),
    docs_url="https://docs.x.com",
    setup_url=CONSOLE_URL,
    hosts={
        "API": "https://api.x.com",
        "AUTHORIZATION": "https://x.com",
        "TOKEN": "https://api.x.com",
        "REVOKE": "https://api.x.com",
    },
    methods=(
        BEARER,
        KEYS,
        sign_in(
            "Sign in with X",
            "You are sent to X and come back connected. Sign in as your brand's own account.",
        ),
    ),
    oauth=OAUTH,
    fields=(
        access_token(
            label="Bearer token",
            help="X console → your app → Keys and tokens → Bearer token.",
            help_url=CONSOLE_URL,
            pattern=r"(?![0-9]+-)\S+",
            pattern_message="This is a user's access token or holds a space. "
            "Copy the Bearer token, which starts with AAAA.",
            usual_pattern=r"AAAA\S+",
            usual_message="A Bearer token starts with AAAA. An API key or a client ID is "
            "something else.",
            example="AAAAabc123%2Fdef%3D",
            methods=(BEARER.slug,),
        ),
        Field(
            name="api_key",
            label="API key",
            help="X console → your app → Keys and tokens → API key. "
            "The client ID on that page is something else.",
            help_url=CONSOLE_URL,
            secret=True,
            required=True,
            pattern=r"\S+",
            pattern_message="This holds a space. Copy the key alone.",
            methods=(KEYS.slug,),
        ),
        Field(
            name="api_key_secret",
            label="API key secret",
            help="X console → your app → Keys and tokens, shown with the API key.",
            help_url=CONSOLE_URL,
            secret=True,
            required=True,
            pattern=r"\S+",
            pattern_message="This holds a space. Copy the secret alone.",
            methods=(KEYS.slug,),
        ),
        account_id(
            label="Username",
            help="The name after the @ on your brand's profile.",
            pattern=r"[A-Za-z0-9_]+",
            pattern_message="A username holds only letters, digits and underscores. "
            "The number of an account or its full name is something else.",
            usual_pattern=r"[A-Za-z0-9_]{1,15}",
            usual_message="A username usually has at most 15 characters.",
            example="@acme",
            normalize=username_alone,
        ),
        Field(
            name="search_query",
            label="Search",
            help="The words to look for on X, such as your brand's name.",
            usual_pattern=r".{1,512}",
            usual_message="X takes more than 512 characters only on its Enterprise plan.",
            example="acme OR #acme",
        ),
        base_url(),
    ),
    tester=XTester,
    errors=ERRORS,
    error_code_at=("errors.*.code", "error", "title"),
    error_text_at=("type", "errors.*.type", "error_description"),
    retry_after=retry_after,
    cost=Cost(
        calls=4,
        note="1.5 US cents of credits: one for the account, and half of one for the search. "
        "A sign-in searches for posts, which costs up to five cents more.",
    ),
)
