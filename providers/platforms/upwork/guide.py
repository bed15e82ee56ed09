"""How somebody gets what a key of Upwork's needs: all of it begins with Upwork's approval."""

from providers.declare import Guide, at
from providers.platforms.upwork.errors import KEYS_URL
from providers.platforms.upwork.sign_in import OAUTH, WRITTEN_PERMISSION

APPLY = at(
    "Apply for an API key, and tick the permissions below. Upwork answers by e-mail, which takes "
    "up to two weeks.",
    KEYS_URL,
    "the application for an API key",
)
WHO = (
    "The person whose Upwork login is to be used: a freelancer, or the owner or a manager of the "
    "agency. Upwork wants their real name, full address, photo, payment method and identity."
)

REFRESH_TOKEN = Guide(
    who=WHO,
    steps=(
        APPLY,
        "When it is approved, copy Key and Secret from Developer Center, API keys.",
        "Ask whoever signed in with this key for the refresh token.",
        "Paste all three into the dialog.",
    ),
    lasts="As long as it is used at least every two weeks, which this application does.",
    pitfalls=(
        "Whoever changes the permissions of the key has to sign in with it again.",
        "Key, Secret and refresh token belong together: those of another key are refused.",
        "The title of the key may not hold the name Upwork.",
        WRITTEN_PERMISSION,
    ),
    scopes=OAUTH.scopes,
)
ACCESS_TOKEN = Guide(
    who="A developer who signed in with your approved Upwork key.",
    steps=(
        "Ask that developer for the access token of the sign-in.",
        "Paste it into the dialog at once.",
    ),
    lasts="24 hours. It is for a first try: then sign in, or use a refresh token.",
    pitfalls=(
        "Without the permissions below on the key, the token reads nothing.",
        "A refresh token is something else: choose the way that is named after it.",
    ),
    scopes=OAUTH.scopes,
)
SERVICE_ACCOUNT = Guide(
    who="The owner of the company's Upwork account. Upwork gives such keys to few customers.",
    steps=(
        at(
            "Ask Upwork for a key of the type service account, with the permissions below.",
            KEYS_URL,
            "the application for an API key",
        ),
        "When it is approved, copy Key and Secret from Developer Center, API keys.",
        "Paste both into the dialog.",
    ),
    lasts="Until Upwork or you switch the key off. Tokens are asked for with it as needed.",
    pitfalls=(
        "An ordinary key is refused: with one, sign in or use a refresh token.",
        WRITTEN_PERMISSION,
    ),
    scopes=OAUTH.scopes,
)
