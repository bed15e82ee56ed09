"""What needs mending of what is saved or was just tried, and which value it is about."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from integrations.models import ConnectionTest, IntegrationConnection, Status, TestOutcome
from integrations.services.connecting.changes import Changes
from integrations.services.proving.discovery import ACCOUNT_FIELD
from providers.declare import BASE_URL, SIGN_IN, Field, Provider
from providers.errors import (
    AccountNotFound,
    AuthExpired,
    AuthInvalid,
    CredentialsUnreadable,
    InvalidConfig,
    PermissionMissing,
)

OF_THE_SAVED = {
    AuthExpired.kind: "has ended",
    CredentialsUnreadable.kind: "cannot be read",
    PermissionMissing.kind: "lacks a permission",
    AccountNotFound.kind: "was not found",
}
OF_SECRETS = (
    AuthInvalid.kind,
    AuthExpired.kind,
    PermissionMissing.kind,
    CredentialsUnreadable.kind,
)


@dataclass(frozen=True)
class Mending:
    """`fault` names the value that was refused, SIGN_IN where one has to sign in again; "" where
    nobody can tell. `what` says of that value what is wrong with it. `missing` names the required
    values that are not saved yet. `is_tried` says that it is about what was typed.
    """

    fault: str = ""
    what: str = ""
    missing: tuple[str, ...] = ()
    is_half: bool = False
    is_broken: bool = False
    is_report: bool = False
    is_tried: bool = False

    @property
    def is_known(self) -> bool:
        """Whether all else can stay folded: it is known what to mend, or told above."""
        return bool(self.fault or self.missing or self.is_report or self.is_tried)

    def lacking(self, fields: Iterable[Field]) -> list[str]:
        """The labels of what is missing, as these fields say it."""
        labels = [field.label for field in fields if field.name in self.missing]
        return [*labels, "the sign-in"] if self.is_half and self.fault == SIGN_IN else labels


def of(connection: IntegrationConnection) -> Mending:
    """What a person has to mend; nothing where the connection works or was never begun."""
    if connection.status == Status.NOT_CONNECTED:
        return _half(connection) if connection.has_anything else Mending()
    failure = connection.failure()
    if failure is None or connection.status == Status.DISABLED:
        return Mending()
    if failure["kind"] == "reported":
        return Mending(is_broken=True, is_report=True)
    told = f"{failure['message']} {failure['action']}"
    fault = _fault(_saved(connection), failure["kind"], told)
    missing: tuple[str, ...] = ()
    if failure["kind"] == CredentialsUnreadable.kind and fault != SIGN_IN:
        missing = tuple(connection.hints)  # none of them can be read any more
    what = OF_THE_SAVED.get(failure["kind"], "was refused")
    return Mending(fault, what, missing, is_broken=True)


def of_try(connection: IntegrationConnection, typed: Changes, test: ConnectionTest) -> Mending:
    """What a person has to mend of what was typed and laid over what is saved."""
    before = of(connection)
    tried = Mending(is_tried=True, is_half=before.is_half, is_broken=before.is_broken)
    if test.outcome != TestOutcome.FAILED:
        return tried
    saved = _saved(connection)
    values = _Values(
        connection.platform,
        typed.auth_method or saved.method,
        {**saved.config, **typed.config},
        saved.secrets | {name for name, value in typed.config.items() if value},
        typed.sign_in is not None,
    )
    fault = _fault(values, test.error_kind, f"{test.message} {test.action}")
    return replace(tried, fault=fault, what=OF_THE_SAVED.get(test.error_kind, "was refused"))


def _half(connection: IntegrationConnection) -> Mending:
    method = method_of(connection)
    missing = connection.platform.missing(method, connection.saved_names)
    if not missing and method == SIGN_IN:
        return Mending(fault=SIGN_IN, is_half=True)
    return Mending(missing=tuple(field.name for field in missing), is_half=True)


def method_of(connection: IntegrationConnection) -> str:
    """The way that was used, or that what is saved belongs to."""
    return connection.auth_method or connection.platform.method_for(connection.saved_names).slug


@dataclass(frozen=True)
class _Values:
    """What a test was made with; of secrets the names alone."""

    provider: Provider
    method: str
    config: Mapping[str, Any]
    secrets: set[str]
    is_signed_in: bool


def _saved(connection: IntegrationConnection) -> _Values:
    return _Values(
        connection.platform,
        method_of(connection),
        connection.config,
        set(connection.hints),
        connection.is_signed_in,
    )


def _fault(values: _Values, kind: str, told: str) -> str:
    fields = values.provider.fields_of(values.method)
    names = [field.name for field in fields]
    if kind == AccountNotFound.kind:
        return ACCOUNT_FIELD if ACCOUNT_FIELD in names else ""
    if kind in OF_SECRETS:
        if values.is_signed_in:
            return SIGN_IN
        secrets = [one for one in fields if one.secret and one.name in values.secrets]
        return _named(secrets, told) or _main(values.provider, secrets)
    if kind == InvalidConfig.kind:
        return _named(fields, told) or (BASE_URL if values.config.get(BASE_URL) else "")
    return ""


def _named(fields: Iterable[Field], told: str) -> str:
    """The field that an error speaks of, by the longest label in its sentences."""
    found = [one for one in fields if one.label.lower() in told.lower()]
    return max(found, key=lambda one: len(one.label)).name if found else ""


def _main(provider: Provider, secrets: list[Field]) -> str:
    """The secret that belongs most to one way alone: the fewest ways share it."""
    every = len(provider.methods)
    return min(secrets, key=lambda one: len(one.methods) or every).name if secrets else ""
