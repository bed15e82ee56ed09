"""How a connection to Reddit is tested: as an app, or as a person."""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any

from providers.declare.oauth import SIGN_IN
from providers.declare.paging import following, pages
from providers.declare.permissions import compare_scopes, told_of
from providers.declare.steps import Account, Answer, Passed, Skipped, Tester, Warned, step
from providers.errors import AccountNotFound, AuthInvalid, PermissionMissing, UnexpectedReply
from providers.platforms.reddit.errors import APPS_URL, NO_COMMUNITY, TokenRefused, judge_headers
from providers.platforms.reddit.sign_in import EVERYTHING, user_agent

CLIENT = "client_credentials"
REFRESH = "refresh_token"
TOKEN = "access_token"
WITH_CLIENT = (CLIENT, REFRESH)
WITH_PERSON = (REFRESH, TOKEN, SIGN_IN)
# The token is at hand, and nothing else has shown yet that Reddit accepts it.
WITH_TOKEN = (TOKEN, SIGN_IN)
NEEDED = {"read", "identity"}
# Read when no community is named: what is new in all of them.
ALL = "all"
PER_PAGE = 100


class RedditTester(Tester):
    scopes: frozenset[str] | None = None
    person: Any = None

    @step("Sign-in works")
    def sign_in_works(self) -> Passed:
        """With a token at hand GET /api/v1/me, which a token without a user is refused."""
        self._sign_in()
        if self.method not in WITH_TOKEN:
            return Passed("Reddit accepts this sign-in and gave a token.")
        try:
            self.person = self._get("/api/v1/me")
        except PermissionMissing:
            return Passed(f"Reddit accepts this {self.what}. It does not tell whose it is.")
        return Passed(f"Reddit accepts this {self.what}.")

    @step("Permissions", methods=(*WITH_CLIENT, SIGN_IN))
    def permissions_are_granted(self) -> Answer:
        """From the reply with the token, as Reddit has no other list of them."""
        if self.is_signed_in:
            return compare_scopes(self.grant.asked, self.scopes, self.api.platform)
        scopes = self.scopes or frozenset()
        if EVERYTHING in scopes:
            return Passed("Has read, and everything else.")
        if "read" not in scopes:
            raise PermissionMissing(
                "This sign-in may not read communities: the scope read is missing.",
                "Sign in again with the scopes read and identity.",
            )
        return Passed(told_of([" and ".join(sorted(scopes & NEEDED))], scopes - NEEDED))

    @step("Reddit account", optional=True, methods=WITH_PERSON)
    def person_is_known(self) -> Passed | Warned | Skipped:
        """GET /api/v1/me -> {"name": str, "is_suspended": bool, "link_karma": int, …}."""
        if self.scopes is not None and not self.scopes & {"identity", EVERYTHING}:
            return Skipped("The scope identity is not granted, and nothing else here needs it.")
        if self.method == REFRESH:
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
            raise AccountNotFound(*NO_COMMUNITY)
        about = found["data"]
        self.account = _account(about)
        members = about.get("subscribers")
        told = "" if members is None else f" with {int(members)} members"
        kind = about["subreddit_type"].replace("_", " ")
        return Passed(f"Community r/{self.account.id}: {kind}{told}.")

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
        if self.method == CLIENT:
            return None
        self._sign_in()
        ask = partial(self._get, "/subreddits/mine/subscriber", limit=PER_PAGE)
        found = pages(ask, following("after", "data.after"))
        return [_account(one["data"]) for page in found for one in page["data"]["children"]]

    def _sign_in(self) -> None:
        self.api.headers |= user_agent(self.values)
        self.scopes = self.grant.granted

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


def _account(about: Mapping[str, Any]) -> Account:
    return Account(str(about["display_name"]), str(about.get("title") or ""))
