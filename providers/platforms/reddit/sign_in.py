"""The sign-in with a Reddit app, which names itself at every call.

https://github.com/reddit-archive/reddit/wiki/OAuth2; lifetimes as praw's prawcore has recorded
them (read 2026-11-22).
"""

from collections.abc import Mapping
from datetime import timedelta

from providers.access.flow import Flow
from providers.declare import AppForm, Bearer, OAuth, scope, sign_in, signing_in
from providers.outbound.headers import checked_headers
from providers.platforms.reddit.errors import APPS_URL, OF_OTHER_TYPE, SIGN_IN_ERRORS

APP = "web:integrations-control-center:v1.0"
EVERYTHING = "*"
CARRIED = Bearer(word="bearer")
BY_SIGN_IN = sign_in(
    "Sign in with Reddit",
    "You are sent to Reddit and come back connected, with an app that Reddit approved.",
    carried=CARRIED,
    guide=signing_in(
        "Reddit",
        who="Whoever has the Reddit account that may see the communities. An owner here sets up "
        "the app for it first, once, and Reddit has to approve it.",
        first=("In the dialog enter your Reddit username. Reddit wants to know who asks.",),
        account="Then choose the community to read.",
        lasts="It renews itself until somebody withdraws it at Reddit.",
        pitfalls=(
            "Reddit approves apps by hand, and only those made before November 2025 need nothing.",
            "A private community is read only by an account that is a member of it.",
        ),
    ),
)


def user_agent(values: Mapping[str, str]) -> dict[str, str]:
    """Reddit limits or blocks whoever does not say which app asks, and for whom."""
    user = values.get("reddit_username")
    return {"User-Agent": f"{APP} (by /u/{user})" if user else APP}


class RedditFlow(Flow):
    def headers(self) -> dict[str, str]:
        return checked_headers(super().headers() | user_agent(self.values))


OAUTH = OAuth(
    app=AppForm(
        slug="reddit",
        name="Reddit",
        console_url=APPS_URL,
        steps=(
            "Ask Reddit to approve your app: without that nobody can make a new one.",
            "Create an app of the type web app, with the redirect URI below.",
            "Copy the client ID under the app's name, and the secret beside the word secret.",
        ),
        pitfalls=(
            "Reddit approves apps by hand, and only those made before November 2025 need nothing.",
            "Only the type web app can be signed in to by everybody in your team.",
            "An app has one redirect URI, and it has to be the same to the letter.",
            "Commercial use needs an agreement with Reddit.",
        ),
    ),
    authorization_url="https://www.reddit.com/api/v1/authorize",
    token_url="https://www.reddit.com/api/v1/access_token",
    revocation_url="https://www.reddit.com/api/v1/revoke_token",
    scopes=(
        scope("read", "communities and their posts", "No community can be read.", EVERYTHING),
        scope(
            "identity",
            "who is connected",
            "It is not told who is connected.",
            EVERYTHING,
            is_optional=True,
        ),
        scope(
            "mysubreddits",
            "the communities you follow",
            "Communities cannot be picked from a list.",
            EVERYTHING,
            is_optional=True,
        ),
    ),
    # Without it Reddit gives no refresh token.
    authorization_params={"duration": "permanent"},
    uses_pkce=False,
    pkce_source="Reddit's documents name no code challenge: "
    "https://github.com/reddit-archive/reddit/wiki/OAuth2",
    client_authentication="client_secret_basic",
    access_token_lifetime=timedelta(hours=24),
    errors=SIGN_IN_ERRORS,
    refusals=(OF_OTHER_TYPE,),
    flow=RedditFlow,
)
