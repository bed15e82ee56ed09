"""Saves connections: what people, scripts and dialogs changed or cleared."""

from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from django.contrib.auth.models import User
from django.db import transaction

from integrations import clock, compiled, crypto
from integrations.models import (
    Credential,
    EventType,
    IntegrationConnection,
    Status,
    Workspace,
)
from integrations.services import events, rows, twins
from integrations.services.connecting import begun, fix_links
from integrations.services.connecting.changes import REENTER, Changes, overlay
from integrations.services.credentials import sealing
from integrations.services.credentials.attempts import Attempt, moved_from
from integrations.services.credentials.unused import let_go
from integrations.services.proving.facts import clear_error, start_revision
from integrations.services.refusals import (
    InvalidChange,
    NoConnection,
    SignedInMeanwhile,
    VersionConflict,
)
from providers.declare import SIGN_IN
from providers.outbound.masking import masked

REPORT_MAX_LENGTH = 500
SHARED_EDIT = "shared credentials"
TAKEN_BACK = "taken back"


@dataclass(frozen=True)
class Saved:
    connection: IntegrationConnection
    warnings: dict[str, str]


def change_connection(
    connection: IntegrationConnection,
    changes: Changes,
    *,
    by: User | None,
    expected_version: int | None = None,
) -> Saved:
    """Save what a person or script changed; an outgoing call is never made.

    Raises InvalidChange, NoConnection, also for a draft, or VersionConflict when
    `expected_version` is no longer true.
    """
    with transaction.atomic():
        connection, others = _lock(connection, changes)
        if rows.is_draft(connection):
            raise NoConnection
        saved = apply(connection, changes, others, by=by, expected_version=expected_version)
    return Saved(connection, saved)


def _lock(
    connection: IntegrationConnection, changes: Changes
) -> tuple[IntegrationConnection, list[IntegrationConnection]]:
    """It, and the others that such a change may concern: of a switch, none."""
    if changes.opens_otherwise or changes.is_default:
        return rows.lock_together(connection, sharing=changes.opens_otherwise)
    return rows.lock(connection), []


def apply(
    connection: IntegrationConnection,
    changes: Changes,
    others: Sequence[IntegrationConnection],
    *,
    by: User | None,
    expected_version: int | None = None,
    is_new: bool = False,
) -> dict[str, str]:
    """`change_connection` on rows that were locked together; returns the warnings.

    Raises SameAccount, too.
    """
    if expected_version is not None and expected_version != connection.version:
        raise VersionConflict(connection)
    if changes.reported_error:  # it may quote a secret that is replaced at the same time
        # Cut at the end alone: what begins before the cut is looked for again.
        report = _without_secrets(connection, changes.reported_error, 2 * REPORT_MAX_LENGTH)
        changes = replace(changes, reported_error=report)
    before = {one.pk: rows.state(one) for one in (connection, *others)}
    twin = twins.find(connection, others)  # which it may stay, so that its secrets can be renewed
    edited = ["added"] if is_new else []
    edited += _keep_names(connection, changes, others)
    warnings: dict[str, str] = {}
    touched: list[IntegrationConnection] = []
    if is_new or changes.opens_otherwise:
        attempt = _overlay_readable(connection, changes)
        warnings = attempt.warnings
        chosen = changes.auth_method is not None
        values, touched = _keep_values(
            connection, attempt, others, method_chosen=chosen, is_new=is_new
        )
        if (values and not twin) or is_new:
            twins.refuse(connection, others)
        edited += values
    edited += _keep_switches(connection, changes, by)
    events.take_turns(one.workspace_id for one in (connection, *touched))
    if edited:
        _save(connection, before[connection.pk], edited, by)
    for other in touched:
        # Who did it is nobody that a workspace knows to which it is only lent.
        _save(other, before[other.pk], [SHARED_EDIT], None if other.is_lent else by)
    return warnings


def _save(
    connection: IntegrationConnection, before: rows.State, edited: list[str], by: User | None
) -> None:
    _count_edit(connection, edited, by)
    rows.save_changes(connection, before)
    first = {"is_first": True} if connection.auth_method and not before["auth_method"] else {}
    record(connection, "edited", by=by, fields=connection.edited_fields, **first)


def _keep_names(
    connection: IntegrationConnection, changes: Changes, others: Sequence[IntegrationConnection]
) -> list[str]:
    """What it is called, and whether it is the default one: the labels of what is different."""
    edited = []
    if changes.name is not None and changes.name != connection.name:
        connection.name = changes.name
        edited.append("name")
    if changes.is_default and not connection.is_default:
        for other in others:
            if other.is_default and rows.place(other) == rows.place(connection):
                other.is_default = False
                compiled.update(IntegrationConnection, {"is_default": False}, id=other.pk)
        connection.is_default = True
        # Newer than any that was told of the default one: who knows that is told of this one.
        connection.version = newest([connection, *others])
        edited.append("default")
    return edited


