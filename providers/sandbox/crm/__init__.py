"""Five CRMs at one address, told apart by their paths.

The credentials are not secrets: they are known to everybody and open nothing.
"""

import re

from providers.sandbox.crm import generic, hubspot, pipedrive, salesforce, zoho
from providers.sandbox.crm.trouble import credentials
from providers.sandbox.server import Answer, Asked
from providers.sandbox.stand_in import Platform, Story

VENDORS = {
    r"/account-info/|/crm/objects/|/oauth/2026-09/": hubspot.answer,
    r"/services/": salesforce.answer,
    r"/v1/|/api/v[12]/|/oauth/(?:token|revoke)$": pipedrive.answer,
    r"/oauth/v2/|/crm/v[0-9]": zoho.answer,
}
SIGN_INS = {
    "hubspot": hubspot.SIGN_IN,
    "salesforce": salesforce.SIGN_IN,
    "pipedrive": pipedrive.SIGN_IN,
    "zoho": zoho.SIGN_IN,
}


def answer(asked: Asked) -> Answer:
    if asked.path == hubspot.SIGN_IN.authorization_path:  # Pipedrive's too
        is_pipedrives = asked.query.get("client_id") == pipedrive.SIGN_IN.client_id
        return (pipedrive if is_pipedrives else hubspot).answer(asked)
    for paths, vendor in VENDORS.items():
        if re.match(paths, asked.path):
            return vendor(asked)
    return generic.answer(asked)


PLATFORM = Platform(
    answer,
    {
        "HubSpot, keys": credentials(hubspot.PREFIX, hubspot.DOES),
        "Salesforce, at https://acme.my.salesforce.com with this consumer secret": (
            (salesforce.SECRET, "the consumer secret"),
        ),
        "Salesforce, consumer keys": credentials(salesforce.PREFIX, salesforce.DOES),
        "Pipedrive, API tokens": credentials(pipedrive.PREFIX, pipedrive.DOES),
        "Zoho CRM, client ID and secret": (
            (zoho.CLIENT_ID, "the client ID"),
            (zoho.CLIENT_SECRET, "the client secret"),
        ),
        "Zoho CRM, refresh tokens": credentials(zoho.PREFIX, zoho.DOES),
        "Another CRM, keys for the path /me": credentials(generic.PREFIX, generic.DOES),
        "Another CRM, paths to test": (
            ("/me", "needs the key"),
            ("/open", "needs none"),
            ("/missing", "has nothing"),
            ("/moved", "forwards to another address"),
            ("/login", "forwards to a page where people sign in"),
            ("/page", "answers with a web page"),
        ),
        **{f"App for sign-in to {server.name}": server.shown() for server in SIGN_INS.values()},
    },
    healthy={"vendor": "hubspot", "access_token": f"{hubspot.PREFIX}healthy"},
    story=Story(values={"vendor": "hubspot"}, tests=0),
    anywhere={"vendor": "generic", "auth_kind": "none"},
    sign_ins=SIGN_INS,
)
