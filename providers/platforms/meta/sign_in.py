"""Facebook Login: asked by GET, with a token of an hour that is traded for one of 60 days.

https://developers.facebook.com/docs/facebook-login/guides/advanced/manual-flow and
https://developers.facebook.com/documentation/facebook-login/guides/access-tokens/get-long-lived
(read 2026-11-22).
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from providers.access.flow import Flow
from providers.access.refusals import AppRefused
from providers.declare import AppForm, OAuth, Tokens, dig, scope, sign_in, signing_in
from providers.errors import ProviderError, Refused, Unanswered, UnexpectedReply
from providers.outbound.reply import Reply
from providers.platforms.meta.access import VERSION, GraphToken, proof_of
from providers.platforms.meta.errors import APPS, CALLBACK_REFUSALS, SIGN_IN_ERRORS

PERMISSIONS_URL = f"https://graph.facebook.com/{VERSION}/me/permissions"
APP_REMOVED = 458
SHORT_LIVED_SECONDS = 3600

BY_SIGN_IN = sign_in(
    "Sign in with Facebook",
    "You are sent to Facebook and come back connected to the ad accounts that you may "
    "see. After about 90 days Meta may ask you to sign in once more.",
    carried=GraphToken(),
    guide=signing_in(
        "Meta",
        who="Somebody who may see the ad account in Meta: to analyse it is enough. An owner here "
        "sets up the app for it first, once.",
        account="Then choose the ad account to read.",
        lasts="It renews itself as long as it works. Meta wants you to come back after about 90 "
        "days.",
        pitfalls=(
            "In Development mode the app works only for people who have a role in it.",
            "A permission that you decline is missing afterwards. Sign in again and allow it.",
            "A new Facebook password ends the sign-in.",
        ),
    ),
)


class MetaFlow(Flow):
    def exchange(
        self, callback: Mapping[str, str], *, redirect_uri: str, code_verifier: str
    ) -> Tokens:
        """The long-lived token. What was granted is listed in the callback, or asked for.

        Without an answer to the trade the short-lived one is kept: the code is used up, and a
        renewal is the same trade.
        """
        reply = self._ask_for_token(code=callback["code"], redirect_uri=redirect_uri)
        first = self.tokens_of(reply)
        listed = callback.get("granted_scopes")
        told = None if listed is None else frozenset(filter(None, listed.split(",")))
        granted = self._granted(first) if told is None else told
        try:
            return replace(self.renew(first), scopes=granted)
        except Unanswered:
            expires_in = first.expires_in or SHORT_LIVED_SECONDS
            return replace(first, expires_in=expires_in, scopes=granted)

    def _granted(self, held: Tokens) -> frozenset[str] | None:
        """GET /me/permissions -> {"data": [{"permission": str, "status": "granted" …}]}.

        None when Meta does not say: the test asks again.
        """
        try:
            reply = self._ask_permissions("GET", held)
            self.provider.judge(reply)
            rows = dig(reply.json_or_none(), "data")
            return frozenset(row["permission"] for row in rows if row["status"] == "granted")
        except (ProviderError, LookupError, TypeError):
            return None

    def renew(self, held: Tokens) -> Tokens:
        """Trade a token that is still alive for one that lives 60 days; an expired one is refused.

        Raises AuthExpired and other ProviderErrors.
        """
        return self.tokens_of(
            self._ask_for_token(grant_type="fb_exchange_token", fb_exchange_token=held.access_token)
        )

    def revoke(self, held: Tokens) -> None:
        """DELETE /me/permissions -> {"success": true}: the consent, and every token of it."""
        reply = self._ask_permissions("DELETE", held)
        body = reply.json_or_none()
        is_removed = self.provider.facts_of(reply).subcode == APP_REMOVED
        if dig(body, "success") is not True and not is_removed:
            raise self._meaning_of(reply, body)

    def prove_app(self) -> bool:
        """An app's own token, which is not kept, is given to nobody without the right secret."""
        try:
            self._ask_for_token(grant_type="client_credentials")
        except AppRefused:
            raise
        except (UnexpectedReply, Refused):
            return False
        return True

    def _ask_permissions(self, method: str, held: Tokens) -> Reply:
        proof = proof_of(held.access_token, self.app.client_secret)
        self.api.add_secret(proof)
        return self.ask(
            method,
            PERMISSIONS_URL,
            "REVOKE",
            headers={"Authorization": f"Bearer {held.access_token}"},
            appsecret_proof=proof,
        )

    def _ask_for_token(self, **params: str) -> dict[str, Any]:
        """GET /oauth/access_token -> {"access_token": str, "token_type": "bearer",
        "expires_in": seconds}. The secrets are in the address, as documented; none is logged.
        """
        app = {"client_id": self.app.client_id, "client_secret": self.app.client_secret}
        reply = self.ask("GET", self.oauth.token_url, "TOKEN", **app, **params)
        self.judge(reply)
        body: dict[str, Any] = reply.json_or_none()
        return body


OAUTH = OAuth(
    app=AppForm(
        slug="meta",
        name="Meta",
        console_url=APPS,
        steps=(
            "Create an app for the use case of managing ads with the Marketing API.",
            "Add Facebook Login and enter the redirect URI below in its settings, under Valid "
            "OAuth Redirect URIs.",
            "Copy the App ID and the App Secret from App settings, Basic.",
            "Publish the app, or give everyone who will sign in a role in it.",
        ),
        pitfalls=(
            "In Development mode an app works only for people who have a role in it.",
            "The ad accounts of other businesses need Full access to ads_read, once called "
            "Advanced, which Meta gives after App Review.",
            "Facebook Login for Business asks by a configuration of its own: add Facebook Login.",
            "A permission that is not used for 90 days has to be granted again.",
        ),
        client_id_label="App ID",
        client_secret_label="App Secret",
        client_id_pattern=r"[0-9]+",
        client_id_message="An App ID is a number. Copy it from App settings, Basic.",
        client_secret_pattern=r"[A-Za-z0-9]+",
        client_secret_message="An App Secret has only letters and digits. Copy it from App "
        "settings, Basic.",
    ),
    authorization_url=f"https://www.facebook.com/{VERSION}/dialog/oauth",
    token_url=f"https://graph.facebook.com/{VERSION}/oauth/access_token",
    revocation_url=PERMISSIONS_URL,
    scopes=(
        scope(
            "ads_read",
            "ad accounts, their reports and datasets",
            "Ads monitor and lead tracking stop working.",
            "ads_management",
        ),
        scope(
            "business_management",
            "the businesses that own them",
            "Ad accounts of a business may be missing from the list.",
            is_optional=True,
        ),
    ),
    scope_separator=",",
    # A permission that was declined once is asked for again only with `rerequest`.
    authorization_params={"return_scopes": "true", "auth_type": "rerequest"},
    uses_pkce=False,
    pkce_source="https://developers.facebook.com/documentation/facebook-login/guides/advanced/"
    "oidc-token has it for the OIDC flow alone, as still in testing.",
    app_values={"client_id": "app_id", "client_secret": "app_secret"},
    access_token_lifetime=timedelta(days=60),
    consent_lifetime=timedelta(days=90),
    renews_without_refresh_token=True,
    revoking_ends_siblings=True,
    how_to_remove="Remove the app in Facebook's settings, under Business integrations.",
    errors=SIGN_IN_ERRORS,
    refusals=CALLBACK_REFUSALS,
    flow=MetaFlow,
)
