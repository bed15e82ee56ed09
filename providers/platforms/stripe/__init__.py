"""Stripe: revenue, refunds, checkouts and subscriptions.

API reference: https://docs.stripe.com/api (read 2026-11-22).
Quirks: the key's prefix says live or test mode. A restricted key that lacks a permission
answers 403, which says nothing against the key. Amounts are in the minor unit.
"""

import re
from datetime import UTC, datetime
from typing import Any

from providers.declare import (
    SIGN_IN,
    Account,
    Cost,
    Method,
    Passed,
    Provider,
    Skipped,
    Tester,
    Warned,
    access_token,
    account_id,
    base_url,
    dig,
    permissions_of_sign_in,
    sign_in,
    step,
)
from providers.errors import AccountNotFound, AuthExpired, AuthInvalid, UnexpectedReply
from providers.outbound.reply import Reply
from providers.platforms.stripe.connect import OAUTH
from providers.platforms.stripe.errors import (
    ERRORS,
    KEYS_URL,
    NEW_KEY_URL,
    NoConnectPlatform,
    RightMissing,
)

# Without it the account's own version answers, and shapes differ.
VERSION = "2026-10-28.endive"
MOST_PAGES = 10
PER_PAGE = 100
BY_ADMIN = "Sign in again as an administrator of the Stripe account."

API_KEY = Method(
    "api_key",
    "A restricted key or a secret key",
    help="You can open Developers → API keys in the Stripe dashboard. "
    "A restricted key that may only read is the safe choice.",
)


class StripeTester(Tester):
    sees_balance = False

    @step("Key is valid", methods=(API_KEY.slug,))
    def key_is_valid(self) -> Passed | Warned:
        """GET /v1/balance -> {"livemode": bool, "available": [{"amount": int, …}]}."""
        self._identify()
        if account := self.values.get("account_id"):
            self.api.headers["Stripe-Account"] = account
        mode = self.values["access_token"].split("_")[1]
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
        return Passed(f"The {self._what} belongs to {name}. Stripe's own reports follow {zone}.")

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
        if self.method == SIGN_IN:
            return [self._own_account()]
        found: list[Account] = []
        after: dict[str, Any] = {}
        for _ in range(MOST_PAGES):
            try:
                page = self.api.get("/v1/accounts", limit=PER_PAGE, **after)
            except NoConnectPlatform:
                break
            found += [_account(one) for one in page["data"]]
            if not page["has_more"] or not page["data"]:
                break
            after = {"starting_after": found[-1].id}
        return found

    @property
    def _what(self) -> str:
        return "sign-in" if self.method == SIGN_IN else "key"

    def _own_account(self) -> Account:
        try:
            return _account(self.api.get("/v1/account"))
        except RightMissing:
            return Account(self.grant.facts["stripe_user_id"])

    def _identify(self) -> None:
        self.api.headers |= {
            "Authorization": f"Bearer {self.values['access_token']}",
            "Stripe-Version": VERSION,
        }

    def _account_in_refusal(self, reply: Reply) -> Passed | Skipped:
        """Stripe's sentence about a missing permission mostly names the account."""
        named = re.search(r"\bacct_[A-Za-z0-9]+", _said(reply))
        if not named:
            return Skipped(f"This {self._what} may not read the account's name, and need not.")
        self.account = Account(named[0])
        belongs = f"The {self._what} belongs to {named[0]}."
        return Passed(f"{belongs} It may not read the name, and need not.")

    def _newest(self, path: str, what: str) -> list[Any]:
        """The newest row, or none. Raises RightMissing with Stripe's name of the permission."""
        reply = self.api.request("GET", f"/v1/{path}", limit=1)
        try:
            self.api.judge(reply)
        except RightMissing:
            if self.method == SIGN_IN:
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


def _account(found: Any) -> Account:
    name = dig(found, "settings.dashboard.display_name") or dig(found, "business_profile.name")
    return Account(str(found["id"]), str(name or ""))


def _can_be_read(what: str, rows: list[Any]) -> Passed:
    return Passed(f"{what} can be read." + ("" if rows else " There are none yet."))


def _said(reply: Reply) -> str:
    return str(dig(reply.json_or_none(), "error.message"))


PROVIDER = Provider(
    slug="stripe",
    name="Stripe",
    used_by=("Payments", "Results tracking"),
    docs_url="https://docs.stripe.com/api",
    setup_url=NEW_KEY_URL,
    hosts={
        "API": "https://api.stripe.com",
        "AUTHORIZATION": "https://connect.stripe.com",
        "TOKEN": "https://connect.stripe.com",
        "REVOKE": "https://connect.stripe.com",
    },
    methods=(
        API_KEY,
        sign_in(
            "Sign in with Stripe (Connect platforms only)",
            "You are sent to Stripe and come back connected to one account. It needs a Connect "
            "platform of your own.",
            warning="A restricted key is simpler: this is for those who run a Connect platform.",
        ),
    ),
    oauth=OAUTH,
    fields=(
        access_token(
            label="Restricted key",
            help="Stripe → Developers → API keys → Create restricted key, with Read for balance, "
            "charges, checkout sessions and subscriptions. Stripe shows it only once.",
            help_url=NEW_KEY_URL,
            pattern=r"(?:sk|rk)_(?:live|test)_[A-Za-z0-9]+",
            pattern_message="This is not a restricted or secret key, which starts with rk_ or sk_. "
            "pk_… is the publishable key, whsec_… a webhook's secret.",
            usual_pattern=r"rk_\S+",
            usual_message="This secret key may do everything in the account. "
            "A restricted key that may only read is safer.",
            example="rk_test_abc123",
            methods=(API_KEY.slug,),
        ),
        account_id(
            label="Connected account",
            help="Only for a Connect platform: Stripe → Connect → Accounts → the account's ID. "
            "Everyone else leaves this empty.",
            pattern=r"acct_[A-Za-z0-9]+",
            pattern_message="An account ID starts with acct_. "
            "Leave this empty unless you run a Connect platform.",
            example="acct_1abc23",
        ),
        base_url(),
    ),
    tester=StripeTester,
    errors=ERRORS,
    error_code_at="error.code",
    error_subcode_at="error.type",
    error_text_at="error.message",
    cost=Cost(
        calls=6,
        note="Calls to Stripe are free. It allows 25 a second of each kind.",
    ),
)
