"""How X is tested: the app's month, the account, and a search for posts."""

from collections.abc import Mapping
from typing import Any

from providers.declare.oauth import SIGN_IN
from providers.declare.parts import ask_for, told
from providers.declare.permissions import permissions_of_sign_in
from providers.declare.steps import Account, Passed, Skipped, Tester, Warned, step
from providers.errors import AccountNotFound, InvalidConfig, UnexpectedReply
from providers.platforms.x.errors import RequestRefused

TOKEN, KEYS = "access_token", "client_credentials"
# Searched for when neither a search nor a username is saved.
ANY_SEARCH = "marketing"
USAGE: dict[str, Any] = {
    "days": 1,
    "usage.fields": "cap_reset_day,project_cap,project_id,project_usage",
}
PROFILE: dict[str, Any] = {"user.fields": "public_metrics"}
FEWEST = 10  # posts of a search: each costs credits, and X gives no fewer


class XTester(Tester):
    own: Mapping[str, Any] | None = None

    # First, as X's refusal of an account does not tell which permission is missing.
    permissions = permissions_of_sign_in

    @step("Sign-in works", methods=(SIGN_IN,))
    def sign_in_works(self) -> Passed | Warned:
        """GET /2/users/me -> {"data": {"username": str, "name": str, "public_metrics": {…}}}."""
        reply = self._get("/2/users/me", "data", **PROFILE)
        self.own = reply["data"]
        return self._told(reply, f"Signed in to X as @{self.own['username']}.")

    @step("Token is valid", methods=(TOKEN, KEYS))
    def token_is_valid(self) -> Passed | Warned:
        """GET /2/usage/tweets -> {"data": {"project_usage": int, "project_cap": int,
        "cap_reset_day": int}}; a number may come as text.
        """
        try:
            found = ask_for(self.api, ["data"], "GET", "/2/usage/tweets", **USAGE)
        except AccountNotFound:
            return Warned("X accepts this token, but does not tell how much it has read.")
        usage = found["data"]
        used, cap = (int(usage.get(name) or 0) for name in ("project_usage", "project_cap"))
        if cap and used >= cap:
            again = usage.get("cap_reset_day", "of its reset")
            return Warned(f"The app has read all {cap} posts of the month. Wait for day {again}.")
        read = f"{used} of {cap}" if cap else str(used)
        return self._told(found, f"X accepts this token. Posts read this month: {read}.")

    @step("Account found")
    def account_is_found(self) -> Passed | Warned | Skipped:
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
        reply = {"data": self.own} if self.own else self._user(username)
        user = reply["data"]
        self.account = Account(str(user["username"]), str(user.get("name", "")))
        # A part that may not be read is left out of a good reply.
        followers = user.get("public_metrics", {}).get("followers_count")
        audience = "" if followers is None else f" It has {int(followers)} followers."
        return self._told(reply, f"X knows @{self.account.id}.{audience}")

    @step("Posts can be searched")
    def posts_are_searchable(self) -> Passed | Warned:
        """Of the last seven days, for the saved search or else for who mentions the account."""
        saved, username = self.values.get("search_query"), self._username()
        query = saved or (f"@{username}" if username else ANY_SEARCH)
        try:
            total, reply = self._found(query)
        except RequestRefused:
            if not saved:
                raise
            raise InvalidConfig(
                "X does not understand the saved search.", "Correct the search, then test again."
            ) from None
        what = "the saved search" if saved else query
        return self._told(reply, f"Posts of the last seven days for {what}: {total}.")

    def accounts(self) -> list[Account] | None:
        """The one account that signed in; no list for an app alone."""
        if not self.is_signed_in:
            return None
        own = self._get("/2/users/me", "data")["data"]
        return [Account(str(own["username"]), str(own.get("name", "")))]

    def _username(self) -> str:
        return self.values.get("account_id") or (str(self.own["username"]) if self.own else "")

    def _user(self, username: str) -> Any:
        try:
            path = f"/2/users/by/username/{username}"
            return ask_for(self.api, ["data"], "GET", path, **PROFILE)
        except RequestRefused:
            raise InvalidConfig(
                "X says this cannot be a username.", "Enter the name after the @ of the profile."
            ) from None

    def _found(self, query: str) -> tuple[str, Any]:
        """How many posts there are, and the reply that says so.

        GET /2/tweets/counts/recent -> {"data": […], "meta": {"total_tweet_count": int}};
        newer replies say total_post_count. A person's token is refused there, and takes
        GET /2/tweets/search/recent -> {"meta": {"result_count": int, "next_token": str}}.
        """
        if self.is_signed_in:
            path = "/2/tweets/search/recent"
            reply = self._get(path, "meta", query=query, max_results=FEWEST)
            least = "at least " if reply["meta"].get("next_token") else ""
            return f"{least}{int(reply['meta']['result_count'])}", reply
        reply = self._get("/2/tweets/counts/recent", "meta", query=query, granularity="day")
        meta = reply["meta"]
        return str(int(meta.get("total_tweet_count", meta.get("total_post_count")))), reply

    def _get(self, path: str, needed: str, **params: Any) -> Any:
        try:
            return ask_for(self.api, [needed], "GET", path, **params)
        except AccountNotFound:
            raise UnexpectedReply("X does not know what we asked for.") from None

    def _told(self, reply: Any, said: str) -> Passed | Warned:
        return told(reply, said, "X")
