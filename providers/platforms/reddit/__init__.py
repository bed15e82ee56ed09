"""Reddit: what chosen communities say about a topic or a brand.

API reference: https://support.reddithelp.com/hc/en-us/articles/16160319875092
(read 2026-11-22).
Quirks: since November 2025 Reddit approves every new app by hand. Calls must name the app
and a Reddit user in their User-Agent, and a failed token request can be a 200.
"""

import re
from typing import Any

from providers.declare import (
    CheckBudget,
    Checks,
    Cost,
    CountedBy,
    CountsBy,
    Method,
    Provider,
    fields,
)
from providers.declare.access import ClientCredentials, RefreshToken
from providers.declare.oauth import SIGN_IN
from providers.platforms.reddit import guide
from providers.platforms.reddit.errors import APPS_URL, ERRORS, NOT_RENEWED, REFUSED, retry_after
from providers.platforms.reddit.sign_in import BY_SIGN_IN, CARRIED, OAUTH, user_agent
from providers.platforms.reddit.steps import CLIENT, REFRESH, TOKEN, WITH_CLIENT, RedditTester

# POST /api/v1/access_token -> {"access_token": str, "scope": "read identity" or "*"}; or, with
# status 200 as well, {"error": str}.
TOKEN_ENDPOINT: dict[str, Any] = {
    "token_url": OAUTH.token_url,
    "client_authentication": "client_secret_basic",
    "carried": CARRIED,
    "headers": user_agent,
    "reads": ("reddit_username",),
    "lifetime": OAUTH.access_token_lifetime,
}


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
    position=70,
    used_by=("Community research",),
    docs_url="https://support.reddithelp.com/hc/en-us/articles/16160319875092",
    hosts={"API": "https://oauth.reddit.com", **OAUTH.hosts},
    methods=(
        Method(
            CLIENT,
            "The client ID and secret of a Reddit app",
            help="Reddit approved your app, or the app is older than November 2025.",
            access=ClientCredentials(**TOKEN_ENDPOINT, instead=REFUSED),
            lists_accounts=False,
            guide=guide.CLIENT,
        ),
        Method(
            REFRESH,
            "A client ID, a secret and a refresh token",
            help="Someone already signed in with your app, to read private communities as a "
            "person.",
            access=RefreshToken(**TOKEN_ENDPOINT, instead=NOT_RENEWED),
            guide=guide.REFRESH_TOKEN,
        ),
        Method(
            TOKEN,
            "A short-lived access token",
            help="A developer gave you a token for a first try.",
            warning="Reddit ends such a token within 24 hours, and every later test fails.",
            lives=OAUTH.access_token_lifetime,
            access=CARRIED,
            guide=guide.ACCESS_TOKEN,
        ),
        BY_SIGN_IN,
    ),
    oauth=OAUTH,
    fields=(
        fields.client_id(
            help="reddit.com/prefs/apps → your app: the letters under the app's name.",
            help_url=APPS_URL,
            usual_pattern=r"[A-Za-z0-9_\-]{14,}",
            usual_message="A client ID usually has 14 or more letters, digits and dashes.",
            example="p-jcoLKBynTLew",
            methods=WITH_CLIENT,
        ),
        fields.client_secret(
            help="reddit.com/prefs/apps → your app → edit: beside the word secret.",
            help_url=APPS_URL,
            usual_pattern=r"[A-Za-z0-9_\-]{27,}",
            usual_message="A client secret usually has 27 or more letters, digits and dashes.",
            example="abcdefghijklmnopqrstuvwxyz0",
            methods=WITH_CLIENT,
        ),
        fields.refresh_token(
            help="The result of a permanent sign-in with this app, from whoever did it.",
            methods=(REFRESH,),
        ),
        fields.access_token(
            help="An OAuth access token, from whoever made it for you.",
            **fields.in_one_piece("token"),
            methods=(TOKEN,),
        ),
        fields.Field(
            name="reddit_username",
            label="Your Reddit username",
            help="Reddit wants to know who asks. Take the name after u/ on your profile.",
            required_by=(*WITH_CLIENT, SIGN_IN),
            pattern=r"[^\s\/]+",
            pattern_message="This is not a username. Enter the name after u/ on your profile.",
            usual_pattern=r"[A-Za-z0-9_\-]{3,20}",
            usual_message="A username usually has 3 to 20 letters, digits, dashes or underscores.",
            example="u/acme",
            normalize=username_alone,
        ),
        fields.account_id(
            label="Subreddit",
            help="The community to read, as in reddit.com/r/marketing.",
            pattern=r"[^\s\/?#,]+",
            pattern_message="Enter the name of one community, such as marketing.",
            usual_pattern=r"[A-Za-z0-9_]{2,21}",
            usual_message="A community's name usually has 2 to 21 letters, digits or underscores.",
            example="r/marketing",
            normalize=subreddit_alone,
        ),
        fields.base_url(),
    ),
    tester=RedditTester,
    errors=ERRORS,
    error_code_at="error",
    error_subcode_at="reason",
    error_text_at=("error_description", "message"),
    retry_after=retry_after,
    # Data API Wiki: 100 queries a minute by OAuth client id.
    counts_by=CountsBy(rate=CountedBy.APP, quota=CountedBy.APP),
    # A tenth of 100 calls a minute, over a day.
    checks=Checks(budget=CheckBudget(14_400, "calls", each=4, counted_by=CountedBy.APP)),
    cost=Cost(calls=4, note="Of about 100 calls a minute that Reddit gives an app."),
)
