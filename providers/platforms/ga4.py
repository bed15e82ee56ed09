"""Google Analytics 4: site traffic, key events and funnels of one property.

API reference: https://developers.google.com/analytics/devguides/reporting/data/v1
(read 2026-11-22).
Quirks: an API key does not work. Reports come from the Data API (host API), names and the
list of properties from the Admin API (host ADMIN); both must be enabled.
"""

from providers import google
from providers.base import Provider, account_id, base_url


def property_digits(text: str) -> str:
    """`properties/123` -> `123`."""
    return text.strip().removeprefix("properties/")


PROVIDER = Provider(
    slug="ga4",
    name="Google Analytics (GA4)",
    used_by=("Site traffic", "Funnel visibility"),
    docs_url="https://developers.google.com/analytics/devguides/reporting/data/v1",
    setup_url=google.CONSOLE_URL,
    hosts={
        "API": "https://analyticsdata.googleapis.com",
        "ADMIN": "https://analyticsadmin.googleapis.com",
        **google.HOSTS,
    },
    methods=(
        google.service_account(
            "Add its client_email in GA4 → Admin → Property access management, "
            "with the role Viewer."
        ),
        google.REFRESH_TOKEN,
        google.ACCESS_TOKEN,
    ),
    fields=(
        google.service_account_json(),
        *google.client_fields(),
        google.pasted_access_token(),
        account_id(
            label="Property ID",
            help="GA4 → Admin → Property details → Property ID, at the top right.",
            help_url="https://analytics.google.com",
            required=True,
            pattern=r"[0-9]+",
            pattern_message="A property ID is digits only. G-… is a measurement ID, UA-… an old "
            "property and GTM-… a tag container.",
            example="123456789",
            normalize=property_digits,
        ),
        base_url(),
    ),
)
