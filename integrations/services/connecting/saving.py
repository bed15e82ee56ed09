"""Saves connections: what people, scripts and dialogs changed or cleared."""

from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass, replace
from uuid import UUID

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from integrations import crypto
from integrations.models import (
    Credential,
    EventType,
    IntegrationConnection,
    Status,
    Workspace,
)
from integrations.services import events, rows
from integrations.services.connecting import begun, fix_links
from integrations.services.connecting.changes import REENTER, Changes, overlay
from integrations.services.credentials import sealing
from integrations.services.credentials.attempts import Attempt
from integrations.services.credentials.unused import let_go
from integrations.services.proving.facts import clear_error, start_revision
from integrations.services.refusals import InvalidChange, SignedInMeanwhile, VersionConflict
from providers.outbound.masking import masked

REPORT_MAX_LENGTH = 500


@dataclass(frozen=True)
class Saved:
    connection: IntegrationConnection
    warnings: dict[str, str]


def change_connection(
    workspace: Workspace,
    provider: str,
    changes: Changes,
    *,
    by: User | None,
    expected_version: int | None = None,
) -> Saved:
    """Save what a person or script changed; an outgoing call is never made.

    Raises InvalidChange, or VersionConflict when `expected_version` is no longer true.
    """
    with transaction.atomic():
        connection = rows.lock(workspace.pk, provider)
        saved = apply(connection, changes, by=by, expected_version=expected_version)
    rows.read_last_test(connection)
    return Saved(connection, saved)


def apply(
    connection: IntegrationConnection,
    changes: Changes,
    *,
    by: User | None,
    expected_version: int | None = None,
) -> dict[str, str]:
    """`change_connection` on a locked row; returns the warnings."""
    if expected_version is not None and expected_version != connection.version:
        raise VersionConflict(connection)
    if changes.reported_error:  # it may quote a secret that is replaced at the same time
        # Cut at the end alone: what begins before the cut is looked for again.
        report = _without_secrets(connection, changes.reported_error, 2 * REPORT_MAX_LENGTH)
        changes = replace(changes, reported_error=report)
    before = rows.state(connection)
    edited: list[str] = []
    warnings: dict[str, str] = {}
    if changes.config or changes.auth_method is not None or changes.sign_in:
        attempt = _overlay_readable(connection, changes)
        warnings = attempt.warnings
        chosen = changes.auth_method is not None
        edited += _keep_values(connection, attempt, method_chosen=chosen)
    edited += _keep_switches(connection, changes, by)
    if edited:
        _count_edit(connection, edited, by)
        rows.save_changes(connection, before)
        _record(connection, by)
    return warnings


def _overlay_readable(connection: IntegrationConnection, changes: Changes) -> Attempt:
    try:
        return overlay(connection, changes)
    except crypto.Unreadable:
        sentences = {name: [REENTER] for name in sorted(connection.hints)}
        raise InvalidChange({"config": sentences}) from None


def _keep_values(
    connection: IntegrationConnection, attempt: Attempt, *, method_chosen: bool
) -> list[str]:
    """Put the attempt's values into the row; the labels of what is different."""
    provider = connection.platform
    edited = [
        field.label
        for field in provider.fields
        if not field.secret and attempt.config.get(field.name) != connection.config.get(field.name)
    ]
    if attempt.secrets_changed:
        edited.append("credentials")
    signed_in_anew = attempt.sign_in is not None and attempt.sign_in != connection.sign_in
    if signed_in_anew:
        edited.append("sign-in")
    if attempt.method != connection.auth_method and (edited or method_chosen):
        edited.append("method")
    if not edited:
        return []
    if attempt.config.get("account_id") != connection.config.get("account_id"):
        connection.platform_account_id = connection.platform_account_name = ""
    if attempt.credential is None:  # other secrets, or another use of the same
        sealing.keep_secrets(connection, attempt.method, attempt.config, attempt.secrets)
    if attempt.secrets_changed:
        connection.credentials_at = timezone.now()
    if signed_in_anew:
        _replace_sign_in(connection, attempt.sign_in)
    connection.auth_method = attempt.method
    connection.config = attempt.config
    connection.is_complete = attempt.is_complete(provider)
    start_revision(connection)
    return edited


def _replace_sign_in(
    connection: IntegrationConnection, new: Credential | None, *, is_revoked: bool = False
) -> None:
    """Attach a sign-in, or none, and give the one before back, if that was not done already."""
    old, connection.sign_in = connection.sign_in, new
    connection.sign_in_key_id = new.key_id if new else ""
    connection.save(update_fields=["sign_in", "sign_in_key_id"])
    if old and is_revoked:
        old.delete()
    elif old:
        let_go([old.pk])


