"""What the Google platforms share: where one signs in, and the fields that prove who one is.

Endpoints: https://accounts.google.com/.well-known/openid-configuration (read 2026-11-22).
Quirk: a service-account file names a `token_uri` of its own. It is never used: a signed
request goes to the TOKEN host below, whatever was pasted.
"""

from providers.base import Field, Method, access_token

HOSTS = {
    "AUTHORIZATION": "https://accounts.google.com",
    "TOKEN": "https://oauth2.googleapis.com",
    "REVOKE": "https://oauth2.googleapis.com",
}
CONSOLE_URL = "https://console.cloud.google.com"

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

NOT_A_CLIENT_ID = r"(?!\S*\.apps\.googleusercontent\.com$)\S+"


def service_account(grant: str) -> Method:
    """The best way for a server: nobody signs in, nothing expires.

    `grant` is the sentence that says where the platform lets the robot in.
    """
    return Method(
        "service_account",
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
        methods=("service_account",),
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
            pattern=r"[^\s@\/]+\.apps\.googleusercontent\.com",
            pattern_message="This is not a client ID, which ends in .apps.googleusercontent.com.",
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
            pattern_message="This is the client ID or holds a space. "
            "The client secret stands beside the ID.",
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
