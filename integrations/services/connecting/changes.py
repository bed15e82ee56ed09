"""Changes: what somebody typed, laid over what is saved.

Every entrance (page, API, admin, command, dry run) goes through `overlay`, so the rules about
values, and about where a secret may be sent, stand in one place.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from django.conf import settings

from integrations import crypto
from integrations.models import Credential, IntegrationConnection
from integrations.services.credentials import attempts, sealing
from integrations.services.credentials.attempts import Attempt
from integrations.services.refusals import InvalidChange
from providers.declare import SIGN_IN, InvalidValues, Provider

RESEND = (
    "This decides where the secrets are sent, so it can only change together with them. "
    "Enter the secrets again."
)
RESEND_TO_USE = (
    "This decides how the secrets are used, so it can only change together with them. "
    "Enter the secrets again."
)
SIGN_IN_ANEW = (
    "This decides where the sign-in is used, so it can only change together with it. "
    "Sign in again with the new value."
)
LENT = (
    "What lets this connection in is lent by another workspace, and only its owners change how "
    "it is connected. To connect it in your own way, disconnect it first."
)
REENTER = "The saved value cannot be read. Enter it again, or remove it."


@dataclass(frozen=True)
class Changes:
    """What to change; None leaves a part as it is, and inside `config` it clears a value.

    `is_signing_in` checks values that a sign-in begins with; `sign_in` is what came of one. An
    empty `name` is the account's own; `is_default` makes it the one that is meant where none is
    named.
    """

    config: Mapping[str, str | None] = field(default_factory=dict, repr=False)
    auth_method: str | None = None
    is_enabled: bool | None = None
    status: str | None = None
    reported_error: str | None = field(default=None, repr=False)
    clears_reported_error: bool = False
    is_signing_in: bool = False
    sign_in: Credential | None = None
    name: str | None = None
    is_default: bool = False

    @property
    def opens_otherwise(self) -> bool:
        """Whether what lets us in may become another: of concern to all whom that lets in."""
        return bool(self.config or self.sign_in or self.auth_method or self.is_signing_in)


def overlay(connection: IntegrationConnection, changes: Changes) -> Attempt:
    """The saved values with the changes laid over them. Saves nothing.

    Raises InvalidChange, and crypto.Unreadable when saved secrets that are not replaced
    cannot be decrypted and nothing about them was typed.
    """
    if connection.is_lent and changes.opens_otherwise:
        raise InvalidChange({"credential": [LENT]})
    provider = connection.platform
    method = _method(connection, changes)
    typed = dict(changes.config)
    cleaned, warnings = _clean(provider, typed)
    config = _laid_over(connection.config, cleaned, provider, secret=False)
    sign_in = changes.sign_in or connection.sign_in
    _refuse_new_use(connection, method, config, cleaned)
    if method == SIGN_IN and sign_in and not changes.is_signing_in:
        attempts.check_ours(sign_in, connection)
        _refuse_to_move(sign_in, config, provider)
    typed_secrets = {k: v for k, v in cleaned.items() if k in provider.secret_names}
    try:
        saved = sealing.typed(connection)
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
    row = connection.credential
    if row and not changed and sealing.is_for(row, connection, method, config):
        return Attempt(method, config, secrets, row, sign_in, warnings)
    return Attempt(method, config, secrets, None, sign_in, warnings, changed)


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


def _refuse_new_use(
    connection: IntegrationConnection,
    method: str,
    config: Mapping[str, str],
    typed: Mapping[str, str | None],
) -> None:
    """A saved secret goes to the place it was saved for, in the same way, and nowhere else."""
    provider, saved = connection.platform, connection.config
    kept = connection.hints.keys() - typed.keys()
    if not kept:
        return
    names = provider.decisive(kept, saved) | provider.decisive(kept, config)
    changed = [
        field
        for field in provider.fields
        if field.name in names and config.get(field.name) != saved.get(field.name)
    ]
    if changed:
        said = {f.name: [RESEND if f.decides_destination else RESEND_TO_USE] for f in changed}
        raise InvalidChange({"config": said})
    if method != connection.auth_method and provider.used_otherwise(kept, method, config):
        raise InvalidChange({"authMethod": [RESEND_TO_USE]})


def _refuse_to_move(sign_in: Credential, config: dict[str, str], provider: Provider) -> None:
    """A sign-in's tokens go where it was made, whether it is saved or still waits."""
    if moved := attempts.moved_from(sign_in, config, provider):
        raise InvalidChange({"config": {name: [SIGN_IN_ANEW] for name in moved}})
