"""Twins: two connections of a platform to the same account with the same values. One is enough."""

from collections.abc import Iterable

from integrations.models import IntegrationConnection
from integrations.services.refusals import SameAccount

ACCOUNT_FIELD = "account_id"


def refuse(connection: IntegrationConnection, others: Iterable[IntegrationConnection]) -> None:
    """Raise SameAccount where another one has what this one would have now."""
    if found := find(connection, others):
        raise SameAccount(found)


def find(
    connection: IntegrationConnection,
    others: Iterable[IntegrationConnection],
    *,
    proven: str = "",
) -> IntegrationConnection | None:
    """Another one of its platform and workspace with its account, as far as that is known.

    `proven` is the account that it was just found to lead to. An account with other values
    beside it, such as another dataset, is another connection.
    """
    mine, beside = _accounts(connection) | ({proven} - {""}), _beside(connection)
    place = (connection.workspace_id, connection.provider)
    for other in others:
        if other.pk == connection.pk or (other.workspace_id, other.provider) != place:
            continue
        if mine & _accounts(other) and beside == _beside(other):
            return other
    return None


def _accounts(connection: IntegrationConnection) -> set[str]:
    """The account as it was typed, and as the platform named it."""
    return {connection.config.get(ACCOUNT_FIELD) or "", connection.platform_account_id} - {""}


def _beside(connection: IntegrationConnection) -> dict[str, str]:
    return {k: v for k, v in connection.config.items() if k != ACCOUNT_FIELD and v}
