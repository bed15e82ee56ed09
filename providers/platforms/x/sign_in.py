"""Signing in to X.

https://docs.x.com/fundamentals/authentication/oauth-2-0/authorization-code (read 2026-11-22).
"""

from datetime import timedelta

from providers.declare import AppForm, OAuth, scope, sign_in, signing_in
from providers.platforms.x.errors import CONSOLE_URL, SIGN_IN_ERRORS

BY_SIGN_IN = sign_in(
    "Sign in with X",
    "You are sent to X and come back connected. Sign in as your brand's own account.",
    guide=signing_in(
        "X",
        who="Whoever has the login of your brand's account at X. An owner here sets up the app for "
        "it first, once, and somebody buys credits in the X console.",
        account="The account that you signed in with is the one that is read.",
        lasts="It renews itself until somebody withdraws it. X is said to end one after six "
        "months.",
        pitfalls=(
            "Who is signed in to a private account connects that one: change the account first.",
            "Signing in works without credits, and every test after it fails.",
        ),
    ),
)
OAUTH = OAuth(
    app=AppForm(
        slug="x",
        name="X",
        console_url=CONSOLE_URL,
        steps=(
            "Open your app in the X console: it needs a project, and credits to read anything.",
            "Set up user authentication: Read permission and the type Web App.",
            "Enter the redirect URI below as the callback address, and save.",
            "Under Keys and tokens, make an OAuth 2.0 client ID and client secret. "
            "X shows the secret once.",
        ),
        pitfalls=(
            "The API key and its secret are another pair, which no sign-in takes.",
            "An app of the type Native App has no secret: choose Web App.",
            "X takes no callback address on localhost: use 127.0.0.1 for a trial.",
            "Signing in works without credits, and every test after it fails.",
        ),
        client_id_pattern=r"[A-Za-z0-9_\-]+",
        client_id_message="A client ID holds only letters, digits and dashes. "
        "Copy it from OAuth 2.0 in the X console.",
        client_secret_pattern=r"(?!AAAA)\S+",
        client_secret_message="This is a Bearer token or holds a space. "
        "Copy the OAuth 2.0 client secret.",
    ),
    authorization_url="https://x.com/i/oauth2/authorize",
    token_url="https://api.x.com/2/oauth2/token",
    revocation_url="https://api.x.com/2/oauth2/revoke",
    scopes=(
        scope("tweet.read", "posts and the search for them", "No post can be read."),
        scope("users.read", "who is connected", "No account can be read."),
        scope(
            "offline.access",
            "a sign-in that lasts",
            "The sign-in ends after two hours.",
            is_optional=True,
        ),
    ),
    client_authentication="client_secret_basic",
    access_token_lifetime=timedelta(hours=2),
    # Reported by those who integrate X; its documents name no end.
    refresh_token_lifetime=timedelta(days=180),
    errors=SIGN_IN_ERRORS,
)
