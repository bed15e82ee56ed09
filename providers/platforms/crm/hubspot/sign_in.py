"""How one signs in at HubSpot.

https://developers.hubspot.com/docs/api-reference/latest/authentication/manage-oauth-tokens
"""

from datetime import timedelta

from providers.access.refusals import app_refused, redirect_refused
from providers.declare import AppForm, OAuth, Scope, ended, scope
from providers.platforms.crm.vendors import UUID

VERSION = "2026-09"


def to_read(what: str, *, is_optional: bool = False) -> Scope:
    stops = f"{what.capitalize()} can no longer be read."
    return scope(f"crm.objects.{what}.read", what, stops, is_optional=is_optional)


OAUTH = OAuth(
    app=AppForm(
        slug="hubspot",
        name="HubSpot",
        console_url="https://app.hubspot.com/l/developer-projects/",
        steps=(
            "Create an app of HubSpot's developer platform that signs people in with OAuth.",
            "Enter the redirect URI below, and the scopes below: required, or as optional ones "
            "where it says so.",
            "Upload it, open it under Development, Projects, and copy both from its Auth tab.",
        ),
        pitfalls=(
            "A scope that the app requires and this list lacks makes every sign-in fail.",
            "Legacy apps can no longer be created; an existing one works until September 2027.",
            "Only a super admin, or who may install apps, can sign in.",
        ),
        client_id_pattern=UUID,
        client_id_message="This is not a client ID of HubSpot: five groups of letters and digits "
        "with dashes between.",
        client_secret_pattern=UUID,
        client_secret_message="This is not a client secret of HubSpot: five groups of letters and "
        "digits with dashes between.",
    ),
    authorization_url="https://app.hubspot.com/oauth/authorize",
    token_url=f"https://api.hubapi.com/oauth/{VERSION}/token",
    revocation_url=f"https://api.hubapi.com/oauth/{VERSION}/token/revoke",
    also_issuers=("*.hubspot.com",),  # a region has a host of its own: app-eu1
    scopes=(
        Scope(
            name="oauth",
            gives="which account is connected",
            stops="It cannot be told which account this is.",
            is_optional=True,
            comes_always=True,
        ),
        to_read("contacts"),
        to_read("deals", is_optional=True),
    ),
    optional_scopes_in="optional_scope",
    uses_pkce=False,
    pkce_source="HubSpot asks for a code challenge from apps of its MCP server alone; what one "
    "does at an ordinary app is not documented.",
    access_token_lifetime=timedelta(minutes=30),
    how_to_remove="In HubSpot open Settings, Integrations, Connected apps and uninstall the app.",
    errors=(
        ended("HubSpot", text="^BAD_(REFRESH_TOKEN|AUTH_CODE|HUB)$"),
        app_refused("HubSpot", text="^BAD_CLIENT_(ID|SECRET)$"),
        app_refused("HubSpot", code="INVALID_AUTHENTICATION"),
        redirect_refused("HubSpot", text="^BAD_REDIRECT_URI$"),
    ),
)
