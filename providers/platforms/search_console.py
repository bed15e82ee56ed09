"""Search Console: clicks, impressions and positions of one property in Google's search.

API reference: https://developers.google.com/webmaster-tools/v1/searchanalytics
(read 2026-11-22).
Quirk: a property is known by one exact string. `sc-domain:example.com`,
`https://example.com/` and `https://www.example.com/` are three different ones.
"""

from providers import google
from providers.base import Provider, account_id, base_url

PROVIDER = Provider(
    slug="search_console",
    name="Search Console",
    used_by=("Search performance",),
    docs_url="https://developers.google.com/webmaster-tools/v1/searchanalytics",
    setup_url=google.CONSOLE_URL,
    hosts={"API": "https://searchconsole.googleapis.com", **google.HOSTS},
    methods=(
        google.service_account(
            "Add its client_email in Search Console → Settings → Users and permissions "
            "→ Add user; Restricted is enough."
        ),
        google.REFRESH_TOKEN,
        google.ACCESS_TOKEN,
    ),
    fields=(
        google.service_account_json(),
        *google.client_fields(),
        google.pasted_access_token(),
        account_id(
            label="Property",
            help="Search Console → the property selector at the top left. "
            "Copy it exactly; a domain property gets sc-domain: in front.",
            help_url="https://search.google.com/search-console",
            required=True,
            pattern=r"sc-domain:[a-z0-9.\-]+|https?:\/\/[^\/\s]+\/\S*",
            pattern_message="Enter the property as Search Console shows it. That is "
            "sc-domain:example.com, or https://www.example.com/ with its final slash.",
            example="sc-domain:example.com",
            max_length=2048,
        ),
        base_url(),
    ),
)
