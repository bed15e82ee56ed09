"""What is kept in sealed rows, as tests look at it."""

from django.db.models import QuerySet

from integrations.models import Credential, IntegrationConnection
from integrations.services.credentials import sealing
from providers.declare import SIGN_IN


def sign_ins() -> QuerySet[Credential]:
    return Credential.objects.filter(method=SIGN_IN)


def secrets_of(connection: IntegrationConnection) -> dict[str, str]:
    """The typed secrets of a connection, by field name."""
    return sealing.typed(connection)
