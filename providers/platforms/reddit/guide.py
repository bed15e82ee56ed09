"""How somebody gets what a Reddit app needs: all of it begins with Reddit's approval."""

from providers.declare import Guide, at
from providers.platforms.reddit.errors import APPS_URL
from providers.platforms.reddit.sign_in import OAUTH

APPROVED = "Reddit approves every app by hand. Only those made before November 2025 need nothing."
DATA_API = "https://support.reddithelp.com/hc/en-us/articles/16160319875092"
APP_STEPS = (
    at(
        "If you have no app yet, ask Reddit to approve one. Its help page leads to the form.",
        DATA_API,
        "Reddit's page on its Data API",
    ),
    at(
        "Open your apps at Reddit. Copy the client ID, the letters under the app's name, and the "
        "secret beside the word secret.",
        APPS_URL,
        "your apps at Reddit",
    ),
)
USERNAME = "Enter your Reddit username too: Reddit wants to know who asks."

CLIENT = Guide(
    who="Whoever has the Reddit account that the app belongs to.",
    steps=(
        *APP_STEPS,
        "Paste both into the dialog.",
        USERNAME,
        "Enter a community to read, such as marketing.",
    ),
    lasts="Until somebody deletes the app or makes another secret. Tokens are asked for as needed.",
    pitfalls=(
        APPROVED,
        "The app must be of the type web app or script: others have no secret.",
        "Private communities cannot be read this way. Sign in with Reddit for those.",
        "Commercial use needs an agreement with Reddit.",
    ),
)
REFRESH_TOKEN = Guide(
    who="Whoever has the Reddit app, with the person who signed in with it.",
    steps=(
        *APP_STEPS,
        "Ask whoever signed in with this app for the refresh token. The sign-in must have been "
        "permanent, with the permissions below.",
        "Paste all three into the dialog.",
        USERNAME,
    ),
    lasts="Until somebody withdraws it at Reddit.",
    pitfalls=(
        APPROVED,
        "A temporary sign-in gives no refresh token.",
        "The three values belong together: those of another app are refused.",
    ),
    scopes=OAUTH.scopes,
    separator=" ",
)
ACCESS_TOKEN = Guide(
    who="A developer who has an approved Reddit app.",
    steps=("Ask that developer for an access token.", "Paste it into the dialog at once."),
    lasts="24 hours at most. It is for a first try: choose another way for lasting access.",
    pitfalls=(
        "A client ID, a secret and a refresh token are something else.",
        "Without the permissions below a token reads little or nothing.",
    ),
    scopes=OAUTH.scopes,
    separator=" ",
)
