"""How somebody gets a token of a LinkedIn app without signing in here."""

from providers.declare import Guide, at
from providers.platforms.linkedin.errors import APPS, TOKENS
from providers.platforms.linkedin.sign_in import OAUTH

PAGE = "Copy the number in your Page's address when you open it as its admin."

PORTAL_TOKEN = Guide(
    who="An admin of your company's Page, with the developer who has the LinkedIn app. The app "
    "needs an approved product first: Community Management API or Advertising API.",
    steps=(
        at("Open the token tool of LinkedIn's developer portal.", TOKENS, "OAuth tools"),
        "Press Create token, choose your app and tick the permissions below.",
        "Sign in as an admin of the Page and allow everything.",
        "Copy the whole token and paste it into the dialog.",
        PAGE,
        at(
            "If you can, copy client ID and client secret too, from the app's Auth tab. With them "
            "a test can say when the token ends.",
            APPS,
            "your apps at LinkedIn",
        ),
    ),
    lasts="60 days, and nothing can renew it. Make another token before then.",
    pitfalls=(
        "A permission can be had only when its product is approved for the app.",
        "The person must have a role on the Page: without one, no Page is found.",
        "The token is very long. Copy all of it.",
    ),
    scopes=OAUTH.scopes,
    separator=" ",
)
REFRESH_TOKEN = Guide(
    who="The developer who has a LinkedIn app that is approved for refresh tokens. LinkedIn gives "
    "them to approved partners only.",
    steps=(
        at(
            "Copy client ID and client secret from the app's Auth tab.",
            APPS,
            "your apps at LinkedIn",
        ),
        "Ask whoever signed in with this app for the refresh token. That must have been an admin "
        "of the Page who allowed the permissions below.",
        "Paste all three into the dialog.",
        PAGE,
    ),
    lasts="365 days after that sign-in, however often it is used. Then somebody signs in anew.",
    pitfalls=(
        "Client ID, client secret and refresh token belong together: those of another app are "
        "refused.",
        "Most apps get no refresh token. Then sign in, or paste a token of 60 days.",
    ),
    scopes=OAUTH.scopes,
    separator=" ",
)
