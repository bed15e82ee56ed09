"""Stripe's test: what a key or a sign-in may read of the account's money."""

import re
from datetime import UTC, datetime
from functools import partial
from typing import Any

from providers.declare.digging import dig
from providers.declare.oauth import SIGN_IN
from providers.declare.paging import pages
from providers.declare.permissions import permissions_of_sign_in
from providers.declare.steps import Account, Passed, Skipped, Tester, Warned, step
from providers.errors import AccountNotFound, AuthExpired, AuthInvalid, UnexpectedReply
from providers.outbound.reply import Reply
from providers.platforms.stripe.errors import KEYS_URL, NoConnectPlatform, RightMissing

API_KEY = "api_key"
# Without it the account's own version answers, and shapes differ.
VERSION = "2026-10-28.endive"
BY_ADMIN = "Sign in again as an administrator of the Stripe account."


class StripeTester(Tester):
    pasted = "key"
    sees_balance = False

    @step("Key is valid", methods=(API_KEY,))
    def key_is_valid(self) -> Passed | Warned:
        """GET /v1/balance -> {"livemode": bool, "available": [{"amount": int, …}]}."""
        self._identify()
        if account := self.values.get("account_id"):
            self.api.headers["Stripe-Account"] = account
        mode = self.enter().told["mode"]
        try:
            balance = self.api.get("/v1/balance")
        except RightMissing:
            return Warned(f"Stripe accepts this {mode} key. It may not read the balance.")
        if balance["livemode"] is not (mode == "live"):
            raise UnexpectedReply("Stripe answered in another mode than the key's.")
        self.sees_balance = True
        return Passed(f"Stripe accepts this key, in {mode} mode.")

    @step("Sign-in is valid", methods=(SIGN_IN,))
    def sign_in_is_valid(self) -> Passed | Warned:
        """GET /v1/balance with the account's own token, which reaches that account alone."""
        self._identify()
        own, wanted = self.grant.facts.get("stripe_user_id"), self.values.get("account_id")
        if own:
            self.account = Account(own)
            if wanted and wanted != own:
                raise AccountNotFound(
                    "The sign-in reaches another Stripe account than the one chosen here.",
                    "Clear the connected account, or sign in again with the one you want.",
                )
        try:
            balance = self.api.get("/v1/balance")
        except RightMissing:
            return Warned("Stripe accepts this sign-in. It may not read the balance.")
        except (AuthInvalid, AuthExpired, AccountNotFound):
            raise AuthExpired("Stripe no longer lets this app read the account.") from None
        self.sees_balance = True
        mode = "live" if balance["livemode"] else "test"
        return Passed(f"Stripe accepts this sign-in, in {mode} mode.")

    permissions = permissions_of_sign_in

    @step("Account", optional=True)
    def account_is_known(self) -> Passed | Warned | Skipped:
        """GET /v1/account -> {"id": "acct_…", "charges_enabled": bool,
        "settings": {"dashboard": {"display_name": str, "timezone": "Etc/UTC"}}, …}.
        """
        reply = self.api.request("GET", "/v1/account")
        try:
            self.api.judge(reply)
        except RightMissing:
            return self._account_in_refusal(reply)
        found = reply.json_or_none()
        self.account = _account(found)
        name = self.account.name or self.account.id
        if not found["charges_enabled"]:
            return Warned(f"Stripe does not let {name} take payments at the moment.")
        zone = dig(found, "settings.dashboard.timezone") or "a time zone of its own"
        return Passed(f"The {self.what} belongs to {name}. Stripe's own reports follow {zone}.")

    @step("Balance transactions can be read")
    def transactions_are_readable(self) -> Passed | Warned:
        """GET /v1/balance_transactions -> {"data": [{"currency": "eur", "created": seconds}]}."""
        try:
            rows = self._newest("balance_transactions", "balance transactions")
        except RightMissing as missing:
            if not self.sees_balance:
                raise
            return Warned(f"{missing.message} {missing.action}")
        if not rows:
            return Passed("Revenue can be read. There is none yet.")
        moment = datetime.fromtimestamp(rows[0]["created"], UTC)
        currency = rows[0]["currency"].upper()
        return Passed(f"Revenue can be read. The newest entry is of {moment:%Y-%m-%d}, {currency}.")

    @step("Charges can be read", optional=True)
    def charges_are_readable(self) -> Passed:
        """GET /v1/charges -> {"data": [{"id": "ch_…", …}], "has_more": bool}."""
        return _can_be_read("Charges", self._newest("charges", "charges"))

    @step("Checkouts can be read", optional=True)
    def checkouts_are_readable(self) -> Passed:
        """GET /v1/checkout/sessions -> {"data": [{"id": "cs_…", …}], "has_more": bool}."""
        return _can_be_read("Checkouts", self._newest("checkout/sessions", "checkout sessions"))

    @step("Subscriptions can be read", optional=True)
    def subscriptions_are_readable(self) -> Passed:
        """GET /v1/subscriptions -> {"data": [{"id": "sub_…", …}], "has_more": bool}."""
        return _can_be_read("Subscriptions", self._newest("subscriptions", "subscriptions"))

    def accounts(self) -> list[Account]:
        """The accounts connected to a Connect platform; none for everyone else. A sign-in
        reaches its own.

        GET /v1/accounts -> {"data": [an account], "has_more": bool}.
        """
        self._identify()
        if self.is_signed_in:
            return [self._own_account()]
        ask = partial(self.api.get, "/v1/accounts", limit=100)
        try:
            return [_account(one) for page in pages(ask, _next_page) for one in page["data"]]
        except NoConnectPlatform:
            return []

    def _own_account(self) -> Account:
        try:
            return _account(self.api.get("/v1/account"))
        except RightMissing:
            return Account(self.grant.facts["stripe_user_id"])

    def _identify(self) -> None:
        self.api.headers["Stripe-Version"] = VERSION

    def _account_in_refusal(self, reply: Reply) -> Passed | Skipped:
        """Stripe's sentence about a missing permission mostly names the account."""
        named = re.search(r"\bacct_[A-Za-z0-9]+", _said(reply))
        if not named:
            return Skipped(f"This {self.what} may not read the account's name, and need not.")
        self.account = Account(named[0])
        belongs = f"The {self.what} belongs to {named[0]}."
        return Passed(f"{belongs} It may not read the name, and need not.")

    def _newest(self, path: str, what: str) -> list[Any]:
        """The newest row, or none. Raises RightMissing with Stripe's name of the permission."""
        reply = self.api.request("GET", f"/v1/{path}", limit=1)
        try:
            self.api.judge(reply)
        except RightMissing:
            if self.is_signed_in:
                raise RightMissing(f"This sign-in may not read {what}.", BY_ADMIN) from None
            named = re.search(r"\brak_[a-z_]+", _said(reply))
            right = f", {named[0]}" if named else ""
            raise RightMissing(
                f"This key may not read {what}.",
                f"Edit the restricted key in Stripe: set {what} to Read{right}.",
                action_url=KEYS_URL,
            ) from None
        rows: list[Any] = reply.json_or_none()["data"]
        return rows


def _next_page(page: Any) -> dict[str, str]:
    is_last = not page["has_more"] or not page["data"]
    return {} if is_last else {"starting_after": page["data"][-1]["id"]}


def _account(found: Any) -> Account:
    name = dig(found, "settings.dashboard.display_name") or dig(found, "business_profile.name")
    return Account(str(found["id"]), str(name or ""))


def _can_be_read(what: str, rows: list[Any]) -> Passed:
    return Passed(f"{what} can be read." + ("" if rows else " There are none yet."))


def _said(reply: Reply) -> str:
    return str(dig(reply.json_or_none(), "error.message"))
