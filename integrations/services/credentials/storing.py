"""Stores tokens before anybody uses them, and why there are none."""

import logging
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from django.db import (
    DataError,
    InterfaceError,
    OperationalError,
    close_old_connections,
    transaction,
)
from django.db.models import Q

from integrations import clock, crypto, platforms
from integrations.models import Credential, EventType, IntegrationConnection
from integrations.services import events
from integrations.services.credentials import ends, leases, sealing
from providers import errors
from providers.declare import SIGN_IN, OAuth, Obtained, Provider, Tokens
from providers.declare.usual import AGAIN
from providers.errors import ProviderError

logger = logging.getLogger(__name__)

# After a renewal without answer: the schedule backs off, and a person may ask again soon.
FIRST_PAUSE = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(hours=1)
LASTING = 10  # so many in a row are no hiccup: about three hours
STUBBORN = timedelta(days=7)  # so long refused, in whatever words, is refused for good
LONGEST_FACT = 2000
# What to do about an end, where a platform's file says nothing more: where to sign in is added.
USUAL_ACTIONS = {errors.AuthExpired.default_action, errors.AuthInvalid.default_action, AGAIN}


class Gone(Exception):
    """The row was disconnected in the meantime."""


def obtain(
    provider: Provider, tokens: Tokens, *, workspace_id: int, client_id: str, values: dict[str, str]
) -> Credential:
    """The row for tokens that a code was just exchanged for; saved."""
    now = clock.now()
    row = sealing.new(
        workspace_id,
        provider,
        SIGN_IN,
        values,
        client_id=client_id,
        obtained_at=now,
        renewed_at=now,
    )
    declared = ends.declared_for(row)
    row.app = declared.app.slug
    row.grant = crypto.digest(tokens.refresh_token or tokens.access_token)
    _keep_sign_in(row, _cleaned(tokens), declared, now)
    row.save(force_insert=True)
    return row


def store_surely(row: Credential, lease: UUID, held: Tokens, fresh: Tokens) -> Credential | None:
    """Store, however long the database is away: the old tokens may be worth nothing now.

    What it refuses of the rest of an answer is left out. Raises Gone.
    """
    fresh = _cleaned(fresh)
    while True:
        try:
            return _store(row, lease, held, fresh)
        except DataError:
            if fresh.scopes is None and not fresh.facts:
                raise
            logger.error("An answer of %s was stored without a part of it", row.provider)
            fresh = replace(fresh, scopes=None, facts={})
        except (OperationalError, InterfaceError):
            close_old_connections()
            leases.pause()


def _cleaned(tokens: Tokens) -> Tokens:
    """Without what no database keeps: NUL, half a surrogate pair, texts without end."""
    scopes = tokens.scopes
    return replace(
        tokens,
        scopes=None if scopes is None else frozenset(map(_storable, scopes)),
        facts={name: _storable(value) for name, value in tokens.facts.items()},
    )


def _storable(text: str) -> str:
    return text.encode(errors="replace").decode().replace("\0", "")[:LONGEST_FACT]


def _store(row: Credential, lease: UUID, held: Tokens, fresh: Tokens) -> Credential | None:
    with transaction.atomic():
        # In this order everywhere: the connections first, then what they point at.
        using = _lock_connections(row)
        locked = Credential.objects.select_for_update().filter(pk=row.pk).first()
        if locked is None:
            raise Gone
        if locked.secrets != row.secrets or (locked.lease != lease and locked.tokens != row.tokens):
            # We were too slow: others were stored already, or others were used.
            Credential.objects.filter(pk=row.pk, lease=lease).update(lease=None, lease_until=None)
            return locked if locked.tokens else None
        tokens = replace(
            fresh,
            refresh_token=fresh.refresh_token or held.refresh_token,
            scopes=held.scopes if fresh.scopes is None else fresh.scopes,
            facts={**held.facts, **fresh.facts},
        )
        now = clock.now()
        if locked.method == SIGN_IN:
            declared = ends.declared_for(locked)
            fixed = ends.has_fixed_end(locked, held, fresh, now)
            if fresh.refresh_token != held.refresh_token and fixed is None:
                locked.refresh_expires_at = None  # that was said of the one before
            _keep_sign_in(locked, tokens, declared, now, has_fixed_end=fixed)
        else:
            _keep_obtained(locked, tokens, now)
        locked.save()
        for connection in using:
            ends.keep_forecast(connection, locked)
    return locked


def _lock_connections(row: Credential) -> list[IntegrationConnection]:
    """Those that point at a row, locked; a sign-in's are returned."""
    using = IntegrationConnection.objects.select_for_update().order_by("pk")
    locked = list(using.filter(Q(sign_in=row.pk) | Q(credential=row.pk)))
    return [connection for connection in locked if connection.sign_in_id == row.pk]


def _keep_obtained(row: Credential, tokens: Tokens, now: datetime) -> None:
    """Put a token into the row of the typed secrets that it was got for."""
    typed = row.typed()
    if tokens.refresh_token and tokens.refresh_token != typed.get("refresh_token"):
        # RFC 6749 section 6: the old one may be worth nothing from now on.
        sealing.replace_typed(row, {**typed, "refresh_token": tokens.refresh_token})
    sealing.put_tokens(row, {"access_token": tokens.access_token})
    access = platforms.get(row.provider).for_values(row.plain).method(row.method).access
    _keep_lives(row, tokens, now, access.lifetime if isinstance(access, Obtained) else None)


