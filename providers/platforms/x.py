"""X, formerly Twitter: mentions, keyword volume and the reach of the team's own posts.

API reference: https://docs.x.com (read 2026-11-22).
Quirks: every read that returns something costs credits. "API key and secret" and "client ID
and secret" are two different pairs. A Bearer token never expires and reads public data only.
"""

import re

from providers.base import Field, Method, Provider, access_token, account_id, base_url

CONSOLE_URL = "https://console.x.com"

BEARER = Method(
    "access_token",
    "A Bearer token",
    help="You can open your app in the X console and copy one long token.",
)
KEYS = Method(
    "client_credentials",
    "An API key and its secret",
    help="You have the pair that the X console calls API key and API key secret.",
)


def username_alone(text: str) -> str:
    """`@acme` or the profile's address -> `acme`."""
    text = re.sub(r"^(https://)?(www\.)?(x|twitter)\.com/", "", text.strip())
    return text.removeprefix("@").removesuffix("/")


PROVIDER = Provider(
    slug="x",
    name="X (Twitter)",
    used_by=("Social signals",),
    docs_url="https://docs.x.com",
    setup_url=CONSOLE_URL,
    hosts={
        "API": "https://api.x.com",
        "AUTHORIZATION": "https://x.com",
        "TOKEN": "https://api.x.com",
        "REVOKE": "https://api.x.com",
    },
    methods=(BEARER, KEYS),
    fields=(
        access_token(
            label="Bearer token",
            help="X console → your app → Keys and tokens → Bearer token.",
            help_url=CONSOLE_URL,
            pattern=r"(?![0-9]+-)\S+",
            pattern_message="This is a user's access token or holds a space. "
            "Copy the Bearer token, which starts with AAAA.",
            usual_pattern=r"AAAA\S+",
            usual_message="A Bearer token starts with AAAA. An API key or a client ID is "
            "something else.",
            example="AAAAabc123%2Fdef%3D",
            methods=(BEARER.slug,),
        ),
        Field(
            name="api_key",
            label="API key",
            help="X console → your app → Keys and tokens → API key. "
            "The client ID on that page is something else.",
            help_url=CONSOLE_URL,
            secret=True,
            required=True,
            pattern=r"\S+",
            pattern_message="This holds a space. Copy the key alone.",
            methods=(KEYS.slug,),
        ),
        Field(
            name="api_key_secret",
            label="API key secret",
            help="X console → your app → Keys and tokens, shown with the API key.",
            help_url=CONSOLE_URL,
            secret=True,
            required=True,
            pattern=r"\S+",
            pattern_message="This holds a space. Copy the secret alone.",
            methods=(KEYS.slug,),
        ),
        account_id(
            label="Username",
            help="The name after the @ on your brand's profile.",
            pattern=r"[A-Za-z0-9_]+",
            pattern_message="A username holds only letters, digits and underscores. "
            "The number of an account or its full name is something else.",
            usual_pattern=r"[A-Za-z0-9_]{1,15}",
            usual_message="A username usually has at most 15 characters.",
            example="@acme",
            normalize=username_alone,
        ),
        Field(
            name="search_query",
            label="Search",
            help="The words to look for on X, such as your brand's name.",
            usual_pattern=r".{1,512}",
            usual_message="X takes more than 512 characters only on its Enterprise plan.",
            example="acme OR #acme",
        ),
        base_url(),
    ),
)
