"""Keeps sign-ins alive: the one way to a token that is good for a minute more.

A renewal is one at a time for each sign-in, over processes and machines: whoever holds the
lease in its row asks the platform, everyone else waits for what comes back. The lease is taken
under a row lock, and the row is read again under it; no transaction is open while the platform
answers; new tokens are stored before anybody uses them. A process that dies leaves its lease
behind: the next one takes over when it has run out.
"""

import atexit
import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from random import SystemRandom
from uuid import UUID, uuid4

from django.conf import settings
from django.db import InterfaceError, OperationalError, close_old_connections, transaction
from django.utils import timezone

from integrations import crypto, platforms
from integrations.models import IntegrationConnection, SignIn, TestOutcome
from integrations.services.credentials import apps
from providers import errors
from providers.access import flow as oauth
from providers.declare import Grant, OAuth, Provider, Tokens
from providers.errors import ProviderError

logger = logging.getLogger(__name__)

JITTER = SystemRandom()
GOOD_FOR = timedelta(minutes=1)
LEASE = timedelta(seconds=oauth.DEADLINE_SECONDS + 5)
AHEAD = timedelta(minutes=5)  # the schedule renews this long before the end, or earlier
POLL_SECONDS = (0.05, 0.15)
# After a renewal without answer: the schedule backs off, and a person may ask again soon.
FIRST_PAUSE = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(hours=1)
LASTING = 10  # so many in a row are no hiccup: about three hours
COOL_DOWN = timedelta(seconds=5)
# A refresh token that lives shorter than this is taken to live on with each renewal.
LONG = timedelta(days=14)
SOON = timedelta(minutes=1)

Judge = Callable[[SignIn, datetime], bool]


class _UnderWay:
    """The renewals of this process, which waits for them when it ends.

    Whoever asks may be a daemon thread, and an answer that nobody stores a sign-in that is lost.
    """

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._count = 0

    def __enter__(self) -> None:
        with self._condition:
            self._count += 1

    def __exit__(self, *_exception: object) -> None:
        with self._condition:
            self._count -= 1
            self._condition.notify_all()

    def wait(self) -> None:
        with self._condition:
            self._condition.wait_for(lambda: self._count == 0, LEASE.total_seconds())


UNDER_WAY = _UnderWay()
atexit.register(UNDER_WAY.wait)


@dataclass(frozen=True)
class Usable:
    """What a test or a pull needs of a sign-in: values by field name, and what was granted."""

    values: Mapping[str, str] = field(repr=False)
    tokens: Tokens
    grant: Grant
    said: str


def obtain(
    provider: Provider, tokens: Tokens, *, workspace_id: int, client_id: str, values: dict[str, str]
) -> SignIn:
    """The row for tokens that a code was just exchanged for; saved."""
    declared = _declared(provider, values)
    now = timezone.now()
    row = SignIn(
        pk=uuid4(),
        workspace_id=workspace_id,
        provider=provider.slug,
        app=declared.app.slug,
        client_id=client_id,
        values=values,
        obtained_at=now,
        renewed_at=now,
    )
    _keep(row, tokens, declared, now)
    row.save(force_insert=True)
    return row


def _declared(provider: Provider, values: Mapping[str, str]) -> OAuth:
    declared = provider.for_values(values).oauth
    if declared is None:
        raise errors.InvalidConfig(
            f"There is no sign-in for {provider.name} with these values.", "Choose another way."
        )
    return declared


def usable(sign_in_id: UUID) -> Usable:
    """The one way for every reader: a token good for at least a minute more, or why not.

    Raises ProviderError.
    """
    row, tokens = _good_tokens(sign_in_id)
    declared = _declared(platforms.get(row.provider), row.values)
    values = {"access_token": tokens.access_token}
    if declared.app_values:
        app = apps.find(row.workspace_id, row.app, client_id=row.client_id)
        if app:
            own = {"client_id": app.client_id, "client_secret": app.client_secret}
            values |= {name: own[key] for key, name in declared.app_values.items()}
    grant = Grant(declared.scopes, tokens.scopes, tokens.facts)
    return Usable(values, tokens, grant, _said(row))


