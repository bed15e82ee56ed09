"""The ways in that need no sign-in here, with their fields.

https://developers.google.com/identity/protocols/oauth2 (read 2026-11-22).
"""

from dataclasses import replace

from providers.declare import Bearer, Method, RefreshToken, Scope, fields
from providers.families.google import guides
from providers.families.google.assertion import AUDIENCE, KEY_FILE
from providers.families.google.facts import (
    CLIENT_ID,
    CLIENT_ID_MESSAGE,
    CLIENT_SECRET_MESSAGE,
    CONSOLE_URL,
    NOT_A_CLIENT_ID,
)

SERVICE_ACCOUNT = "service_account"
REFRESH_TOKEN = Method(
    "refresh_token",
    "A client ID, a client secret and a refresh token",
    help="Someone already signed in with your own Google client and has these three values.",
    warning="Google ends a refresh token after 7 days while the consent screen is "
    "External and in Testing.",
    access=RefreshToken(token_url=AUDIENCE),
    grant_of="client_id",
)
ACCESS_TOKEN = Method(
    "access_token",
    "A short-lived access token",
    help="A developer gave you a token for a first try.",
    warning="Google ends such a token after one hour, and every later test fails. "
    "Choose another way for lasting access.",
    access=Bearer(),
    grant_of="",
)


def with_refresh_token(scopes: tuple[Scope, ...]) -> Method:
    """The way of these three values, for a platform that needs these permissions."""
    return replace(REFRESH_TOKEN, guide=guides.refresh_token(scopes))


def with_access_token(scopes: tuple[Scope, ...]) -> Method:
    return replace(ACCESS_TOKEN, guide=guides.access_token(scopes))


KEY_FILE_FIELD = fields.Field(
    name=KEY_FILE,
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
CLIENT_FIELDS = (
    fields.client_id(
        help="Cloud console → Google Auth Platform → Clients → your web application.",
        help_url=CONSOLE_URL,
        pattern=CLIENT_ID,
        pattern_message=CLIENT_ID_MESSAGE,
        example="1234-abcd.apps.googleusercontent.com",
        methods=(REFRESH_TOKEN.slug,),
    ),
    fields.client_secret(
        help="Beside the client ID; Google shows it only once.",
        help_url=CONSOLE_URL,
        pattern=NOT_A_CLIENT_ID,
        pattern_message=CLIENT_SECRET_MESSAGE,
        usual_pattern=r"GOCSPX-\S+",
        usual_message="A client secret usually starts with GOCSPX-.",
        example="GOCSPX-abc123",
        methods=(REFRESH_TOKEN.slug,),
    ),
    fields.refresh_token(
        help="The result of the sign-in with this client, from whoever did it.",
        pattern=NOT_A_CLIENT_ID,
        pattern_message="This is a client ID or holds a space. Paste the refresh token.",
        usual_pattern=r"1\/\/\S+",
        usual_message="A refresh token of Google usually starts with 1//.",
        example="1//abc123",
        methods=(REFRESH_TOKEN.slug,),
    ),
)
FIELDS = (
    KEY_FILE_FIELD,
    *CLIENT_FIELDS,
    fields.access_token(
        help="An OAuth access token, from whoever made it for you.",
        pattern=NOT_A_CLIENT_ID,
        pattern_message="This is a client ID or holds a space. Paste the access token.",
        usual_pattern=r"(?!AIza|1\/\/|GOCSPX-)\S+",
        usual_message="This looks like an API key, a refresh token or a client secret.",
        methods=(ACCESS_TOKEN.slug,),
    ),
)
