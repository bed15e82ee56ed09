"""Reddit: what chosen communities say about a topic or a brand.

API reference: https://support.reddithelp.com/hc/en-us/articles/16160319875092
(read 2026-11-22).
Quirks: since November 2025 Reddit approves every new app by hand. Calls must name the app
and a Reddit user in their User-Agent, and a failed token request can be a 200.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from providers.access.flow import Flow
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
    PermissionMissing,
    UnexpectedReply,
)
from providers.outbound.basic import basic
from providers.outbound.headers import checked_headers
from providers.platforms.reddit.errors import (
    APPS_URL,
    ERRORS,
    SIGN_IN_AGAIN,
    SIGN_IN_ERRORS,
    RequestRefused,
    TokenRefused,
    judge_headers,
    retry_after,
)

APP = "web:integrations-control-center:v1.0"
EVERYTHING = "*"
# Read when no community is named: what is new in all of them.
ALL = "all"
MOST_PAGES = 10
PER_PAGE = 100
ACCESS_TOKEN_LIFETIME = timedelta(hours=24)

CLIENT = Method(
    "client_credentials",
    "The client ID and secret of a Reddit app",
    help="Reddit approved your app, or the app is older than November 2025.",
)
REFRESH = Method(
    "refresh_token",
    "A client ID, a secret and a refresh token",
    help="Someone already signed in with your app, to read private communities as a person.",
)
TOKEN = Method(
    "access_token",
    "A short-lived access token",
    help="A developer gave you a token for a first try.",
    warning="Reddit ends such a token within 24 hours, and every later test fails.",
    lives=ACCESS_TOKEN_LIFETIME,
)
WITH_CLIENT = (CLIENT.slug, REFRESH.slug)
WITH_PERSON = (REFRESH.slug, TOKEN.slug, SIGN_IN)
# The token is at hand, and nothing else has shown yet that Reddit accepts it.
WITH_TOKEN = (TOKEN.slug, SIGN_IN)
NEEDED = {"read", "identity"}


def user_agent(values: Mapping[str, str]) -> dict[str, str]:
    """Reddit limits or blocks whoever does not say which app asks, and for whom."""
    user = values.get("reddit_username")
    return {"User-Agent": f"{APP} (by /u/{user})" if user else APP}


class RedditFlow(Flow):
    def headers(self) -> dict[str, str]:
        return checked_headers(super().headers() | user_agent(self.values))


# https://github.com/reddit-archive/reddit/wiki/OAuth2; lifetimes as praw's prawcore has recorded
# them (read 2026-11-22).
OAUTH = OAuth(
    app=AppForm(
        slug="reddit",
        name="Reddit",
        console_url=APPS_URL,
        steps=(
            "Ask Reddit to approve your app: without that nobody can make a new one.",
            "Create an app of the type web app, with the redirect URI below.",
            "Copy the client ID under the app's name, and the secret beside the word secret.",
        ),
        pitfalls=(
            "Reddit approves apps by hand, and only those made before November 2025 need nothing.",
            "Only the type web app can be signed in to by everybody in your team.",
            "An app has one redirect URI, and it has to be the same to the letter.",
            "Commercial use needs an agreement with Reddit.",
        ),
    ),
    authorization_url="https://www.reddit.com/api/v1/authorize",
    token_url="https://www.reddit.com/api/v1/access_token",
    revocation_url="https://www.reddit.com/api/v1/revoke_token",
    scopes=(
        Scope(
            name="read",
            gives="communities and their posts",
            stops="No community can be read.",
            implied_by=(EVERYTHING,),
        ),
        Scope(
            name="identity",
            gives="who is connected",
            stops="It is not told who is connected.",
            is_optional=True,
            implied_by=(EVERYTHING,),
        ),
        Scope(
            name="mysubreddits",
            gives="the communities you follow",
            stops="Communities cannot be picked from a list.",
            is_optional=True,
            implied_by=(EVERYTHING,),
        ),
    ),
    # Without it Reddit gives no refresh token.
    authorization_params={"duration": "permanent"},
    uses_pkce=False,
    pkce_source="Reddit's documents name no code challenge: "
    "https://github.com/reddit-archive/reddit/wiki/OAuth2",
    client_authentication="client_secret_basic",
    access_token_lifetime=ACCESS_TOKEN_LIFETIME,
    errors=SIGN_IN_ERRORS,
    flow=RedditFlow,
)


class RedditTester(Tester):
    scopes: frozenset[str] | None = None
    person: Any = None

    @step("Sign-in works")
    def sign_in_works(self) -> Passed:
        """With a token at hand GET /api/v1/me, which a token without a user is refused."""
        self._sign_in()
        if self.method not in WITH_TOKEN:
            return Passed("Reddit accepts this sign-in and gave a token.")
        what = "sign-in" if self.method == SIGN_IN else "token"
        try:
            self.person = self._get("/api/v1/me")
        except PermissionMissing:
            return Passed(f"Reddit accepts this {what}. It does not tell whose it is.")
        return Passed(f"Reddit accepts this {what}.")

    @step("Permissions", methods=(*WITH_CLIENT, SIGN_IN))
    def permissions_are_granted(self) -> Answer:
        """From the reply with the token, as Reddit has no other list of them."""
        if self.method == SIGN_IN:
            return compare_scopes(self.grant.asked, self.scopes, self.api.platform)
        scopes = self.scopes or frozenset()
        if EVERYTHING in scopes:
            return Passed("Has read, and everything else.")
        if "read" not in scopes:
            raise PermissionMissing(
                "This sign-in may not read communities: the scope read is missing.",
                "Sign in again with the scopes read and identity.",
            )
        others = ", ".join(sorted(scopes - NEEDED))
        have = f"Has {' and '.join(sorted(scopes & NEEDED))}."
        return Passed(f"{have} Not needed here: {others}." if others else have)

    @step("Reddit account", optional=True, methods=WITH_PERSON)
    def person_is_known(self) -> Passed | Warned | Skipped:
        """GET /api/v1/me -> {"name": str, "is_suspended": bool, "link_karma": int, …}."""
        if self.scopes is not None and not self.scopes & {"identity", EVERYTHING}:
            return Skipped("The scope identity is not granted, and nothing else here needs it.")
        if self.method == REFRESH.slug:
            self.person = self._get("/api/v1/me")
        if not (self.person or {}).get("name"):
            return Skipped("This token belongs to an app and to no account.")
        name = self.person["name"]
        if self.person.get("is_suspended"):
            return Warned(f"Reddit has suspended the account u/{name}.")
        return Passed(f"Signed in as u/{name}.")

    @step("Community reachable")
    def community_is_reachable(self) -> Passed | Skipped:
        """GET /r/<name>/about -> {"kind": "t5", "data": {"display_name": str, "title": str,
        "subscribers": int, "subreddit_type": "public" | "private" …}}.
        """
        wanted = self.values.get("account_id")
        if not wanted:
            return Skipped("No community is saved. The next step reads from all of them.")
        found = self._get(f"/r/{wanted}/about")
        # For a name that nobody has taken, Reddit may show what it found in a search.
        if found["kind"] != "t5":
            raise AccountNotFound(
                "There is no community with this name on Reddit.",
                "Check the spelling of the community's name.",
            )
        about = found["data"]
        self.account = Account(str(about["display_name"]), str(about.get("title") or ""))
        members = about.get("subscribers")
        told = "" if members is None else f" with {int(members)} members"
        return Passed(f"r/{self.account.id} is a {about['subreddit_type']} community{told}.")

    @step("Posts can be read")
    def posts_are_readable(self) -> Passed:
        """GET /r/<name>/new -> {"data": {"children": [{"data": {"created_utc": seconds, …}}]}}."""
        rows = self._get(f"/r/{self.values.get('account_id') or ALL}/new", limit=1)["data"]
        if not rows["children"]:
            return Passed("Posts can be read. There are none yet.")
        moment = datetime.fromtimestamp(rows["children"][0]["data"]["created_utc"], UTC)
        return Passed(f"Posts can be read. The newest is of {moment:%Y-%m-%d %H:%M} UTC.")

    def accounts(self) -> list[Account] | None:
        """The communities that the account follows; no list without an account.

        GET /subreddits/mine/subscriber -> {"data": {"after": str | null, "children": [a t5]}}.
        """
        if self.method == CLIENT.slug:
            return None
        self._sign_in()
        found: list[Account] = []
        after: dict[str, Any] = {}
        for _ in range(MOST_PAGES):
            page = self._get("/subreddits/mine/subscriber", limit=PER_PAGE, **after)["data"]
            rows = [child["data"] for child in page["children"]]
            found += [
                Account(str(row["display_name"]), str(row.get("title") or "")) for row in rows
            ]
            if not page["after"]:
                break
            after = {"after": page["after"]}
        return found

    def _sign_in(self) -> None:
        self.api.headers |= user_agent(self.values)
        self.scopes = self.grant.granted
        has_token = self.method in WITH_TOKEN
        token = self.values["access_token"] if has_token else self._new_token()
        self.api.headers["Authorization"] = f"bearer {token}"

    def _new_token(self) -> str:
        """POST /api/v1/access_token -> {"access_token": str, "scope": "read identity" or "*"};
        or, with status 200 as well, {"error": str}. The two methods are named like their grants.
        """
        form = {"grant_type": self.method}
        if self.method == REFRESH.slug:
            form["refresh_token"] = self.values["refresh_token"]
        proof = basic(self.values["client_id"], self.values["client_secret"])
        self.api.add_secret(proof.removeprefix("Basic "))
        try:
            reply = self.api.post(
                "/api/v1/access_token",
                host="TOKEN",
                headers={"Authorization": proof},
                data=form,
            )
        except TokenRefused:
            raise AuthInvalid(
                "The Reddit client ID or secret is wrong.",
                "Copy both again from your app at Reddit.",
                action_url=APPS_URL,
            ) from None
        except RequestRefused:
            if self.method != REFRESH.slug:
                raise
            raise AuthExpired("Reddit has ended this connection.", SIGN_IN_AGAIN) from None
        except AccountNotFound:
            raise UnexpectedReply("Reddit does not know what we asked for.") from None
        token: str = reply["access_token"]
        self.api.add_secret(token)
        self.scopes = frozenset(reply["scope"].split())
        return token

    def _get(self, path: str, **params: Any) -> Any:
        reply = self.api.request("GET", path, raw_json=1, **params)
        judge_headers(reply)
        try:
            self.api.judge(reply)
        except TokenRefused:
            if self.method in WITH_TOKEN:
                raise
            raise AuthInvalid(
                "Reddit does not accept the token that it gave a moment ago.",
                "Check at Reddit that the app still exists and is approved.",
                action_url=APPS_URL,
            ) from None
        except AccountNotFound:
            if path.startswith("/r/"):
                raise
            raise UnexpectedReply("Reddit does not know what we asked for.") from None
        return reply.json_or_none()


def without_prefix(letter: str, text: str) -> str:
    """`r/marketing` or the community's address -> `marketing`; for u/ likewise."""
    text = re.sub(r"^(https://)?((www|old)\.)?reddit\.com/", "", text.strip())
    return re.sub(rf"^/?({letter}|{letter.upper()})/", "", text).removesuffix("/")


