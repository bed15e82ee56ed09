"""The one way to a token that is good for a minute more, for every reader.

A renewal is one at a time for each row: see `leases`. No transaction is open while the platform
answers; what it gives is stored before anybody uses it: see `storing`.
"""

import logging
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings

from integrations import clock, crypto, platforms
from integrations.database import release_connection
from integrations.models import Credential
from integrations.models.credentials import LEASE
from integrations.services.credentials import apps, ends, leases, proofs, sealing, storing
from integrations.services.credentials.leases import UNDER_WAY, Judge
from providers import errors
from providers.access import flow as oauth
from providers.access import grants
from providers.declare import SIGN_IN, Held, Obtained, Tokens
from providers.errors import ProviderError

logger = logging.getLogger(__name__)

GOOD_FOR = timedelta(minutes=1)
KEPT_FOR = timedelta(hours=1)  # what was got for typed secrets; later they are asked about anew
COOL_DOWN = timedelta(seconds=5)


@dataclass(frozen=True)
class Usable:
    """What a test or a pull needs: a token with what was granted, and a sentence about it."""

    held: Held
    said: str


def usable(credential_id: UUID, *, got_since: datetime | None = None) -> Usable:
    """A token good for at least a minute more, or why there is none.

    With `got_since` one that was got for typed secrets before then is not good enough: it may
    go on working though they were withdrawn. Raises ProviderError.
    """
    asked_at = clock.now()

    def suffices(row: Credential, now: datetime) -> bool:
        is_newer = bool(row.tokens) and row.renewed_at > asked_at
        is_old = got_since and row.method != SIGN_IN and row.renewed_at <= got_since
        return is_newer or (is_good(row, now) and not is_old)

    row, tokens = _tokens_that(credential_id, suffices)
    is_kept = row.method != SIGN_IN and row.renewed_at < asked_at
    held = Held(tokens, row.renewed_at, is_kept, row.refresh_expires_at, _beside(row))
    release_connection()  # the platform is next
    return Usable(held, _said(row))


def _beside(row: Credential) -> dict[str, str]:
    """The values of the app that a sign-in was made with, where a test needs them."""
    if row.method != SIGN_IN:
        return {}
    declared = ends.declared_for(row)
    app = apps.of_sign_in(row) if declared.app_values else None
    if app is None:
        return {}
    own = {"client_id": app.client_id, "client_secret": app.client_secret}
    return {name: own[key] for key, name in declared.app_values.items()}


def _said(row: Credential) -> str:
    if row.expires_at is None:
        return "The sign-in is alive."
    until = f"{row.expires_at:%Y-%m-%d %H:%M} UTC"
    if row.can_renew:
        return f"The sign-in is alive. Its token is good until {until} and renews itself."
    return f"The sign-in is alive and good until {until}."


def _tokens_that(credential_id: UUID, suffice: Judge) -> tuple[Credential, Tokens]:
    """The stored tokens once they do, got here or by whoever has the lease."""
    asked_at = clock.now()
    left_behind: UUID | None = None

    def is_needless(row: Credential, now: datetime) -> bool:
        return suffice(row, now) or _is_cooling_down(row, asked_at)

    while True:
        row = Credential.objects.filter(pk=credential_id).first()
        if row is None:
            raise _gone()
        now = clock.now()
        if not row.is_ended and suffice(row, now):
            if row.method == SIGN_IN or _opens(row):
                return row, held_by(row)
            storing.drop(row)
            continue
        _refuse_hopeless(row, asked_at)
        if row.is_leased(now):
            leases.pause()
        elif row.lease and row.lease != left_behind:
            # Its holder died, or the database was away: then the answer is stored before this.
            left_behind = row.lease
            release_connection()
            time.sleep(leases.TAKEOVER_SECONDS)
        else:
            lease = leases.claim(row.pk, is_needless)
            renewed = _renew(row.pk, lease) if lease else None
            if renewed:
                return renewed, held_by(renewed)


def _refuse_hopeless(row: Credential, asked_at: datetime) -> None:
    """Raise the ProviderError of a row for which asking is useless."""
    if row.is_ended or _is_cooling_down(row, asked_at):
        raise _failure_of(row)
    if not row.can_renew:
        raise _ended(row)


def _is_cooling_down(row: Credential, asked_at: datetime) -> bool:
    """Whether a renewal failed so lately, or was told to wait so long, that asking is useless."""
    if row.failed_at is None:
        return False
    if row.failure_kind == errors.RateLimited.kind and row.renew_at:
        return row.renew_at > asked_at
    return -COOL_DOWN < row.failed_at - asked_at < LEASE  # later was by a clock that was ahead


def is_good(row: Credential, now: datetime) -> bool:
    """Whether the access token lives a minute more; half its life where that is shorter."""
    if row.is_ended or not row.tokens:
        return False
    if row.method != SIGN_IN and row.renewed_at + KEPT_FOR <= now:
        return False
    if row.expires_at is None:
        return True
    lifetime = row.expires_at - row.renewed_at
    return row.expires_at - now >= min(GOOD_FOR, lifetime / 2)


