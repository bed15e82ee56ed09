"""LinkedIn: Pages, followers and leads of the team, and posts for outreach.

API reference: https://learn.microsoft.com/linkedin/ (read 2026-11-22).
Quirks: most apps get no refresh token, so a sign-in ends after 60 days. A version header
is mandatory under /rest, and each monthly version lives for about a year. An app with
Community Management API may have no other product, so no sign-in can ask for openid as well.
"""

import re
from datetime import timedelta

from providers.declare import (
    BY_TOKEN,
    Bearer,
    CheckBudget,
    Checks,
    Cost,
    Method,
    Provider,
    RefreshToken,
    fields,
)
from providers.platforms.linkedin import guide
from providers.platforms.linkedin.errors import APPS, ERRORS, TOKENS, retry_after
from providers.platforms.linkedin.sign_in import BY_SIGN_IN, OAUTH, TOKEN_URL
from providers.platforms.linkedin.steps import REFRESH, TOKEN, LinkedInTester

PASTED = (TOKEN, REFRESH)
# POST /oauth/v2/accessToken -> {"access_token": str, "expires_in": seconds,
# "refresh_token_expires_in": seconds of the refresh token's year that are left}.
BY_REFRESH_TOKEN = RefreshToken(token_url=TOKEN_URL)


def organization_digits(text: str) -> str:
    """`urn:li:organization:123` or the Page's address -> `123`."""
    text = text.strip().removeprefix("urn:li:organization:")
    return re.sub(r"^(https://)?(www\.)?linkedin\.com/company/([0-9]+)(/.*)?$", r"\3", text)


PROVIDER = Provider(
    slug="linkedin",
    name="LinkedIn",
    position=30,
    used_by=("Lead research", "Outreach"),
    docs_url="https://learn.microsoft.com/linkedin/",
    hosts={
        "API": "https://api.linkedin.com",
        **OAUTH.hosts,
        "INTROSPECT": "https://www.linkedin.com",
    },
    methods=(
        Method(
            TOKEN,
            "An access token from the LinkedIn developer portal",
            help="You can open your app at linkedin.com/developers and press a button to make "
            "a token.",
            warning="LinkedIn ends the token after 60 days. Make a new one before then.",
            lives=OAUTH.access_token_lifetime,
            access=Bearer(),
            grant_of="",
            guide=guide.PORTAL_TOKEN,
        ),
        Method(
            REFRESH,
            "A client ID, a client secret and a refresh token",
            help="LinkedIn approved your app for refresh tokens, and someone already signed in "
            "with it.",
            warning="LinkedIn ends the refresh token 365 days after the sign-in.",
            access=BY_REFRESH_TOKEN,
            grant_of="client_id",
            guide=guide.REFRESH_TOKEN,
        ),
        BY_SIGN_IN,
    ),
    oauth=OAUTH,
    fields=(
        fields.access_token(
            help="LinkedIn developers → OAuth tools → Create token, "
            "signed in as an admin of the Page.",
            help_url=TOKENS,
            **fields.in_one_piece("token"),
            methods=(TOKEN,),
        ),
        fields.refresh_token(
            help="The result of the sign-in with this app, from whoever did it.",
            **fields.in_one_piece("token"),
            methods=(REFRESH,),
        ),
        fields.client_id(
            help="LinkedIn developers → My apps → your app → Auth. "
            "With it a test can tell when the token ends.",
            help_url=APPS,
            required=False,
            required_by=(REFRESH,),
            usual_pattern=r"[A-Za-z0-9]+",
            usual_message="A client ID usually holds only letters and digits.",
            example="77abc123def456",
            methods=PASTED,
        ),
        fields.client_secret(
            help="On the same page as the client ID.",
            help_url=APPS,
            required=False,
            required_by=(REFRESH,),
            methods=PASTED,
        ),
        fields.account_id(
            label="Organization ID",
            help="The number in the Page's address when you open it as admin: "
            "linkedin.com/company/12345/admin.",
            pattern=r"[0-9]+",
            pattern_message="An organization ID is digits only. Take the number from the Page's "
            "address as admin, not the Page's name.",
            example="12345",
            normalize=organization_digits,
        ),
        fields.Field(
            name="api_version",
            label="API version",
            help="Leave this empty unless LinkedIn has retired the version this app uses.",
            pattern=r"20[0-9]{4}",
            pattern_message="A version is a year and a month in six digits, such as 202607.",
            example="202607",
            is_rare=True,
        ),
        fields.base_url(),
    ),
    tester=LinkedInTester,
    errors=ERRORS,
    error_code_at=("code", "serviceErrorCode", "error"),
    error_text_at=("error_description", "message"),
    retry_after=retry_after,
    # API rate limiting: by app and by member, and no reply tells which of them it was.
    counts_by=BY_TOKEN,
    # LinkedIn publishes no numbers; its smallest daily limit that people report is 100 of a kind.
    checks=Checks(every=timedelta(hours=3), budget=CheckBudget(24, "calls of each kind")),
    cost=Cost(
        calls=7,
        note="LinkedIn counts each kind of call by day; most kinds are called once. "
        "A login with more than 100 roles needs a few more.",
    ),
)
