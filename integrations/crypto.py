"""Encrypts and decrypts credentials: the only module that sees the keys.

An envelope reads `v1.<key id>.<base64url of nonce and ciphertext>`. AES-256-GCM binds it to
its owner: copied into another row, it does not decrypt. The newest key encrypts.
"""

import base64
import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

VERSION = "v1"
NONCE_BYTES = 12
KEY_BYTES = 32


class Unreadable(Exception):
    """An envelope that no key here opens, or that was damaged. Says nothing about it."""


@dataclass(frozen=True)
class Owner:
    """The row an envelope belongs to."""

    workspace_id: int
    provider: str
    row_id: UUID

    def associated_data(self, key_id: str) -> bytes:
        parts = (VERSION, key_id, self.workspace_id, self.provider, self.row_id)
        return "|".join(map(str, parts)).encode()


def new_key() -> str:
    """32 random bytes as base64url, the form of one entry of CREDENTIAL_KEYS."""
    return base64.urlsafe_b64encode(os.urandom(KEY_BYTES)).decode()


def parse_key(text: str) -> bytes:
    """Raises ValueError for anything that is not 32 bytes in base64url."""
    try:
        key = base64.b64decode(text.encode(), altchars=b"-_", validate=True)
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise ValueError("Each of CREDENTIAL_KEYS is 32 random bytes in base64url.")
    return key


def key_id(key: bytes) -> str:
    """A fingerprint: names a key without telling anything of it."""
    return hashlib.sha256(b"integrations-center key id" + key).hexdigest()[:12]


@cache
def _keys(texts: tuple[str, ...]) -> dict[str, AESGCM]:
    parsed = [parse_key(text) for text in texts]
    return {key_id(key): AESGCM(key) for key in parsed}


def _known() -> dict[str, AESGCM]:
    return _keys(tuple(settings.CREDENTIAL_KEYS))


def is_known(wanted: str) -> bool:
    """Whether a key with this fingerprint is here. Decrypts nothing."""
    return wanted in _known()


def key_id_of(envelope: str) -> str:
    """The fingerprint in an envelope; "" for an empty one."""
    return envelope.split(".")[1] if envelope else ""


def encrypt(values: Mapping[str, Any], owner: Owner) -> str:
    """JSON-able values -> envelope; "" for no values at all."""
    if not values:
        return ""
    newest, cipher = next(iter(_known().items()))
    nonce = os.urandom(NONCE_BYTES)
    sealed = cipher.encrypt(nonce, json.dumps(values).encode(), owner.associated_data(newest))
    return f"{VERSION}.{newest}.{base64.urlsafe_b64encode(nonce + sealed).decode()}"


def decrypt(envelope: str, owner: Owner) -> dict[str, Any]:
    """Envelope -> values. Raises Unreadable, whatever is wrong with it."""
    if not envelope:
        return {}
    try:
        version, used, text = envelope.split(".")
        if version != VERSION:
            raise Unreadable
        sealed = base64.urlsafe_b64decode(text)
        nonce, ciphertext = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]
        opened = _known()[used].decrypt(nonce, ciphertext, owner.associated_data(used))
        return dict(json.loads(opened))
    except (InvalidTag, KeyError, ValueError):
        raise Unreadable from None
