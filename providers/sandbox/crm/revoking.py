"""Revocation as Salesforce and Zoho document it: by the token alone, without a word of the app."""

from dataclasses import replace
from email.message import Message
from urllib.parse import urlencode

from providers.sandbox.server import Asked
from providers.sandbox.sign_in import AuthorizationServer, Given


def revoke(server: AuthorizationServer, asked: Asked, token: str) -> bool:
    """End what this access or refresh token belongs to. False for one that is good no more."""
    given = server.given_of(token) or _renewed(server, asked, token)
    if given is None or given.is_revoked:
        return False
    given.is_revoked = True
    return True


def _renewed(server: AuthorizationServer, asked: Asked, token: str) -> Given | None:
    """Who approved the sign-in that a refresh token renews."""
    headers = Message()
    headers["Content-Type"] = "application/x-www-form-urlencoded"
    form = {
        "grant_type": "refresh_token",
        "refresh_token": token,
        "client_id": server.client_id,
        "client_secret": server.client_secret,
    }
    renewal = replace(asked, path=server.token_path, headers=headers, body=urlencode(form).encode())
    answer = server.answer(renewal)
    return server.given_of(answer.body.get("access_token", "")) if answer else None
