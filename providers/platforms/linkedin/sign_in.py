"""Signing in to LinkedIn.

https://learn.microsoft.com/linkedin/shared/authentication/authorization-code-flow and
…/programmatic-refresh-tokens; products: …/marketing/increasing-access (read 2026-11-22).
"""

from datetime import timedelta

from providers.declare import AppForm, OAuth, scope, sign_in, signing_in
from providers.platforms.linkedin.errors import APPS, SIGN_IN_ERRORS

TOKEN_URL = "https://www.linkedin.com/oauth/v2/accessToken"
BY_SIGN_IN = sign_in(
    "Sign in with LinkedIn",
    "You are sent to LinkedIn and come back connected, best as an admin of the Page.",
    warning="Unless LinkedIn approved your app for more, it asks for a new sign-in every 60 days.",
    guide=signing_in(
        "LinkedIn",
        who="An admin of your company's Page, with their own LinkedIn login. An owner here sets up "
        "the app for it first, once.",
        account="If you are admin of several Pages, choose the one to read.",
        lasts="60 days, unless LinkedIn approved your app for more. You are told before it ends.",
        pitfalls=(
            "Until LinkedIn has approved the app's product, it refuses the whole sign-in.",
            "All permissions are given together, or none.",
            "Without a role on the Page no Page is found.",
        ),
    ),
)
OAUTH = OAuth(
    app=AppForm(
        slug="linkedin",
        name="LinkedIn",
        console_url=APPS,
        steps=(
            "Create an app for your company's Page, and have an admin of the Page verify it.",
            "Under Products, request Community Management API or Advertising API, "
            "and wait for LinkedIn to approve it.",
            "Under Auth, add the redirect URI below, then copy the client ID "
            "and the primary client secret.",
        ),
        pitfalls=(
            "Until the product is approved, LinkedIn refuses the whole sign-in "
            "because of permissions that are not authorized for the app.",
            "Community Management API must be the app's only product: make an app just for it.",
            "LinkedIn gives refresh tokens to approved partners only. "
            "With other apps everybody signs in again every 60 days.",
            "The redirect URI has to be the same to the letter.",
        ),
        client_id_pattern=r"[A-Za-z0-9_\-]+",
        client_id_message="A client ID holds only letters and digits. "
        "Copy it from the Auth tab of the LinkedIn app.",
    ),
    authorization_url="https://www.linkedin.com/oauth/v2/authorization",
    token_url=TOKEN_URL,
    revocation_url="https://www.linkedin.com/oauth/v2/revoke",
    issuer="https://www.linkedin.com/oauth",
    # LinkedIn refuses everything when one of them is not the app's: these two are in both products.
    scopes=(
        scope(
            "rw_organization_admin",
            "your Pages and their followers",
            "No Page can be read.",
            "r_organization_admin",
        ),
        scope(
            "r_organization_social",
            "the posts of your Pages and their statistics",
            "Page statistics stop working.",
            "rw_organization_social",
            is_optional=True,
        ),
    ),
    uses_pkce=False,
    pkce_source="https://learn.microsoft.com/linkedin/shared/authentication/"
    "authorization-code-flow-native",
    app_values={"client_id": "client_id", "client_secret": "client_secret"},
    access_token_lifetime=timedelta(days=60),
    refresh_token_lifetime=timedelta(days=365),
    refresh_token_ends_anyway=True,
    revoking_ends_siblings=True,  # it is in no document: what else it ends is not known
    how_to_remove="Remove the app in LinkedIn's settings, under Data privacy, Permitted services.",
    errors=SIGN_IN_ERRORS,
)