def _keep_sign_in(
    row: Credential,
    tokens: Tokens,
    declared: OAuth,
    now: datetime,
    *,
    has_fixed_end: bool | None = None,
) -> None:
    """Put tokens into the row of a sign-in, and what follows from them."""
    stored = {"access_token": tokens.access_token}
    if tokens.refresh_token:
        stored["refresh_token"] = tokens.refresh_token
    sealing.put_tokens(row, stored)
    row.can_renew = bool(tokens.refresh_token) or declared.renews_without_refresh_token
    _keep_lives(row, tokens, now, declared.access_token_lifetime)
    row.renew_at = ends.renew_at(row, declared)
    row.ends_at, row.ends_is_estimate = ends.end_of(
        row, declared, is_known=tokens.expires_in is not None, has_fixed_end=has_fixed_end
    )


def _keep_lives(
    row: Credential, tokens: Tokens, now: datetime, published: timedelta | None
) -> None:
    """What is known of a token that was just got; whatever went wrong before is over."""
    row.scopes = None if tokens.scopes is None else sorted(tokens.scopes)
    row.facts = dict(tokens.facts)
    row.renewed_at = now
    lifetime = timedelta(seconds=tokens.expires_in) if tokens.expires_in else published
    row.expires_at = now + lifetime if lifetime else None
    if tokens.refresh_token_expires_in:
        row.refresh_expires_at = now + timedelta(seconds=tokens.refresh_token_expires_in)
    row.lease = row.lease_until = row.interrupted_at = None
    row.failures, row.failed_at, row.refused_since = 0, None, None
    row.failure_kind = row.failure_message = row.failure_action = row.failure_url = ""
    row.is_ended = False


def in_the_end(row: Credential, error: ProviderError) -> ProviderError:
    """The error of a renewal; one that stays unexplained so long is the end of the sign-in."""
    since = row.refused_since
    if not error.is_unexplained or row.method != SIGN_IN or since is None:
        return error
    if clock.now() - since < STUBBORN:
        return error
    name = platforms.get(row.provider).for_values(row.plain).name
    return errors.AuthInvalid(f"{name} has refused to renew this sign-in since {since:%Y-%m-%d}.")


def note(row: Credential, lease: UUID, error: ProviderError) -> bool:
    """Keep why a renewal gave nothing, and when to try again; False without the lease."""
    now = clock.now()
    is_refused = error.kind in (errors.AuthExpired.kind, errors.AuthInvalid.kind)
    is_ended = is_refused and row.method == SIGN_IN
    if is_ended and error.action in USUAL_ACTIONS:
        asked = platforms.get(row.provider).for_values(row.plain)
        error.action = f"Sign in to {asked.name} again."
    if is_refused and row.interrupted_at:
        error.message = (
            f"{error.message} A renewal was interrupted on {row.interrupted_at:%Y-%m-%d at %H:%M} "
            "UTC before its answer could be stored."
        )
    with transaction.atomic():
        using = _lock_connections(row)
        locked = Credential.objects.select_for_update().filter(pk=row.pk, lease=lease).first()
        if locked is None:
            return False
        locked.lease = locked.lease_until = None
        locked.failures += 1
        locked.failed_at = now
        locked.refused_since = (locked.refused_since or now) if error.is_unexplained else None
        if error.is_half_done and row.method == SIGN_IN and locked.interrupted_at is None:
            locked.interrupted_at = now  # the platform may have given what nobody here got
        locked.failure_kind, locked.failure_message = error.kind, error.message
        locked.failure_action, locked.failure_url = error.action, error.action_url or ""
        locked.is_ended = is_ended
        locked.renew_at = None if is_ended else now + pause(locked, error)
        if is_ended:
            locked.ends_at, locked.ends_is_estimate = now, False
        elif locked.failures >= LASTING and row.method == SIGN_IN:
            locked.ends_at, locked.ends_is_estimate = ends.end_without_renewal(locked)
        locked.save()
        if is_ended:
            events.take_turns(connection.workspace_id for connection in using)
        for connection in using:
            ends.keep_forecast(connection, locked)
            if is_ended:
                events.record(connection, EventType.CHANGED, what="sign_in_ended")
    logger.warning("A token for %s was not given: %s", row.provider, error.kind)
    return True


def pause(row: Credential, error: ProviderError) -> timedelta:
    """How long the schedule waits: longer each time, never all at once, as long as asked for.

    Nothing renews what was got for typed secrets ahead: who asks waits as long as told.
    """
    asked_for = timedelta(seconds=min(error.retry_after_seconds or 0, 86400))
    if row.method != SIGN_IN:
        return asked_for
    doubled = FIRST_PAUSE * 2 ** min(row.failures - 1, 12)
    spread = min(doubled, LONGEST_PAUSE) * leases.JITTER.uniform(0.5, 1.5)
    return max(spread, asked_for)


def drop(row: Credential) -> None:
    """Forget kept tokens that nothing opens."""
    Credential.objects.filter(pk=row.pk, tokens=row.tokens).update(tokens="")


def drop_refused(credential_id: UUID, refused: str) -> None:
    """Forget a kept token that the platform refused, unless there is another one by now."""
    with transaction.atomic():
        row = Credential.objects.select_for_update().filter(pk=credential_id).first()
        if row and row.tokens and row.obtained().get("access_token") == refused:
            row.tokens = ""
            row.save(update_fields=["tokens"])
