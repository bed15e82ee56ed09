"""X, formerly Twitter: mentions, keyword volume and the reach of the team's own posts.

API reference: https://docs.x.com (read 2026-11-22).
Quirks: every read that returns something costs credits. "API key and secret" and "client ID
and secret" are two different pairs. A Bearer token never expires and reads public data only.
A sign-in may not count posts nor ask for the app's usage, and searches instead.
"""

import re
from datetime import timedelta

from providers.declare import (
    Bearer,
    CheckBudget,
    Checks,
    ClientCredentials,
    Cost,
    CountedBy,
    CountsBy,
    Method,
    Provider,
    fields,
)
from providers.platforms.x import guide
from providers.platforms.x.errors import CONSOLE_URL, ERRORS, NO_TOKENS_HERE, retry_after
from providers.platforms.x.sign_in import BY_SIGN_IN, OAUTH
from providers.platforms.x.steps import KEYS, TOKEN, XTester


def username_alone(text: str) -> str:
    """`@acme` or the profile's address -> `acme`."""
    text = re.sub(r"^(https://)?(www\.)?(x|twitter)\.com/", "", text.strip())
    return text.removeprefix("@").removesuffix("/")


def one_of_the_pair(name: str, label: str, what: str, where: str) -> fields.Field:
    """The API key or its secret: they are useless alone, and both of them are secret."""
    return fields.Field(
        name=name,
        label=label,
        help=f"X console → your app → Keys and tokens{where}",
        help_url=CONSOLE_URL,
        secret=True,
        required=True,
        **fields.in_one_piece(what),
        methods=(KEYS,),
    )


PROVIDER = Provider(
    slug="x",
    name="X (Twitter)",
    position=60,
    used_by=("Social signals",),
    docs_url="https://docs.x.com",
    hosts={"API": "https://api.x.com", **OAUTH.hosts},
    methods=(
        Method(
            TOKEN,
            "A Bearer token",
            help="You can open your app in the X console and copy one long token.",
            access=Bearer(),
            lists_accounts=False,
            guide=guide.BEARER_TOKEN,
        ),
        Method(
            KEYS,
            "An API key and its secret",
            help="You have the pair that the X console calls API key and API key secret.",
            # POST /oauth2/token -> {"token_type": "bearer", "access_token": str}.
            access=ClientCredentials(
                token_url="https://api.x.com/oauth2/token",
                client_id="api_key",
                client_secret="api_key_secret",
                client_authentication="client_secret_basic",
                instead=NO_TOKENS_HERE,
            ),
            lists_accounts=False,
            guide=guide.API_KEY,
        ),
        BY_SIGN_IN,
    ),
    oauth=OAUTH,
    fields=(
        fields.access_token(
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
            methods=(TOKEN,),
        ),
        one_of_the_pair(
            "api_key", "API key", "key", " → API key. The client ID on that page is something else."
        ),
        one_of_the_pair("api_key_secret", "API key secret", "secret", ", shown with the API key."),
        fields.account_id(
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
        fields.Field(
            name="search_query",
            label="Search",
            help="The words to look for on X, such as your brand's name.",
            usual_pattern=r".{1,512}",
            usual_message="X takes more than 512 characters only on its Enterprise plan.",
            example="acme OR #acme",
        ),
        fields.base_url(),
    ),
    tester=XTester,
    errors=ERRORS,
    error_code_at=("errors.*.code", "error", "title"),
    error_text_at=("type", "errors.*.type", "error_description"),
    retry_after=retry_after,
    # Rate limits: by user, or by app for its own token. Credits are the developer account's.
    counts_by=CountsBy(quota=CountedBy.APP),
    # Pay-per-use pricing: each check costs money, so it is made three times a day.
    checks=Checks(
        every=timedelta(hours=8),
        budget=CheckBudget(150, "US cents", each=7, counted_by=CountedBy.APP),
    ),
    cost=Cost(
        calls=4,
        note="1.5 US cents of credits: one for the account, and half of one for the search. "
        "A sign-in searches for posts, which costs up to five cents more.",
    ),
)
