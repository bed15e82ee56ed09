"""The data centres of Zoho: each has its own sign-in, API and console."""

from collections.abc import Mapping

from providers.platforms.crm.vendors import ZOHO, data_centre_of, host_of

HOME_CENTRE = "us"  # where signing in begins when no data centre was chosen, as Zoho advises
ACCOUNTS_SERVER = "accounts-server"
TOKEN_PATH = "/oauth/v2/token"

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


def centre_of(values: Mapping[str, str]) -> str:
    """The one that was chosen, or whose address was entered; empty without either."""
    return values.get("data_centre") or data_centre_of(values.get("base_url") or "") or ""


def accounts_in(centre: str) -> str:
    """Where one signs in, people and programs alike."""
    return f"https://{ZOHO[centre][0]}"


def console_of(centre: str) -> str:
    return accounts_in(centre).replace("accounts.", "api-console.")


def is_api(address: str) -> bool:
    """Whether an address is the API of a data centre, or of its sandbox or developer editions."""
    host = host_of(address)
    return any(
        host == api.replace("www.", f"{kind}.")
        for _, api in ZOHO.values()
        for kind in ("www", "sandbox", "developer")
    )
