"""Ends at the platform what a sign-in here obtained."""

from django.conf import settings

from integrations import platforms
from integrations.database import release_connection
from integrations.models import Credential, IntegrationConnection
from integrations.services.credentials import apps, ends, tokens
from providers import errors
from providers.access import flow as oauth
from providers.declare import SIGN_IN


def revoke(row: Credential) -> None:
    """End the grant at the platform. Raises NotRevocable and ProviderError.

    Under the lease, so that no renewal runs meanwhile and the newest token is the one revoked.
    """
    provider = platforms.get(row.provider)
    app = apps.of_sign_in(row)
    if app is None:
        raise errors.InvalidConfig(
            f"The app that this sign-in to {provider.name} was made with is no longer set here."
        )
    held = tokens.held_by(row)
    release_connection()
    with oauth.flow(provider, app, row.plain, allow=settings.OUTBOUND_ALLOW) as talk:
        talk.revoke(held)


def siblings(row: Credential) -> list[IntegrationConnection]:
    """Other connections whose sign-in revoking this one may end, in any workspace."""
    if not ends.declared_for(row).revoking_ends_siblings:
        return []
    same = Credential.objects.filter(method=SIGN_IN, app=row.app, client_id=row.client_id)
    found = IntegrationConnection.objects.filter(sign_in__in=same.exclude(pk=row.pk))
    return list(found.select_related("workspace").order_by("workspace", "provider"))
