"""Reddit: what chosen communities say about a topic or a brand.

API reference: https://support.reddithelp.com/hc/en-us/articles/16160319875092
(read 2026-11-22).
Quirks: since November 2025 Reddit approves every new app by hand. Calls must name the app
and a Reddit user in their User-Agent, and a failed token request can be a 200.
"""

import re

from providers.base import Field, Method, Provider, access_token, account_id, base_url

APPS_URL = "https://www.reddit.com/prefs/apps"

CLIENT = Method(
    "client_credentials",
    "The client ID and secret of a Reddit app",
    help="Reddit approved your app, or the app is older than November 2025.",
)
REFRESH = Method(
    "refresh_token",
    "A client ID, a secret and a refresh token",
    help="Someone already signed in with your app, to read private communities as a person.",
)
TOKEN = Method(
    "access_token",
    "A short-lived access token",
    help="A developer gave you a token for a first try.",
    warning="Reddit ends such a token within 24 hours, and every later test fails.",
)
WITH_CLIENT = (CLIENT.slug, REFRESH.slug)


def without_prefix(letter: str, text: str) -> str:
    """`r/marketing` or the community's address -> `marketing`; for u/ likewise."""
    text = re.sub(r"^(https://)?((www|old)\.)?reddit\.com/", "", text.strip())
    return re.sub(rf"^/?({letter}|{letter.upper()})/", "", text).removesuffix("/")


def subreddit_alone(text: str) -> str:
    return without_prefix("r", text)


def username_alone(text: str) -> str:
    return without_prefix("u", text.replace("/user/", "/u/")).removeprefix("@")


PROVIDER = Provider(
    slug="reddit",
    name="Reddit",
    used_by=("Community research",),
    docs_url="https://support.reddithelp.com/hc/en-us/articles/16160319875092",
    setup_url=APPS_URL,
    hosts={
        "API": "https://oauth.reddit.com",
        "AUTHORIZATION": "https://www.reddit.com",
        "TOKEN": "https://www.reddit.com",
        "REVOKE": "https://www.reddit.com",
    },
    methods=(CLIENT, REFRESH, TOKEN),
    fields=(
        Field(
            name="client_id",
            label="Client ID",
            help="reddit.com/prefs/apps → your app: the letters under the app's name.",
            help_url=APPS_URL,
            required=True,
            usual_pattern=r"[A-Za-z0-9_\-]{14,}",
            usual_message="A client ID usually has 14 or more letters, digits and dashes.",
            example="p-jcoLKBynTLew",
            methods=WITH_CLIENT,
        ),
        Field(
            name="client_secret",
            label="Client secret",
            help="reddit.com/prefs/apps → your app → edit: beside the word secret.",
            help_url=APPS_URL,
            secret=True,
            required=True,
            usual_pattern=r"[A-Za-z0-9_\-]{27,}",
            usual_message="A client secret usually has 27 or more letters, digits and dashes.",
            example="abcdefghijklmnopqrstuvwxyz0",
            methods=WITH_CLIENT,
        ),
        Field(
            name="refresh_token",
            label="Refresh token",
            help="The result of a permanent sign-in with this app, from whoever did it.",
            secret=True,
            required=True,
            methods=(REFRESH.slug,),
        ),
        access_token(
            help="An OAuth access token, from whoever made it for you.",
            pattern=r"\S+",
            pattern_message="This holds a space. Copy the token alone.",
            methods=(TOKEN.slug,),
        ),
        Field(
            name="reddit_username",
            label="Your Reddit username",
            help="Reddit wants to know who asks. Take the name after u/ on your profile.",
            required_by=WITH_CLIENT,
            pattern=r"[^\s\/]+",
            pattern_message="This is not a username. Enter the name after u/ on your profile.",
            usual_pattern=r"[A-Za-z0-9_\-]{3,20}",
            usual_message="A username usually has 3 to 20 letters, digits, dashes or underscores.",
            example="u/acme",
            normalize=username_alone,
        ),
        account_id(
            label="Subreddit",
            help="The community to read, as in reddit.com/r/marketing.",
            pattern=r"[^\s\/?#,]+",
            pattern_message="Enter the name of one community, such as marketing.",
            usual_pattern=r"[A-Za-z0-9_]{2,21}",
            usual_message="A community's name usually has 2 to 21 letters, digits or underscores.",
            example="r/marketing",
            normalize=subreddit_alone,
        ),
        base_url(),
    ),
)
