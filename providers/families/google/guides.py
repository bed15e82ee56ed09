"""How somebody gets what a way into a platform of Google's asks for."""

from providers.declare import Guide, Scope, at, signing_in
from providers.declare.guides import Act
from providers.families.google.facts import CLIENTS_URL, CONSOLE_URL, SERVICE_ACCOUNTS_URL

CLOUD = "the Google Cloud console"


def key_file(apis: str, invite: Act, *also: Act) -> Guide:
    """`apis` are to be enabled, `invite` says where the platform lets the robot in, `also` what
    else the platform wants of a project.
    """
    return Guide(
        who="A developer with a Google Cloud project makes the file. Whoever manages access to "
        "the account lets it in.",
        steps=(
            at(
                "Open IAM, Service accounts, and choose your project. Create a service account, or "
                "open one that you have.",
                SERVICE_ACCOUNTS_URL,
                f"Service accounts in {CLOUD}",
            ),
            "Open its Keys, press Add key and choose JSON. A file is downloaded: keep it safe.",
            at(f"In the same project enable {apis}.", CONSOLE_URL, CLOUD),
            *also,
            invite,
            "Open the file in a text editor, copy all of it and paste it into the dialog.",
        ),
        lasts="Until somebody deletes the key or takes the access away. Nobody has to sign in.",
        pitfalls=(
            "The file of an OAuth client looks alike and is another one.",
            "The client_email in the file is the address to let in, not your own.",
            "An API that was enabled just now is still refused for some minutes.",
        ),
    )


def refresh_token(scopes: tuple[Scope, ...]) -> Guide:
    return Guide(
        who="The developer who has your company's Google client, with the person who signed in "
        "with it.",
        steps=(
            at(
                "Open Google Auth Platform, Clients. Copy client ID and client secret of the web "
                "application.",
                CLIENTS_URL,
                f"Clients in {CLOUD}",
            ),
            "Ask whoever signed in with this client for the refresh token. The sign-in must have "
            "asked for the permissions below.",
            "Paste all three into the dialog.",
        ),
        lasts="Until somebody withdraws it, or it is not used for six months. It ends after 7 days "
        "while the consent screen is External and in Testing.",
        pitfalls=(
            "The three values belong together: those of another client are refused.",
            "Google shows a client secret only once. If it is lost, make another one.",
            "Google keeps 100 sign-ins of one person to one client. Each one more ends the oldest.",
        ),
        scopes=scopes,
        separator=" ",
    )


def access_token(scopes: tuple[Scope, ...]) -> Guide:
    return Guide(
        who="A developer who may see the account.",
        steps=(
            "Ask that developer for an access token with the permissions below.",
            "Paste it into the dialog at once.",
        ),
        lasts="One hour. It is for a first try: choose another way for lasting access.",
        pitfalls=(
            "An API key, a refresh token and a client secret are something else.",
            "A token without the permissions below reads nothing.",
        ),
        scopes=scopes,
        separator=" ",
    )


def sign_in(who: str, *pitfalls: str) -> Guide:
    """`who` is the sentence that says as whom one should sign in."""
    return signing_in(
        "Google",
        who=f"{who} An owner here sets up the app for it first, once for all of Google.",
        account="If you may see several accounts, choose the one to read.",
        lasts="It renews itself, until somebody withdraws it or it is not used for six months. It "
        "ends after 7 days while the app is External and in Testing.",
        pitfalls=(
            "People tick the permissions one by one. What is left out cannot be read.",
            "Who is signed in to several Google accounts must choose the right one.",
            *pitfalls,
        ),
    )
