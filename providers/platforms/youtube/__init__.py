"""YouTube: views, watch time and subscribers of one channel.

API reference: https://developers.google.com/youtube/v3 and
https://developers.google.com/youtube/analytics (read 2026-11-22).
Quirks: an API key reads public numbers only; watch time needs a sign-in, whose token is bound
to the one channel chosen there. A service account has no channel and never works.
"""

import re

from providers.declare import (
    CheckBudget,
    Checks,
    Cost,
    CountedBy,
    CountsBy,
    KeyInQuery,
    Method,
    access_token,
    account_id,
    base_url,
)
from providers.families import google
from providers.families.google.facts import CONSOLE_URL, NOT_A_CLIENT_ID
from providers.families.google.sign_in import by_sign_in, oauth
from providers.families.google.ways import CLIENT_FIELDS, with_refresh_token
from providers.platforms.youtube import guide
from providers.platforms.youtube.errors import CHANNEL_URL, ERRORS, retry_after
from providers.platforms.youtube.steps import API_KEY, YouTubeTester

# With the choice of an account Google also lets one choose another channel.
OAUTH = oauth(*YouTubeTester.needs)


def channel_alone(text: str) -> str:
    """`https://www.youtube.com/channel/UC…` -> `UC…`."""
    return re.sub(r"^(https://)?((www|m)\.)?youtube\.com/channel/([^/?]+).*$", r"\4", text.strip())


PROVIDER = google.platform(
    slug="youtube",
    name="YouTube",
    aliases=("Google",),
    position=80,
    used_by=("Channel performance",),
    docs_url="https://developers.google.com/youtube/v3",
    hosts={
        "API": "https://youtube.googleapis.com",
        "ANALYTICS": "https://youtubeanalytics.googleapis.com",
    },
    methods=(
        Method(
            API_KEY,
            "An API key",
            help="You can make a key in the Google Cloud console. "
            "It reads the public numbers: subscribers, views and videos.",
            access=KeyInQuery("key"),
            lists_accounts=False,
            guide=guide.API_KEY,
        ),
        with_refresh_token(OAUTH.scopes),
        by_sign_in(
            "Sign in as the channel's owner, and choose the channel there.",
            "A sign-in reaches the one channel that is chosen there.",
            "A Google account without a channel is refused.",
        ),
    ),
    oauth=OAUTH,
    fields=(
        access_token(
            label="API key",
            help="Cloud console → APIs & Services → Credentials → Create credentials → API key. "
            "Restrict it to the YouTube Data API.",
            help_url=CONSOLE_URL,
            pattern=NOT_A_CLIENT_ID,
            pattern_message="This is a client ID or holds a space. Paste the API key.",
            usual_pattern=r"AIza[0-9A-Za-z_\-]{35}",
            usual_message="An API key usually starts with AIza and has 39 characters.",
            example="AIzaabcdefghijklmnopqrstuvwxyz012345678",
            methods=(API_KEY,),
        ),
        *CLIENT_FIELDS,
        account_id(
            label="Channel ID",
            help="youtube.com/account_advanced → Channel ID. "
            "It starts with UC; the @name is something else.",
            help_url=CHANNEL_URL,
            required_by=(API_KEY,),
            pattern=r"UC[0-9A-Za-z_\-]{22}",
            pattern_message="A channel ID starts with UC and has 24 characters. "
            "The @name and the user ID are something else.",
            example="UCabcdefghijklmnopqrstuv",
            normalize=channel_alone,
        ),
        base_url(),
    ),
    tester=YouTubeTester,
    errors=ERRORS,
    retry_after=retry_after,
    # Quota calculator: units of the day are the Cloud project's.
    counts_by=CountsBy(rate=CountedBy.APP, quota=CountedBy.APP),
    # Quota calculator: a tenth of the project's units; the day is that of the Pacific coast.
    checks=Checks(
        budget=CheckBudget(
            1000, "units", each=2, counted_by=CountedBy.APP, zone="America/Los_Angeles"
        )
    ),
    cost=Cost(
        calls=4, note="One unit of the project's 10,000 a day, and one report of YouTube Analytics."
    ),
)
