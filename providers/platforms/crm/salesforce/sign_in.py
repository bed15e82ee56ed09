"""How one signs in at Salesforce."""

from datetime import timedelta

from providers.access.flow import Flow
from providers.access.refusals import BY_ITSELF, app_refused, redirect_refused
from providers.declare import (
    AppForm,
    OAuth,
    Tokens,
    codes,
    ended,
    limited,
    rule,
    scope,
    troubled,
)
from providers.errors import AuthExpired, PermissionMissing
from providers.platforms.crm.salesforce.errors import CALLBACK_REFUSALS
from providers.platforms.crm.vendors import INSTANCES, MY_DOMAINS, host_of

LOGIN = "https://login.salesforce.com"
TOKEN_PATH = "/services/oauth2/token"
SCOPES = (
    scope("api", "leads, opportunities and the organization", "Nothing can be read.", "full"),
    scope(
        "refresh_token",
        "a sign-in that renews itself",
        "You must sign in again after some hours.",
        "offline_access",
        is_optional=True,
    ),
    scope(
        "id",
        "who signed in",
        "It cannot be told who signed in.",
        "openid",
        "full",
        is_optional=True,
    ),
)

# https://help.salesforce.com/s/articleView?id=xcloud.remoteaccess_oauth_flow_errors.htm
REFUSED = (
    rule(PermissionMissing, code="invalid_grant", text="ip restricted|login hours").says(
        "Salesforce lets this user in neither from this server's address nor at any hour.",
        "Ask your Salesforce administrator to relax the app's IP restrictions or the profile's "
        f"login hours. {BY_ITSELF}",
    ),
    limited("Salesforce", code="invalid_grant", text="login rate exceeded"),
    troubled("Salesforce", code="unknown_error", text="retry your request"),
    troubled("Salesforce", text="token request is already being processed"),
    rule(AuthExpired, code="invalid_grant", text="expired access/refresh token").says(
        "Salesforce has ended this sign-in: revoked there, or run out by the app's policies.",
        "Sign in again. The app's refresh token policy, in Salesforce, says how long it lasts.",
    ),
)


def is_instance(address: str) -> bool:
    """Whether an address is an organization's own, or an instance that holds several."""
    return host_of(address).endswith(INSTANCES)


class SalesforceFlow(Flow):
    """Salesforce revokes by the token alone.

    https://help.salesforce.com/s/articleView?id=xcloud.remoteaccess_revoke_token.htm
    """

    def revoke(self, held: Tokens) -> None:
        form = {"token": held.refresh_token or held.access_token}
        self.judge_revocation(self.ask("POST", self.oauth.revocation_url, "REVOKE", data=form))


def sign_in_at(login: str) -> OAuth:
    """How one signs in at this origin: at everybody's, or at one's own My Domain.

    https://help.salesforce.com/s/articleView?id=xcloud.remoteaccess_oauth_web_server_flow.htm
    How long a refresh token lives, and whether it rotates, is the app's own policy.
    """
    return OAuth(
        app=AppForm(
            slug="salesforce",
            name="Salesforce",
            console_url=f"{LOGIN}/lightning/setup/ManageExternalClientApplication/home",
            steps=(
                "In Setup open External Client App Manager and create an external client app.",
                "Enable OAuth, and enter the redirect URI below as its callback URL.",
                "Choose the scopes below, save, and copy the consumer key and secret.",
            ),
            pitfalls=(
                "A new app works after about ten minutes, and is refused until then.",
                "Each user has five approvals of one app: the sixth ends the oldest.",
                "For a sandbox enter its My Domain as the address, and make the app there.",
            ),
            client_id_label="Consumer key",
            client_secret_label="Consumer secret",
            client_secret_pattern=r"(?!3MVG9)\S+",
            client_secret_message="This is the consumer key, or holds a space. "
            "The secret stands beside it.",
        ),
        authorization_url=f"{login}/services/oauth2/authorize",
        token_url=f"{login}{TOKEN_PATH}",
        revocation_url=f"{login}/services/oauth2/revoke",
        scopes=SCOPES,
        # Who signs in at everybody's is sent on to their My Domain, which names itself.
        also_issuers=(LOGIN, *(f"*{domain}" for domain in MY_DOMAINS)),
        keeps=("instance_url", "id"),
        addresses={"instance_url": is_instance},
        access_token_lifetime=timedelta(hours=2),  # an organization's usual session timeout
        revoked_already=("invalid_token",),
        errors=(
            *REFUSED,
            ended("Salesforce", code=codes("inactive_user", "inactive_org")),
            app_refused("Salesforce", code="invalid_client_id"),
            redirect_refused("Salesforce", code="redirect_uri_mismatch"),
        ),
        refusals=CALLBACK_REFUSALS,
        flow=SalesforceFlow,
    )
