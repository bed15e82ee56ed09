"""An attempt: the values of one revision, with which a platform is asked."""

from dataclasses import dataclass, field

from integrations import crypto
from integrations.models import Credential, IntegrationConnection
from integrations.services.credentials import sealing
from providers.declare import SIGN_IN, Field, Provider


@dataclass(frozen=True)
class Attempt:
    """The values of one revision, saved or not: what a test tries and a save keeps.

    `credential` is the row that holds exactly these secrets, if there is one.
    """

    method: str
    config: dict[str, str]
    secrets: dict[str, str] = field(repr=False)
    credential: Credential | None = None
    sign_in: Credential | None = None
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

    def token_row(self, provider: Provider) -> Credential | None:
        """The row that keeps a token for these values; None where none is needed, or kept."""
        if self.method == SIGN_IN:
            return self.sign_in
        if self.credential and provider.obtains(self.method, self.config):
            return self.credential
        return None


def saved(connection: IntegrationConnection) -> Attempt:
    """The values as they are saved. Raises crypto.Unreadable, as Moved where that is why."""
    try:
        secrets = sealing.typed(connection)
    except crypto.Unreadable:
        if connection.hints:
            raise
        secrets = {}
    method = connection.auth_method or connection.platform.method_for(()).slug
    config, sign_in = dict(connection.config), connection.sign_in
    if method == SIGN_IN and sign_in:
        check_ours(sign_in, connection)
        if moved_from(sign_in, config, connection.platform):
            raise sealing.Moved
    return Attempt(method, config, secrets, connection.credential, sign_in)


def check_ours(sign_in: Credential, connection: IntegrationConnection) -> None:
    """Raise Moved for a sign-in to another platform, or of another workspace."""
    if not sealing.is_of(sign_in, connection, SIGN_IN):
        raise sealing.Moved


def moved_from(sign_in: Credential, config: dict[str, str], provider: Provider) -> list[str]:
    """The fields that would send a sign-in's tokens elsewhere than where it was made."""
    return [
        field.name
        for field in provider.fields
        if field.decides_destination and config.get(field.name) != sign_in.values.get(field.name)
    ]
