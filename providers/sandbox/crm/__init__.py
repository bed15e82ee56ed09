"""Five CRMs at one address, told apart by their paths.

The credentials are not secrets: they are known to everybody and open nothing.
"""

import re

from providers.sandbox.breaks import ENDED, NOTHING, SILENCES, Trial, breaks, values
from providers.sandbox.crm import generic, hubspot, pipedrive, salesforce, zoho
from providers.sandbox.crm.trouble import credentials
from providers.sandbox.practice import Practice
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
OTHER_ACCOUNT = {"account_id": "99"}
PRACTICES = (
    Practice(
        healthy={"vendor": "hubspot", "access_token": f"{hubspot.PREFIX}healthy"},
        revoked={"access_token": f"{hubspot.PREFIX}expired"},
        limited={"access_token": f"{hubspot.PREFIX}limited"},
        elsewhere=OTHER_ACCOUNT,
    ),
    Practice(
        healthy={
            "vendor": "salesforce",
            "base_url": "https://acme.my.salesforce.com",
            "client_id": f"{salesforce.PREFIX}healthy",
            "client_secret": salesforce.SECRET,
        },
        revoked={"client_id": f"{salesforce.PREFIX}inactive"},
        limited={"client_id": f"{salesforce.PREFIX}limited"},
        elsewhere={"account_id": "00D000000000000AAA"},
    ),
    Practice(
        healthy={"vendor": "pipedrive", "access_token": f"{pipedrive.PREFIX}healthy"},
        revoked={"access_token": f"{pipedrive.PREFIX}withdrawn"},
        limited={"access_token": f"{pipedrive.PREFIX}limited"},
        elsewhere=OTHER_ACCOUNT,
    ),
    Practice(
        healthy={
            "vendor": "zoho",
            "data_centre": "eu",
            "client_id": zoho.CLIENT_ID,
            "client_secret": zoho.CLIENT_SECRET,
            "refresh_token": f"{zoho.PREFIX}healthy",
        },
        revoked={"refresh_token": f"{zoho.PREFIX}revoked"},
        limited={"refresh_token": f"{zoho.PREFIX}limited"},
        elsewhere=OTHER_ACCOUNT,
    ),
    Practice(
        healthy={
            "vendor": "generic",
            "base_url": "https://crm.acme.example",
            "access_token": f"{generic.PREFIX}healthy",
            "health_path": "/me",
        },
        revoked={"access_token": f"{generic.PREFIX}withdrawn"},
        limited={"access_token": f"{generic.PREFIX}limited"},
        elsewhere=None,  # its address is all that it is known by
    ),
)


def answer(asked: Asked) -> Answer:
    if asked.path == hubspot.SIGN_IN.authorization_path:  # Pipedrive's too
        is_pipedrives = asked.query.get("client_id") == pipedrive.SIGN_IN.client_id
        return (pipedrive if is_pipedrives else hubspot).answer(asked)
    for paths, vendor in VENDORS.items():
        if re.match(paths, asked.path):
            return vendor(asked)
    return generic.answer(asked)


# What each vendor's documents say of it. Contacts or leads are needed; what is read beside them
# need not be there.
OF_HUBSPOT = {
    "withdrawn": "auth_invalid",
    "expired": "auth_expired",
    "nocontacts": "permission_missing",
    "nouser": "permission_missing",
    "banned": "auth_invalid permission_missing",
    "limited": "rate_limited",
    "daily": "quota_exhausted",
    "moving": "provider_unavailable",
    "nodetails": NOTHING,
    "empty": NOTHING,
    "nodeals": NOTHING,
    **SILENCES,
}
OF_SALESFORCE = {
    "noscope": "permission_missing",
    "noapi": "permission_missing",
    "nolead": "permission_missing",
    "expired": ENDED,
    "daily": "quota_exhausted",
    "limited": "rate_limited",
    "maintenance": "provider_unavailable",
    "empty": NOTHING,
    "noid": NOTHING,
    "noopportunity": NOTHING,
    **SILENCES,
}
AT_SIGN_IN = {
    "norunas": "auth_invalid invalid_config permission_missing",
    "noflow": "auth_invalid invalid_config permission_missing",
    "inactive": ENDED,
}
OF_PIPEDRIVE = {
    "withdrawn": "auth_invalid",
    "unpaid": "permission_missing",
    "nodeals": "permission_missing",
    "limited": "rate_limited",
    "edge": "blocked rate_limited",
    "empty": NOTHING,
    "nopipelines": NOTHING,
    **SILENCES,
}
OF_ZOHO = {
    "noleads": "permission_missing",
    "noprofile": "permission_missing",
    "limited": "rate_limited",
    "broken": "provider_unavailable",
    "empty": NOTHING,
    "nousers": NOTHING,
    "nodeals": NOTHING,
    **SILENCES,
}
# A token that is kept outlives what it was got with.
ZOHOS_TOKEN = {"revoked": ENDED, "throttled": "rate_limited"}
OF_OTHERS = {
    "withdrawn": "auth_invalid",
    "denied": "permission_missing",
    "limited": "rate_limited",
    "error": "provider_unavailable unexpected_reply",
    **SILENCES,
}
# Of an address that gave data before: what it gives instead is a mistake there.
ODD = "blocked provider_unavailable unexpected_reply"
ODD_PATHS = dict.fromkeys(("/missing", "/moved", "/login", "/page"), ODD)
TRIALS = (
    Trial(
        PRACTICES[0].healthy,
        breaks(OF_HUBSPOT, lambda word: f"{hubspot.PREFIX}{word}"),
    ),
    Trial(
        PRACTICES[1].healthy,
        breaks(
            OF_SALESFORCE,
            lambda word: f"{salesforce.PREFIX}{word}",
            lambda word: f"{salesforce.TOKEN}{word}",
        )
        + breaks(AT_SIGN_IN, lambda word: f"{salesforce.PREFIX}{word}"),
    ),
    Trial(
        PRACTICES[2].healthy,
        breaks(OF_PIPEDRIVE, lambda word: f"{pipedrive.PREFIX}{word}"),
    ),
    Trial(
        PRACTICES[3].healthy,
        breaks(OF_ZOHO, lambda word: f"{zoho.PREFIX}{word}", lambda word: f"{zoho.TOKEN}{word}")
        + breaks(ZOHOS_TOKEN, lambda word: f"{zoho.PREFIX}{word}"),
    ),
    Trial(
        PRACTICES[4].healthy,
        breaks(OF_OTHERS, lambda word: f"{generic.PREFIX}{word}") + values(ODD_PATHS, "/me"),
    ),
)
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
    practices=PRACTICES,
    trials=TRIALS,
    anywhere={"vendor": "generic", "auth_kind": "none"},
    sign_ins=SIGN_INS,
)
