"""Changes connections: what people, scripts and dialogs save, and what they clear.

Every entrance (page, API, admin, command, dry run) goes through `overlay`, so the rules about
values, and about where a secret may be sent, stand in one place.
"""

from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from integrations import crypto, platforms
from integrations.models import (
    AppRegistration,
    Candidate,
    IntegrationConnection,
    SignIn,
    Status,
    Workspace,
)
from providers.declare import SIGN_IN, Field, InvalidValues, Provider
from providers.outbound.masking import masked

HINT_MIN_LENGTH = 12
HINT_TAIL = 4
REPORT_MAX_LENGTH = 500
RESEND = (
    "This decides where the secrets are sent, so it can only change together with them. "
    "Enter the secrets again."
)
SIGN_IN_ANEW = (
    "This decides where the sign-in is used, so it can only change together with it. "
    "Sign in again with the new value."
)
REENTER = "The saved value cannot be read. Enter it again, or remove it."


class InvalidChange(Exception):
    """Sentences for the person who typed. `errors` maps a key of the change to sentences;
    those of `config` are by field name."""

    def __init__(self, errors: Mapping[str, Any]) -> None:
        self.errors = dict(errors)
        super().__init__("Some values are not right.")


class SignedInMeanwhile(Exception):
    """There is a sign-in that was not there before."""


class VersionConflict(Exception):
    """Someone else saved first. `connection` is what they saved."""

    def __init__(self, connection: IntegrationConnection) -> None:
        self.connection = connection
        super().__init__("Someone else saved first.")


@dataclass(frozen=True)
class Changes:
    """What to change; None leaves a part as it is, and inside `config` it clears a value.

    `is_signing_in` checks values that a sign-in begins with; `sign_in` is what came of one.
    """

    config: Mapping[str, str | None] = field(default_factory=dict, repr=False)
    auth_method: str | None = None
    is_enabled: bool | None = None
    status: str | None = None
    reported_error: str | None = field(default=None, repr=False)
    clears_reported_error: bool = False
    is_signing_in: bool = False
    sign_in: SignIn | None = None


@dataclass(frozen=True)
class Attempt:
    """The values of one revision, saved or not: what a test tries and a save keeps."""

    method: str
    config: dict[str, str]
    secrets: dict[str, str] = field(repr=False)
    sign_in: SignIn | None = None
    warnings: dict[str, str] = field(default_factory=dict)
    secrets_changed: bool = False

    def values(self, provider: Provider) -> dict[str, str]:
        """What the chosen method uses, secrets and plain values alike."""
        names = {field.name for field in provider.fields_of(self.method)}
        return {k: v for k, v in {**self.config, **self.secrets}.items() if k in names}

    def is_complete(self, provider: Provider) -> bool:
        if self.method == SIGN_IN and self.sign_in is None:
            return False
        return not self.missing(provider)

    def missing(self, provider: Provider) -> list[Field]:
        """The required fields that are still empty."""
        return provider.missing(self.method, {*self.config, *self.secrets})


def find(workspace: Workspace, provider: str) -> IntegrationConnection:
    """The connection, or an unsaved empty one: a card needs no row."""
    found = (
        IntegrationConnection.objects.select_related("last_test", "edited_by", "sign_in")
        .filter(workspace=workspace, provider=provider, name="")
        .first()
    )
    return found or IntegrationConnection(
        workspace=workspace, provider=provider, status=Status.NOT_CONNECTED
    )


def lock(workspace_id: int, provider: str) -> IntegrationConnection:
    """The connection's row, made if need be, locked until the transaction ends."""
    locked, _ = IntegrationConnection.objects.select_for_update().get_or_create(
        workspace_id=workspace_id, provider=provider, name=""
    )
    return locked


def anything_encrypted() -> bool:
    """Whether some row needs a key to be read."""
    return (
        IntegrationConnection.objects.exclude(credentials="").exists()
        or Candidate.objects.exclude(payload="").exists()
        or SignIn.objects.exists()
        or AppRegistration.objects.exists()
    )


