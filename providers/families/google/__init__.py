"""What the Google platforms share: the app and the ways to sign in, and the fields for them.

Endpoints: https://accounts.google.com/.well-known/openid-configuration, and
https://developers.google.com/identity/protocols/oauth2 (read 2026-11-22).
Quirk: a service-account file names a `token_uri` of its own. It is never used: a signed
request goes to the TOKEN host below, whatever was pasted.
"""

import base64
import json
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from providers.access.flow import Flow
from providers.access.refusals import AppRefused
from providers.declare import (
    SIGN_IN,
    Answer,
    AppForm,
    ErrorRule,
    Field,
    Method,
    OAuth,
    Passed,
    Scope,
    Skipped,
    Tester,
    access_token,
    codes,
    compare_scopes,
    dig,
    sign_in,
    step,
)
from providers.errors import (
    AuthExpired,
    AuthInvalid,
    InvalidConfig,
    PermissionMissing,
    Refused,
    UnexpectedReply,
)
from providers.outbound.reply import Reply

HOSTS = {
    "AUTHORIZATION": "https://accounts.google.com",
    "TOKEN": "https://oauth2.googleapis.com",
    "REVOKE": "https://oauth2.googleapis.com",
}
CONSOLE_URL = "https://console.cloud.google.com"
SERVICE_ACCOUNTS_URL = f"{CONSOLE_URL}/iam-admin/serviceaccounts"
CLIENTS_URL = f"{CONSOLE_URL}/auth/clients"
SCOPE = "https://www.googleapis.com/auth/"
ASSERTION = "urn:ietf:params:oauth:grant-type:jwt-bearer"
# Whom an assertion is for: always Google, also where TOKEN leads to a sandbox.
AUDIENCE = "https://oauth2.googleapis.com/token"
ASSERTION_SECONDS = 600  # Google takes up to an hour

SERVICE_ACCOUNT = "service_account"
REFRESH_TOKEN = Method(
    "refresh_token",
    "A client ID, a client secret and a refresh token",
    help="Someone already signed in with your own Google client and has these three values.",
    warning="Google ends a refresh token after 7 days while the consent screen is "
    "External and in Testing.",
)
ACCESS_TOKEN = Method(
    "access_token",
    "A short-lived access token",
    help="A developer gave you a token for a first try.",
    warning="Google ends such a token after one hour, and every later test fails. "
    "Choose another way for lasting access.",
)

CLIENT_ID = r"[^\s@\/]+\.apps\.googleusercontent\.com"
REFUSED_BY_ADMIN = ErrorRule(
    code=codes("access_denied", "admin_policy_enforced", "org_internal"),
    error=PermissionMissing,
    message="An admin does not let this Google account use this client.",
    action="Ask the admin of your Google Workspace to allow it.",
)
NOT_A_CLIENT_ID = r"(?!\S*\.apps\.googleusercontent\.com$)\S+"
CLIENT_ID_MESSAGE = "This is not a client ID, which ends in .apps.googleusercontent.com."
CLIENT_SECRET_MESSAGE = (
    "This is the client ID or holds a space. The client secret stands beside the ID."
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
        "domain, and http for localhost only.",
    ),
    client_id_pattern=CLIENT_ID,
    client_id_message=CLIENT_ID_MESSAGE,
    client_secret_pattern=NOT_A_CLIENT_ID,
    client_secret_message=CLIENT_SECRET_MESSAGE,
)


class GoogleFlow(Flow):
    """Differs at revocation: Google refuses a token that is gone already."""

    def judge_revocation(self, reply: Reply) -> None:
        """Status 400 with `invalid_token` where RFC 7009 section 2.2 has 200."""
        if reply.status != 400 or dig(reply.json_or_none(), "error") != "invalid_token":
            super().judge_revocation(reply)


