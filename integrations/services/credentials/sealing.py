"""Secrets sealed in connections' rows."""

from collections.abc import Mapping

from django.db import transaction

from integrations import crypto
from integrations.models import AppRegistration, Candidate, IntegrationConnection, SignIn
from integrations.services import rows

HINT_MIN_LENGTH = 12
HINT_TAIL = 4


def seal(connection: IntegrationConnection, secrets: Mapping[str, str]) -> None:
    """Put secrets into the row, which whoever asked saves."""
    connection.credentials = crypto.encrypt(secrets, connection.owner)
    connection.key_id = crypto.key_id_of(connection.credentials)
    connection.hints = {name: hint(value) for name, value in secrets.items()}


def hint(secret: str) -> str | None:
    """ "…x9Qd" for a secret long enough to show four characters of, else None."""
    return f"…{secret[-HINT_TAIL:]}" if len(secret) >= HINT_MIN_LENGTH else None


def keep_renewed(connection: IntegrationConnection, renewed: Mapping[str, str]) -> None:
    """Store secrets that the platform has replaced: no edit, and the revision stays.

    Each replaces the value that was used; one that a person replaced meanwhile wins.
    """
    used = connection.secrets()
    with transaction.atomic():
        locked = rows.lock(connection.workspace_id, connection.provider)
        saved = locked.secrets()
        still = {k: v for k, v in renewed.items() if k in saved and saved[k] == used.get(k)}
        if not still:
            return
        seal(locked, {**saved, **still})
        locked.save(update_fields=["credentials", "key_id", "hints"])
    connection.credentials = locked.credentials  # what is used from now on


def anything_encrypted() -> bool:
    """Whether some row needs a key to be read."""
    return (
        IntegrationConnection.objects.exclude(credentials="").exists()
        or Candidate.objects.exclude(payload="").exists()
        or SignIn.objects.exists()
        or AppRegistration.objects.exists()
    )