def newest(connections: Iterable[IntegrationConnection]) -> int:
    """The highest version that any of them has."""
    return max(one.version for one in connections)


def _overlay_readable(connection: IntegrationConnection, changes: Changes) -> Attempt:
    try:
        return overlay(connection, changes)
    except crypto.Unreadable:
        sentences = {name: [REENTER] for name in sorted(connection.hints)}
        raise InvalidChange({"config": sentences}) from None


def _keep_values(
    connection: IntegrationConnection,
    attempt: Attempt,
    others: Sequence[IntegrationConnection],
    *,
    method_chosen: bool,
    is_new: bool,
) -> tuple[list[str], list[IntegrationConnection]]:
    """Put the attempt's values into the row; the labels of what is different.

    Beside them those of the others that are opened in another way now, too.
    """
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
    if not edited and not is_new:
        return [], []
    touched: list[IntegrationConnection] = []
    if attempt.config.get("account_id") != connection.config.get("account_id"):
        connection.platform_account_id = connection.platform_account_name = ""
    if attempt.credential is None:  # other secrets, or another use of the same
        touched += _replace_secrets(connection, attempt, others, is_new=is_new)
    if attempt.secrets_changed:
        connection.credentials_at = clock.now()
    if signed_in_anew:
        touched += _replace_sign_in(connection, attempt.sign_in, others, is_new=is_new)
    connection.auth_method = attempt.method
    connection.config = attempt.config
    connection.is_complete = attempt.is_complete(provider)
    start_revision(connection)
    for other in touched:
        other.credentials_at = connection.credentials_at
        other.is_complete = is_complete(other)
        start_revision(other)
    return edited, touched


def _replace_secrets(
    connection: IntegrationConnection,
    attempt: Attempt,
    others: Sequence[IntegrationConnection],
    *,
    is_new: bool,
) -> list[IntegrationConnection]:
    """Seal the attempt's secrets, for all that use those before; the others of these.

    Without any before they are in place of those that are still lent.
    """
    if not connection.credential_id and not is_new:
        connection.credential = _left(connection, others, "credential")
    used = connection.credential_id
    same = [one for one in others if used and one.credential_id == used]
    return sealing.keep_secrets(
        connection, attempt.method, attempt.config, attempt.secrets, sharers=same
    )


def _left(
    connection: IntegrationConnection, others: Sequence[IntegrationConnection], kind: str
) -> Credential | None:
    """What lets in none of the lender's any more but still those it lends to: to be replaced.

    None unless it is clear: where there are several, each may be meant.
    """
    here = [one for one in (connection, *others) if rows.place(one) == rows.place(connection)]
    lent = [one for one in others if one.lender_id == connection.workspace_id]
    left = {getattr(one, f"{kind}_id") for one in lent} - {None}
    left -= {getattr(one, f"{kind}_id") for one in here}
    if connection.is_lent or len(left) != 1:
        return None
    known = [one.pk for one in (connection, *others)]
    elsewhere = IntegrationConnection.objects.exclude(pk__in=known).filter(**{f"{kind}__in": left})
    return None if elsewhere.exists() else Credential.objects.filter(pk__in=left).first()


def is_complete(connection: IntegrationConnection) -> bool:
    """Whether all that its way in takes is there."""
    if connection.auth_method == SIGN_IN and connection.sign_in_id is None:
        return False
    return not connection.platform.missing(connection.auth_method, connection.saved_names)


def _replace_sign_in(
    connection: IntegrationConnection,
    new: Credential | None,
    others: Sequence[IntegrationConnection],
    *,
    is_new: bool,
) -> list[IntegrationConnection]:
    """Attach a sign-in in place of the one before, for all that use that; the others of these.

    Without one before it is in place of what is still lent. Those whose values say another place
    than it was made for stay with the one before, which is given back where nobody uses it.
    """
    old = connection.sign_in_id
    if not old and not is_new and (left := _left(connection, others, "sign_in")):
        old = left.pk
    using = [one for one in others if old and one.sign_in_id == old]
    if new:
        using = [one for one in using if not moved_from(new, one.config, one.platform)]
    for one in (connection, *using):
        one.sign_in, one.sign_in_key_id = new, new.key_id if new else ""
        one.save(update_fields=["sign_in", "sign_in_key_id"])
    if old:
        let_go([old])
    return using


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
            connection.reported_error, connection.reported_at = report, clock.now()
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
    """A reported text, cleared of the connection's own secrets and then cut.

    Of whole ones alone: a person types it, who would see otherwise which beginnings are right.
    Secrets that are lent are nobody's there to know, so nothing is said of them.
    """
    secrets: list[str] = []
    if not connection.is_lent:
        with suppress(crypto.Unreadable):  # then nobody here can know them
            secrets += sealing.typed(connection).values()
        secrets += [*_obtained(connection.credential), *_obtained(connection.sign_in)]
    return masked(text.strip(), secrets, longest=longest, in_runs=False).strip()