def scope(name: str, *implied_by: str, gives: str, stops: str) -> Scope:
    """`analytics.readonly` -> the permission of that name, which is an address at Google."""
    wider = tuple(SCOPE + one for one in implied_by)
    return Scope(name=SCOPE + name, gives=gives, stops=stops, implied_by=wider)


def oauth(*scopes: Scope, prompt: str = "consent") -> OAuth:
    """A sign-in with the one app of all Google platforms.

    Without `consent` Google gives a refresh token the first time only.
    """
    return OAuth(
        app=APP,
        authorization_url=f"{HOSTS['AUTHORIZATION']}/o/oauth2/v2/auth",
        token_url=f"{HOSTS['TOKEN']}/token",
        revocation_url=f"{HOSTS['REVOKE']}/revoke",
        issuer="https://accounts.google.com",
        scopes=scopes,
        authorization_params={"access_type": "offline", "prompt": prompt},
        access_token_lifetime=timedelta(hours=1),
        refresh_token_lifetime=timedelta(days=180),
        revoking_ends_siblings=True,
        how_to_remove="Remove the app at myaccount.google.com/connections.",
        errors=(
            ErrorRule(
                code=codes("deleted_client", "disabled_client"),
                error=AppRefused,
                message="This app's client was deleted or disabled at Google.",
                action="An owner makes a new one, and saves it in Settings, Sign-in apps.",
                action_url=CLIENTS_URL,
            ),
            ErrorRule(
                code="redirect_uri_mismatch",
                error=InvalidConfig,
                message="The redirect URI of this installation is not saved at the Google client.",
                action="An owner adds it there as Settings, Sign-in apps, shows it.",
                action_url=CLIENTS_URL,
            ),
            REFUSED_BY_ADMIN,
        ),
        flow=GoogleFlow,
    )


def by_sign_in(who: str, *, warning: str = "") -> Method:
    """`who` is the sentence that says as whom one should sign in."""
    explained = f"You are sent to Google and come back connected. {who}"
    return sign_in("Sign in with Google", explained, warning=warning)


