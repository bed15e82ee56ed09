"""The sign-in with the one app of all Google platforms.

https://developers.google.com/identity/protocols/oauth2/web-server (read 2026-11-22).
"""

from datetime import timedelta

from providers.access.refusals import AppRefused
from providers.declare import AppForm, Method, OAuth, Scope, codes, rule, sign_in
from providers.errors import InvalidConfig
from providers.families.google import guides
from providers.families.google.errors import ENDED_BY_POLICY, REFUSED_BY_ADMIN
from providers.families.google.facts import (
    AUTHORIZATION,
    CLIENT_ID,
    CLIENT_ID_MESSAGE,
    CLIENT_SECRET_MESSAGE,
    CLIENTS_URL,
    NOT_A_CLIENT_ID,
    TOKEN,
)

APP = AppForm(
    slug="google",
    name="Google",
    console_url=CLIENTS_URL,
    steps=(
        "In a Cloud project, enable the APIs of all that is to be connected: Google Ads, YouTube "
        "Data and YouTube Analytics, Google Analytics Data and Google Analytics Admin, Search "
        "Console.",
        "For Google Ads, apply for Explorer access on the project's Google Ads API page.",
        "In Google Auth Platform, choose the audience: Internal if only people of your own Google "
        "Workspace sign in, else External, and then publish the app.",
        "Under Data access, add the scopes below.",
        "Under Clients, create a client of the type Web application with the redirect URI below, "
        "then copy its ID and its secret.",
    ),
    pitfalls=(
        "While an External app is in Testing, Google ends every sign-in after 7 days, and takes "
        "listed test users only. Publish it, or make it Internal.",
        "Until Google has verified an External app, people see a warning before they sign in, and "
        "no more than 100 of them can.",
        "People tick the permissions one by one. What they leave out cannot be read.",
        "Google keeps 100 sign-ins of one person to one client. Each one more ends the oldest "
        "without a word.",
        "The redirect URI must match to the last character. Google takes https with a public "
        "domain.",
    ),
    client_id_pattern=CLIENT_ID,
    client_id_message=CLIENT_ID_MESSAGE,
    client_secret_pattern=NOT_A_CLIENT_ID,
    client_secret_message=CLIENT_SECRET_MESSAGE,
    mark="google",
)


def oauth(*scopes: Scope) -> OAuth:
    """A sign-in with the one app of all Google platforms.

    Without `consent` Google gives a refresh token the first time only, and without
    `select_account` whoever is signed in to one account is never asked for another.
    """
    return OAuth(
        app=APP,
        authorization_url=f"{AUTHORIZATION}/o/oauth2/v2/auth",
        token_url=f"{TOKEN}/token",
        revocation_url=f"{TOKEN}/revoke",
        issuer=AUTHORIZATION,
        # https://developers.google.com/identity/openid-connect/openid-connect has it either way.
        also_issuers=("accounts.google.com",),
        scopes=scopes,
        authorization_params={"access_type": "offline", "prompt": "select_account consent"},
        access_token_lifetime=timedelta(hours=1),
        refresh_token_lifetime=timedelta(days=180),
        revoked_already=("invalid_token",),
        revoking_ends_siblings=True,
        how_to_remove="Remove the app at myaccount.google.com/connections.",
        errors=(
            rule(AppRefused, code=codes("deleted_client", "disabled_client")).says(
                "This app's client was deleted or disabled at Google.",
                "An owner makes a new one, and saves it in Settings, Sign-in apps.",
                CLIENTS_URL,
            ),
            rule(InvalidConfig, code="redirect_uri_mismatch").says(
                "The redirect URI of this installation is not saved at the Google client.",
                "An owner adds it there as Settings, Sign-in apps, shows it.",
                CLIENTS_URL,
            ),
            REFUSED_BY_ADMIN,
            *ENDED_BY_POLICY,
        ),
    )


def by_sign_in(who: str, *pitfalls: str, warning: str = "") -> Method:
    """`who` is the sentence that says as whom one should sign in."""
    explained = f"You are sent to Google and come back connected. {who}"
    guide = guides.sign_in(who, *pitfalls)
    return sign_in("Sign in with Google", explained, warning=warning, guide=guide)
