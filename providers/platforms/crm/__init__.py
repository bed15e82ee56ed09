"""CRM: contacts, leads and deals in HubSpot, Salesforce, Pipedrive, Zoho CRM or another one.

API references: https://developers.hubspot.com, https://developer.salesforce.com,
https://developers.pipedrive.com, https://www.zoho.com/crm/developer (read 2026-11-22).
Quirks: the vendor decides which host gets the secret. HubSpot, Pipedrive and Zoho are called
at hosts of their own whatever address was typed; Salesforce at its My Domain. Each vendor has
a file of its own, with its test and its errors.
"""

import re
from collections.abc import Mapping
from typing import NoReturn

from providers.declare import (
    SIGN_IN,
    Cost,
    Field,
    Method,
    Provider,
    Tester,
    access_token,
    account_id,
    base_url,
    sign_in,
    step,
)
from providers.errors import InvalidConfig
from providers.families.rest import NO_ADDRESS, auth_kind, header_name, health_path
from providers.platforms.crm import generic, hubspot, pipedrive, salesforce, zoho
from providers.platforms.crm.vendors import VENDORS, ZOHO, contradictions, vendor_of

TOKEN = Method(
    "access_token",
    "A service key of HubSpot, an API token of Pipedrive, or another token",
    help="You can copy one long key from the settings of your CRM.",
)
CLIENT = Method(
    "client_credentials",
    "A consumer key and secret of Salesforce",
    help="Your Salesforce administrator made an External Client App with the Client Credentials "
    "Flow and a Run As user.",
)
REFRESH = Method(
    "refresh_token",
    "A Self Client of Zoho CRM",
    help="Someone made a Self Client in Zoho's API console and traded its code for a refresh "
    "token.",
)
REST = Method(
    "rest",
    "The address of another CRM's API",
    help="Your CRM is not in the list; it has an API of its own, with or without a key.",
)
WITH_CLIENT = (CLIENT.slug, REFRESH.slug)

ZOHO_HOSTS = {
    f"ZOHO_{centre.upper()}{suffix}": f"https://{host}"
    for centre, hosts in ZOHO.items()
    for suffix, host in zip(("_ACCOUNTS", ""), hosts, strict=True)
}
CENTRES = (
    ("us", "United States (zoho.com)"),
    ("eu", "Europe (zoho.eu)"),
    ("in", "India (zoho.in)"),
    ("au", "Australia (zoho.com.au)"),
    ("jp", "Japan (zoho.jp)"),
    ("ca", "Canada (zohocloud.ca)"),
    ("sa", "Saudi Arabia (zoho.sa)"),
    ("cn", "China (zoho.com.cn)"),
    ("uk", "United Kingdom (zoho.uk)"),
    ("ae", "United Arab Emirates (zoho.ae)"),
)


def with_scheme(text: str) -> str:
    """`acme.my.salesforce.com` -> `https://acme.my.salesforce.com`."""
    text = text.strip()
    return text if not text or "://" in text else f"https://{text}"


def company_alone(text: str) -> str:
    """`https://acme.pipedrive.com/deals` -> `acme`."""
    return re.sub(r"^(https://)?([^/.]+)\.pipedrive\.com(/.*)?$", r"\2", text.strip().lower())


class NobodyYetTester(Tester):
    """Stands in until a vendor is known: there is nobody to ask."""

    @step("CRM is known")
    def crm_is_known(self) -> NoReturn:
        """Asks nothing."""
        raise _nobody()

    def accounts(self) -> NoReturn:
        raise _nobody()


def _nobody() -> InvalidConfig:
    return InvalidConfig(
        "Nothing says which CRM you use.", "Choose your CRM, or enter its address."
    )


def of_vendor(crm: Provider, values: Mapping[str, str]) -> Provider:
    """This platform as the chosen or recognised vendor; as nobody's while there is none."""
    match vendor_of(values):
        case "hubspot":
            return hubspot.speak(crm)
        case "salesforce":
            return salesforce.speak(crm, values.get("base_url") or "")
        case "pipedrive":
            return pipedrive.speak(crm)
        case "zoho":
            return zoho.speak(crm, zoho.centre_of(values))
        case "generic":
            return generic.speak(crm)
    return crm