def _keep_switches(
    connection: IntegrationConnection, changes: Changes, by: User | None
) -> list[str]:
    """Enable, disable, report, clear: the labels of what is different."""
    _check_switches(connection, changes)
    before = (connection.is_enabled, connection.last_error, connection.reported_error)
    if changes.is_enabled is not None:
        connection.is_enabled = changes.is_enabled
    if changes.status == Status.DISABLED:
        connection.is_enabled = False
    if changes.status == Status.CONNECTED:
        connection.is_enabled = True
        clear_error(connection)
    if changes.status == Status.CONNECTED or changes.clears_reported_error:
        connection.clear_report()
    if changes.status == Status.ERROR:
        report = _without_secrets(connection, changes.reported_error or "", REPORT_MAX_LENGTH)
        if report != connection.reported_error:
            connection.reported_error, connection.reported_at = report, timezone.now()
            connection.reported_by = by
    after = (connection.is_enabled, connection.last_error, connection.reported_error)
    labels = ("enabled" if connection.is_enabled else "disabled", "error", "report")
    return [label for label, old, new in zip(labels, before, after, strict=True) if old != new]


def _check_switches(connection: IntegrationConnection, changes: Changes) -> None:
    status, enabled = changes.status, changes.is_enabled
    if status == Status.NOT_CONNECTED:
        raise InvalidChange({"status": ["Use disconnect to clear a connection."]})
    if status == Status.ERROR and not (changes.reported_error or "").strip():
        raise InvalidChange({"lastError": ["Say in lastError what is wrong."]})
    if status != Status.ERROR and changes.reported_error is not None:
        raise InvalidChange({"lastError": ["A text goes together with the status error."]})
    if (status == Status.CONNECTED and enabled is False) or (
        status == Status.DISABLED and enabled is True
    ):
        raise InvalidChange({"isEnabled": ["This and status say different things."]})
    if status == Status.CONNECTED and not connection.is_complete:
        raise InvalidChange({"status": ["Not everything that is required is saved yet."]})


def _without_secrets(connection: IntegrationConnection, text: str, longest: int) -> str:
    """A reported text, cleared of the connection's own secrets and then cut."""
    typed: dict[str, str] = {}
    with suppress(crypto.Unreadable):  # then nobody here can know them
        typed = sealing.typed(connection)
    secrets = [*typed.values(), *_obtained(connection.credential), *_obtained(connection.sign_in)]
    plain = connection.platform.plain_in({**connection.config, **typed})
    return masked(text.strip(), secrets, plain=plain, longest=longest).strip()


def _obtained(row: Credential | None) -> list[str]:
    """The tokens that a row keeps."""
    with suppress(crypto.Unreadable):
        if row is not None:
            return [value for value in row.obtained().values() if isinstance(value, str)]
    return []


def _record(connection: IntegrationConnection, by: User | None) -> None:
    data = {"what": "edited", "fields": connection.edited_fields}
    events.record(connection, EventType.CHANGED, by_id=by.pk if by else None, **data)


def _count_edit(connection: IntegrationConnection, edited: list[str], by: User | None) -> None:
    connection.version += 1
    connection.edited_at = timezone.now()
    connection.edited_by_id = by.pk if by else None
    connection.edited_fields = edited


def disconnect(
    workspace: Workspace, provider: str, *, by: User | None, revoked: Collection[UUID] = ()
) -> IntegrationConnection:
    """Forget values, account, errors and proof; the history stays. Harmless to repeat.

    Asks no platform: `disconnecting.disconnect` revokes first, and names what it `revoked` or
    left in place. Raises SignedInMeanwhile when there is another sign-in by now.
    """
    with transaction.atomic():
        connection = rows.lock(workspace.pk, provider)
        if connection.sign_in_id and connection.sign_in_id not in revoked:
            raise SignedInMeanwhile
        # Not given back once more: those that waited, and what was replaced meanwhile.
        gone = [pk for pk in revoked if pk != connection.sign_in_id]
        Credential.objects.filter(pk__in=gone).delete()
        sealing.forget(connection.candidates.all())
        begun.close(connection)
        fix_links.end_unused(connection)
        connection.expiry_notices.all().delete()
        if not _is_blank(connection):
            _replace_sign_in(connection, None, is_revoked=True)
            sealing.keep_secrets(connection, "", {}, {})
            connection.auth_method, connection.config = "", {}
            connection.credentials_at = None
            connection.is_complete, connection.is_enabled = False, True
            connection.clear_report()
            connection.platform_account_id = connection.platform_account_name = ""
            start_revision(connection)
            _count_edit(connection, ["disconnected"], by)
            connection.save()
            _record(connection, by)
    return rows.find(workspace, provider)


def _is_blank(connection: IntegrationConnection) -> bool:
    return (
        not connection.has_anything
        and not connection.auth_method
        and connection.is_enabled
        and not connection.reported_error
        and not connection.last_error
    )