def _said(row: SignIn) -> str:
    if row.expires_at is None:
        return "The sign-in is alive."
    until = f"{row.expires_at:%Y-%m-%d %H:%M} UTC"
    if row.can_renew:
        return f"The sign-in is alive. Its token is good until {until} and renews itself."
    return f"The sign-in is alive and good until {until}."


def _good_tokens(sign_in_id: UUID) -> tuple[SignIn, Tokens]:
    asked_at = timezone.now()
    return _tokens_that(sign_in_id, lambda row, now: is_good(row, now) or row.renewed_at > asked_at)


def _tokens_that(sign_in_id: UUID, suffice: Judge) -> tuple[SignIn, Tokens]:
    """The stored tokens once they do, renewed here or by whoever has the lease."""
    asked_at = timezone.now()

    def is_needless(row: SignIn, now: datetime) -> bool:
        return suffice(row, now) or _is_cooling_down(row, asked_at)

    while True:
        row = SignIn.objects.filter(pk=sign_in_id).first()
        if row is None:
            raise _gone()
        if row.is_ended:
            raise _failure_of(row)
        if suffice(row, timezone.now()):
            return row, held_by(row)
        if _is_cooling_down(row, asked_at):
            raise _failure_of(row)
        if not row.can_renew:
            raise _ended(row)
        lease = None if row.is_leased else _claim(row.pk, is_needless)
        renewed = _renew(row.pk, lease) if lease else None
        if renewed:
            return renewed
        time.sleep(JITTER.uniform(*POLL_SECONDS))


def _is_cooling_down(row: SignIn, asked_at: datetime) -> bool:
    """Whether a renewal failed so lately, or was told to wait so long, that asking is useless."""
    if row.failed_at is None:
        return False
    if row.failure_kind == errors.RateLimited.kind and row.renew_at:
        return row.renew_at > asked_at
    return row.failed_at > asked_at - COOL_DOWN


def is_good(row: SignIn, now: datetime) -> bool:
    """Whether the access token lives a minute more; half its life where that is shorter."""
    if row.is_ended:
        return False
    if row.expires_at is None:
        return True
    lifetime = row.expires_at - row.renewed_at
    return row.expires_at - now >= min(GOOD_FOR, lifetime / 2)


def held_by(row: SignIn) -> Tokens:
    """The stored tokens. Raises CredentialsUnreadable."""
    try:
        stored = crypto.decrypt(row.tokens, row.owner)
    except crypto.Unreadable:
        raise errors.CredentialsUnreadable from None
    return Tokens(
        access_token=stored["access_token"],
        refresh_token=stored.get("refresh_token"),
        scopes=None if row.scopes is None else frozenset(row.scopes),
        facts=row.facts,
    )


def renew(sign_in_id: UUID, is_needless: Judge = lambda _row, _now: False) -> bool:
    """Renew ahead of the end unless it is needless, and whether that was done here.

    Raises ProviderError when the platform did not give new tokens.
    """
    lease = _claim(sign_in_id, is_needless)
    return lease is not None and _renew(sign_in_id, lease) is not None


def is_due(row: SignIn, now: datetime) -> bool:
    """Whether the schedule renews it."""
    return row.renew_at is not None and row.renew_at <= now


def renew_refused(sign_in_id: UUID, refused: Tokens) -> bool:
    """Whether there is a newer token than one that the platform refused before its time.

    Raises ProviderError.
    """
    if not SignIn.objects.filter(pk=sign_in_id, can_renew=True).exists():
        return False
    _tokens_that(sign_in_id, lambda row, _now: held_by(row).access_token != refused.access_token)
    return True


def _claim(sign_in_id: UUID, is_needless: Judge) -> UUID | None:
    """The lease to renew with; None when somebody else has it, or there is nothing to do."""
    with transaction.atomic():
        row = SignIn.objects.select_for_update().filter(pk=sign_in_id).first()
        now = timezone.now()
        if row is None or row.is_ended or not row.can_renew or row.is_leased:
            return None
        if is_needless(row, now):
            return None
        if row.lease_until:  # left behind: nobody saw how that renewal ended
            row.interrupted_at = row.lease_until - LEASE
        row.lease, row.lease_until = uuid4(), now + LEASE
        row.save(update_fields=["lease", "lease_until", "interrupted_at"])
        return row.lease