PROVIDER = Provider(
    slug="crm",
    name="CRM",
    used_by=("CRM sync",),
    docs_url="https://developers.hubspot.com",
    setup_url="https://app.hubspot.com",
    hosts={
        "API": NO_ADDRESS,
        "HUBSPOT": "https://api.hubapi.com",
        "HUBSPOT_AUTHORIZATION": "https://app.hubspot.com",
        "PIPEDRIVE": "https://api.pipedrive.com",
        "PIPEDRIVE_OAUTH": "https://oauth.pipedrive.com",
        "SALESFORCE_LOGIN": salesforce.LOGIN,
        "SALESFORCE_TEST": "https://test.salesforce.com",
        **ZOHO_HOSTS,
    },
    takes_any_address=True,
    methods=(
        TOKEN,
        CLIENT,
        REFRESH,
        REST,
        sign_in(
            "Sign in to HubSpot, Salesforce, Pipedrive or Zoho CRM",
            "You choose your CRM, are sent there and come back connected to one account of it.",
        ),
    ),
    oauth_variants=(
        {"vendor": "hubspot"},
        {"vendor": "salesforce"},
        {"vendor": "pipedrive"},
        {"vendor": "zoho", "data_centre": zoho.HOME_CENTRE},
    ),
    fields=(
        Field(
            name="vendor",
            label="Your CRM",
            help="Leave this empty to have it recognised from the address below. "
            "To sign in it must be chosen.",
            type="choice",
            choices=VENDORS,
            required_by=(SIGN_IN,),
            decides_destination=True,
        ),
        access_token(
            label="Key or token",
            help="HubSpot → Development → Keys → Service keys, or Pipedrive → Personal "
            "preferences → API. Other CRMs call it API key or token.",
            help_url=hubspot.KEYS_URL,
            required=False,
            required_by=(TOKEN.slug,),
            methods=(TOKEN.slug, REST.slug),
        ),
        Field(
            name="data_centre",
            label="Data centre of Zoho",
            help="The ending of the address where you use Zoho CRM, such as crm.zoho.eu. "
            "A sign-in needs it only for China, or where the app was made in that data centre.",
            type="choice",
            choices=CENTRES,
            required_by=(REFRESH.slug,),
            methods=(REFRESH.slug, SIGN_IN),
            decides_destination=True,
        ),
        Field(
            name="client_id",
            label="Client ID or consumer key",
            help="Salesforce → Setup → External Client App Manager → your app → OAuth settings, "
            "or Zoho API console → Self Client → Client Secret.",
            required=True,
            usual_pattern=r"3MVG9\S+|1000\.[A-Z0-9]{20,}",
            usual_message="A consumer key of Salesforce usually starts with 3MVG9, a client ID of "
            "Zoho with 1000.",
            example="3MVG9abc123",
            methods=WITH_CLIENT,
        ),
        Field(
            name="client_secret",
            label="Client secret or consumer secret",
            help="On the same page as the client ID or consumer key.",
            secret=True,
            required=True,
            pattern=r"(?!3MVG9|1000\.)\S+",
            pattern_message="This is the consumer key or client ID, or holds a space. "
            "The secret stands beside it.",
            usual_pattern=r"[0-9A-Fa-f]+",
            usual_message="A secret usually holds only 0 to 9 and a to f.",
            example="0123456789abcdef",
            methods=WITH_CLIENT,
        ),
        Field(
            name="refresh_token",
            label="Refresh token",
            help="What Zoho gave for the code of the Self Client, from whoever traded it.",
            secret=True,
            required=True,
            usual_pattern=r"1000\.[0-9a-f]{32}\.[0-9a-f]{32}",
            usual_message="A refresh token of Zoho usually has three parts: 1000 and twice 32 "
            "characters.",
            example="1000.0123456789abcdef0123456789abcdef.0123456789abcdef0123456789abcdef",
            methods=(REFRESH.slug,),
        ),
        base_url(
            label="Address of your CRM",
            help="Salesforce → Setup → My Domain, or the address of another CRM's API. "
            "HubSpot, Pipedrive and Zoho need none, nor does a sign-in except to a sandbox.",
            required_by=(CLIENT.slug, REST.slug),
            example="https://acme.my.salesforce.com",
            normalize=with_scheme,
        ),
        Field(
            name="company_domain",
            label="Company domain of Pipedrive",
            help="Optional: the first part of the address where you use Pipedrive, to be sure "
            "that the token is of this company.",
            pattern=r"[a-z0-9][a-z0-9\-]{0,62}",
            pattern_message="Enter the first part of your Pipedrive address, such as acme.",
            example="acme.pipedrive.com",
            methods=(TOKEN.slug,),
            decides_destination=True,
            normalize=company_alone,
        ),
        auth_kind(REST.slug),
        header_name("header_name", REST.slug),
        Field(
            name="username",
            label="User name",
            help="Only when the key is sent as a password beside a user name.",
            pattern=r"[^:\s]+",
            pattern_message="A user name holds neither colons nor spaces.",
            example="reporting",
            methods=(REST.slug,),
        ),
        health_path(REST.slug),
        Field(
            name="expect_path",
            label="Value to expect",
            help="Optional: where in the answer's JSON a value must be, with dots between.",
            pattern=r"[^\s.]+(?:\.[^\s.]+)*",
            pattern_message="Enter names with dots between, such as data.id.",
            example="data.id",
            methods=(REST.slug,),
        ),
        Field(
            name="account_name_path",
            label="Where the account's name is",
            help="Optional: where in the answer's JSON the account's name is, with dots between.",
            pattern=r"[^\s.]+(?:\.[^\s.]+)*",
            pattern_message="Enter names with dots between, such as data.company.",
            example="data.company",
            methods=(REST.slug,),
        ),
        account_id(
            help="Optional: the ID of the account in your CRM, to be sure that the right one "
            "is connected. A test shows it.",
            example="12345678",
        ),
    ),
    tester=NobodyYetTester,
    variant=of_vendor,
    check=contradictions,
    cost=Cost(calls=7, note="At most, with Salesforce: five of its API requests of 24 hours."),
)
