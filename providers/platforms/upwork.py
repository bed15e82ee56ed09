"""Upwork: job postings for lead research, and the team's own proposals.

API reference: https://www.upwork.com/developer/documentation/graphql/api/docs/index.html
(read 2026-11-22).
Quirks: Upwork approves every key by hand. Access tokens live 24 hours; a refresh token that
is not used for two weeks dies. There is no address to revoke a token.
"""

from providers.base import Field, Method, Provider, access_token, account_id, base_url

KEYS_URL = "https://www.upwork.com/developer/keys/apply"

REFRESH = Method(
    "refresh_token",
    "A key, its secret and a refresh token",
    help="Upwork approved your API key, and someone already signed in with it.",
    warning="Upwork allows other than internal use only with its written permission. "
    "It ends a refresh token that is not used for two weeks.",
)
TOKEN = Method(
    "access_token",
    "A short-lived access token",
    help="Someone signed in with your API key and gave you the token for a first try.",
    warning="Upwork ends such a token after 24 hours, and every later test fails.",
)
CLIENT = Method(
    "client_credentials",
    "A service-account key and its secret",
    help="Upwork gave your company a key of the type service account.",
    warning="Upwork gives such keys to few customers; an ordinary key is refused here.",
)

PROVIDER = Provider(
    slug="upwork",
    name="Upwork",
    used_by=("Lead research ingestion",),
    docs_url="https://www.upwork.com/developer/documentation/graphql/api/docs/index.html",
    setup_url=KEYS_URL,
    hosts={
        "API": "https://api.upwork.com",
        "AUTHORIZATION": "https://www.upwork.com",
        "TOKEN": "https://www.upwork.com",
    },
    methods=(REFRESH, TOKEN, CLIENT),
    fields=(
        Field(
            name="client_id",
            label="Key",
            help="Upwork → Developer Center → API keys → Key. "
            "Upwork must have approved it, which takes up to two weeks.",
            help_url=KEYS_URL,
            required=True,
            usual_pattern=r"[0-9a-fA-F]{32}",
            usual_message="A key usually has 32 characters, 0 to 9 and a to f.",
            example="0123456789abcdef0123456789abcdef",
            methods=(REFRESH.slug, CLIENT.slug),
        ),
        Field(
            name="client_secret",
            label="Secret",
            help="Upwork → Developer Center → API keys → Secret.",
            help_url=KEYS_URL,
            secret=True,
            required=True,
            usual_pattern=r"[0-9a-fA-F]{16}",
            usual_message="A secret usually has 16 characters, 0 to 9 and a to f.",
            example="0123456789abcdef",
            methods=(REFRESH.slug, CLIENT.slug),
        ),
        Field(
            name="refresh_token",
            label="Refresh token",
            help="The result of the sign-in with this key, from whoever did it.",
            secret=True,
            required=True,
            methods=(REFRESH.slug,),
        ),
        access_token(
            help="The token that the sign-in with your key gave, from whoever did it.",
            methods=(TOKEN.slug,),
        ),
        account_id(
            label="Organization ID",
            help="Leave this empty to use the organization of your login. "
            "Upwork tells the ID of every other one after the first test.",
            pattern=r"[^\s\/]+",
            pattern_message="An organization ID holds neither spaces nor slashes. "
            "Take it from the list of accounts after the first test.",
            example="1234567890",
        ),
        base_url(),
    ),
)
