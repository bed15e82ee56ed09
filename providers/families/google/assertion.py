"""A service account's signed assertion, RFC 7523, from the key file that a person pasted.

https://developers.google.com/identity/protocols/oauth2/service-account (read 2026-11-22).
Quirk: a key file names a `token_uri` of its own. It is never used: a signed request goes to the
TOKEN host, whatever was pasted.
"""

import base64
import json
import time
from collections.abc import Mapping
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from providers.declare import Assertion, Scope
from providers.errors import InvalidConfig
from providers.families.google.facts import SERVICE_ACCOUNTS_URL, TOKEN

# Whom an assertion is for: always Google, also where TOKEN leads to a sandbox.
AUDIENCE = f"{TOKEN}/token"
SECONDS = 600  # Google takes up to an hour
KEY_FILE = "service_account_json"
IMPERSONATED = "impersonated_email"


class ServiceAccount(Assertion):
    """Says, beside being let in, whose key it is."""

    @property
    def needs(self) -> tuple[str, ...]:
        return (KEY_FILE,)

    def tells(self, known: Mapping[str, str]) -> dict[str, str]:
        return {"client_email": _account_in(known[KEY_FILE])["client_email"]}


def sign(known: Mapping[str, str], scopes: tuple[Scope, ...]) -> str:
    """The assertion. Raises InvalidConfig, which shows nothing of the file."""
    account = _account_in(known[KEY_FILE])
    claims = {
        "iss": account["client_email"],
        "scope": " ".join(scope.name for scope in scopes),
        "aud": AUDIENCE,
    }
    if known.get(IMPERSONATED):
        claims["sub"] = known[IMPERSONATED]
    return _signed(claims, account)


def _account_in(text: str) -> dict[str, Any]:
    """The key file as a dict. Raises InvalidConfig, which shows nothing of it."""
    found = _parsed(text)
    if not isinstance(found, dict) or not all(
        isinstance(found.get(name), str) for name in ("client_email", "private_key")
    ):
        raise InvalidConfig(
            "The service-account key file is not whole.",
            "Open the downloaded .json file and paste all of it again.",
            action_url=SERVICE_ACCOUNTS_URL,
        )
    if found.get("type", "service_account") != "service_account":
        raise InvalidConfig(
            "This is a key file of another kind, not of a service account.",
            "Make a JSON key of a service account and paste all of it.",
            action_url=SERVICE_ACCOUNTS_URL,
        )
    return found


def _signed(claims: Mapping[str, str], account: Mapping[str, Any]) -> str:
    """A JWT, RFC 7519, signed with RS256. Raises InvalidConfig for a key that cannot sign."""
    key = _private_key(account["private_key"])
    if key is None:
        raise InvalidConfig(
            "The private key in the service-account key file is damaged.",
            "Paste the downloaded .json file again, unchanged, or make a new key.",
            action_url=SERVICE_ACCOUNTS_URL,
        )
    header = {"alg": "RS256", "typ": "JWT"}
    if account.get("private_key_id"):
        header["kid"] = account["private_key_id"]
    now = int(time.time())
    times = {"iat": now, "exp": now + SECONDS}
    signed = f"{_encoded(_json(header))}.{_encoded(_json({**claims, **times}))}"
    return f"{signed}.{_encoded(key.sign(signed.encode(), PKCS1v15(), SHA256()))}"


# These two return None instead of raising, so that no error carries the file along.


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _private_key(pem: str) -> RSAPrivateKey | None:
    try:
        key = load_pem_private_key(pem.encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return None
    return key if isinstance(key, RSAPrivateKey) else None


def _json(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
