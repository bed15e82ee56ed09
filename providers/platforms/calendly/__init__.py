"""Calendly: calls booked, cancelled and missed.

API reference: https://developer.calendly.com/api-docs (read 2026-11-22).
Quirks: every ID is a full address. A token made since March 2026 has no access at all until
scopes are chosen for it. Only owners and admins see the calls of the whole team.
"""

from providers.declare import BY_TOKEN, HOURLY, Bearer, Cost, Method, Provider, fields
from providers.platforms.calendly import guide
from providers.platforms.calendly.errors import ERRORS, FIND_URL, TOKENS_URL, retry_after
from providers.platforms.calendly.sign_in import BY_SIGN_IN, OAUTH
from providers.platforms.calendly.steps import CalendlyTester

TOKEN = Method(
    "access_token",
    "A personal access token",
    help="You can make one in Calendly's settings, best as an owner or admin of the "
    "organization: others see only their own calls.",
    access=Bearer(),
    guide=guide.PERSONAL_TOKEN,
)

PROVIDER = Provider(
    slug="calendly",
    name="Calendly",
    position=120,
    used_by=("Calls booked",),
    docs_url="https://developer.calendly.com/api-docs",
    hosts={
        "API": "https://api.calendly.com",
        "INTROSPECT": "https://auth.calendly.com",
        **OAUTH.hosts,
    },
    methods=(TOKEN, BY_SIGN_IN),
    oauth=OAUTH,
    fields=(
        fields.access_token(
            label="Personal access token",
            help="Calendly → Integrations & apps → API & webhooks → Generate new token. "
            "Tick users, organizations, event types and scheduled events (read).",
            help_url=TOKENS_URL,
            pattern=r"eyJ[A-Za-z0-9_\-]+\.[A-Za-z0-9_\-]+\.[A-Za-z0-9_\-]+",
            pattern_message="This is not a whole personal access token: it starts with eyJ and "
            "has three parts with dots between. Calendly shows it once, so make a new one.",
            example="eyJabc.eyJdef.ghi-123",
            methods=(TOKEN.slug,),
        ),
        fields.account_id(
            label="Organization URI",
            help="Leave this empty to use the organization of the token's owner. "
            "It is a full address; a test shows it.",
            help_url=FIND_URL,
            pattern=r"https:\/\/api\.calendly\.com\/organizations\/[A-Za-z0-9\-]+",
            pattern_message="This is not an organization URI. It is a full address that starts "
            "with https://api.calendly.com/organizations/, not the last part alone.",
            example="https://api.calendly.com/organizations/0123abcd-45ef",
        ),
        fields.Field(
            name="user_uri",
            label="User URI",
            help="Only to read one person's calls: that person's full address.",
            help_url=FIND_URL,
            pattern=r"https:\/\/api\.calendly\.com\/users\/[A-Za-z0-9\-]+",
            pattern_message="This is not a user URI. It is a full address that starts with "
            "https://api.calendly.com/users/, not the last part alone.",
            example="https://api.calendly.com/users/0123abcd-45ef",
            is_rare=True,
        ),
        fields.base_url(),
    ),
    tester=CalendlyTester,
    errors=ERRORS,
    error_code_at=("error", "title"),
    error_text_at=("error_description", "message"),
    retry_after=retry_after,
    # API rate limits: by user, whose a token or a sign-in is.
    counts_by=BY_TOKEN,
    # Calls are free, and limited by the minute alone.
    checks=HOURLY,
    cost=Cost(
        calls=4,
        note="Of 50 calls a minute that Calendly gives a user on its free plan, 500 on others.",
    ),
)
