"""Service accounts at Google: one key file for each robot, and what it signs.

The key is known to everybody and opens nothing.
"""

import base64
import json
import time
from functools import cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from providers.sandbox.server import Answer
from providers.sandbox.sign_in import oauth_refusal

ROBOTS = "@sandbox.iam.gserviceaccount.com"
KEY_ID = "5a4d1b0c5a4d1b0c"
AUDIENCE = "https://oauth2.googleapis.com/token"

# Half as long as Google's own are, for reading a key proves it: that takes a fifth of the time.
P = (
    "f54124492d604a19e8f3919ffb68bd94c317289ee1c0b01f244bba9d98cfe3d0"
    "2aac650cddbf9a87cc2726535f4b7c6163865e38ca4ab9b57ff507876a588ced"
)
Q = (
    "dda7f27ce499d10cb48493cb7d9ce74fcf6d9f54ca2c1ea8b6c311155c796570"
    "2bd184aac8668000769ffc142d7d012b479d800fdf0df6ce39c9903ccb40a3a1"
)
BAD_SIGNATURE = oauth_refusal("invalid_grant", "Invalid JWT Signature.")
OTHER_AUDIENCE = oauth_refusal("invalid_grant", "Invalid JWT: Failed audience check.")
NOT_SHORT_LIVED = oauth_refusal(
    "invalid_grant",
    "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable "
    "timeframe. Check your iat and exp values in the JWT claim.",
)
OTHER_SCOPE = oauth_refusal("invalid_scope", "Invalid OAuth scope or ID token audience provided.")
NO_DELEGATE = oauth_refusal(
    "unauthorized_client",
    "Client is unauthorized to retrieve access tokens using this method, or client not "
    "authorized for any of the scopes requested.",
    401,
)


@cache
def private_key() -> rsa.RSAPrivateKey:
    """Made of two primes that anybody may know: the usual form would alarm every scanner."""
    p, q = int(P, 16), int(Q, 16)
    d = pow(65537, -1, (p - 1) * (q - 1))
    crt = rsa.rsa_crt_dmp1(d, p), rsa.rsa_crt_dmq1(d, q), rsa.rsa_crt_iqmp(p, q)
    return rsa.RSAPrivateNumbers(p, q, d, *crt, rsa.RSAPublicNumbers(65537, p * q)).private_key()


def service_account_json(name: str) -> str:
    """The key file of the robot of this name, on one line."""
    pem = private_key().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return json.dumps(
        {
            "type": "service_account",
            "project_id": "sandbox",
            "private_key_id": KEY_ID,
            "private_key": pem.decode(),
            "client_email": f"{name}{ROBOTS}",
            "token_uri": "https://token-uri.invalid/never-used",
        }
    )


def robot_of(assertion: str, scopes: list[str]) -> str | Answer:
    """The name of the robot that asks for some of these scopes, or what refuses it."""
    parts = assertion.split(".")
    try:
        claims = json.loads(_decoded(parts[1]))
        header = json.loads(_decoded(parts[0]))
        signed = ".".join(parts[:2]).encode()
        private_key().public_key().verify(_decoded(parts[2]), signed, PKCS1v15(), SHA256())
    except InvalidSignature:
        return BAD_SIGNATURE
    except (ValueError, IndexError):
        return oauth_refusal("invalid_request", "Bad Request")
    now, begins, ends = time.time(), claims.get("iat", 0), claims.get("exp", 0)
    asked = set(claims.get("scope", "").split())
    checks = (
        (BAD_SIGNATURE, (header.get("alg"), header.get("kid")) == ("RS256", KEY_ID)),
        (OTHER_AUDIENCE, claims.get("aud") == AUDIENCE),
        (NOT_SHORT_LIVED, begins - 300 <= now <= ends <= begins + 3600),
        (OTHER_SCOPE, asked and asked <= set(scopes)),
        (NO_DELEGATE, not claims.get("sub")),
    )
    name, at, _ = claims.get("iss", "").partition(ROBOTS)
    return next((refused for refused, is_right in checks if not is_right), name if at else "")


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
