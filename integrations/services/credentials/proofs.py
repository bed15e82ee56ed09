"""Whether values were ever proven: then what answers at a typed address says nothing of them."""

from django.db.models import Exists, OuterRef, Q, QuerySet

from integrations.models import ConnectionTest, Credential, IntegrationConnection, TestOutcome
from integrations.services.credentials.attempts import Attempt
from providers.declare import SIGN_IN
from providers.errors import ProviderError


def were_proven(connection: IntegrationConnection, attempt: Attempt) -> bool:
    """Whether a test ever passed with the saved values, and the attempt's are the same."""
    if not _is_of_saved(attempt, connection):
        return False
    present = IntegrationConnection.objects.filter(pk=connection.pk, revision=connection.revision)
    return _proven(present).exists()


def believed(error: ProviderError, row: Credential) -> ProviderError:
    """What an error means that was met while a token was asked for with a row's values."""
    if error.once_proven is None:
        return error
    using = IntegrationConnection.objects.filter(credential=row.pk)
    if row.method == SIGN_IN or _proven(using).exists():
        return error.once_proven
    return error


def _is_of_saved(attempt: Attempt, connection: IntegrationConnection) -> bool:
    return not attempt.secrets_changed and (
        attempt.method == connection.auth_method
        and attempt.config == connection.config
        and attempt.credential == connection.credential
    )


def _proven(connections: QuerySet[IntegrationConnection]) -> QuerySet[IntegrationConnection]:
    passed = ConnectionTest.objects.filter(
        connection=OuterRef("pk"),
        revision=OuterRef("revision"),
        outcome=TestOutcome.PASSED,
        dry_run=False,
    )
    return connections.filter(Q(proven_at__isnull=False) | Exists(passed))
