"""How an administrator makes an app for a server, and how one signs in."""

from providers.declare import Guide, at, signing_in
from providers.platforms.crm.salesforce.errors import FLOW_URL
from providers.platforms.crm.salesforce.sign_in import LOGIN, SCOPES

APP_MANAGER = f"{LOGIN}/lightning/setup/ManageExternalClientApplication/home"
EDITION = "The edition of Salesforce must have API access, and the user the right API Enabled."

CONSUMER_KEY = Guide(
    who="Your Salesforce administrator.",
    steps=(
        at(
            "In Setup open External Client App Manager, and make an external client app with OAuth "
            "and the scopes below.",
            APP_MANAGER,
            "External Client App Manager",
        ),
        at(
            "Enable the Client Credentials Flow. In the app's Policies set a Run As user who may "
            "see leads and opportunities.",
            FLOW_URL,
            "Salesforce's page on this flow",
        ),
        "Copy consumer key and consumer secret from the app's OAuth settings.",
        "In Setup open My Domain and copy the address. It ends in .my.salesforce.com.",
        "Paste all three into the dialog.",
    ),
    lasts="Until somebody changes the app or its secret. Nobody has to sign in.",
    pitfalls=(
        "A new app works after about ten minutes, and is refused until then.",
        "Without a Run As user every try is refused.",
        "The address that you use in the browser, with lightning in it, is not the My Domain.",
        "Connected apps of the old kind can no longer be made. An existing one works on.",
        EDITION,
    ),
    scopes=tuple(scope for scope in SCOPES if scope.name in ("api", "id")),
    separator=" ",
)
SIGN_IN = signing_in(
    "Salesforce",
    who="Somebody who may see leads and opportunities in Salesforce. An owner here sets up the app "
    "for it first, once, with your Salesforce administrator.",
    first=("For a sandbox copy its My Domain from Setup, and enter it in the dialog.",),
    lasts="As long as the app's own policy in Salesforce says. It renews itself until then.",
    pitfalls=(
        "A new app works after about ten minutes.",
        "Each user has five approvals of one app: the sixth ends the oldest.",
        EDITION,
    ),
)
