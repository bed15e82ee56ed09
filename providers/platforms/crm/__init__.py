"""CRM: contacts, leads and deals in HubSpot, Salesforce, Pipedrive, Zoho CRM or another one.

API references: https://developers.hubspot.com, https://developer.salesforce.com,
https://developers.pipedrive.com, https://www.zoho.com/crm/developer (read 2026-11-22).
Quirks: the vendor decides which host gets the secret. HubSpot, Pipedrive and Zoho are called
at hosts of their own whatever address was typed; Salesforce at its My Domain. Each vendor has
a room of its own, with how one gets in, its test and its errors; the ways to connect are shared.
"""

from collections.abc import Mapping

from providers.declare import SIGN_IN, Cost, Method, Provider, fields, sign_in
from providers.families.rest import NO_ADDRESS
from providers.platforms.crm import generic, hubspot, pipedrive, salesforce, zoho
from providers.platforms.crm.hubspot.errors import KEYS_URL
from providers.platforms.crm.salesforce.sign_in import LOGIN
from providers.platforms.crm.steps import NobodyYetTester
from providers.platforms.crm.vendors import (
    CLIENT,
    REFRESH,
    REST,
    TOKEN,
    VENDORS,
    WITH_CLIENT,
    contradictions,
    vendor_of,
)
from providers.platforms.crm.zoho.centres import HOME_CENTRE, centre_of


def with_scheme(text: str) -> str:
    """`acme.my.salesforce.com` -> `https://acme.my.salesforce.com`."""
    text = text.strip()
    return text if not text or "://" in text else f"https://{text}"


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
            return zoho.speak(crm, centre_of(values))
        case "generic":
            return generic.speak(crm)
    return crm


PROVIDER = Provider(
    slug="crm",
    name="CRM",
    aliases=tuple(name for _, name in VENDORS),
    position=130,
    used_by=("CRM sync",),
    docs_url="https://developers.hubspot.com",
    hosts={
        "API": NO_ADDRESS,
        "HUBSPOT": "https://api.hubapi.com",
        "HUBSPOT_AUTHORIZATION": "https://app.hubspot.com",
        "PIPEDRIVE": "https://api.pipedrive.com",
        "PIPEDRIVE_OAUTH": "https://oauth.pipedrive.com",
        "SALESFORCE_LOGIN": LOGIN,
        "SALESFORCE_TEST": "https://test.salesforce.com",
        **zoho.HOSTS,
    },
    takes_any_address=True,
    methods=(
        Method(
            TOKEN,
            "A service key of HubSpot, an API token of Pipedrive, or another token",
            help="You can copy one long key from the settings of your CRM.",
        ),
        Method(
            CLIENT,
            "A consumer key and secret of Salesforce",
            help="Your Salesforce administrator made an External Client App with the Client "
            "Credentials Flow and a Run As user.",
        ),
        Method(
            REFRESH,
            "A Self Client of Zoho CRM",
            help="Someone made a Self Client in Zoho's API console and traded its code for a "
            "refresh token.",
        ),
        Method(
            REST,
            "The address of another CRM's API",
            help="Your CRM is not in the list; it has an API of its own, with or without a key.",
        ),
        sign_in(
            "Sign in to HubSpot, Salesforce, Pipedrive or Zoho CRM",
            "You choose your CRM, are sent there and come back connected to one account of it.",
        ),
    ),
    oauth_variants=(
        {"vendor": "hubspot"},
        {"vendor": "salesforce"},
        {"vendor": "pipedrive"},
        {"vendor": "zoho", "data_centre": HOME_CENTRE},
    ),
    fields=(
        fields.Field(
            name="vendor",
            label="Your CRM",
            help="Leave this empty to have it recognised from the address below. "
            "To sign in it must be chosen.",
            type="choice",
            choices=VENDORS,
            required_by=(SIGN_IN,),
            decides_destination=True,
        ),
        fields.access_token(
            label="Key or token",
            help="HubSpot → Development → Keys → Service keys, or Pipedrive → Personal "
            "preferences → API. Other CRMs call it API key or token.",
            help_url=KEYS_URL,
            required=False,
            required_by=(TOKEN,),
            methods=(TOKEN, REST),
        ),
        zoho.DATA_CENTRE,
        fields.client_id(
            label="Client ID or consumer key",
            help="Salesforce → Setup → External Client App Manager → your app → OAuth settings, "
            "or Zoho API console → Self Client → Client Secret.",
            usual_pattern=r"3MVG9\S+|1000\.[A-Z0-9]{20,}",
            usual_message="A consumer key of Salesforce usually starts with 3MVG9, a client ID of "
            "Zoho with 1000.",
            example="3MVG9abc123",
            methods=WITH_CLIENT,
        ),
        fields.client_secret(
            label="Client secret or consumer secret",
            help="On the same page as the client ID or consumer key.",
            pattern=r"(?!3MVG9|1000\.)\S+",
            pattern_message="This is the consumer key or client ID, or holds a space. "
            "The secret stands beside it.",
            usual_pattern=r"[0-9A-Fa-f]+",
            usual_message="A secret usually holds only 0 to 9 and a to f.",
            example="0123456789abcdef",
            methods=WITH_CLIENT,
        ),
        zoho.REFRESH_TOKEN,
        fields.base_url(
            label="Address of your CRM",
            help="Salesforce → Setup → My Domain, or the address of another CRM's API. "
            "HubSpot, Pipedrive and Zoho need none, nor does a sign-in except to a sandbox.",
            required_by=(CLIENT, REST),
            example="https://acme.my.salesforce.com",
            normalize=with_scheme,
        ),
        pipedrive.COMPANY_DOMAIN,
        *generic.FIELDS,
        fields.account_id(
            help="Optional: the ID of the account in your CRM, to be sure that the right one "
            "is connected. A test shows it.",
            example="12345678",
        ),
    ),
    tester=NobodyYetTester,
    variant=of_vendor,
    asks_first="vendor",
    vendors=(hubspot.VENDOR, salesforce.VENDOR, pipedrive.VENDOR, zoho.VENDOR, generic.VENDOR),
    check=contradictions,
    cost=Cost(calls=7, note="At most, with Salesforce: five of its API requests of 24 hours."),
)
