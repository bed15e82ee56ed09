"""How an admin makes a token of a system user, in the order in which Meta needs it."""

from providers.declare import Guide, at
from providers.platforms.meta.errors import AD_ACCOUNTS, APPS, SYSTEM_USERS
from providers.platforms.meta.sign_in import OAUTH

SYSTEM_USER = Guide(
    who="An admin of your Business portfolio (Business Manager). A developer may have to make the "
    "app for it first, in the same business.",
    steps=(
        at(
            "Open Business settings, Users, System users. Choose a system user or add one.",
            SYSTEM_USERS,
            "System users in Business settings",
        ),
        "Assign the ad account to it, the dataset too if you track leads, and the app.",
        "Only then press Generate token. Choose the app, the expiry Never and the permissions "
        "below.",
        "Copy the token at once and paste it into the dialog. Meta shows it only once.",
        at(
            "Copy the ad account's number from the account menu of Ads Manager.",
            AD_ACCOUNTS,
            "your ad accounts",
        ),
        at(
            "If you can, copy the App ID and the App Secret too: the app's dashboard, App "
            "settings, Basic. With them a test can say when the token ends.",
            APPS,
            "your apps at Meta",
        ),
    ),
    lasts="With the expiry Never it works until somebody removes it. With the other choice it "
    "ends after 60 days.",
    pitfalls=(
        "A token does not learn what the system user is given later. Assign everything first, or "
        "make another token.",
        "The app and the system user must be in the same business.",
        "An app that requires its App Secret refuses every call without it.",
        "A token from Events Manager is for sending events. Do not expect it to read reports.",
    ),
    scopes=OAUTH.scopes,
)
