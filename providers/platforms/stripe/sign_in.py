"""Signing in by Stripe Connect: for whoever runs a Connect platform, by its own secret key.

https://docs.stripe.com/connect/oauth-reference (read 2026-11-22). The account's token does not
expire, and the platform's key is what OAuth calls the client secret.
"""

import secrets
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from providers.access.flow import Flow
from providers.access.refusals import AppRefused, NotRevocable
from providers.declare import AppForm, OAuth, Tokens, dig, scope, sign_in, signing_in
from providers.errors import Refused, UnexpectedReply
from providers.outbound.reply import Reply
from providers.platforms.stripe.errors import SIGN_IN_ERRORS

CONNECT = "https://connect.stripe.com/oauth"
DEAUTHORIZE_URL = f"{CONNECT}/deauthorize"
OAUTH_SETTINGS = "https://dashboard.stripe.com/settings/connect/onboarding-options/oauth"

BY_SIGN_IN = sign_in(
    "Sign in with Stripe (Connect platforms only)",
    "You are sent to Stripe and come back connected to one account. It needs a Connect "
    "platform of your own.",
    warning="A restricted key is simpler: this is for those who run a Connect platform.",
    guide=signing_in(
        "Stripe",
        who="Whoever runs a Connect platform at Stripe. Everyone else pastes a restricted key, "
        "which is simpler.",
        account="The account that you choose at Stripe is the one that is read.",
        lasts="Until somebody withdraws it in Stripe. It does not expire.",
        pitfalls=(
            "Client ID and secret key must be of one mode: both live, or both test.",
            "Stripe shows what is wrong with either in the browser and sends nobody back.",
        ),
    ),
)


class StripeFlow(Flow):
    def tokens_of(self, reply: Mapping[str, Any]) -> Tokens:
        """Without the refresh token: nothing expires, and using it ends the account's token."""
        return replace(super().tokens_of(reply), refresh_token=None)

    def revoke(self, held: Tokens) -> None:
        """POST /oauth/deauthorize -> {"stripe_user_id": the account that is disconnected now}.

        Raises NotRevocable when the sign-in did not say whose account it reaches.
        """
        account = held.facts.get("stripe_user_id")
        if not account:
            raise NotRevocable
        reply = self._deauthorize(account)
        body = reply.json_or_none()
        if dig(body, "stripe_user_id") != account and not _is_not_connected(body):
            raise self._meaning_of(reply, body)

    def prove_app(self) -> bool:
        """An account that nobody has is not connected: told to those alone whose client ID and
        key belong together, and are of one mode.
        """
        reply = self._deauthorize(f"acct_{secrets.token_hex(8)}")
        body = reply.json_or_none()
        if _is_not_connected(body):
            return True
        meaning = self._meaning_of(reply, body)
        if isinstance(meaning, UnexpectedReply | Refused) and not isinstance(meaning, AppRefused):
            return False
        raise meaning

    def _deauthorize(self, account: str) -> Reply:
        return self.ask(
            "POST",
            DEAUTHORIZE_URL,
            "REVOKE",
            headers={"Authorization": f"Bearer {self.app.client_secret}"},
            data={"client_id": self.app.client_id, "stripe_user_id": account},
        )


def _is_not_connected(body: Any) -> bool:
    """`invalid_client` is said of a wrong app as well: only the words tell them apart."""
    text = str(dig(body, "error_description"))
    return "not connected to stripe account" in text.lower()


OAUTH = OAuth(
    app=AppForm(
        slug="stripe",
        name="Stripe Connect",
        console_url=OAUTH_SETTINGS,
        steps=(
            "Open Settings, Connect, Onboarding options, OAuth in Stripe and turn OAuth on.",
            "Add the redirect URI below.",
            "Copy the client ID, which starts with ca_….",
            "Copy the platform's secret key of the same mode from Developers, API keys.",
        ),
        pitfalls=(
            "Only whoever runs a Connect platform needs this: a restricted key is simpler.",
            "Stripe gives read-only access to Connect registrations of the kind Extension alone, "
            "and takes no new ones of that kind.",
            "The client ID and the secret key must be of one mode: both live, or both test.",
            "In live mode the redirect URI must begin with https.",
            "Stripe shows what is wrong with either in the browser and sends nobody back.",
        ),
        client_secret_label="Secret key of the platform",
        client_id_pattern=r"ca_[A-Za-z0-9]+",
        client_id_message="A Connect client ID starts with ca_. Copy it from Settings, Connect, "
        "Onboarding options, OAuth.",
        client_secret_pattern=r"(?:sk|rk)_(?:live|test)_[A-Za-z0-9]+",
        client_secret_message="The platform's secret key starts with sk_. Copy it from "
        "Developers, API keys.",
    ),
    authorization_url=f"{CONNECT}/authorize",
    token_url=f"{CONNECT}/token",
    revocation_url=DEAUTHORIZE_URL,
    scopes=(
        scope(
            "read_only",
            "revenue, charges, checkouts and subscriptions",
            "Payments and results tracking stop working.",
            "read_write",
        ),
    ),
    uses_pkce=False,
    pkce_source="https://docs.stripe.com/connect/oauth-reference has no code challenge.",
    keeps=("stripe_user_id",),
    revoking_ends_siblings=True,
    how_to_remove="Revoke the app's access in Stripe, under Settings, Installed apps.",
    errors=SIGN_IN_ERRORS,
    flow=StripeFlow,
)
