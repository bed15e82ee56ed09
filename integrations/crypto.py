"""Seals and opens secrets: the only module that sees the keys.

An envelope reads `v2.<key id>.<base64url of nonce and ciphertext>`. AES-256-GCM binds it to
where it belongs and to what it is for: moved to another row or column, or used for another
address, it does not open. The newest key seals. `v1` was bound to its row alone: it is opened to
be sealed anew, when a database is migrated, or at a start with a key that was missing then.
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

VERSION, OLD_VERSION = "v2", "v1"
LABEL = "integrations-center credential"
NONCE_BYTES = 12
KEY_BYTES = 32
FEWEST_DIFFERENT = 5  # bytes of a key: one of zeros is no secret


class Unreadable(Exception):
    """An envelope that no key here opens, or that was damaged. Says nothing about it."""


@dataclass(frozen=True)
class Place:
    """Where an envelope belongs, and what its secrets are for.

    `workspace_id` is None for what belongs to the installation; `part` is what of the row it
    holds, `provider` and `app` whose endpoints it is for. `values` are the plain values that say
    where and how the secrets are used.
    """

    row_id: UUID
    workspace_id: int | None
    part: str
    method: str
    family: str
    values: Mapping[str, Any]
    provider: str = ""
    app: str = ""

    def associated_data(self, version: str, key_id: str) -> bytes:
        """A JSON array, so that no value can pass for two."""
        if version == OLD_VERSION:
            named = self.provider or self.app
            parts = (version, key_id, self.workspace_id, named, self.row_id)
            return "|".join(map(str, parts)).encode()
        whose = [LABEL, version, key_id, self.workspace_id, str(self.row_id), self.part]
        used = [self.method, self.family, self.provider, self.app, sorted(self.values.items())]
        return json.dumps([*whose, *used], separators=(",", ":")).encode()


def new_key() -> str:
    """32 random bytes as base64url, the form of one entry of CREDENTIAL_KEYS."""
    return base64.urlsafe_b64encode(os.urandom(KEY_BYTES)).decode()


def parse_key(text: str) -> bytes:
    """Raises ValueError for what is not 32 bytes in base64url, or is plainly not random."""
    try:
        key = base64.b64decode(text.encode(), altchars=b"-_", validate=True)
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES or len(set(key)) < FEWEST_DIFFERENT:
        raise ValueError(
            "Each of CREDENTIAL_KEYS is 32 random bytes in base64url, "
            "such as `openssl rand -base64 32 | tr +/ -_` prints."
        )
    return key


def key_id(key: bytes) -> str:
    """A fingerprint: names a key without telling anything of it."""
    return hashlib.sha256(b"integrations-center key id" + key).hexdigest()[:12]


def digest(text: str) -> str:
    """What is stored of a secret that is only compared: a link, a state, a session's key."""
    return hashlib.sha256(text.encode()).hexdigest()


@cache
def _keys(texts: tuple[str, ...]) -> dict[str, AESGCM]:
    parsed = [parse_key(text) for text in texts]
    return {key_id(key): AESGCM(key) for key in parsed}


def _known() -> dict[str, AESGCM]:
    return _keys(tuple(settings.CREDENTIAL_KEYS))


def known_ids() -> set[str]:
    """The fingerprints of the keys that are here."""
    return set(_known())


def is_known(wanted: str) -> bool:
    """Whether a key with this fingerprint is here. Decrypts nothing."""
    return wanted in _known()


def key_id_of(envelope: str) -> str:
    """The fingerprint in an envelope; "" for an empty one."""
    return envelope.split(".")[1] if envelope else ""


def seal(secrets: Mapping[str, Any], place: Place) -> str:
    """JSON-able values -> envelope; "" for no values at all."""
    if not secrets:
        return ""
    newest, cipher = next(iter(_known().items()))
    nonce = os.urandom(NONCE_BYTES)
    plain = json.dumps(dict(secrets)).encode()
    sealed = cipher.encrypt(nonce, plain, place.associated_data(VERSION, newest))
    return f"{VERSION}.{newest}.{base64.urlsafe_b64encode(nonce + sealed).decode()}"


def unseal(envelope: str, place: Place, version: str = VERSION) -> dict[str, Any]:
    """Envelope -> values. Raises Unreadable, whatever is wrong with it."""
    if not envelope:
        return {}
    try:
        made_as, used, text = envelope.split(".")
        if made_as != version:
            raise Unreadable
        sealed = base64.urlsafe_b64decode(text)
        nonce, ciphertext = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]
        aad = place.associated_data(version, used)
        return dict(json.loads(_known()[used].decrypt(nonce, ciphertext, aad)))
    except (InvalidTag, KeyError, ValueError):
        raise Unreadable from None
