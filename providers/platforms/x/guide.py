"""How somebody gets keys in X's console."""

from providers.declare import Guide, at
from providers.platforms.x.errors import CONSOLE_URL

WHO = (
    "Whoever has the developer account of your brand at X, mostly a developer. It needs a project "
    "with an app in it, and bought credits."
)
CREDITS = "Without credits a key is accepted and every read is refused. Buy some in the console."
IN_PROJECT = "An app outside of a project is refused: attach it to one in the console."

BEARER_TOKEN = Guide(
    who=WHO,
    steps=(
        at("Open the X console and choose your app.", CONSOLE_URL, "the X console"),
        "Open Keys and tokens, and copy the Bearer token. It starts with AAAA.",
        "Paste it into the dialog, with the name after the @ of your brand's account.",
    ),
    lasts="Until somebody makes another one in the console.",
    pitfalls=(
        CREDITS,
        IN_PROJECT,
        "API key, client ID and access token on that page are something else.",
        "A Bearer token reads public posts only. To read more, sign in with X.",
    ),
)
API_KEY = Guide(
    who=WHO,
    steps=(
        at("Open the X console and choose your app.", CONSOLE_URL, "the X console"),
        "Open Keys and tokens, and copy the API key and the API key secret.",
        "Paste both into the dialog, with the name after the @ of your brand's account.",
    ),
    lasts="Until somebody makes other ones in the console.",
    pitfalls=(
        CREDITS,
        IN_PROJECT,
        "Client ID and client secret on that page are another pair, which is refused.",
    ),
)
