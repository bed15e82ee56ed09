"""A healthy credential for every way to connect every platform, as its sandbox knows it.

A new platform adds a part to the sandbox, which says what is healthy; more ways than this one
are added here. The contract tests fail until every method has one.
A way to sign in is found by itself, once its stand-in is among the sandbox's SIGN_INS.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from providers import registry
from providers.declare import SIGN_IN, OAuth, Provider, Step
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
from providers.sandbox.__main__ import PLATFORMS, SIGN_INS
from tests.providers.platforms import crm_cases

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
    """One way to connect one platform. `proves` is false where not even health proves a thing.

    `values` are what is typed. For a sign-in `person` is who the stand-in signs in.
    """

    slug: str
    method: str
    values: Mapping[str, str]
    proves: bool = True
    person: str = ""

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

    @property
    def oauth(self) -> OAuth:
        assert self.who.oauth, f"{self} declares no sign-in."
        return self.who.oauth

    @property
    def secret_names(self) -> frozenset[str]:
        """Fields of the secrets that its tester is given, those of a sign-in too."""
        if self.method != SIGN_IN:
            return frozenset(self.secrets)
        secret = self.oauth.app_values.get("client_secret")
        return frozenset({*self.secrets, "access_token", *filter(None, [secret])})

    def __str__(self) -> str:
        vendor = self.values.get("vendor")
        return "-".join(filter(None, (self.slug, vendor, self.method)))


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
WAYS |= {
    slug: [(registry.get(slug).method_for(stand_in.healthy).slug, dict(stand_in.healthy))]
    for slug, stand_in in PLATFORMS.items()
    if slug not in WAYS
}
# What is typed beside a sign-in, where a test needs more than the person.
BESIDE_SIGN_IN: dict[str, dict[str, str]] = {
    "google_ads": {"account_id": "1000000001"},
    "ga4": {"account_id": "1001"},
    "search_console": {"account_id": "https://www.acme.example/"},
    "linkedin": {"account_id": "1001"},
    "meta": {"account_id": "act_1001", "pixel_id": "2001"},
    "reddit": REDDIT,
    "x": {"account_id": "acme"},
}


def sign_ins_of(slug: str) -> list[Case]:
    """Each way to sign in that has a stand-in, for the first of the people it knows."""
    provider = registry.get(slug)
    found = []
    for values in provider.oauth_variants or ({},):
        oauth = provider.for_values(values).oauth
        if oauth and oauth.app.slug in SIGN_INS:
            person = next(iter(SIGN_INS[oauth.app.slug].people))
            typed = {**values, **BESIDE_SIGN_IN.get(slug, {})}
            found.append(Case(slug, SIGN_IN, typed, person=person))
    return found


# No credential opens Fiverr: even the page of a seller who is there proves nothing.
PROVES_NOTHING = {("fiverr", "public_page")}

CASES = [
    Case(slug, method, values, (slug, method) not in PROVES_NOTHING)
    for slug, ways in WAYS.items()
    for method, values in ways
]
SIGN_IN_CASES = [case for slug in registry.catalogue() for case in sign_ins_of(slug)]
CASES += SIGN_IN_CASES
