"""Secrets sealed in rows, and what connections have to know of those rows."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import QuerySet

from integrations import crypto
from integrations.compiled import Compiled, update
from integrations.database import release_connection
from integrations.models import Candidate, Credential, IntegrationConnection, SignInAttempt
from integrations.services import rows
from providers.declare import Provider

HINT_MIN_LENGTH = 12
HINT_TAIL = 4
# Whether another connection has the same row.
SHARED = Compiled(
    lambda row_id, held_id: (
        IntegrationConnection.objects.filter(credential_id=row_id)
        .exclude(pk=held_id)
        .values_list("pk")[:1]
    ),
    UUID(int=1),
    UUID(int=2),
)


class Moved(crypto.Unreadable):
    """The secrets were entered for another address, or another way of sending, than is saved."""


def new(
    workspace_id: int,
    provider: Provider,
    method: str,
    values: Mapping[str, str | None],
    **more: Any,
) -> Credential:
    """A row without secrets yet, unsaved: envelopes are bound to its id."""
    return Credential(
        pk=uuid4(),
        workspace_id=workspace_id,
        provider=provider.slug,
        family=provider.family or provider.slug,
        method=method,
        values=dict(values),
        **more,
    )


def put_secrets(row: Credential, secrets: Mapping[str, Any]) -> None:
    """Seal typed secrets into the row, which whoever asked saves."""
    row.secrets = crypto.seal(secrets, row.place("secrets"))
    row.key_id = crypto.key_id_of(row.secrets or row.tokens)


def put_tokens(row: Credential, tokens: Mapping[str, str]) -> None:
    """Seal what was obtained into the row, which whoever asked saves."""
    row.tokens = crypto.seal(tokens, row.place("tokens"))
    row.key_id = crypto.key_id_of(row.secrets or row.tokens)


def hints_of(secrets: Mapping[str, str]) -> dict[str, str | None]:
    return {name: hint(value) for name, value in secrets.items()}


def hint(secret: str) -> str | None:
    """ "…x9Qd" for a secret long enough to show four characters of, else None."""
    return f"…{secret[-HINT_TAIL:]}" if len(secret) >= HINT_MIN_LENGTH else None


def typed(connection: IntegrationConnection) -> dict[str, str]:
    """The saved secrets by field name.

    Raises crypto.Unreadable, as Moved where the connection would now send them elsewhere.
    """
    row = connection.credential
    if row is None:
        return {}
    if not row.fits(connection.config):
        raise Moved
    return row.typed()


def keep_secrets(
    connection: IntegrationConnection,
    method: str,
    config: Mapping[str, str],
    secrets: Mapping[str, str],
) -> None:
    """Seal what somebody saved for these plain values; the caller saves the connection.

    Whatever was obtained with earlier ones goes.
    """
    old = connection.credential
    if not secrets:
        connection.credential = None
        copy_state(None, connection)
        if old:
            connection.save(update_fields=["credential", "hints", "key_id"])
            old.delete()
        return
    provider = connection.platform
    row = new(connection.workspace_id, provider, method, provider.bound(method, config))
    if old:
        row.pk = old.pk
    put_secrets(row, secrets)
    row.hints = hints_of(secrets)
    row.can_renew = provider.obtains(method, config)
    _replace(old, row)
    connection.credential = row
    copy_state(row, connection)


def _replace(old: Credential | None, row: Credential) -> None:
    """Save a new row in place of the one before.

    Whoever renews may have written into that one just now, also where nothing seems to change.
    """
    if old is None:
        row.save(force_insert=True)
    else:
        values = rows.state(row) if old.can_renew else rows.changed(row, rows.state(old))
        update(Credential, values, id=old.pk)


def keep_renewed(connection: IntegrationConnection, renewed: Mapping[str, str]) -> None:
    """Store secrets that the platform has replaced: no edit, and the revision stays.

    Each replaces the value that was used; one that a person replaced meanwhile wins.
    """
    used = typed(connection)
    with transaction.atomic():
        locked = rows.lock(connection.workspace_id, connection.provider)
        saved = typed(locked)
        still = {k: v for k, v in renewed.items() if k in saved and saved[k] == used.get(k)}
        if not still or locked.credential is None:
            return
        replace_typed(locked.credential, {**saved, **still})
        locked.credential.save(update_fields=["secrets", "key_id", "hints"])
    connection.credential = locked.credential  # what is used from now on
    release_connection()  # the platform has more to say


def replace_typed(row: Credential, secrets: Mapping[str, str]) -> None:
    """Put secrets in place of those that the platform replaced; the caller saves the row."""
    put_secrets(row, secrets)
    row.hints = hints_of(secrets)
    copy_state(row)


def copy_state(row: Credential | None, held: IntegrationConnection | None = None) -> None:
    """Tell whatever points at a row what its status and its light need of it.

    Everything but what is `held`, and saved by the caller, is written at once.
    """
    if held is not None:
        held.hints = row.hints if row else {}
        held.key_id = row.key_id if row else ""
    if row is not None:
        using = IntegrationConnection.objects.filter(credential=row)
        if held is not None:
            if not SHARED.rows(row.pk, held.pk):
                return
            using = using.exclude(pk=held.pk)
        using.update(hints=row.hints, key_id=row.key_id)


def forget(waiting: QuerySet[Candidate] | QuerySet[SignInAttempt]) -> None:
    """Delete rows that wait, with what is sealed for them."""
    sealed: list[UUID] = list(
        waiting.exclude(credential=None).values_list("credential_id", flat=True)
    )
    waiting.delete()
    Credential.objects.filter(pk__in=sealed).delete()


def anything_encrypted() -> bool:
    """Whether some row needs a key to be read."""
    return Credential.objects.exclude(key_id="").exists()
