"""LinkedIn: Pages, followers and leads of the team, and posts for outreach.

API reference: https://learn.microsoft.com/linkedin/ (read 2026-11-22).
Quirks: most apps get no refresh token, so a sign-in ends after 60 days. A version header
is mandatory under /rest, and each monthly version lives for about a year.
"""

import re

from providers.base import Field, Method, Provider, access_token, account_id, base_url

TOKEN = Method(
    "access_token",
    "An access token from the LinkedIn developer portal",
    help="You can open your app at linkedin.com/developers and press a button to make a token.",
    warning="LinkedIn ends the token after 60 days. Make a new one before then.",
)
REFRESH = Method(
    "refresh_token",
    "A client ID, a client secret and a refresh token",
    help="LinkedIn approved your app for refresh tokens, and someone already signed in with it.",
    warning="LinkedIn ends the refresh token 365 days after the sign-in.",
)


def organization_digits(text: str) -> str:
    """`urn:li:organization:123` or the Page's address -> `123`."""
    text = text.strip().removeprefix("urn:li:organization:")
    return re.sub(r"^(https://)?(www\.)?linkedin\.com/company/([0-9]+)(/.*)?$", r"\3", text)


PROVIDER = Provider(
    slug="linkedin",
    name="LinkedIn",
    used_by=("Lead research", "Outreach"),
    docs_url="https://learn.microsoft.com/linkedin/",
    setup_url="https://www.linkedin.com/developers/apps",
    hosts={
        "API": "https://api.linkedin.com",
        "AUTHORIZATION": "https://www.linkedin.com",
        "TOKEN": "https://www.linkedin.com",
        "INTROSPECT": "https://www.linkedin.com",
        "REVOKE": "https://www.linkedin.com",
    },
    methods=(TOKEN, REFRESH),
    fields=(
        access_token(
            help="LinkedIn developers → OAuth tools → Create token, "
            "signed in as an admin of the Page.",
            help_url="https://www.linkedin.com/developers/tools/oauth",
            pattern=r"\S+",
            pattern_message="This holds a space. Copy the token alone.",
            methods=(TOKEN.slug,),
        ),
        Field(
            name="refresh_token",
            label="Refresh token",
            help="The result of the sign-in with this app, from whoever did it.",
            secret=True,
            required=True,
            pattern=r"\S+",
            pattern_message="This holds a space. Copy the token alone.",
            methods=(REFRESH.slug,),
        ),
        Field(
            name="client_id",
            label="Client ID",
            help="LinkedIn developers → My apps → your app → Auth. "
            "With it a test can tell when the token ends.",
            help_url="https://www.linkedin.com/developers/apps",
            required_by=(REFRESH.slug,),
            usual_pattern=r"[A-Za-z0-9]+",
            usual_message="A client ID usually holds only letters and digits.",
            example="77abc123def456",
        ),
        Field(
            name="client_secret",
            label="Client secret",
            help="On the same page as the client ID.",
            help_url="https://www.linkedin.com/developers/apps",
            secret=True,
            required_by=(REFRESH.slug,),
        ),
        account_id(
            label="Organization ID",
            help="The number in the Page's address when you open it as admin: "
            "linkedin.com/company/12345/admin.",
            pattern=r"[0-9]+",
            pattern_message="An organization ID is digits only. Take the number from the Page's "
            "address as admin, not the Page's name.",
            example="12345",
            normalize=organization_digits,
        ),
        Field(
            name="api_version",
            label="API version",
            help="Leave this empty unless LinkedIn has retired the version this app uses.",
            pattern=r"20[0-9]{4}",
            pattern_message="A version is a year and a month in six digits, such as 202607.",
            example="202607",
        ),
        base_url(),
    ),
)
