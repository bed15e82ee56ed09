"""Ends: when a sign-in is renewed, and when a person must come back."""

from datetime import datetime, timedelta

from integrations import platforms
from integrations.models import Credential, IntegrationConnection, TestOutcome
from providers import errors
from providers.declare import OAuth, Tokens

AHEAD = timedelta(minutes=5)  # the schedule renews this long before the end, or earlier
SOON = timedelta(minutes=1)


def declared_for(row: Credential) -> OAuth:
    """How one signs in with a sign-in's values. Raises InvalidConfig where one no longer does."""
    provider = platforms.get(row.provider)
    declared = provider.for_values(row.plain).oauth
    if declared is None:
        raise errors.InvalidConfig(
            f"There is no sign-in for {provider.name} with these values.", "Choose another way."
        )
    return declared


def renew_at(row: Credential, declared: OAuth) -> datetime | None:
    """A fifth of the lifetime ahead of the end, at least five minutes; never before half of it."""
    if not row.can_renew:
        return None
    if row.expires_at:
        lifetime = row.expires_at - row.renewed_at
        return row.expires_at - min(max(lifetime / 5, AHEAD), lifetime / 2)
    idle = declared.refresh_token_lifetime
    return row.renewed_at + idle / 2 if idle and not declared.refresh_token_ends_anyway else None


def end_of(
    row: Credential, declared: OAuth, *, is_known: bool, has_fixed_end: bool | None
) -> tuple[datetime | None, bool]:
    """When a person must come back, and whether that is an estimate.

    A refresh token that lives on with every renewal has no end while renewals work. One that was
    told is believed until a renewal is seen to move it.
    """
    ends: list[tuple[datetime, bool]] = []
    if declared.consent_lifetime:
        ends.append((row.obtained_at + declared.consent_lifetime, True))
    if not row.can_renew and row.expires_at:
        ends.append((row.expires_at, not is_known))
    if row.can_renew and row.refresh_expires_at:
        if declared.refresh_token_ends_anyway or has_fixed_end is not False:
            ends.append((row.refresh_expires_at, False))
    elif row.can_renew and declared.refresh_token_ends_anyway and declared.refresh_token_lifetime:
        ends.append((row.obtained_at + declared.refresh_token_lifetime, True))
    return min(ends, default=(None, False), key=lambda end: end[0])


def end_without_renewal(row: Credential) -> tuple[datetime | None, bool]:
    """When it ends if renewals go on failing."""
    declared = declared_for(row)
    ends = [(row.ends_at, row.ends_is_estimate)] if row.ends_at else []
    if row.refresh_expires_at:
        ends.append((row.refresh_expires_at, False))
    elif declared.refresh_token_lifetime and not declared.refresh_token_ends_anyway:
        ends.append((row.renewed_at + declared.refresh_token_lifetime, True))
    elif declared.renews_without_refresh_token and row.expires_at:
        ends.append((row.expires_at, False))
    return min(ends, default=(None, False), key=lambda end: end[0])


def keep_forecast(connection: IntegrationConnection, row: Credential) -> None:
    """Tell the connection when its sign-in ends, and which key opens it.

    What the last test that passed was told of the end counts for more.
    """
    connection.sign_in_key_id = row.key_id
    if connection.is_signed_in:
        ends_at, is_estimate = row.ends_at, row.ends_is_estimate
        passed = connection.tests.filter(
            revision=connection.revision, dry_run=False, outcome=TestOutcome.PASSED
        ).first()
        if passed and passed.expires_at and not row.failures:
            ends_at, is_estimate = passed.expires_at, passed.expires_is_estimate
        connection.expires_at, connection.expires_is_estimate = ends_at, is_estimate
    connection.save(update_fields=["expires_at", "expires_is_estimate", "sign_in_key_id"])


def has_fixed_end(row: Credential, held: Tokens, fresh: Tokens, now: datetime) -> bool | None:
    """Whether the refresh token was seen to end when it was said to, however often it is used.

    None where nothing was ever said, or not of the one that is held now.
    """
    before, since = row.refresh_expires_at, now - row.renewed_at
    if before is None:
        return None
    if fresh.refresh_token_expires_in is None:
        return True if fresh.refresh_token in (None, held.refresh_token) else None
    if since < SOON:
        return row.ends_at == before
    return now + timedelta(seconds=fresh.refresh_token_expires_in) - before < since / 2
