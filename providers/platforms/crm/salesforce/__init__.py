"""Salesforce: leads and opportunities of the organization behind a My Domain.

API reference: https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest
(read 2026-11-22).
Quirks: data errors are a JSON list, sign-in errors an object, and a dead token at /userinfo is
plain text with status 403. The client-credentials flow works at the My Domain alone, and what
comes back names the instance that all data calls go to. A token usually comes without its
lifetime, which is the organization's session timeout.
"""

from dataclasses import replace

from providers.declare import CheckBudget, Checks
from providers.declare.access import Bearer, ClientCredentials, Closed
from providers.declare.limits import BY_TOKEN
from providers.declare.methods import with_access
from providers.declare.oauth import SIGN_IN
from providers.declare.provider import Cost, Provider
from providers.declare.vendors import Vendor
from providers.platforms.crm.salesforce import guide
from providers.platforms.crm.salesforce.errors import ERRORS
from providers.platforms.crm.salesforce.sign_in import LOGIN, TOKEN_PATH, sign_in_at
from providers.platforms.crm.salesforce.steps import SalesforceTester
from providers.platforms.crm.vendors import CLIENT, DESTINATION, MY_DOMAINS, WITH_CLIENT, host_of

BOTH = "Choose the way with a consumer key and secret, and enter both."
TOKEN = Bearer(advice=BOTH)
NO_DOMAIN = Closed(
    "Salesforce cannot be asked with what was entered.",
    advice="Enter your My Domain, from Setup, My Domain.",
)

VENDOR = Vendor(
    "salesforce",
    "You sign in, or paste a consumer key and secret; your administrator may have to allow it.",
    methods={
        SIGN_IN: {
            "label": "Sign in with Salesforce",
            "help": "You are sent there and come back connected to your organization.",
            "guide": guide.SIGN_IN,
        },
        CLIENT: {"label": "A consumer key and secret", "guide": guide.CONSUMER_KEY},
    },
    fields={
        "client_id": {
            "label": "Consumer key",
            "help": "Setup → External Client App Manager → your app → OAuth settings.",
        },
        "client_secret": {
            "label": "Consumer secret",
            "help": "On the same page as the consumer key.",
        },
        "base_url": {
            "label": "My Domain",
            "help": "Setup → My Domain. A sign-in needs it only for a sandbox.",
        },
        "account_id": {"label": "Organization ID"},
    },
)


def speak(crm: Provider, address: str) -> Provider:
    """Sign-in is at the typed My Domain, so that the app's secret goes to no other address."""
    host = host_of(address)
    login = f"https://{host}" if host.endswith(MY_DOMAINS) else LOGIN
    # POST -> {"access_token": str, "instance_url": str, "scope": "api id"}.
    client = ClientCredentials(
        token_url=f"{login}{TOKEN_PATH}", keeps=("instance_url",), advice=BOTH
    )
    ways = dict.fromkeys(WITH_CLIENT, client) if address else {}
    usual = TOKEN if address else NO_DOMAIN
    return replace(
        crm,
        name="Salesforce",
        mark=VENDOR.mark,
        hosts={**crm.hosts, "SALESFORCE_LOGIN": login},
        methods=with_access(crm.methods, usual, reads=DESTINATION, **ways),
        oauth=sign_in_at(login),
        open_in_token=r"(00D[A-Za-z0-9]{12})[A-Za-z0-9]{0,3}!",  # the organization's ID
        tester=SalesforceTester,
        errors=ERRORS,
        error_code_at=("0.errorCode", "error"),
        error_text_at=("0.message", "error_description"),
        # API request limits: by organization, and a sign-in is of one. Its address is typed.
        counts_by=BY_TOKEN,
        # API request limits: a tenth of the smallest that its documents show, 5,000 in 24 hours.
        checks=Checks(budget=CheckBudget(500, "API requests", each=5)),
        cost=Cost(calls=7, note="Five of the organization's API requests of 24 hours."),
    )
