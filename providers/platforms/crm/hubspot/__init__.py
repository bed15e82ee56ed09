"""HubSpot: contacts and deals of the one account that a key belongs to.

API reference: https://developers.hubspot.com/docs/api-reference/overview and HubSpot's public
API specification collection, versions 2026-09 (read 2026-11-22).
Quirks: service keys and the tokens of private apps look alike and are sent alike. A key without
the scope `oauth` may perhaps not read the account's details, so that fails nothing. The token
endpoint names its errors in `status`, beside an `error` that may say something else.
"""

from dataclasses import replace

from providers.declare import (
    SIGN_IN,
    Bearer,
    CheckBudget,
    Checks,
    Cost,
    CountedBy,
    CountsBy,
    Provider,
    Vendor,
)
from providers.declare.methods import with_access
from providers.platforms.crm.hubspot import guide
from providers.platforms.crm.hubspot.errors import ERRORS, KEYS_URL
from providers.platforms.crm.hubspot.sign_in import OAUTH
from providers.platforms.crm.hubspot.steps import HubSpotTester
from providers.platforms.crm.vendors import DESTINATION, TOKEN

KEY = Bearer(advice="Choose the way with one key, and enter a service key.")

VENDOR = Vendor(
    "hubspot",
    "You sign in, or paste a service key that a super admin makes in two minutes.",
    methods={
        SIGN_IN: {
            "label": "Sign in with HubSpot",
            "help": "You are sent there and come back connected to the account that you choose.",
            "guide": guide.SIGN_IN,
        },
        TOKEN: {
            "label": "A service key",
            "help": "A super admin makes it in HubSpot's settings, with the scopes to read "
            "contacts and deals.",
            "guide": guide.SERVICE_KEY,
        },
    },
    fields={
        "access_token": {
            "label": "Service key",
            "help": "HubSpot → Development → Keys → Service keys.",
            "help_url": KEYS_URL,
        },
        "account_id": {"label": "Account ID"},
    },
    mark="hubspot",
)


def speak(crm: Provider) -> Provider:
    return replace(
        crm,
        name="HubSpot",
        mark=VENDOR.mark,
        takes_any_address=False,
        methods=with_access(crm.methods, KEY, reads=DESTINATION),
        oauth=OAUTH,
        tester=HubSpotTester,
        errors=ERRORS,
        error_code_at=("category", "errorType"),
        error_subcode_at="policyName",
        error_text_at="status",
        # Usage guidelines: 10 seconds by app and account, which is the token; the day by account.
        counts_by=CountsBy(quota=CountedBy.ACCOUNT),
        # Usage guidelines: a hundredth of the daily calls of a free account.
        checks=Checks(budget=CheckBudget(2500, "calls", each=3, counted_by=CountedBy.ACCOUNT)),
        cost=Cost(calls=3, note="Three of the account's daily calls, 250,000 on the free plan."),
    )
