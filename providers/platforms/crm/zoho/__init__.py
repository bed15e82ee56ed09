"""Zoho CRM: leads and deals of the one organization that an approval belongs to.

API reference: https://www.zoho.com/crm/developer/docs/api/v8 and zoho/crm-oas, version 8
(read 2026-11-22).
Quirks: each data centre has its own sign-in, API and console. The sign-in tells its errors with
status 200, and gives ten access tokens in ten minutes for one refresh token. No rows are a 204.
Whoever signs in may live in another data centre than the one where signing in began.
"""

from dataclasses import replace

from providers.declare import (
    BY_TOKEN,
    SIGN_IN,
    Bearer,
    CheckBudget,
    Checks,
    Cost,
    Provider,
    RefreshToken,
    SignedIn,
    Vendor,
    fields,
)
from providers.declare.access import Closed
from providers.declare.methods import with_access
from providers.platforms.crm.vendors import DESTINATION, REFRESH, WITH_CLIENT, ZOHO
from providers.platforms.crm.zoho import guide
from providers.platforms.crm.zoho.centres import (
    CENTRES,
    HOME_CENTRE,
    TOKEN_PATH,
    accounts_in,
    console_of,
)
from providers.platforms.crm.zoho.errors import retry_after, rules
from providers.platforms.crm.zoho.sign_in import sign_in_in
from providers.platforms.crm.zoho.steps import ZohoTester

HOSTS = {
    f"ZOHO_{centre.upper()}{suffix}": f"https://{host}"
    for centre, hosts in ZOHO.items()
    for suffix, host in zip(("_ACCOUNTS", ""), hosts, strict=True)
}
DATA_CENTRE = fields.Field(
    name="data_centre",
    label="Data centre of Zoho",
    help="The ending of the address where you use Zoho CRM, such as crm.zoho.eu. "
    "A sign-in needs it only for China, or where the app was made in that data centre.",
    type="choice",
    choices=CENTRES,
    required_by=(REFRESH,),
    methods=(REFRESH, SIGN_IN),
    decides_destination=True,
)
REFRESH_TOKEN = fields.refresh_token(
    help="What Zoho gave for the code of the Self Client, from whoever traded it.",
    usual_pattern=r"1000\.[0-9a-f]{32}\.[0-9a-f]{32}",
    usual_message="A refresh token of Zoho usually has three parts: 1000 and twice 32 characters.",
    example="1000.0123456789abcdef0123456789abcdef.0123456789abcdef0123456789abcdef",
    methods=(REFRESH,),
)
SELF_CLIENT = "Choose the way with a Self Client, and enter all its values."
CARRIED = Bearer(word="Zoho-oauthtoken", advice=SELF_CLIENT)
NO_CENTRE = Closed(
    "Nothing says in which data centre of Zoho this account is.",
    advice="Choose the data centre, or enter the address where you use Zoho CRM.",
)

VENDOR = Vendor(
    "zoho",
    "You say in which region your account is, then sign in or paste a Self Client.",
    methods={
        SIGN_IN: {
            "label": "Sign in with Zoho CRM",
            "help": "You are sent there and come back connected to your organization.",
            "guide": guide.SIGN_IN,
        },
        REFRESH: {"label": "A Self Client", "guide": guide.SELF_CLIENT},
    },
    fields={
        "data_centre": {"label": "Data centre"},
        "client_id": {"label": "Client ID", "help": "Zoho API console → Self Client."},
        "client_secret": {
            "label": "Client secret",
            "help": "On the same page as the client ID.",
        },
        "refresh_token": {},
        "base_url": {
            "label": "Address of a sandbox",
            "help": "Leave this empty unless you connect a sandbox.",
        },
        "account_id": {"label": "Organization ID"},
    },
    mark="zoho",
)


def speak(crm: Provider, centre: str) -> Provider:
    """`centre` is empty while nothing says where the account is: signing in finds it out."""
    known = centre if centre in ZOHO else HOME_CENTRE
    # POST -> {"access_token": str, "api_domain": str, "expires_in": 3600}.
    client = RefreshToken(
        token_url=f"{accounts_in(known)}{TOKEN_PATH}",
        carried=CARRIED,
        keeps=("api_domain",),
        advice=SELF_CLIENT,
    )
    ways = dict.fromkeys(WITH_CLIENT, client) if centre else {}
    usual = CARRIED if centre else NO_CENTRE
    return replace(
        crm,
        name="Zoho CRM",
        mark=VENDOR.mark,
        takes_any_address=False,
        methods=with_access(
            crm.methods, usual, reads=DESTINATION, sign_in=SignedIn(carried=CARRIED), **ways
        ),
        tester=ZohoTester,
        oauth=sign_in_in(known),
        errors=rules(console_of(known)),
        error_code_at=("code", "error"),
        error_text_at=("error_description", "message"),
        retry_after=retry_after,
        # API limits: by organization, and an approval is of one; tokens by refresh token.
        counts_by=BY_TOKEN,
        # API limits: a tenth of the credits of 24 hours that every organization has.
        checks=Checks(budget=CheckBudget(500, "credits", each=4)),
        cost=Cost(calls=5, note="Four of the organization's credits of 24 hours, 5,000 at least."),
    )
