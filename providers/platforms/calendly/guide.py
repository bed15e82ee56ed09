"""How somebody makes a personal access token that may read."""

from providers.declare import Guide, at
from providers.platforms.calendly.errors import TOKENS_URL
from providers.platforms.calendly.sign_in import OAUTH

PERSONAL_TOKEN = Guide(
    who="An owner or admin of your Calendly organization. Anybody else can do it too, and then "
    "only that person's own calls are counted.",
    steps=(
        at(
            "Open Integrations & apps, API & webhooks.",
            TOKENS_URL,
            "API and webhooks in Calendly",
        ),
        "Press Generate new token, and choose the scopes below.",
        "Copy the token at once and paste it into the dialog. Calendly shows it once.",
    ),
    lasts="Until somebody deletes it. A new password at Calendly is said to end it too.",
    pitfalls=(
        "A token made since March 2026 may read nothing at all until scopes are chosen for it.",
        "The token is long and has three parts with dots between. Copy all of it.",
    ),
    scopes=OAUTH.scopes,
    separator=" ",
)
