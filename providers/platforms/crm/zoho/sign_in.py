"""How one signs in at Zoho CRM, which data centre of it whoever comes may live in."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from providers.access.flow import Flow
from providers.access.refusals import APP_ACTION, AppRefused
from providers.declare import AppForm, OAuth, Scope, Tokens, ended, rule, scope
from providers.errors import UnexpectedReply
from providers.platforms.crm.vendors import ZOHO
from providers.platforms.crm.zoho.centres import (
    ACCOUNTS_SERVER,
    TOKEN_PATH,
    accounts_in,
    console_of,
    is_api,
)

ALL_MODULES = ("ZohoCRM.modules.ALL", "ZohoCRM.modules.READ")


def to_see(what: str, gives: str, stops: str, *implied_by: str, is_optional: bool = False) -> Scope:
    name, every = f"ZohoCRM.{what}.READ", f"ZohoCRM.{what}.ALL"
    return scope(name, gives, stops, every, *implied_by, is_optional=is_optional)


def to_read(module: str, *, is_optional: bool = False) -> Scope:
    stops = f"{module.capitalize()} can no longer be read."
    return to_see(f"modules.{module}", module, stops, *ALL_MODULES, is_optional=is_optional)


SCOPES = (
    to_see("org", "the organization", "It cannot be told which organization this is."),
    to_see("users", "who is connected", "It cannot be told who signed in.", is_optional=True),
    to_read("leads"),
    to_read("contacts", is_optional=True),
    to_read("deals", is_optional=True),
)


class ZohoFlow(Flow):
    """A code and its tokens are known only in the data centre of the person who signed in.

    https://www.zoho.com/accounts/protocol/oauth/multi-dc/client-authorization.html: the callback
    names its `accounts-server`, which is asked from then on if it is one of Zoho's.
    """

    def exchange(
        self, callback: Mapping[str, str], *, redirect_uri: str, code_verifier: str
    ) -> Tokens:
        self._go_to(callback)
        return super().exchange(callback, redirect_uri=redirect_uri, code_verifier=code_verifier)

    def renew(self, held: Tokens) -> Tokens:
        self._go_to(held.facts)
        return super().renew(held)

    def revoke(self, held: Tokens) -> None:
        """With the token alone, and in the address: Zoho documents no other way."""
        self._go_to(held.facts)
        token = held.refresh_token or held.access_token
        self.judge_revocation(self.ask("POST", self.oauth.revocation_url, "REVOKE", token=token))

    def tokens_of(self, reply: Mapping[str, Any]) -> Tokens:
        tokens = super().tokens_of(reply)
        server = self.oauth.token_url.removesuffix(TOKEN_PATH)
        return replace(tokens, facts={**tokens.facts, ACCOUNTS_SERVER: server})

    def _go_to(self, named: Mapping[str, str]) -> None:
        """Raises UnexpectedReply, with nothing sent, for a server that is not one of Zoho's."""
        server = named.get(ACCOUNTS_SERVER)
        if server is None:
            return
        centre = next((centre for centre in ZOHO if server == accounts_in(centre)), None)
        if centre is None:
            raise UnexpectedReply(
                "The sign-in came back naming a server that is not one of Zoho's.",
                "Sign in again; if this returns, tell whoever runs this installation.",
            )
        self.oauth = sign_in_in(centre)


def sign_in_in(centre: str) -> OAuth:
    """How one signs in in this data centre.

    https://www.zoho.com/crm/developer/docs/api/v8/oauth-overview.html. A refresh token lives until
    it is revoked, or until the same person has approved twenty times more.
    """
    server = accounts_in(centre)
    return OAuth(
        app=AppForm(
            slug="zoho",
            name="Zoho CRM",
            console_url=console_of(centre),
            steps=(
                "Create a client of the kind Server-based Applications.",
                "Enter the redirect URI below, then copy the client ID and the client secret.",
                "Under Settings switch on Multi-DC, with one client secret for all data centres.",
            ),
            pitfalls=(
                "A Self Client knows no redirect URI: nobody can sign in with one.",
                "Without Multi-DC only people of the app's own data centre can sign in.",
                "A client secret of its own for each data centre is refused in all but one.",
            ),
            client_secret_pattern=r"(?!1000\.)\S+",
            client_secret_message="This is the client ID, or holds a space. "
            "The secret stands beside it.",
        ),
        authorization_url=f"{server}/oauth/v2/auth",
        token_url=f"{server}{TOKEN_PATH}",
        revocation_url=f"{server}{TOKEN_PATH}/revoke",
        scopes=SCOPES,
        scope_separator=",",
        authorization_params={"access_type": "offline", "prompt": "consent"},
        uses_pkce=False,
        pkce_source="Zoho's pages on server-based applications know no code challenge.",
        keeps=("api_domain",),
        addresses={"api_domain": is_api},
        also_issuers=tuple(accounts_in(one) for one in ZOHO),
        access_token_lifetime=timedelta(hours=1),
        revoked_already=("invalid_code", "invalid_token"),
        errors=(
            ended("Zoho CRM", code="invalid_code"),
            rule(AppRefused, code="invalid_client").says(
                "Zoho does not know this app in this data centre.",
                "An owner switches on Multi-DC for it, or corrects its ID here.",
                console_of(centre),
            ),
            rule(AppRefused, code="invalid_client_secret").says(
                "Zoho does not accept this app's secret in this data centre.",
                APP_ACTION,
                console_of(centre),
            ),
        ),
        flow=ZohoFlow,
    )
