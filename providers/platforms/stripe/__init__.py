"""Stripe: revenue, refunds, checkouts and subscriptions.

API reference: https://docs.stripe.com/api (read 2026-11-22).
Quirks: the key's prefix says live or test mode. A restricted key that lacks a permission
answers 403, which says nothing against the key. Amounts are in the minor unit.
"""

from providers.declare import (
    BY_TOKEN,
    HOURLY,
    Bearer,
    Cost,
    Method,
    Provider,
    access_token,
    account_id,
    base_url,
)
from providers.declare.access import Known
from providers.platforms.stripe import guide
from providers.platforms.stripe.errors import ERRORS, NEW_KEY_URL
from providers.platforms.stripe.sign_in import BY_SIGN_IN, OAUTH
from providers.platforms.stripe.steps import API_KEY, StripeTester


class StripeKey(Bearer):
    def tells(self, known: Known) -> dict[str, str]:
        """`sk_test_…` -> {"mode": "test"}."""
        return {"mode": known[self.field].split("_")[1]}


PROVIDER = Provider(
    slug="stripe",
    name="Stripe",
    position=110,
    used_by=("Payments", "Results tracking"),
    docs_url="https://docs.stripe.com/api",
    hosts={"API": "https://api.stripe.com", **OAUTH.hosts},
    methods=(
        Method(
            API_KEY,
            "A restricted key or a secret key",
            help="You can open Developers → API keys in the Stripe dashboard. "
            "A restricted key that may only read is the safe choice.",
            access=StripeKey(),
            guide=guide.RESTRICTED_KEY,
        ),
        BY_SIGN_IN,
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
            methods=(API_KEY,),
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
    # `sk_live_51Abc…`: after the 5 a newer key holds the account's ID without `acct_`.
    open_in_token=r"(?:sk|rk)_(?:live|test)_5(1[A-Za-z0-9]{15})",
    tester=StripeTester,
    errors=ERRORS,
    error_code_at="error.code",
    error_subcode_at="error.type",
    error_text_at="error.message",
    # Rate limits: by account, and a key or a sign-in is of one.
    counts_by=BY_TOKEN,
    # Calls are free, and limited by the second alone.
    checks=HOURLY,
    cost=Cost(calls=6, note="Calls to Stripe are free. It allows 25 a second of each kind."),
)