class GoogleTester(Tester):
    """Signs in by any of Google's ways, once a test. `needs` are the permissions for it."""

    needs: ClassVar[tuple[Scope, ...]] = ()
    granted: frozenset[str] | None = None

    def sign_in(self) -> str:
        """Bring an access token for every later call, and say whose it is."""
        if self.method == SERVICE_ACCOUNT:
            token, whose = self._by_assertion()
        elif self.method == REFRESH_TOKEN.slug:
            token, whose = self._by_refresh_token()
        elif self.method == SIGN_IN:
            token, whose = self.values["access_token"], "Google accepts this sign-in."
        else:
            token, whose = self.values["access_token"], "Google accepts this access token."
        self.api.add_secret(token)
        self._inspect(token)
        self.api.headers["Authorization"] = f"Bearer {token}"
        return whose

    def permissions(self) -> Answer:
        """Compare what was granted with what is needed here."""
        if self.method == SIGN_IN:
            granted = self.granted or self.grant.granted
            return compare_scopes(self.grant.asked, granted, self.api.platform)
        if self.granted is None:
            return Skipped("Google lists no permissions of this token; the next steps prove them.")
        used: list[str] = []
        missing: list[str] = []
        for needed in self.needs:
            have = [name for name in (needed.name, *needed.implied_by) if name in self.granted]
            used += have[:1]
            missing += [] if have else [_short(needed.name)]
        if missing:
            raise PermissionMissing(
                f"The sign-in lacks a permission: {', '.join(missing)}.",
                "Sign in again, tick every box that Google shows, and paste the new token.",
            )
        others = sorted(map(_short, self.granted.difference(used)))
        has = f"Has {', '.join(map(_short, used))}."
        return Passed(has + (f" Not needed here: {', '.join(others)}." if others else ""))

    def _by_assertion(self) -> tuple[str, str]:
        """POST /token, RFC 7523 -> {"access_token": str, "expires_in": 3599}."""
        account = _service_account_in(self.values["service_account_json"])
        claims = {
            "iss": account["client_email"],
            "scope": " ".join(needed.name for needed in self.needs),
            "aud": AUDIENCE,
        }
        if self.values.get("impersonated_email"):
            claims["sub"] = self.values["impersonated_email"]
        assertion = _signed(claims, account)
        self.api.add_secret(account["private_key"])
        self.api.add_secret(assertion)
        found = self._token({"grant_type": ASSERTION, "assertion": assertion})
        return found["access_token"], f"Signed in as {account['client_email']}."

    def _by_refresh_token(self) -> tuple[str, str]:
        """POST /token, RFC 6749 section 6 -> {"access_token": str, "expires_in": 3599, "scope":
        "… …"}, and `refresh_token_expires_in` where the person gave access for a time only.
        """
        names = ("client_id", "client_secret", "refresh_token")
        found = self._token(
            {"grant_type": "refresh_token", **{name: self.values[name] for name in names}}
        )
        self._grant(found)
        self.keep_renewed(found)
        seconds = found.get("refresh_token_expires_in")
        if isinstance(seconds, int):
            self.expires_at = datetime.now(UTC) + timedelta(seconds=seconds)
        return found["access_token"], "Google accepts this sign-in."

    def _token(self, form: Mapping[str, str]) -> Any:
        found = self.api.post("/token", host="TOKEN", data=form)
        for name in ("access_token", "refresh_token", "id_token"):
            if name in found:
                self.api.add_secret(found[name])
        return found

    def _inspect(self, token: str) -> None:
        """GET /tokeninfo -> {"scope": "… …", "exp": "1800000000", …}, every value a text."""
        is_pasted = self.method == ACCESS_TOKEN.slug
        try:
            facts = self.api.get("/tokeninfo", host="TOKEN", access_token=token)
        except (Refused, UnexpectedReply) as error:
            if self.method == SIGN_IN and isinstance(error, AuthInvalid):
                raise AuthExpired(
                    "Google has ended this sign-in, or it was withdrawn there.", "Sign in again."
                ) from None
            if is_pasted:
                raise
            return  # Google has only just made it: the calls that follow are the proof
        self._grant(facts)
        if is_pasted and "exp" in facts:
            self.expires_at = datetime.fromtimestamp(int(facts["exp"]), UTC)

    def _grant(self, facts: Mapping[str, Any]) -> None:
        if facts.get("scope"):
            self.granted = frozenset(facts["scope"].split())


@step("Sign-in works")
def sign_in_works(tester: GoogleTester) -> Passed:
    """One or two calls, to the token endpoint's host alone: see `GoogleTester.sign_in`."""
    return Passed(tester.sign_in())


@step("Permissions")
def permissions_are_granted(tester: GoogleTester) -> Answer:
    """No call of its own: the sign-in told them."""
    return tester.permissions()


def _short(scope: str) -> str:
    return scope.removeprefix(SCOPE)


def _service_account_in(text: str) -> dict[str, Any]:
    """The key file as a dict. Raises InvalidConfig, which shows nothing of it."""
    found = _parsed(text)
    if not isinstance(found, dict) or not all(
        isinstance(found.get(name), str) for name in ("client_email", "private_key")
    ):
        raise InvalidConfig(
            "The service-account key file is not whole.",
            "Open the downloaded .json file and paste all of it again.",
            action_url=SERVICE_ACCOUNTS_URL,
        )
    if found.get("type", "service_account") != "service_account":
        raise InvalidConfig(
            "This is a key file of another kind, not of a service account.",
            "Make a JSON key of a service account and paste all of it.",
            action_url=SERVICE_ACCOUNTS_URL,
        )
    return found