def _opens(row: Credential) -> bool:
    try:
        return bool(row.obtained())
    except crypto.Unreadable:
        return False


def held_by(row: Credential) -> Tokens:
    """The stored tokens. Raises CredentialsUnreadable, also for a platform not theirs."""
    try:
        if sealing.family_of(platforms.get(row.provider)) != row.family:
            raise sealing.Moved
        stored = row.obtained()
    except crypto.Unreadable as unreadable:
        raise sealing.meaning_of(unreadable) from None
    return Tokens(
        access_token=stored.get("access_token", ""),
        refresh_token=stored.get("refresh_token"),
        scopes=None if row.scopes is None else frozenset(row.scopes),
        facts=row.facts,
    )


def renew(credential_id: UUID, is_needless: Judge = lambda _row, _now: False) -> bool:
    """Renew ahead of the end unless it is needless, and whether that was done here.

    Raises ProviderError when the platform did not give new tokens.
    """
    lease = leases.claim(credential_id, is_needless)
    return lease is not None and _renew(credential_id, lease) is not None


def is_due(row: Credential, now: datetime) -> bool:
    """Whether the schedule renews it."""
    return row.renew_at is not None and row.renew_at <= now


def replace_refused(credential_id: UUID, refused: Held) -> bool:
    """Whether another token can be had than one that the platform refused before its time.

    A sign-in's is renewed here; what was got for typed secrets is asked for with the next use,
    if it was not got just now. Raises ProviderError.
    """
    row = Credential.objects.filter(pk=credential_id, can_renew=True).first()
    if row is None:
        return False
    token = refused.tokens.access_token
    if row.method == SIGN_IN:
        _tokens_that(credential_id, lambda row, _now: held_by(row).access_token != token)
        return True
    if refused.is_kept:
        storing.drop_refused(credential_id, token)
    return refused.is_kept


def _renew(credential_id: UUID, lease: UUID) -> Credential | None:
    """Ask the platform under a lease, and store what it gives before it is used.

    None when that took so long that somebody else took over. Raises ProviderError.
    """
    with UNDER_WAY:
        row = Credential.objects.filter(pk=credential_id).first()
        if row is None:
            raise _gone()
        try:
            held = held_by(row) if row.method == SIGN_IN else Tokens("")
            fresh = _asked(row, held)
        except ProviderError as error:
            failure = storing.in_the_end(row, proofs.believed(error, row))
            if not storing.note(row, lease, failure):
                return None
            raise failure from None
        except Exception as error:  # noqa: BLE001 - unnoted, it would be asked for ever
            # Its text may hold a token; the name tells enough.
            logger.error("Asking %s failed with %s", row.provider, type(error).__name__)
            storing.note(row, lease, errors.UnexpectedReply())
            raise errors.UnexpectedReply from None
        try:
            return storing.store_surely(row, lease, held, fresh)
        except storing.Gone:
            raise _gone() from None


def _asked(row: Credential, held: Tokens) -> Tokens:
    """New tokens, by one request."""
    if row.method != SIGN_IN:
        return _asked_with_secrets(row)
    opening = apps.talk_for(
        row, "An owner sets it again in Settings, Sign-in apps, or sign in again."
    )
    release_connection()
    with opening as talk:
        return talk.renew(held)


def _asked_with_secrets(row: Credential) -> Tokens:
    provider = platforms.get(row.provider).for_values(row.plain)
    access = provider.method(row.method).access
    if not isinstance(access, Obtained):
        raise errors.InvalidConfig(f"{provider.name} gives no token for this way.")
    try:
        known = {**row.plain, **row.typed()}
    except crypto.Unreadable:
        raise errors.CredentialsUnreadable from None
    release_connection()
    with provider.api(
        known,
        allow=settings.OUTBOUND_ALLOW,
        deadline_seconds=oauth.DEADLINE_SECONDS,
        timeouts=oauth.TIMEOUTS,
    ) as api:
        return grants.ask(provider, access, known, api)


def _failure_of(row: Credential) -> ProviderError:
    """What the last renewal was told, again."""
    wait = (row.renew_at - clock.now()).total_seconds() if row.renew_at else 0
    is_limit = row.failure_kind == errors.RateLimited.kind and wait > 0
    return errors.of_kind(row.failure_kind)(
        row.failure_message,
        row.failure_action,
        action_url=row.failure_url or None,
        retry_after_seconds=wait if is_limit else None,
    )


def _gone() -> ProviderError:
    return errors.AuthExpired(
        "This was replaced or disconnected in the meantime.",
        "Test it again, or sign in again to connect it.",
    )


def _ended(row: Credential) -> ProviderError:
    name = platforms.get(row.provider).for_values(row.plain).name
    return errors.AuthExpired(f"The sign-in to {name} has ended.", f"Sign in to {name} again.")
