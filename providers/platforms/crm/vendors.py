"""Which CRM an address belongs to, and which values do not go together.

Hosts are compared by exact name or by `.suffix`, never by "contains": an address such as
hubspot.com.example.net belongs to nobody we know.
"""

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

VENDORS = (
    ("hubspot", "HubSpot"),
    ("salesforce", "Salesforce"),
    ("pipedrive", "Pipedrive"),
    ("zoho", "Zoho CRM"),
    ("generic", "Another CRM"),
)
SUFFIXES = {
    "hubspot": (".hubspot.com", ".hubapi.com"),
    "salesforce": (
        *(".salesforce.com", ".lightning.force.com", ".my.site.com"),
        *(".sfcrmproducts.cn", ".sfcrmapps.cn"),
    ),
    "pipedrive": (".pipedrive.com",),
}
# https://help.salesforce.com/s/articleView?id=xcloud.domain_name_url_formats.htm; the last two are
# those of Salesforce on Alibaba Cloud: https://www.alibabacloud.com/help/en/sfoa
MY_DOMAINS = (".my.salesforce.com", ".my.sfcrmproducts.cn", ".my.sfcrmapps.cn")
INSTANCES = (".salesforce.com", ".sfcrmproducts.cn", ".sfcrmapps.cn")
# Where Zoho keeps the sign-in and the API of each data centre.
ZOHO = {
    "us": ("accounts.zoho.com", "www.zohoapis.com"),
    "eu": ("accounts.zoho.eu", "www.zohoapis.eu"),
    "in": ("accounts.zoho.in", "www.zohoapis.in"),
    "au": ("accounts.zoho.com.au", "www.zohoapis.com.au"),
    "jp": ("accounts.zoho.jp", "www.zohoapis.jp"),
    "ca": ("accounts.zohocloud.ca", "www.zohoapis.ca"),
    "sa": ("accounts.zoho.sa", "www.zohoapis.sa"),
    "cn": ("accounts.zoho.com.cn", "www.zohoapis.com.cn"),
    "uk": ("accounts.zoho.uk", "www.zohoapis.uk"),
    "ae": ("accounts.zoho.ae", "www.zohoapis.ae"),
}
# The ways to connect, and what decides where secrets go.
TOKEN, CLIENT, REFRESH, REST = "access_token", "client_credentials", "refresh_token", "rest"
WITH_CLIENT = (CLIENT, REFRESH)
DESTINATION = ("vendor", "base_url", "data_centre", "company_domain")
UUID = r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}"


def vendor_of(values: Mapping[str, str]) -> str | None:
    """The vendor that was chosen, or the one the address belongs to; None without either."""
    address = values.get("base_url")
    return values.get("vendor") or (vendor_of_address(address) if address else None)


def vendor_of_address(address: str) -> str:
    host = host_of(address)
    for vendor, suffixes in SUFFIXES.items():
        if host.endswith(suffixes):
            return vendor
    return "zoho" if data_centre_of(address) else "generic"


def data_centre_of(address: str) -> str | None:
    """The data centre of a Zoho address: the API's, the sign-in's or the page people see."""
    host = host_of(address)
    for centre, (accounts, api) in ZOHO.items():
        page = accounts.replace("accounts.", "crm.")
        sandbox, developer = (api.replace("www.", f"{name}.") for name in ("sandbox", "developer"))
        if host in (accounts, api, page, sandbox, developer):
            return centre
    return None


def organization_in(address: str) -> str | None:
    """The digits in `https://crm.zoho.eu/crm/org<digits>/…`."""
    found = re.match(r"/crm/org([0-9]+)(?:/|$)", urlsplit(address).path)
    return found[1] if found else None


def host_of(address: str) -> str:
    return (urlsplit(address).hostname or "").rstrip(".")


def contradictions(values: Mapping[str, str]) -> dict[str, str]:
    """A sentence by field about values that do not go together."""
    address, vendor = values.get("base_url") or "", vendor_of(values)
    if vendor and address:
        found = _about_address(vendor, address, values.get("data_centre") or "")
        if found:
            return found
    elif vendor == "generic":
        return {
            "base_url": "Enter the address of your CRM's API. "
            "Only the CRMs in the list are known without one."
        }
    if vendor == "hubspot" and re.fullmatch(UUID, values.get("access_token") or ""):
        return {
            "access_token": "This is an old API key, a client ID or a client secret. "
            "Make a service key in HubSpot → Development → Keys → Service keys."
        }
    return {}


def _about_address(vendor: str, address: str, data_centre: str) -> dict[str, str]:
    owner, names = vendor_of_address(address), dict(VENDORS)
    if vendor == "salesforce" and not host_of(address).endswith(MY_DOMAINS):
        return {
            "base_url": "This is not your My Domain, which ends in .my.salesforce.com. "
            "Find it in Salesforce → Setup → My Domain."
        }
    if vendor != owner == "generic":
        return {
            "base_url": f"This is not an address of {names[vendor]}. "
            "Correct it, or choose Another CRM."
        }
    if vendor != owner:
        return {
            "vendor": f"The address belongs to {names[owner]}. Choose that, or change the address."
        }
    if data_centre and owner == "zoho" and data_centre != data_centre_of(address):
        return {
            "data_centre": "The address belongs to another data centre of Zoho. "
            "Choose that one, or leave the address empty."
        }
    return {}
