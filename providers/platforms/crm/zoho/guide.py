"""How somebody makes a Self Client and trades its code, and how one signs in."""

from providers.declare import Guide, at, signing_in
from providers.platforms.crm.zoho.centres import HOME_CENTRE, console_of
from providers.platforms.crm.zoho.sign_in import SCOPES

SELF_CLIENT = Guide(
    who="An administrator of your Zoho organization, with a developer who trades the code.",
    steps=(
        at(
            "Open Zoho's API console. It has the same ending as the address where you use Zoho "
            "CRM, such as .eu instead of .com.",
            console_of(HOME_CENTRE),
            "the API console",
        ),
        "Choose Self Client. Copy client ID and client secret.",
        "Open Generate Code there, and paste the scopes below.",
        "Let a developer trade the code for a refresh token at once. It works once, for 3 to 10 "
        "minutes.",
        "In the dialog choose your data centre, and paste client ID, client secret and refresh "
        "token.",
    ),
    lasts="Until somebody revokes it, or the same person has approved twenty times more.",
    pitfalls=(
        "The code is not the refresh token: a code is refused.",
        "A client is known in its own data centre only. Choose the ending of your Zoho address.",
        "Bigin is another product, without leads and deals of Zoho CRM.",
    ),
    scopes=SCOPES,
    separator=",",
)
SIGN_IN = signing_in(
    "Zoho CRM",
    who="An administrator of your Zoho organization, or whoever may see its leads and deals. An "
    "owner here sets up the app for it first, once.",
    first=("For China, or an app of another data centre, choose the data centre in the dialog.",),
    account="One sign-in reaches one organization.",
    lasts="It renews itself until somebody revokes it, or the same person has approved twenty "
    "times more.",
    pitfalls=(
        "Without Multi-DC on the app, only people of its own data centre can sign in.",
        "A client secret of its own for each data centre is refused in all but one.",
    ),
)
