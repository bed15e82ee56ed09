"""A user name and its password as HTTP sends them, RFC 7617."""

from base64 import b64encode


def pair_of(username: str, password: str) -> str:
    return b64encode(f"{username}:{password}".encode()).decode()


def basic(username: str, password: str) -> str:
    """The value of an Authorization header."""
    return f"Basic {pair_of(username, password)}"