def overlay(connection: IntegrationConnection, changes: Changes) -> Attempt:
    """The saved values with the changes laid over them. Saves nothing.

    Raises InvalidChange, and crypto.Unreadable when saved secrets that are not replaced
    cannot be decrypted and nothing about them was typed.
    """
    provider = connection.platform
    method = _method(connection, changes)
    typed = dict(changes.config)
    cleaned, warnings = _clean(provider, typed)
    config = _laid_over(connection.config, cleaned, provider, secret=False)
    sign_in = changes.sign_in or connection.sign_in
    _refuse_new_destination(connection, config, cleaned)
    if method == SIGN_IN and sign_in and not changes.is_signing_in:
        _refuse_to_move(sign_in, config, provider)
    typed_secrets = {k: v for k, v in cleaned.items() if k in provider.secret_names}
    try:
        saved = connection.secrets()
    except crypto.Unreadable:
        kept = connection.hints.keys() - typed_secrets.keys()
        if kept and typed_secrets:
            raise InvalidChange({"config": {name: [REENTER] for name in sorted(kept)}}) from None
        if kept:
            raise
        saved = {}
    secrets = _laid_over(saved, typed_secrets, provider, secret=True)
    contradictions = provider.contradictions({**config, **secrets})
    if contradictions and changes.config:
        raise InvalidChange({"config": contradictions})
    changed = secrets != saved or secrets.keys() != connection.hints.keys()
    return Attempt(method, config, secrets, sign_in, warnings, changed)


def _method(connection: IntegrationConnection, changes: Changes) -> str:
    provider = connection.platform
    if changes.auth_method is not None:
        try:
            return provider.method(changes.auth_method).slug
        except KeyError:
            known = ", ".join(method.slug for method in provider.methods)
            raise InvalidChange({"authMethod": [f"Choose one of these: {known}."]}) from None
    if connection.auth_method:
        return connection.auth_method
    typed = [name for name, value in changes.config.items() if value is not None]
    return provider.method_for(typed).slug


def _clean(
    provider: Provider, typed: Mapping[str, str | None]
) -> tuple[dict[str, str | None], dict[str, str]]:
    try:
        return provider.clean(typed, allow=settings.OUTBOUND_ALLOW)
    except InvalidValues as invalid:
        raise InvalidChange({"config": invalid.by_field}) from None


def _laid_over(
    saved: Mapping[str, str],
    typed: Mapping[str, str | None],
    provider: Provider,
    *,
    secret: bool,
) -> dict[str, str]:
    changes = {k: v for k, v in typed.items() if (k in provider.secret_names) == secret}
    return {k: v for k, v in {**saved, **changes}.items() if v is not None}


def _refuse_new_destination(
    connection: IntegrationConnection, config: Mapping[str, str], typed: Mapping[str, str | None]
) -> None:
    """A saved secret goes to the place it was saved for, and nowhere else."""
    kept = connection.hints.keys() - typed.keys()
    if not kept:
        return
    moved = {
        field.name: [RESEND]
        for field in connection.platform.fields
        if field.decides_destination and config.get(field.name) != connection.config.get(field.name)
    }
    if moved:
        raise InvalidChange({"config": moved})


def _refuse_to_move(sign_in: SignIn, config: Mapping[str, str], provider: Provider) -> None:
    """A sign-in's tokens go where it was made, whether it is saved or still waits."""
    moved = {
        field.name: [SIGN_IN_ANEW]
        for field in provider.fields
        if field.decides_destination and config.get(field.name) != sign_in.values.get(field.name)
    }
    if moved:
        raise InvalidChange({"config": moved})


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
        connection = lock(workspace.pk, provider)
        saved = apply(connection, changes, by=by, expected_version=expected_version)
    return Saved(find(workspace, provider), saved)


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
        report = _without_secrets(connection, changes.reported_error)
        changes = replace(changes, reported_error=report)
    edited: list[str] = []
    warnings: dict[str, str] = {}
    if changes.config or changes.auth_method is not None or changes.sign_in:
        attempt = _overlay_readable(connection, changes)
        warnings = attempt.warnings
        chosen = changes.auth_method is not None
        edited += _keep_values(connection, attempt, method_chosen=chosen)
    edited += _keep_switches(connection, changes)
    if edited:
        _count_edit(connection, edited, by)
        connection.save()
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
    if attempt.secrets_changed:
        _keep_secrets(connection, attempt.secrets)
        connection.credentials_at = timezone.now()
    if signed_in_anew:
        _replace_sign_in(connection, attempt.sign_in)
    connection.auth_method = attempt.method
    connection.config = attempt.config
    connection.is_complete = attempt.is_complete(provider)
    start_revision(connection)
    return edited


def _replace_sign_in(connection: IntegrationConnection, new: SignIn | None) -> None:
    """Attach a sign-in, or none, and forget the one before."""
    old, connection.sign_in = connection.sign_in, new
    connection.sign_in_key_id = new.key_id if new else ""
    connection.save(update_fields=["sign_in", "sign_in_key_id"])
    if old:
        old.delete()