def _renew(sign_in_id: UUID, lease: UUID) -> tuple[SignIn, Tokens] | None:
    """Ask the platform under a lease, and store what it gives before it is used.

    None when that took so long that somebody else took over. Raises ProviderError.
    """
    with UNDER_WAY:
        row = SignIn.objects.filter(pk=sign_in_id).first()
        if row is None:
            raise _gone()
        try:
            held = held_by(row)
            fresh = _asked(row, held)
        except ProviderError as error:
            if not _note(row, lease, error):
                return None
            raise
        except Exception as error:  # noqa: BLE001 - unnoted, it would be asked for ever
            # Its text may hold a token; the name tells enough.
            logger.error("Renewing for %s failed with %s", row.provider, type(error).__name__)
            _note(row, lease, errors.UnexpectedReply())
            raise errors.UnexpectedReply from None
        return _store_surely(row, lease, held, fresh)


def _store_surely(row: SignIn, lease: UUID, held: Tokens, fresh: Tokens) -> tuple[SignIn, Tokens]:
    """Store, though the database fails for a while: the old tokens may be worth nothing now."""
    until = time.monotonic() + LEASE.total_seconds()
    while True:
        try:
            return _store(row, lease, held, fresh)
        except (OperationalError, InterfaceError):
            if time.monotonic() > until:
                raise
            close_old_connections()
            time.sleep(JITTER.uniform(*POLL_SECONDS))


def _asked(row: SignIn, held: Tokens) -> Tokens:
    provider = platforms.get(row.provider)
    app = apps.find(row.workspace_id, row.app, client_id=row.client_id)
    if app is None:
        raise errors.InvalidConfig(
            f"The app that this sign-in to {provider.name} was made with is no longer set here.",
            "An owner sets it again in Settings, Sign-in apps, or sign in again.",
        )
    with oauth.flow(provider, app, row.values, allow=settings.OUTBOUND_ALLOW) as talk:
        return talk.renew(held)


def _store(row: SignIn, lease: UUID, held: Tokens, fresh: Tokens) -> tuple[SignIn, Tokens]:
    declared = _declared(platforms.get(row.provider), row.values)
    with transaction.atomic():
        # In this order everywhere: the connection first, then its sign-in.
        connection = (
            IntegrationConnection.objects.select_for_update().filter(sign_in=row.pk).first()
        )
        locked = SignIn.objects.select_for_update().filter(pk=row.pk).first()
        if locked is None:
            raise _gone()
        if locked.lease != lease and locked.tokens != row.tokens:
            return locked, held_by(locked)  # we were too slow: newer ones are stored already
        tokens = replace(
            fresh,
            refresh_token=fresh.refresh_token or held.refresh_token,
            scopes=held.scopes if fresh.scopes is None else fresh.scopes,
            facts={**held.facts, **fresh.facts},
        )
        has_fixed_end = _has_fixed_end(locked, held, fresh, timezone.now())
        _keep(locked, tokens, declared, timezone.now(), has_fixed_end=has_fixed_end)
        locked.save()
        if connection:
            keep_forecast(connection, locked)
    return locked, tokens


def _has_fixed_end(row: SignIn, held: Tokens, fresh: Tokens, now: datetime) -> bool | None:
    """Whether the refresh token was seen to end when it was said to, however often it is used.

    None where that cannot be told: of a new one nothing was said, or it is just as old.
    """
    before, since = row.refresh_expires_at, now - row.renewed_at
    if before is None:
        return None
    if fresh.refresh_token_expires_in is None:
        return None if fresh.refresh_token not in (None, held.refresh_token) else True
    if since < SOON:
        return row.ends_at == before
    return now + timedelta(seconds=fresh.refresh_token_expires_in) - before < since / 2


