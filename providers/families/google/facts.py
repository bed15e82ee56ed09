"""Google's addresses, and the forms of what it gives out.

Endpoints: https://accounts.google.com/.well-known/openid-configuration (read 2026-11-22).
"""

from providers.declare import Scope

AUTHORIZATION = "https://accounts.google.com"
TOKEN = "https://oauth2.googleapis.com"
CONSOLE_URL = "https://console.cloud.google.com"
CLIENTS_URL = f"{CONSOLE_URL}/auth/clients"
SERVICE_ACCOUNTS_URL = f"{CONSOLE_URL}/iam-admin/serviceaccounts"
SCOPE = "https://www.googleapis.com/auth/"

CLIENT_ID = r"[^\s@\/]+\.apps\.googleusercontent\.com"
CLIENT_ID_MESSAGE = "This is not a client ID, which ends in .apps.googleusercontent.com."
NOT_A_CLIENT_ID = r"(?!\S*\.apps\.googleusercontent\.com$)\S+"
CLIENT_SECRET_MESSAGE = (
    "This is the client ID or holds a space. The client secret stands beside the ID."
)


def scope(name: str, *implied_by: str, gives: str, stops: str) -> Scope:
    """`analytics.readonly` -> the permission of that name, which is an address at Google."""
    wider = tuple(SCOPE + one for one in implied_by)
    return Scope(name=SCOPE + name, gives=gives, stops=stops, implied_by=wider)
