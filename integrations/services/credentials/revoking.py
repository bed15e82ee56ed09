"""Ends at the platform what a sign-in here obtained."""

from integrations.database import release_connection
from integrations.models import Credential, IntegrationConnection
from integrations.services.credentials import apps, ends, tokens
from providers.declare import SIGN_IN


def revoke(row: Credential) -> None:
    """End the grant at the platform. Raises NotRevocable and ProviderError.

    Under the lease, so that no renewal runs meanwhile and the newest token is the one revoked.
    """
    opening = apps.talk_for(row)
    held = tokens.held_by(row)
    release_connection()
    with opening as talk:
        talk.revoke(held)


def siblings(row: Credential) -> list[IntegrationConnection]:
    """Other connections whose sign-in revoking this one may end, in any workspace."""
    if not ends.declared_for(row).revoking_ends_siblings:
        return []
    same = Credential.objects.filter(method=SIGN_IN, app=row.app, client_id=row.client_id)
    found = IntegrationConnection.objects.filter(sign_in__in=same.exclude(pk=row.pk))
    return list(found.select_related("workspace").order_by("workspace", "provider"))
