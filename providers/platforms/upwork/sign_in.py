"""Signing in to Upwork.

https://support.upwork.com/hc/en-us/articles/115015933448 (authentication) and
…/115015857607 (permissions), read 2026-11-22.
"""

from datetime import timedelta

from providers.declare import AppForm, OAuth, scope, sign_in, signing_in
from providers.platforms.upwork.errors import KEYS_URL, SIGN_IN_ERRORS

WRITTEN_PERMISSION = "Upwork allows other than internal use only with its written permission."

BY_SIGN_IN = sign_in(
    "Sign in with Upwork",
    "You are sent to Upwork and come back connected, with a key that Upwork approved.",
    warning=WRITTEN_PERMISSION,
    guide=signing_in(
        "Upwork",
        who="The person whose Upwork login is to be used. An owner here sets up the approved key "
        "for it first, once.",
        account="If your login has several organizations, choose the one to read.",
        lasts="It renews itself, as long as it is used at least every two weeks. This application "
        "does that.",
        pitfalls=(
            "What is read depends on the organization that is chosen, and on what that person may "
            "see there.",
        ),
    ),
)
OAUTH = OAuth(
    app=AppForm(
        slug="upwork",
        name="Upwork",
        console_url=KEYS_URL,
        steps=(
            "Apply for an API key with the Upwork account that is to be connected.",
            "Enter the redirect URI below as the key's callback address, exactly as it stands.",
            "Tick the permissions below, then send the application.",
            "When Upwork has approved the key, copy Key and Secret.",
        ),
        pitfalls=(
            "Upwork approves every key by hand, which takes up to two weeks. "
            "It wants a real name, a full address, a photo and a proven identity.",
            "The title of the key may not hold the name Upwork.",
            "Permissions are ticked on the key. Whoever changes them signs in again afterwards.",
            WRITTEN_PERMISSION,
        ),
        client_id_label="Key",
        client_secret_label="Secret",
    ),
    authorization_url="https://www.upwork.com/ab/account-security/oauth2/authorize",
    token_url="https://www.upwork.com/api/v3/oauth2/token",
    scopes=(
        scope(
            "Common Entities - Read-Only Access",
            "who is connected and the organizations",
            "Nothing can be read.",
        ),
        scope("Read marketplace Job Postings", "job postings", "Lead research stops working."),
    ),
    # Upwork answers invalid_scope to whoever asks for permissions.
    lists_scopes=False,
    uses_pkce=False,
    pkce_source="Upwork's own clients send none: https://github.com/upwork/python-upwork-oauth2",
    access_token_lifetime=timedelta(hours=24),
    refresh_token_lifetime=timedelta(days=14),
    how_to_remove="Remove the app in Upwork's settings, under Connected services.",
    errors=SIGN_IN_ERRORS,
)
