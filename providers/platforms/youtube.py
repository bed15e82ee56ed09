"""YouTube: views, watch time and subscribers of one channel.

API reference: https://developers.google.com/youtube/v3 (read 2026-11-22).
Quirks: an API key reads public numbers only; watch time needs a sign-in, whose token is bound
to the one channel chosen there. A service account has no channel and never works.
"""

import re

from providers import google
from providers.base import Method, Provider, access_token, account_id, base_url

API_KEY = Method(
    "api_key",
    "An API key",
    help="You can make a key in the Google Cloud console. "
    "It reads the public numbers: subscribers, views and videos.",
)


def channel_alone(text: str) -> str:
    """`https://www.youtube.com/channel/UC…` -> `UC…`."""
    return re.sub(r"^(https://)?((www|m)\.)?youtube\.com/channel/([^/?]+).*$", r"\4", text.strip())


PROVIDER = Provider(
    slug="youtube",
    name="YouTube",
    used_by=("Channel performance",),
    docs_url="https://developers.google.com/youtube/v3",
    setup_url=google.CONSOLE_URL,
    hosts={
        "API": "https://youtube.googleapis.com",
        "ANALYTICS": "https://youtubeanalytics.googleapis.com",
        **google.HOSTS,
    },
    methods=(API_KEY, google.REFRESH_TOKEN),
    fields=(
        access_token(
            label="API key",
            help="Cloud console → APIs & Services → Credentials → Create credentials → API key. "
            "Restrict it to the YouTube Data API.",
            help_url=google.CONSOLE_URL,
            pattern=google.NOT_A_CLIENT_ID,
            pattern_message="This is a client ID or holds a space. Paste the API key.",
            usual_pattern=r"AIza[0-9A-Za-z_\-]{35}",
            usual_message="An API key usually starts with AIza and has 39 characters.",
            example="AIzaabcdefghijklmnopqrstuvwxyz012345678",
            methods=(API_KEY.slug,),
        ),
        *google.client_fields(),
        account_id(
            label="Channel ID",
            help="youtube.com/account_advanced → Channel ID. "
            "It starts with UC; the @name is something else.",
            help_url="https://www.youtube.com/account_advanced",
            required_by=(API_KEY.slug,),
            pattern=r"UC[0-9A-Za-z_\-]{22}",
            pattern_message="A channel ID starts with UC and has 24 characters. "
            "The @name and the user ID are something else.",
            example="UCabcdefghijklmnopqrstuv",
            normalize=channel_alone,
        ),
        base_url(),
    ),
)
