"""How a super admin makes a service key, and how one signs in."""

from providers.declare import Guide, at, signing_in
from providers.platforms.crm.hubspot.errors import KEYS_URL
from providers.platforms.crm.hubspot.sign_in import OAUTH

NEEDED = tuple(scope for scope in OAUTH.scopes if not scope.comes_always)

SERVICE_KEY = Guide(
    who="A super admin of your HubSpot account. Who makes the key can give it only what they may "
    "do themselves.",
    steps=(
        at(
            "Open Development, Keys, Service keys. It is also in Settings, under Integrations.",
            "https://app.hubspot.com",
            "HubSpot",
        ),
        at(
            "Make a service key and choose the scopes below. HubSpot shows each click on its own "
            "page.",
            KEYS_URL,
            "HubSpot's page on service keys",
        ),
        "Copy the key and paste it into the dialog.",
    ),
    lasts="Until somebody replaces or deletes it, also when who made it leaves. A replaced key can "
    "go on for 7 days.",
    pitfalls=(
        "Private apps of the old kind can no longer be made. A token of an existing one works here "
        "until September 2027.",
        "A key with five groups of letters and digits alone is an old API key or belongs to an "
        "app. It is refused.",
        "What is not chosen cannot be read: contacts and deals are two scopes.",
    ),
    scopes=NEEDED,
    separator=" ",
)
SIGN_IN = signing_in(
    "HubSpot",
    who="A super admin of your HubSpot account, or somebody who may install apps there. An owner "
    "here sets up the app for it first, once.",
    account="Choose the account on the way: one sign-in reaches one account.",
    lasts="It renews itself until somebody uninstalls the app in HubSpot.",
    pitfalls=(
        "Who may not install apps is refused.",
        "Scopes that the app requires and this application does not ask for make every sign-in "
        "fail.",
    ),
)
