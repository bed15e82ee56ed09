"""What of a connection needs mending, and which of its values it is about."""

from collections.abc import Iterable
from dataclasses import dataclass

from integrations.models import IntegrationConnection, Status
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
    nobody can tell. `what` says of the saved value what is wrong with it. `missing` names the
    required values that are not saved yet.
    """

    fault: str = ""
    what: str = ""
    missing: tuple[str, ...] = ()
    is_half: bool = False
    is_broken: bool = False
    is_report: bool = False

    @property
    def is_known(self) -> bool:
        """Whether it is known what to mend, so that all else can stay folded."""
        return bool(self.fault or self.missing or self.is_report)


def of(connection: IntegrationConnection) -> Mending:
    """What a person has to mend; nothing where the connection works or was never begun."""
    if connection.status == Status.NOT_CONNECTED:
        return _half(connection) if connection.saved_names else Mending()
    failure = connection.failure()
    if failure is None or connection.status == Status.DISABLED:
        return Mending()
    if failure["kind"] == "reported":
        return Mending(is_broken=True, is_report=True)
    fault = _fault(connection, failure["kind"], f"{failure['message']} {failure['action']}")
    missing: tuple[str, ...] = ()
    if failure["kind"] == CredentialsUnreadable.kind and fault != SIGN_IN:
        missing = tuple(connection.hints)  # none of them can be read any more
    what = OF_THE_SAVED.get(failure["kind"], "was refused")
    return Mending(fault, what, missing, is_broken=True)


def _half(connection: IntegrationConnection) -> Mending:
    method = method_of(connection)
    missing = connection.platform.missing(method, connection.saved_names)
    if not missing and method == SIGN_IN:
        return Mending(fault=SIGN_IN, is_half=True)
    return Mending(missing=tuple(field.name for field in missing), is_half=True)


def method_of(connection: IntegrationConnection) -> str:
    """The way that was used, or that what is saved belongs to."""
    return connection.auth_method or connection.platform.method_for(connection.saved_names).slug


def _fault(connection: IntegrationConnection, kind: str, told: str) -> str:
    provider = connection.platform
    fields = provider.fields_of(method_of(connection))
    names = [field.name for field in fields]
    if kind == AccountNotFound.kind:
        return ACCOUNT_FIELD if ACCOUNT_FIELD in names else ""
    if kind in OF_SECRETS:
        if connection.is_signed_in:
            return SIGN_IN
        secrets = [field for field in fields if field.name in connection.hints]
        return _named(secrets, told) or _main(provider, secrets)
    if kind == InvalidConfig.kind:
        return _named(fields, told) or (BASE_URL if BASE_URL in connection.config else "")
    return ""


def _named(fields: Iterable[Field], told: str) -> str:
    """The field that an error speaks of, by the longest label in its sentences."""
    found = [one for one in fields if one.label.lower() in told.lower()]
    return max(found, key=lambda one: len(one.label)).name if found else ""


def _main(provider: Provider, secrets: list[Field]) -> str:
    """The secret that belongs most to one way alone: the fewest ways share it."""
    every = len(provider.methods)
    return min(secrets, key=lambda one: len(one.methods) or every).name if secrets else ""
