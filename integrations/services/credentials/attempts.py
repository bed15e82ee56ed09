"""An attempt: the values of one revision, with which a platform is asked."""

from dataclasses import dataclass, field

from integrations import crypto
from integrations.models import IntegrationConnection, SignIn
from providers.declare import SIGN_IN, Field, Provider


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


def saved(connection: IntegrationConnection) -> Attempt:
    """The values as they are saved. Raises crypto.Unreadable."""
    try:
        secrets = connection.secrets()
    except crypto.Unreadable:
        if connection.hints:
            raise
        secrets = {}
    method = connection.auth_method or connection.platform.method_for(()).slug
    return Attempt(method, dict(connection.config), secrets, connection.sign_in)
