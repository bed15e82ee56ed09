"""Upwork: job postings for lead research, and the team's own proposals.

API reference: https://www.upwork.com/developer/documentation/graphql/api/docs/index.html
(read 2026-11-22).
Quirks: Upwork approves every key by hand. Access tokens live 24 hours; a refresh token that
is not used for two weeks dies. There is no address to revoke a token. GraphQL answers with
status 200 when it refuses, so the verdict is in the body.
"""

from providers.declare import CheckBudget, Checks, CountedBy, CountsBy, fields
from providers.declare.access import Bearer, ClientCredentials, RefreshToken
from providers.declare.methods import Method
from providers.declare.provider import Cost, Provider
from providers.platforms.upwork import guide
from providers.platforms.upwork.errors import ERRORS, KEYS_URL, REFUSED, retry_after
from providers.platforms.upwork.sign_in import BY_SIGN_IN, OAUTH, WRITTEN_PERMISSION
from providers.platforms.upwork.steps import UpworkTester

# The token endpoint's reply: {"access_token": str, "refresh_token": str, "expires_in": 86400}.
REFRESH = Method(
    "refresh_token",
    "A key, its secret and a refresh token",
    help="Upwork approved your API key, and someone already signed in with it.",
    warning=f"{WRITTEN_PERMISSION} It ends a refresh token that is not used for two weeks.",
    access=RefreshToken(token_url=OAUTH.token_url, instead=REFUSED),
    guide=guide.REFRESH_TOKEN,
)
TOKEN = Method(
    "access_token",
    "A short-lived access token",
    help="Someone signed in with your API key and gave you the token for a first try.",
    warning="Upwork ends such a token after 24 hours, and every later test fails.",
    lives=OAUTH.access_token_lifetime,
    access=Bearer(),
    guide=guide.ACCESS_TOKEN,
)
CLIENT = Method(
    "client_credentials",
    "A service-account key and its secret",
    help="Upwork gave your company a key of the type service account.",
    warning="Upwork gives such keys to few customers; an ordinary key is refused here.",
    access=ClientCredentials(token_url=OAUTH.token_url, instead=REFUSED),
    guide=guide.SERVICE_ACCOUNT,
)


def usually(what: str, length: int) -> dict[str, str]:
    """How something of so many hexadecimal digits usually looks."""
    return {
        "usual_pattern": rf"[0-9a-fA-F]{{{length}}}",
        "usual_message": f"{what} usually has {length} characters, 0 to 9 and a to f.",
        "example": ("0123456789abcdef" * 2)[:length],
    }


PROVIDER = Provider(
    slug="upwork",
    name="Upwork",
    position=40,
    used_by=("Lead research ingestion",),
    docs_url="https://www.upwork.com/developer/documentation/graphql/api/docs/index.html",
    hosts={"API": "https://api.upwork.com", **OAUTH.hosts},
    methods=(REFRESH, TOKEN, CLIENT, BY_SIGN_IN),
    oauth=OAUTH,
    fields=(
        fields.client_id(
            label="Key",
            help="Upwork → Developer Center → API keys → Key. "
            "Upwork must have approved it, which takes up to two weeks.",
            help_url=KEYS_URL,
            **usually("A key", 32),
            methods=(REFRESH.slug, CLIENT.slug),
        ),
        fields.client_secret(
            label="Secret",
            help="Upwork → Developer Center → API keys → Secret.",
            help_url=KEYS_URL,
            **usually("A secret", 16),
            methods=(REFRESH.slug, CLIENT.slug),
        ),
        fields.refresh_token(
            help="The result of the sign-in with this key, from whoever did it.",
            methods=(REFRESH.slug,),
        ),
        fields.access_token(
            help="The token that the sign-in with your key gave, from whoever did it.",
            methods=(TOKEN.slug,),
        ),
        fields.account_id(
            label="Organization ID",
            help="Leave this empty to use the organization of your login. "
            "Upwork tells the ID of every other one after the first test.",
            pattern=r"[^\s\/]+",
            pattern_message="An organization ID holds neither spaces nor slashes. "
            "Take it from the list of accounts after the first test.",
            example="1234567890",
        ),
        fields.base_url(),
    ),
    tester=UpworkTester,
    errors=ERRORS,
    error_code_at="error",
    error_subcode_at="errors.0.extensions.classification",
    error_text_at=("errors.0.message", "error_description", "message"),
    retry_after=retry_after,
    # API rate limits: requests a second by IP address, whatever the key.
    counts_by=CountsBy(rate=CountedBy.ADDRESS),
    # A tenth of the calls a day that Upwork's help pages name.
    checks=Checks(budget=CheckBudget(4000, "calls", each=5, counted_by=CountedBy.ADDRESS)),
    cost=Cost(
        calls=5, note="Upwork allows 10 requests a second for each server, and some 40,000 a day."
    ),
)