def _keep(
    row: SignIn,
    tokens: Tokens,
    declared: OAuth,
    now: datetime,
    *,
    has_fixed_end: bool | None = None,
) -> None:
    """Put tokens into the row, and what follows from them."""
    stored = {"access_token": tokens.access_token}
    if tokens.refresh_token:
        stored["refresh_token"] = tokens.refresh_token
    row.tokens = crypto.encrypt(stored, row.owner)
    row.key_id = crypto.key_id_of(row.tokens)
    row.scopes = None if tokens.scopes is None else sorted(tokens.scopes)
    row.facts = dict(tokens.facts)
    row.renewed_at = now
    row.can_renew = bool(tokens.refresh_token) or declared.renews_without_refresh_token
    published = declared.access_token_lifetime
    lifetime = timedelta(seconds=tokens.expires_in) if tokens.expires_in else published
    row.expires_at = now + lifetime if lifetime else None
    if tokens.refresh_token_expires_in:
        row.refresh_expires_at = now + timedelta(seconds=tokens.refresh_token_expires_in)
    row.lease = row.lease_until = row.interrupted_at = None
    row.failures, row.failed_at = 0, None
    row.failure_kind = row.failure_message = row.failure_action = ""
    row.is_ended = False
    row.renew_at = _renew_at(row, declared)
    is_known = tokens.expires_in is not None
    row.ends_at, row.ends_is_estimate = _end(
        row, declared, is_known=is_known, has_fixed_end=has_fixed_end
    )


def _renew_at(row: SignIn, declared: OAuth) -> datetime | None:
    """A fifth of the lifetime ahead of the end, at least five minutes; never before half of it."""
    if not row.can_renew:
        return None
    if row.expires_at:
        lifetime = row.expires_at - row.renewed_at
        return row.expires_at - min(max(lifetime / 5, AHEAD), lifetime / 2)
    idle = declared.refresh_token_lifetime
    return row.renewed_at + idle / 2 if idle and not declared.refresh_token_ends_anyway else None


def _end(
    row: SignIn, declared: OAuth, *, is_known: bool, has_fixed_end: bool | None
) -> tuple[datetime | None, bool]:
    """When a person must come back, and whether that is an estimate.

    A refresh token that lives on with every renewal has no end while renewals work.
    """
    ends: list[tuple[datetime, bool]] = []
    if declared.consent_lifetime:
        ends.append((row.obtained_at + declared.consent_lifetime, True))
    if not row.can_renew and row.expires_at:
        ends.append((row.expires_at, not is_known))
    if row.can_renew and row.refresh_expires_at:
        if has_fixed_end is None:
            has_fixed_end = row.refresh_expires_at - row.renewed_at >= LONG
        if declared.refresh_token_ends_anyway or has_fixed_end:
            ends.append((row.refresh_expires_at, False))
    elif row.can_renew and declared.refresh_token_ends_anyway and declared.refresh_token_lifetime:
        ends.append((row.obtained_at + declared.refresh_token_lifetime, True))
    return min(ends, default=(None, False), key=lambda end: end[0])


def _end_without_renewal(row: SignIn) -> tuple[datetime | None, bool]:
    """When it ends if renewals go on failing."""
    declared = _declared(platforms.get(row.provider), row.values)
    ends = [(row.ends_at, row.ends_is_estimate)] if row.ends_at else []
    if row.refresh_expires_at:
        ends.append((row.refresh_expires_at, False))
    elif declared.refresh_token_lifetime and not declared.refresh_token_ends_anyway:
        ends.append((row.renewed_at + declared.refresh_token_lifetime, True))
    elif declared.renews_without_refresh_token and row.expires_at:
        ends.append((row.expires_at, False))
    return min(ends, default=(None, False), key=lambda end: end[0])


def keep_forecast(connection: IntegrationConnection, row: SignIn) -> None:
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


