"""A user name and its password as HTTP sends them."""

from base64 import b64encode


def basic(username: str, password: str) -> str:
    """The value of an Authorization header, as RFC 7617 says."""
    return f"Basic {b64encode(f'{username}:{password}'.encode()).decode()}"
