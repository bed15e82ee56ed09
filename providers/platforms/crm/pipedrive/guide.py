"""How somebody copies a personal token, and how one signs in."""

from providers.declare import Guide, at, signing_in
from providers.platforms.crm.pipedrive.errors import TOKEN_URL

API_TOKEN = Guide(
    who="Anybody who sees the deals in Pipedrive, unless an admin has switched API use off for "
    "them.",
    steps=(
        at(
            "Open Pipedrive, your picture, Personal preferences, API.",
            "https://app.pipedrive.com",
            "Pipedrive",
        ),
        at(
            "Copy the token. Pipedrive shows each click on its own page.",
            TOKEN_URL,
            "Pipedrive's page on API tokens",
        ),
        "Paste it into the dialog. To be sure of the company, enter the first part of its address "
        "too.",
    ),
    lasts="Until somebody makes another one for the same person and company.",
    pitfalls=(
        "Each person has one token for each company: a new one ends the old one everywhere.",
        "The token sees what its person sees, and no more.",
        "A trial that has ended, or an unpaid account, refuses every token.",
    ),
)
SIGN_IN = signing_in(
    "Pipedrive",
    who="Somebody who sees the deals in Pipedrive and may install apps there. An owner here sets "
    "up the app for it first, once.",
    account="Choose the company on the way: one sign-in reaches one company.",
    lasts="It renews itself until somebody uninstalls the app, or it is not used for 60 days.",
    pitfalls=(
        "A draft app is refused in any company but its own.",
        "Scopes that are ticked on the app later count from the next sign-in on.",
    ),
)
