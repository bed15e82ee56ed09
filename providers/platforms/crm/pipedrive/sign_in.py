"""How one signs in at Pipedrive.

https://pipedrive.readme.io/docs/marketplace-oauth-authorization and its page on status codes,
which lists what the token endpoint says, but not in which field.
"""

from datetime import timedelta

from providers.access.refusals import app_refused, redirect_refused
from providers.declare import AppForm, OAuth, Scope, ended, scope
from providers.platforms.crm.vendors import SUFFIXES, host_of


def to_read(what: str, gives: str, *, is_optional: bool = False) -> Scope:
    stops = f"{what.capitalize()} can no longer be read."
    return scope(f"{what}:read", gives, stops, f"{what}:full", is_optional=is_optional)


def is_company(address: str) -> bool:
    """Whether an address is a company's own at Pipedrive."""
    return host_of(address).endswith(SUFFIXES["pipedrive"])


OAUTH = OAuth(
    app=AppForm(
        slug="pipedrive",
        name="Pipedrive",
        console_url="https://app.pipedrive.com/developer-hub",
        steps=(
            "Open the Developer Hub in a developer sandbox account of Pipedrive.",
            "Create a private app with the redirect URI below as its callback URL.",
            "Tick the scopes below, change the app to live, and copy client ID and secret.",
        ),
        pitfalls=(
            "A draft app cannot be installed in another company: it answers with a refusal.",
            "An app takes one callback URL only, so each installation needs its own app.",
            "Scopes that are ticked later count from the next sign-in on.",
        ),
    ),
    authorization_url="https://oauth.pipedrive.com/oauth/authorize",
    token_url="https://oauth.pipedrive.com/oauth/token",
    revocation_url="https://oauth.pipedrive.com/oauth/revoke",
    scopes=(
        scope("base", "who is connected", "Nothing can be read."),
        to_read("deals", "deals and pipelines"),
        to_read("contacts", "persons and organizations", is_optional=True),
    ),
    lists_scopes=False,
    uses_pkce=False,
    pkce_source="https://pipedrive.readme.io/docs/marketplace-oauth-authorization",
    client_authentication="client_secret_basic",
    keeps=("api_domain",),
    addresses={"api_domain": is_company},
    access_token_lifetime=timedelta(hours=1),
    refresh_token_lifetime=timedelta(days=60),
    revoking_ends_siblings=True,  # it uninstalls the app
    errors=(
        ended("Pipedrive", text="^invalid[ _]grant"),
        redirect_refused("Pipedrive", text="^invalid request: redirect_uri"),
        app_refused("Pipedrive", text="^invalid[ _]client"),
        app_refused("Pipedrive", status=401),
    ),
)