def _obtained(row: Credential | None) -> list[str]:
    """The tokens that a row keeps."""
    with suppress(crypto.Unreadable):
        if row is not None:
            return [value for value in row.obtained().values() if isinstance(value, str)]
    return []


def record(connection: IntegrationConnection, what: str, *, by: User | None, **data: Any) -> None:
    """Part of the transaction in which somebody did it."""
    events.record(connection, EventType.CHANGED, by_id=by.pk if by else None, what=what, **data)


def _count_edit(connection: IntegrationConnection, edited: list[str], by: User | None) -> None:
    connection.version += 1
    connection.edited_at = clock.now()
    connection.edited_by_id = by.pk if by else None
    connection.edited_fields = edited


def disconnect(
    connection: IntegrationConnection,
    *,
    by: User | None,
    revoked: Collection[UUID] = (),
    kept: Collection[UUID] = (),
    taken_back_by: Workspace | None = None,
    expected_version: int | None = None,
) -> IntegrationConnection:
    """Forget values, account, errors and proof; the history stays. Harmless to repeat.

    Asks no platform: `disconnecting.disconnect` revokes first, and names what it `revoked` or
    left in place, and what it `kept` for others: given back where these are gone by now. What was
    lent is its lender's as before, who may have taken it back; to disconnect it once more is to
    know of that. Raises SignedInMeanwhile when there is another sign-in by now, and
    VersionConflict when `expected_version` is no longer true.
    """
    with transaction.atomic():
        connection, others = rows.lock_together(connection, sharing=True)
        if expected_version is not None and expected_version != connection.version:
            raise VersionConflict(connection)
        lent = [connection.sign_in_id] if connection.is_lent and connection.sign_in_id else []
        if connection.sign_in_id and connection.sign_in_id not in [*revoked, *kept, *lent]:
            raise SignedInMeanwhile
        sealing.forget(connection.candidates.all())
        begun.close(connection)
        fix_links.end_unused(connection)
        connection.expiry_notices.all().delete()
        if not is_blank(connection) or connection.taken_back_at:
            former = _account_of(connection)
            same = [one for one in others if one.credential_id == connection.credential_id]
            sealing.keep_secrets(connection, "", {}, {}, sharers=same)
            connection.sign_in, connection.sign_in_key_id = None, ""
            connection.lender = None
            connection.auth_method, connection.config = "", {}
            connection.credentials_at = None
            connection.is_complete, connection.is_enabled = False, True
            connection.clear_report()
            connection.platform_account_id = connection.platform_account_name = ""
            start_revision(connection)
            connection.former_account_id, connection.former_account_name = former
            if taken_back_by:
                connection.taken_back_at, connection.taken_back_by = clock.now(), taken_back_by
            _count_edit(connection, [TAKEN_BACK if taken_back_by else "disconnected"], by)
            connection.save()
            record(connection, "edited", by=by, fields=connection.edited_fields)
        # Not given back once more: those that waited, and what was replaced meanwhile.
        given_back = Credential.objects.filter(pk__in=revoked)
        list(given_back.select_for_update().order_by("pk"))  # somebody may just share one
        given_back.filter(signed_in=None).delete()
        let_go([*kept, *lent])
    return rows.again(connection)


def _account_of(connection: IntegrationConnection) -> tuple[str, str]:
    """The id and the name of what it is for, or was."""
    account_id = connection.platform_account_id or connection.config.get(twins.ACCOUNT_FIELD) or ""
    name = connection.platform_account_name or connection.former_account_name
    return account_id or connection.former_account_id, name


def was_never_anything(connection: IntegrationConnection) -> bool:
    """Whether nobody ever gave it anything: no value, no name, no history."""
    return is_blank(connection) and not connection.version


def is_blank(connection: IntegrationConnection) -> bool:
    """Whether it is as if nobody had ever given it anything."""
    return (
        not connection.has_anything
        and not connection.auth_method
        and connection.is_enabled
        and not connection.reported_error
        and not connection.last_error
    )
