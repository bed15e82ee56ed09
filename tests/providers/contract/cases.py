"""A healthy credential for every way to connect every platform, as its sandbox knows it.

A new platform adds a part to the sandbox and its ways here: the contract tests fail until then.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from providers import registry
from providers.base import Provider, Step
from providers.sandbox import (
    calendly,
    fiverr,
    google,
    linkedin,
    meta,
    reddit,
    upwork,
    youtube,
)
from providers.sandbox import x as x_platform
from tests.providers import crm_cases

GOOGLE_CLIENT = {"client_id": google.CLIENT_ID, "client_secret": google.CLIENT_SECRET}
BY_SERVICE_ACCOUNT = {"service_account_json": google.service_account_json("healthy")}
BY_REFRESH_TOKEN = GOOGLE_CLIENT | {"refresh_token": google.refresh_token("healthy")}
BY_ACCESS_TOKEN = {"access_token": google.access_token("healthy")}

LINKEDIN = {
    "client_id": linkedin.CLIENT_ID,
    "client_secret": linkedin.CLIENT_SECRET,
    "account_id": "1001",
}

REDDIT_APP = {"client_id": reddit.CLIENT_ID, "client_secret": reddit.CLIENT_SECRET}
REDDIT = {"reddit_username": "acme", "account_id": "marketing"}


@dataclass(frozen=True)
class Case:
    """One way to connect one platform. `proves` is false where not even health proves a thing."""

    slug: str
    method: str
    values: Mapping[str, str]
    proves: bool = True

    @property
    def provider(self) -> Provider:
        return registry.get(self.slug)

    @property
    def who(self) -> Provider:
        """The platform, or the variant of it that these values name."""
        return self.provider.for_values(self.values)

    @property
    def steps(self) -> list[Step]:
        """Those of its method, as the ladder has them."""
        tester = self.who.tester
        assert tester, f"{self.slug} has no tester."
        return [step for step in tester.steps() if not step.methods or self.method in step.methods]

    @property
    def secrets(self) -> dict[str, str]:
        secret = self.who.secret_names
        return {name: value for name, value in self.values.items() if name in secret}

    def __str__(self) -> str:
        vendor = self.values.get("vendor")
        return f"{self.slug}-{vendor}" if vendor else f"{self.slug}-{self.method}"


def of_google(**account: str) -> list[tuple[str, dict[str, str]]]:
    return [
        ("service_account", BY_SERVICE_ACCOUNT | account),
        ("refresh_token", BY_REFRESH_TOKEN | account),
        ("access_token", BY_ACCESS_TOKEN | account),
    ]


WAYS: dict[str, list[tuple[str, dict[str, str]]]] = {
    "meta": [
        (
            "access_token",
            {
                "access_token": "EAAhealthy",
                "account_id": "act_1001",
                "pixel_id": "2001",
                "app_id": meta.APP_ID,
                "app_secret": meta.APP_SECRET,
            },
        ),
    ],
    "google_ads": of_google(account_id="1000000001"),
    "linkedin": [
        ("access_token", LINKEDIN | {"access_token": "AQhealthy"}),
        ("refresh_token", LINKEDIN | {"refresh_token": "AQRhealthy"}),
    ],
    "upwork": [
        (
            "refresh_token",
            {
                "client_id": upwork.CLIENT_ID,
                "client_secret": upwork.CLIENT_SECRET,
                "refresh_token": "upr-healthy",
            },
        ),
        ("access_token", {"access_token": "upw-healthy"}),
        (
            "client_credentials",
            {"client_id": upwork.SERVICE_ID, "client_secret": upwork.CLIENT_SECRET},
        ),
    ],
    "fiverr": [
        (
            "data_endpoint",
            {
                "base_url": "https://data.acme.example",
                "access_token": fiverr.KEY,
                "account_id": fiverr.USERNAME,
            },
        ),
        ("public_page", {"account_id": fiverr.USERNAME, "live_lookup": "on"}),
    ],
    "x": [
        ("access_token", {"access_token": "AAAAhealthy", "account_id": "acme"}),
        (
            "client_credentials",
            {
                "api_key": "sandbox0api0key",
                "api_key_secret": x_platform.API_SECRET,
                "account_id": "acme",
            },
        ),
    ],
    "reddit": [
        ("client_credentials", REDDIT | REDDIT_APP),
        ("refresh_token", REDDIT | REDDIT_APP | {"refresh_token": "rdr-healthy"}),
        ("access_token", REDDIT | {"access_token": "rdt-healthy"}),
    ],
    "youtube": [
        (
            "api_key",
            {"access_token": youtube.api_key("healthy"), "account_id": youtube.CHANNEL},
        ),
        ("refresh_token", BY_REFRESH_TOKEN),
    ],
    "ga4": of_google(account_id="1001"),
    "search_console": of_google(account_id="https://www.acme.example/"),
    "stripe": [
        ("api_key", {"access_token": "rk_test_healthy"}),
        ("api_key", {"access_token": "rk_test_nobalance"}),
    ],
    "calendly": [
        (
            "access_token",
            {
                "access_token": calendly.token_of("healthy"),
                "account_id": calendly.ACME,
                "user_uri": calendly.ADA,
            },
        ),
    ],
    "crm": [
        ("access_token", crm_cases.of_hubspot()),
        ("access_token", crm_cases.of_pipedrive()),
        ("client_credentials", crm_cases.of_salesforce() | {"vendor": "salesforce"}),
        ("refresh_token", crm_cases.of_zoho()),
        ("rest", crm_cases.of_generic() | {"account_name_path": "data.company"}),
    ],
}
# No credential opens Fiverr: even the page of a seller who is there proves nothing.
PROVES_NOTHING = {("fiverr", "public_page")}

CASES = [
    Case(slug, method, values, (slug, method) not in PROVES_NOTHING)
    for slug, ways in WAYS.items()
    for method, values in ways
]
