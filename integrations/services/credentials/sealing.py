"""Secrets sealed in rows, and what connections have to know of those rows."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import Q, QuerySet

from integrations import crypto, platforms
from integrations.compiled import delete, insert, update
from integrations.crypto import OLD_VERSION
from integrations.database import release_connection
from integrations.models import Candidate, Channel, Credential, IntegrationConnection
from integrations.services import rows
from integrations.services.credentials.unused import let_go
from providers.declare import Provider
from providers.errors import CredentialsUnreadable

OLD = f"{OLD_VERSION}."
SEALED = (Credential, Channel)
HINT_MIN_LENGTH = 12
HINT_TAIL = 4
LOST_KEY = (
    "{} of the saved credentials are sealed with a key that is not in CREDENTIAL_KEYS. "
    "Put it back, after a comma, and start again."
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
        family=family_of(provider),
        method=method,
        values=dict(values),
        **more,
    )


def keep_sealed(
    workspace_id: int,
    provider: Provider,
    method: str,
    values: Mapping[str, str | None],
    secrets: Mapping[str, Any],
) -> Credential:
    """A row of its own for what waits, saved."""
    row = new(workspace_id, provider, method, values)
    put_secrets(row, secrets)
    row.save(force_insert=True)
    return row


def family_of(provider: Provider) -> str:
    """The platforms that share an app and credentials, by one name."""
    return provider.family or provider.slug


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
    """ "…x9Qd" for a secret long enough to show four characters of, else None.

    A platform may replace a secret by any text, and no database keeps all of them as they are.
    """
    if len(secret) < HINT_MIN_LENGTH:
        return None
    return "…" + secret[-HINT_TAIL:].encode(errors="replace").decode().replace("\0", "?")


def typed(connection: IntegrationConnection) -> dict[str, str]:
    """The saved secrets by field name.

    Raises crypto.Unreadable, as Moved where the connection would now send them elsewhere.
    """
    row = connection.credential
    if row is None:
        return {}
    if not is_for(row, connection, connection.auth_method, connection.config):
        raise Moved
    return row.typed()


def is_for(
    row: Credential, connection: IntegrationConnection, method: str, config: Mapping[str, str]
) -> bool:
    """Whether typed secrets were entered for this connection's way in with these plain values.

    What came to count after they were sealed must not be there.
    """
    provider = platforms.catalogue().get(connection.provider)
    names = row.values.keys() | (provider.bound(method, config).keys() if provider else set())
    same = all((config.get(name) or None) == row.values.get(name) for name in names)
    return same and is_of(row, connection, method)


def is_of(row: Credential, connection: IntegrationConnection, method: str) -> bool:
    """Whether a row is for this way into its platform, and of its workspace or who lends to it."""
    provider = platforms.catalogue().get(connection.provider)
    family = family_of(provider) if provider else connection.provider
    return (row.workspace_id, row.family, row.method) == (connection.owner_id, family, method)


def meaning_of(unreadable: crypto.Unreadable) -> CredentialsUnreadable:
    """Why saved secrets are of no use: they would go elsewhere, or nothing here opens them."""
    if not isinstance(unreadable, Moved):
        return CredentialsUnreadable()
    return CredentialsUnreadable(
        "What is saved was changed outside of this application: it would send the secrets "
        "elsewhere than they were entered for.",
        "Enter the secrets again, or sign in again, and check the address.",
    )


def keep_secrets(
    connection: IntegrationConnection,
    method: str,
    config: Mapping[str, str],
    secrets: Mapping[str, str],
    *,
    sharers: Sequence[IntegrationConnection] = (),
) -> list[IntegrationConnection]:
    """Seal what somebody saved for these plain values; the caller saves the connection.

    Whatever was obtained with earlier ones goes. What was entered for the same place is put in
    place of what was there, for all that use it: those `sharers` are returned, for the caller to
    save. Else the row is a new one: who still uses the old one gets nothing that was entered for
    another place.
    """
    old, row = connection.credential, None
    provider = connection.platform
    if secrets:
        row = new(connection.workspace_id, provider, method, provider.bound(method, config))
        is_same_place = old is not None and is_for(old, connection, method, config)
        if old and is_same_place:
            row.pk, row.provider, row.values = old.pk, old.provider, old.values
        put_secrets(row, secrets)
        row.hints = hints_of(secrets)
        row.can_renew = provider.obtains(method, config)
        if old and is_same_place:
            # A renewal may just begin, or fail: nothing of it is for the new secrets.
            begins_anew = rows.state(row) if row.can_renew or old.can_renew else {}
            new_values = rows.changed(row, rows.state(old)) | begins_anew
            update(Credential, {k: v for k, v in new_values.items() if k != "id"}, id=row.pk)
            for one in (connection, *sharers):
                point(one, row)
            return [*sharers]
        insert(row)
    point(connection, row)
    if old and not sharers:
        _forget_unshared(old, connection)
    return []


def _forget_unshared(row: Credential, connection: IntegrationConnection) -> None:
    """Delete what nothing points at once this connection is saved."""
    Credential.objects.select_for_update().filter(pk=row.pk).first()  # somebody may just share it
    others = IntegrationConnection.objects.filter(credential=row).exclude(pk=connection.pk)
    if not others.exists():
        delete(Credential, id=row.pk)


def point(connection: IntegrationConnection, row: Credential | None) -> None:
    """Let typed secrets open a connection, which whoever asked saves."""
    connection.credential = row
    for name, value in copied(row, is_lent=connection.is_lent).items():
        setattr(connection, name, value)


def keep_renewed(connection: IntegrationConnection, renewed: Mapping[str, str]) -> None:
    """Store secrets that the platform has replaced: no edit, and the revision stays.

    Each replaces the value that was used, for all that still use it, whether this one does or
    not; one that a person replaced meanwhile wins.
    """
    used, pk = typed(connection), connection.credential_id
    if pk is None:
        return
    with transaction.atomic():
        _lock_using(pk)
        row = Credential.objects.select_for_update().filter(pk=pk).first()
        if row is None:
            return
        saved = row.typed()
        still = {k: v for k, v in renewed.items() if k in saved and saved[k] == used.get(k)}
        if not still:
            return
        replace_typed(row, {**saved, **still})
        row.save(update_fields=["secrets", "key_id", "hints"])
    connection.credential = row  # what is used from now on
    release_connection()  # the platform has more to say


def _lock_using(credential_id: UUID) -> None:
    """In this order everywhere: the connections first, then what they point at."""
    using = IntegrationConnection.objects.filter(
        Q(credential=credential_id) | Q(sign_in=credential_id)
    )
    list(using.select_for_update().order_by("pk"))


def replace_typed(row: Credential, secrets: Mapping[str, str]) -> None:
    """Put secrets in place of those that the platform replaced; the caller saves the row."""
    put_secrets(row, secrets)
    row.hints = hints_of(secrets)
    using = IntegrationConnection.objects.filter(credential=row)
    using.filter(lender=None).update(**copied(row))
    using.exclude(lender=None).update(**copied(row, is_lent=True))


def copied(row: Credential | None, *, is_lent: bool = False) -> dict[str, Any]:
    """What a connection's status and light need of the row with its typed secrets.

    To whom they are lent nothing of them is shown.
    """
    if row is None:
        return {"hints": {}, "key_id": ""}
    hints = dict.fromkeys(row.hints) if is_lent else row.hints
    return {"hints": hints, "key_id": row.key_id}


def adopt_old() -> None:
    """Seal anew what was left as it was by a migration for want of its key, and has it now."""
    left = Credential.objects.filter(Q(secrets__startswith=OLD) | Q(tokens__startswith=OLD))
    for pk in left.values_list("pk", flat=True):
        with suppress(crypto.Unreadable), transaction.atomic():
            _lock_using(pk)
            # Whoever saved something else meanwhile must find that again.
            if row := left.select_for_update().filter(pk=pk).first():
                _adopt(row)


def _adopt(row: Credential) -> None:
    if row.secrets:
        put_secrets(row, crypto.unseal(row.secrets, row.place("secrets"), OLD_VERSION))
    if row.tokens:
        put_tokens(row, crypto.unseal(row.tokens, row.place("tokens"), OLD_VERSION))
    row.save(update_fields=["secrets", "tokens", "key_id"])
    IntegrationConnection.objects.filter(credential=row).update(key_id=row.key_id)
    IntegrationConnection.objects.filter(sign_in=row).update(sign_in_key_id=row.key_id)


def forget(waiting: QuerySet[Candidate]) -> None:
    """Delete rows that wait, with what is sealed for them; a sign-in is given back."""
    sealed: list[UUID] = list(
        waiting.exclude(credential=None).values_list("credential_id", flat=True)
    )
    sign_ins: list[UUID] = []
    if waiting.model is Candidate:
        sign_ins = list(waiting.exclude(sign_in=None).values_list("sign_in_id", flat=True))
    with transaction.atomic():
        waiting.delete()
        Credential.objects.filter(pk__in=sealed).delete()
        let_go(sign_ins)


def anything_encrypted() -> bool:
    """Whether some row needs a key to be read."""
    return any(kind.objects.exclude(key_id="").exists() for kind in SEALED)


def sealed_with_lost_keys() -> int:
    """How many rows wait for a key that is not here. Decrypts nothing."""
    return sum(_sealed_with_lost_keys(kind) for kind in SEALED)


def _sealed_with_lost_keys(kind: type[Credential | Channel]) -> int:
    saved = kind.objects.exclude(key_id="").values_list("key_id", flat=True).distinct()
    lost = [key_id for key_id in saved if not crypto.is_known(key_id)]
    return kind.objects.filter(key_id__in=lost).count() if lost else 0
