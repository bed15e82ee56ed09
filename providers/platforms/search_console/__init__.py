"""Search Console: clicks, impressions and positions of one property in Google's search.

API reference: https://developers.google.com/webmaster-tools/v1/searchanalytics
(read 2026-11-22).
Quirk: a property is known by one exact string. `sc-domain:example.com`,
`https://example.com/` and `https://www.example.com/` are three different ones.
"""

from providers.declare import HOURLY, Cost, CountedBy, CountsBy, account_id, at, base_url
from providers.families import google
from providers.families.google import guides
from providers.families.google.sign_in import oauth
from providers.families.google.ways import FIELDS
from providers.platforms.search_console.errors import (
    ERRORS,
    PROPERTIES_URL,
    USERS_URL,
    retry_after,
)
from providers.platforms.search_console.steps import SearchConsoleTester

INVITE = at(
    "Add its client_email in Search Console, Settings, Users and permissions, Add user. "
    "Restricted is enough, and an owner of the property can do that.",
    USERS_URL,
    "Users and permissions in Search Console",
)
OAUTH = oauth(*SearchConsoleTester.needs)

PROVIDER = google.platform(
    slug="search_console",
    name="Search Console",
    aliases=("Google Search Console", "Webmaster Tools"),
    position=100,
    used_by=("Search performance",),
    docs_url="https://developers.google.com/webmaster-tools/v1/searchanalytics",
    hosts={"API": "https://searchconsole.googleapis.com"},
    methods=google.ways_in(
        "Add its client_email in Search Console → Settings → Users and permissions "
        "→ Add user; Restricted is enough.",
        "Sign in as a user of the property in Search Console.",
        OAUTH.scopes,
        robots=guides.key_file("the Search Console API", INVITE),
    ),
    oauth=OAUTH,
    fields=(
        *FIELDS,
        account_id(
            label="Property",
            help="Search Console → the property selector at the top left. "
            "Copy it exactly; a domain property gets sc-domain: in front.",
            help_url=PROPERTIES_URL,
            required=True,
            pattern=r"sc-domain:[a-z0-9.\-]+|https?:\/\/[^\/\s]+\/\S*",
            pattern_message="Enter the property as Search Console shows it. That is "
            "sc-domain:example.com, or https://www.example.com/ with its final slash.",
            example="sc-domain:example.com",
            max_length=2048,
        ),
        base_url(),
    ),
    tester=SearchConsoleTester,
    errors=ERRORS,
    retry_after=retry_after,
    # Usage limits: by user and by project; the load quota is the property's.
    counts_by=CountsBy(quota=CountedBy.APP),
    # Usage limits: by the minute, and of the day far more than checks can use.
    checks=HOURLY,
    cost=Cost(calls=5, note="One query of the property's 1,200 a minute. The rest is free."),
)