def keep_renewed(connection: IntegrationConnection, renewed: Mapping[str, str]) -> None:
    """Store secrets that the platform has replaced: no edit, and the revision stays.

    Each replaces the value that was used; one that a person replaced meanwhile wins.
    """
    used = connection.secrets()
    with transaction.atomic():
        locked = lock(connection.workspace_id, connection.provider)
        saved = locked.secrets()
        still = {k: v for k, v in renewed.items() if k in saved and saved[k] == used.get(k)}
        if not still:
            return
        _keep_secrets(locked, {**saved, **still})
        locked.save(update_fields=["credentials", "key_id", "hints"])
    connection.credentials = locked.credentials  # what is used from now on


def _keep_secrets(connection: IntegrationConnection, secrets: Mapping[str, str]) -> None:
    connection.credentials = crypto.encrypt(secrets, connection.owner)
    connection.key_id = crypto.key_id_of(connection.credentials)
    connection.hints = {name: hint(value) for name, value in secrets.items()}


def hint(secret: str) -> str | None:
    """ "…x9Qd" for a secret long enough to show four characters of, else None."""
    return f"…{secret[-HINT_TAIL:]}" if len(secret) >= HINT_MIN_LENGTH else None


def start_revision(connection: IntegrationConnection) -> None:
    """Nothing that was found out about earlier values holds for new ones."""
    connection.revision += 1
    connection.proven_at = None
    connection.unanswered_since = None
    connection.expires_at, connection.expires_is_estimate = forecast(connection)
    clear_error(connection)


def forecast(connection: IntegrationConnection) -> tuple[datetime | None, bool]:
    """When its credentials end as far as nobody had to be asked, and whether that is an estimate.

    A sign-in knows; for a pasted token it is the life that its platform publishes.
    """
    if connection.is_signed_in and connection.sign_in:
        return connection.sign_in.ends_at, connection.sign_in.ends_is_estimate
    lives = next(
        (m.lives for m in connection.platform.methods if m.slug == connection.auth_method), None
    )
    if lives and connection.credentials_at:
        return connection.credentials_at + lives, True
    return None, False


def clear_error(connection: IntegrationConnection) -> None:
    connection.last_error = connection.error_kind = ""
    connection.error_action = connection.error_action_url = ""
    connection.failing_since = None
    connection.failed_test = None


def _keep_switches(connection: IntegrationConnection, changes: Changes) -> list[str]:
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
        connection.reported_error, connection.reported_at = "", None
    if changes.status == Status.ERROR:
        report = _without_secrets(connection, changes.reported_error or "")[:REPORT_MAX_LENGTH]
        if report != connection.reported_error:
            connection.reported_error, connection.reported_at = report, timezone.now()
    after = (connection.is_enabled, connection.last_error, connection.reported_error)
    labels = ("enabled" if connection.is_enabled else "disabled", "error", "reported error")
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


def _without_secrets(connection: IntegrationConnection, text: str) -> str:
    """A reported text, cleared of the connection's own secrets."""
    with suppress(crypto.Unreadable):  # then nobody here can know them
        text = masked(text, connection.secrets().values())
    return text.strip()


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
        connection = lock(workspace.pk, provider)
        if connection.sign_in_id and connection.sign_in_id not in revoked:
            raise SignedInMeanwhile
        connection.candidates.all().delete()
        connection.sign_in_attempts.all().delete()
        now = timezone.now()
        # Ended, not deleted: the history names who was sent them.
        connection.fix_links.filter(used_at=None, expires_at__gt=now).update(expires_at=now)
        connection.expiry_notices.all().delete()
        if not _is_blank(connection):
            _replace_sign_in(connection, None)
            connection.auth_method = connection.credentials = connection.key_id = ""
            connection.config, connection.hints = {}, {}
            connection.credentials_at = None
            connection.is_complete, connection.is_enabled = False, True
            connection.reported_error, connection.reported_at = "", None
            connection.platform_account_id = connection.platform_account_name = ""
            start_revision(connection)
            _count_edit(connection, ["disconnected"], by)
            connection.save()
    return find(workspace, provider)


def _is_blank(connection: IntegrationConnection) -> bool:
    return (
        not connection.has_anything
        and not connection.auth_method
        and connection.is_enabled
        and not connection.reported_error
        and not connection.last_error
    )


def catalogue(workspace: Workspace) -> list[IntegrationConnection]:
    """Every platform's connection in catalogue order, saved or empty; one query."""
    rows = IntegrationConnection.objects.filter(workspace=workspace, name="").select_related(
        "last_test", "sign_in"
    )
    saved = {row.provider: row for row in rows}
    return [
        saved.get(slug)
        or IntegrationConnection(workspace=workspace, provider=slug, status=Status.NOT_CONNECTED)
        for slug in platforms.catalogue()
    ]
