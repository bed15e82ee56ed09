"""How somebody makes a key that reads public numbers."""

from providers.declare import Guide, at
from providers.platforms.youtube.errors import CHANNEL_URL, CREDENTIALS_URL

API_KEY = Guide(
    who="Whoever has a project in the Google Cloud console, mostly a developer.",
    steps=(
        at(
            "Open APIs & Services, Credentials in the Google Cloud console.",
            CREDENTIALS_URL,
            "Credentials in the Google Cloud console",
        ),
        "In the same project, enable the YouTube Data API.",
        "Press Create credentials, API key. Restrict the key to the YouTube Data API.",
        "Copy the key and paste it into the dialog.",
        at(
            "Copy the channel's ID, which starts with UC.",
            CHANNEL_URL,
            "your channel's advanced settings",
        ),
    ),
    lasts="Until somebody deletes the key.",
    pitfalls=(
        "A key reads public numbers only. For watch time, sign in with Google.",
        "A key that is restricted to web pages or to other addresses is refused: allow this "
        "server.",
        "The @name of a channel is not its ID.",
    ),
)