def subreddit_alone(text: str) -> str:
    return without_prefix("r", text)


def username_alone(text: str) -> str:
    return without_prefix("u", text.replace("/user/", "/u/")).removeprefix("@")


PROVIDER = Provider(
    slug="reddit",
    name="Reddit",
    used_by=("Community research",),
    docs_url="https://support.reddithelp.com/hc/en-us/articles/16160319875092",
    setup_url=APPS_URL,
    hosts={
        "API": "https://oauth.reddit.com",
        "AUTHORIZATION": "https://www.reddit.com",
        "TOKEN": "https://www.reddit.com",
        "REVOKE": "https://www.reddit.com",
    },
    methods=(
        CLIENT,
        REFRESH,
        TOKEN,
        sign_in(
            "Sign in with Reddit",
            "You are sent to Reddit and come back connected, with an app that Reddit approved.",
        ),
    ),
    oauth=OAUTH,
    fields=(
        Field(
            name="client_id",
            label="Client ID",
            help="reddit.com/prefs/apps → your app: the letters under the app's name.",
            help_url=APPS_URL,
            required=True,
            usual_pattern=r"[A-Za-z0-9_\-]{14,}",
            usual_message="A client ID usually has 14 or more letters, digits and dashes.",
            example="p-jcoLKBynTLew",
            methods=WITH_CLIENT,
        ),
        Field(
            name="client_secret",
            label="Client secret",
            help="reddit.com/prefs/apps → your app → edit: beside the word secret.",
            help_url=APPS_URL,
            secret=True,
            required=True,
            usual_pattern=r"[A-Za-z0-9_\-]{27,}",
            usual_message="A client secret usually has 27 or more letters, digits and dashes.",
            example="abcdefghijklmnopqrstuvwxyz0",
            methods=WITH_CLIENT,
        ),
        Field(
            name="refresh_token",
            label="Refresh token",
            help="The result of a permanent sign-in with this app, from whoever did it.",
            secret=True,
            required=True,
            methods=(REFRESH.slug,),
        ),
        access_token(
            help="An OAuth access token, from whoever made it for you.",
            pattern=r"\S+",
            pattern_message="This holds a space. Copy the token alone.",
            methods=(TOKEN.slug,),
        ),
        Field(
            name="reddit_username",
            label="Your Reddit username",
            help="Reddit wants to know who asks. Take the name after u/ on your profile.",
            required_by=(*WITH_CLIENT, SIGN_IN),
            pattern=r"[^\s\/]+",
            pattern_message="This is not a username. Enter the name after u/ on your profile.",
            usual_pattern=r"[A-Za-z0-9_\-]{3,20}",
            usual_message="A username usually has 3 to 20 letters, digits, dashes or underscores.",
            example="u/acme",
            normalize=username_alone,
        ),
        account_id(
            label="Subreddit",
            help="The community to read, as in reddit.com/r/marketing.",
            pattern=r"[^\s\/?#,]+",
            pattern_message="Enter the name of one community, such as marketing.",
            usual_pattern=r"[A-Za-z0-9_]{2,21}",
            usual_message="A community's name usually has 2 to 21 letters, digits or underscores.",
            example="r/marketing",
            normalize=subreddit_alone,
        ),
        base_url(),
    ),
    tester=RedditTester,
    errors=ERRORS,
    error_code_at="error",
    error_subcode_at="reason",
    error_text_at=("error_description", "message"),
    retry_after=retry_after,
    cost=Cost(
        calls=4,
        note="Of about 100 calls a minute that Reddit gives an app.",
    ),
)