def _note(row: SignIn, lease: UUID, error: ProviderError) -> bool:
    """Keep why a renewal gave nothing, and when to try again; False without the lease."""
    now = timezone.now()
    needs_sign_in = error.kind in (errors.AuthExpired.kind, errors.AuthInvalid.kind)
    message, action = error.message, error.action
    if needs_sign_in:
        name = platforms.get(row.provider).name
        action = f"Sign in to {name} again."
        if row.interrupted_at:
            message = (
                f"{message} A renewal was interrupted on {row.interrupted_at:%Y-%m-%d at %H:%M} "
                "UTC before its answer could be stored."
            )
    error.message, error.action = message, action
    with transaction.atomic():
        connection = (
            IntegrationConnection.objects.select_for_update().filter(sign_in=row.pk).first()
        )
        locked = SignIn.objects.select_for_update().filter(pk=row.pk, lease=lease).first()
        if locked is None:
            return False
        locked.lease = locked.lease_until = None
        locked.failures += 1
        locked.failed_at = now
        locked.failure_kind, locked.failure_message = error.kind, message
        locked.failure_action = action
        locked.is_ended = needs_sign_in
        locked.renew_at = None if needs_sign_in else now + pause(locked.failures, error)
        if needs_sign_in:
            locked.ends_at, locked.ends_is_estimate = now, False
        elif locked.failures >= LASTING:
            locked.ends_at, locked.ends_is_estimate = _end_without_renewal(locked)
        locked.save()
        if connection:
            keep_forecast(connection, locked)
    logger.warning("Sign-in to %s was not renewed: %s", row.provider, error.kind)
    return True


def pause(failures: int, error: ProviderError) -> timedelta:
    """How long the schedule waits: longer each time, never all at once, as long as asked for."""
    doubled = FIRST_PAUSE * 2 ** min(failures - 1, 12)
    spread = min(doubled, LONGEST_PAUSE) * JITTER.uniform(0.5, 1.5)
    asked = timedelta(seconds=min(error.retry_after_seconds or 0, 86400))
    return max(spread, asked)


def _failure_of(row: SignIn) -> ProviderError:
    """What the last renewal was told, again."""
    return errors.of_kind(row.failure_kind)(row.failure_message, row.failure_action)


def _gone() -> ProviderError:
    return errors.AuthExpired(
        "This was disconnected in the meantime.", "Sign in again to connect it."
    )


def _ended(row: SignIn) -> ProviderError:
    name = platforms.get(row.provider).name
    return errors.AuthExpired(f"The sign-in to {name} has ended.", f"Sign in to {name} again.")


def revoke(row: SignIn) -> None:
    """End the grant at the platform. Raises NotRevocable and ProviderError.

    Under the lease, so that no renewal runs meanwhile and the newest token is the one revoked.
    """
    provider = platforms.get(row.provider)
    app = apps.find(row.workspace_id, row.app, client_id=row.client_id)
    if app is None:
        raise errors.InvalidConfig(
            f"The app that this sign-in to {provider.name} was made with is no longer set here."
        )
    with oauth.flow(provider, app, row.values, allow=settings.OUTBOUND_ALLOW) as talk:
        talk.revoke(held_by(row))


def hold(sign_in_id: UUID) -> SignIn | None:
    """The row under a lease of its own, once no renewal runs; None when it is gone."""
    while True:
        with transaction.atomic():
            row = SignIn.objects.select_for_update().filter(pk=sign_in_id).first()
            if row is None:
                return None
            if not row.is_leased:
                row.lease, row.lease_until = uuid4(), timezone.now() + LEASE
                row.save(update_fields=["lease", "lease_until"])
                return row
        time.sleep(JITTER.uniform(*POLL_SECONDS))


def siblings(row: SignIn) -> list[IntegrationConnection]:
    """Other connections whose sign-in revoking this one may end, in any workspace."""
    declared = _declared(platforms.get(row.provider), row.values)
    if not declared.revoking_ends_siblings:
        return []
    same = SignIn.objects.filter(app=row.app, client_id=row.client_id).exclude(pk=row.pk)
    found = IntegrationConnection.objects.filter(sign_in__in=same).select_related("workspace")
    return list(found.order_by("workspace", "provider"))
