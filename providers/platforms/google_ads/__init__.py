"""Google Ads: spend and performance by account, campaign and day.

API reference: https://developers.google.com/google-ads/api/docs (read 2026-11-22).
Quirks: developer tokens ended on 9 September 2026 and access belongs to the Cloud project.
An empty `developer-token` header is still refused, so it is left out when there is none.
"""

from providers.declare import (
    CheckBudget,
    Checks,
    Cost,
    CountedBy,
    CountsBy,
    Field,
    KeyHeader,
    account_id,
    at,
    base_url,
)
from providers.families import google
from providers.families.google import guides
from providers.families.google.sign_in import oauth
from providers.families.google.ways import FIELDS
from providers.platforms.google_ads.errors import ACCESS_URL, API_ACCESS_URL, CODE_AT, ERRORS
from providers.platforms.google_ads.steps import GoogleAdsTester

INVITE = at(
    "Add its client_email in Google Ads, Admin, Access and security, Users, with the level Read "
    "only. An admin of the Google Ads account can do that.",
    ACCESS_URL,
    "Access and security in Google Ads",
)
APPLY = at(
    "Apply for Explorer access for that project. In most cases it is given without a person.",
    API_ACCESS_URL,
    "Google Ads API in the Google Cloud console",
)
OAUTH = oauth(*GoogleAdsTester.needs)
DOCS_URL = "https://developers.google.com/google-ads/api/docs"
TEN_DIGITS = r"[0-9]{10}"


def without_dashes(text: str) -> str:
    """`123-456-7890`, as Google Ads shows it, -> `1234567890`."""
    return "".join(text.replace("-", "").split())


def customer_field(name: str, label: str, where: str, *, is_rare: bool = False) -> Field:
    return Field(
        name=name,
        label=label,
        help=where,
        pattern=TEN_DIGITS,
        pattern_message="A customer ID has ten digits, with or without dashes.",
        example="123-456-7890",
        normalize=without_dashes,
        is_rare=is_rare,
    )


PROVIDER = google.platform(
    slug="google_ads",
    name="Google Ads",
    aliases=("AdWords",),
    position=20,
    used_by=("Ads spend/performance",),
    docs_url=DOCS_URL,
    hosts={"API": "https://googleads.googleapis.com"},
    methods=google.ways_in(
        "Add its client_email in Google Ads → Admin → Access and security → Users, "
        "with the level Read only.",
        "Sign in as somebody who can see the account in Google Ads.",
        OAUTH.scopes,
        robots=guides.key_file("the Google Ads API", INVITE, APPLY),
        warning="Google wants a passkey for a new sign-in to Google Ads, and can take 7 days "
        "to trust a fresh one. Its page speaks of changes too, but here ads are only read.",
    ),
    oauth=OAUTH,
    also=(KeyHeader("developer-token", "developer_token"),),
    fields=(
        *FIELDS,
        account_id(
            label="Customer ID",
            help="Google Ads, top right beside your account's name.",
            required=True,
            pattern=TEN_DIGITS,
            pattern_message="A customer ID has ten digits, with or without dashes. "
            "It stands at the top right of Google Ads.",
            example="123-456-7890",
            normalize=without_dashes,
        ),
        customer_field(
            "login_customer_id",
            "Manager account ID",
            "Only when the account is reached through a manager account: the manager's ID, "
            "at the top right there.",
        ),
        customer_field(
            "linked_customer_id",
            "Linked customer ID",
            "Rarely needed: only for the links of app analytics partners.",
            is_rare=True,
        ),
        Field(
            name="developer_token",
            label="Developer token",
            help="No longer needed since 9 September 2026. Leave it empty.",
            help_url=f"{DOCS_URL}/api-policy/developer-token",
            secret=True,
            usual_pattern=r"[A-Za-z0-9_\-]{22}",
            usual_message="A developer token usually has 22 characters, and is no longer needed.",
            example="abcdefghij0123456789AB",
        ),
        Field(
            name="impersonated_email",
            label="Person to act for",
            help="Only with domain-wide delegation: the e-mail address of a Google Ads user.",
            pattern=r"[^@\s]+@[^@\s]+",
            pattern_message="This is not an e-mail address.",
            example="ads@example.com",
            methods=("service_account",),
        ),
        base_url(),
    ),
    tester=GoogleAdsTester,
    errors=ERRORS,
    error_code_at=CODE_AT,
    # Access levels: operations of the day and most rates are the Cloud project's.
    counts_by=CountsBy(rate=CountedBy.APP, quota=CountedBy.APP),
    # A tenth of what Explorer access, the least there is, gives a Cloud project in 24 hours.
    checks=Checks(budget=CheckBudget(288, "operations", each=3, counted_by=CountedBy.APP)),
    cost=Cost(
        calls=5, note="Three of the Cloud project's operations a day: 2,880 with Explorer access."
    ),
)