def _signed(claims: Mapping[str, str], account: Mapping[str, Any]) -> str:
    """A JWT, RFC 7519, signed with RS256. Raises InvalidConfig for a key that cannot sign."""
    key = _private_key(account["private_key"])
    if key is None:
        raise InvalidConfig(
            "The private key in the service-account key file is damaged.",
            "Paste the downloaded .json file again, unchanged, or make a new key.",
            action_url=SERVICE_ACCOUNTS_URL,
        )
    header = {"alg": "RS256", "typ": "JWT"}
    if account.get("private_key_id"):
        header["kid"] = account["private_key_id"]
    now = int(time.time())
    times = {"iat": now, "exp": now + ASSERTION_SECONDS}
    signed = f"{_encoded(_json(header))}.{_encoded(_json({**claims, **times}))}"
    return f"{signed}.{_encoded(key.sign(signed.encode(), PKCS1v15(), SHA256()))}"


# These two return None instead of raising, so that no error carries the file along.


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _private_key(pem: str) -> RSAPrivateKey | None:
    try:
        key = load_pem_private_key(pem.encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return None
    return key if isinstance(key, RSAPrivateKey) else None


def _json(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def service_account(grant: str) -> Method:
    """The best way for a server: nobody signs in, nothing expires.

    `grant` is the sentence that says where the platform lets the robot in.
    """
    return Method(
        SERVICE_ACCOUNT,
        "A service-account key file",
        help=f"A .json file of a robot user, made in the Google Cloud console. {grant}",
    )


def service_account_json() -> Field:
    return Field(
        name="service_account_json",
        label="Service-account key file",
        help="Cloud console → IAM → Service accounts → Keys → Add key → JSON. "
        "Open the downloaded file and paste all of it.",
        help_url=CONSOLE_URL,
        type="textarea",
        secret=True,
        required=True,
        pattern=r'\{(?=[\s\S]*"private_key")(?=[\s\S]*"client_email")[\s\S]*\}',
        pattern_message="This is not a whole service-account key file. "
        "Paste everything in it; the file of an OAuth client is another one.",
        example='{"type": "service_account", "client_email": "…", "private_key": "…"}',
        methods=(SERVICE_ACCOUNT,),
        max_length=16384,
    )


def client_fields() -> tuple[Field, ...]:
    """The client ID, client secret and refresh token of the method `refresh_token`."""
    methods = (REFRESH_TOKEN.slug,)
    return (
        Field(
            name="client_id",
            label="Client ID",
            help="Cloud console → Google Auth Platform → Clients → your web application.",
            help_url=CONSOLE_URL,
            required=True,
            pattern=CLIENT_ID,
            pattern_message=CLIENT_ID_MESSAGE,
            example="1234-abcd.apps.googleusercontent.com",
            methods=methods,
        ),
        Field(
            name="client_secret",
            label="Client secret",
            help="Beside the client ID; Google shows it only once.",
            help_url=CONSOLE_URL,
            secret=True,
            required=True,
            pattern=NOT_A_CLIENT_ID,
            pattern_message=CLIENT_SECRET_MESSAGE,
            usual_pattern=r"GOCSPX-\S+",
            usual_message="A client secret usually starts with GOCSPX-.",
            example="GOCSPX-abc123",
            methods=methods,
        ),
        Field(
            name="refresh_token",
            label="Refresh token",
            help="The result of the sign-in with this client, from whoever did it.",
            secret=True,
            required=True,
            pattern=NOT_A_CLIENT_ID,
            pattern_message="This is a client ID or holds a space. Paste the refresh token.",
            usual_pattern=r"1\/\/\S+",
            usual_message="A refresh token of Google usually starts with 1//.",
            example="1//abc123",
            methods=methods,
        ),
    )


def pasted_access_token() -> Field:
    return access_token(
        help="An OAuth access token, from whoever made it for you.",
        pattern=NOT_A_CLIENT_ID,
        pattern_message="This is a client ID or holds a space. Paste the access token.",
        usual_pattern=r"(?!AIza|1\/\/|GOCSPX-)\S+",
        usual_message="This looks like an API key, a refresh token or a client secret.",
        methods=(ACCESS_TOKEN.slug,),
    )
