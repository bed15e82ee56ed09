"""Signing in to Calendly.

https://developer.calendly.com/authentication (read 2026-11-22), lifetimes too.
"""

from datetime import timedelta

from providers.declare import AppForm, OAuth, scope, sign_in, signing_in
from providers.platforms.calendly.errors import SIGN_IN_ERRORS

BY_SIGN_IN = sign_in(
    "Sign in with Calendly",
    "You are sent to Calendly and come back connected, best as an owner or admin of "
    "the organization: others see only their own calls.",
    guide=signing_in(
        "Calendly",
        who="An owner or admin of your Calendly organization: others connect only their own calls. "
        "An owner here sets up the app for it first, once.",
        lasts="It renews itself until somebody withdraws it at Calendly.",
        pitfalls=(
            "Without chosen scopes the app may read nothing at all.",
            "Who is no owner or admin sees only their own calls.",
        ),
    ),
)
OAUTH = OAuth(
    app=AppForm(
        slug="calendly",
        name="Calendly",
        console_url="https://developer.calendly.com/console/apps",
        steps=(
            "Sign in at developer.calendly.com: it is an account of its own.",
            "Create an app of the kind Web, in Production, with the redirect URI below.",
            "Choose the scopes below, then copy the client ID and the client secret.",
        ),
        pitfalls=(
            "Without chosen scopes an app made since March 2026 may read nothing at all.",
            "A Sandbox app takes http://localhost only, a Production app https only.",
        ),
    ),
    authorization_url="https://auth.calendly.com/oauth/authorize",
    token_url="https://auth.calendly.com/oauth/token",
    revocation_url="https://auth.calendly.com/oauth/revoke",
    issuer="https://calendly.com",
    scopes=(
        scope("users:read", "who is connected", "Nothing can be read."),
        scope("organizations:read", "the organization and its members", "Nothing can be read."),
        scope("event_types:read", "the kinds of calls", "Calls cannot be told apart by kind."),
        scope(
            "scheduled_events:read",
            "booked calls",
            "Calls booked stops working.",
            "scheduled_events:write",
        ),
    ),
    client_authentication="client_secret_basic",
    revocation_authentication="client_secret_post",
    keeps=("owner", "organization"),
    access_token_lifetime=timedelta(hours=2),
    errors=SIGN_IN_ERRORS,
)
