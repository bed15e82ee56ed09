"""Google Analytics 4: site traffic, key events and funnels of one property.

API reference: https://developers.google.com/analytics/devguides/reporting/data/v1 and
https://developers.google.com/analytics/devguides/config/admin/v1 (read 2026-11-22).
Quirks: an API key does not work. Reports come from the Data API (host API), names and the
list of properties from the Admin API (host ADMIN); both must be enabled.
"""

from providers.declare import (
    CheckBudget,
    Checks,
    Cost,
    CountedBy,
    CountsBy,
    account_id,
    at,
    base_url,
)
from providers.families import google
from providers.families.google import guides
from providers.families.google.sign_in import oauth
from providers.families.google.ways import FIELDS
from providers.platforms.ga4.errors import ADMIN_URL, ERRORS, retry_after
from providers.platforms.ga4.steps import Ga4Tester

INVITE = at(
    "Add its client_email in GA4, Admin, Property access management, with the role Viewer. An "
    "Administrator of the property can do that.",
    ADMIN_URL,
    "Google Analytics",
)
OAUTH = oauth(*Ga4Tester.needs)


def property_digits(text: str) -> str:
    """`properties/123` -> `123`."""
    return text.strip().removeprefix("properties/")


PROVIDER = google.platform(
    slug="ga4",
    name="Google Analytics (GA4)",
    aliases=("Google Analytics 4",),
    position=90,
    used_by=("Site traffic", "Funnel visibility"),
    docs_url="https://developers.google.com/analytics/devguides/reporting/data/v1",
    hosts={
        "API": "https://analyticsdata.googleapis.com",
        "ADMIN": "https://analyticsadmin.googleapis.com",
    },
    methods=google.ways_in(
        "Add its client_email in GA4 → Admin → Property access management, with the role Viewer.",
        "Sign in as somebody who can see the property in Google Analytics.",
        OAUTH.scopes,
        robots=guides.key_file(
            "the Google Analytics Data API and the Google Analytics Admin API", INVITE
        ),
    ),
    oauth=OAUTH,
    fields=(
        *FIELDS,
        account_id(
            label="Property ID",
            help="GA4 → Admin → Property details → Property ID, at the top right.",
            help_url=ADMIN_URL,
            required=True,
            pattern=r"[0-9]+",
            pattern_message="A property ID is digits only. G-… is a measurement ID, UA-… an old "
            "property and GTM-… a tag container.",
            example="123456789",
            normalize=property_digits,
        ),
        base_url(),
    ),
    tester=Ga4Tester,
    errors=ERRORS,
    retry_after=retry_after,
    # Data API quotas: tokens of the property, each project's share of them included.
    counts_by=CountsBy(rate=CountedBy.ACCOUNT, quota=CountedBy.ACCOUNT),
    # Data API quotas: a tenth of the property's tokens; the day is that of the Pacific coast.
    checks=Checks(
        budget=CheckBudget(
            20_000, "tokens", each=10, counted_by=CountedBy.ACCOUNT, zone="America/Los_Angeles"
        )
    ),
    cost=Cost(
        calls=6,
        note="One report: under 10 of the property's 200,000 tokens a day. The rest is free.",
    ),
)
