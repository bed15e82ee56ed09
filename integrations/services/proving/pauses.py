"""Pauses: what a platform counts together is not asked again while it said that a limit is reached.

Whoever asks is told so in words, and nothing else: no fact of a connection and no proof changes.
The table is all processes' one; health checks by schedule are to look here too.
"""

import math
from collections.abc import Hashable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db.models import CharField, OuterRef, Q, QuerySet, TextField, Value
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast, Concat, Replace

from integrations import clock, platforms
from integrations.models import Credential, IntegrationConnection, Pause
from integrations.services.credentials.attempts import Attempt
from integrations.services.refusals import Paused
from integrations.services.twins import ACCOUNT_FIELD
from providers.declare import SIGN_IN, CountedBy, Provider
from providers.declare.limits import LONGEST_SECONDS, is_limit, lasts_seconds
from providers.errors import ProviderError, QuotaExhausted, RateLimited, of_kind

WHAT = {
    CountedBy.APP: "this app",
    CountedBy.TOKEN: "these credentials",
    CountedBy.ACCOUNT: "this account",
    CountedBy.ADDRESS: "this server",
}
SAID = {
    RateLimited.kind: "{who} limits {what} until {until}, so it was not asked.",
    QuotaExhausted.kind: "{who}'s quota for {what} is used up, so it is not asked until {until}.",
}
MINUTE = timedelta(minutes=1)
LONGEST = timedelta(seconds=LONGEST_SECONDS)
LONGEST_ACCOUNT = 400  # as far as a row can name it


class Counted(NamedTuple):
    """One thing that a platform counts, as its row names it."""

    counted_by: CountedBy
    name: str
    obtained_at: datetime | None = None


@dataclass(frozen=True)
class Asking:
    """Who is asked, and with what: all that decides what the platform counts it to."""

    provider: Provider
    workspace_id: int
    opens: Credential | None
    account: str

    def counted(self, by: CountedBy) -> Counted | None:
        """What is counted; where that is not known the token, and None where there is none.

        A client ID here was let in with its secret, so it may speak for all workspaces. An
        account may be anybody's, so it counts within its workspace; and whoever answers at an
        address that somebody typed speaks of this token alone.
        """
        if not self.provider.takes_any_address:
            if by == CountedBy.ADDRESS:
                return Counted(by, "")
            if by == CountedBy.APP and self.opens and self.opens.client_id:
                return Counted(by, self.opens.client_id)
            if by == CountedBy.ACCOUNT and 0 < len(self.account) <= LONGEST_ACCOUNT:
                return Counted(by, f"{self.workspace_id} {self.account}")
        if self.opens is None:
            return None
        return Counted(CountedBy.TOKEN, self.opens.pk.hex, self.opens.obtained_at)

    @property
    def all_counted(self) -> set[Counted]:
        return {counted for by in CountedBy if (counted := self.counted(by))}


def asking(connection: IntegrationConnection, attempt: Attempt | None = None) -> Asking:
    """With the values of an attempt, or else with the saved ones."""
    config = attempt.config if attempt else connection.config
    method = attempt.method if attempt else connection.auth_method
    of = attempt or connection
    return Asking(
        connection.platform.for_values(config),
        connection.workspace_id,
        of.sign_in if method == SIGN_IN else of.credential,
        str(config.get(ACCOUNT_FIELD) or ""),
    )


def keep(asked: Asking, error: ProviderError | None) -> None:
    """Write down a limit that was just told, for every process.

    Of two the later word counts, unless it does not say for how long and one stands longer.
    """
    if error is None or not is_limit(error):
        return
    counted = asked.counted(asked.provider.counts_by.of(error))
    if counted is None:
        return
    now = clock.now()
    until = now + timedelta(seconds=lasts_seconds(error))
    same = standing_at(now).filter(provider=asked.provider.slug, kind=error.kind)
    longer = same.filter(until__gt=until, **counted._asdict())
    if error.retry_after_seconds is None and longer.exists():
        return
    row = Pause(provider=asked.provider.slug, kind=error.kind, until=until, **counted._asdict())
    Pause.objects.bulk_create(
        [row],
        update_conflicts=True,
        unique_fields=["provider", "counted_by", "name", "kind"],
        update_fields=["until", "obtained_at"],
    )


def standing_at(now: datetime) -> QuerySet[Pause]:
    """All that stand. One that ends later than any lasts is of a clock that was ahead."""
    return Pause.objects.filter(until__gt=now, until__lte=now + LONGEST)


def standing(asked: Asking, now: datetime) -> Pause | None:
    """The pause that lasts longest of those that hold for it now."""
    every = asked.all_counted
    names = {one.name for one in every}
    named = standing_at(now).filter(provider=asked.provider.slug, name__in=names)
    for pause in named.order_by("-until"):
        if Counted(CountedBy(pause.counted_by), pause.name, pause.obtained_at) in every:
            return pause
    return None


def check(asked: Asking, now: datetime) -> None:
    """Raise Paused while one stands."""
    if pause := standing(asked, now):
        raise refusal(asked, pause, now)


def refusal(asked: Asking, pause: Pause, now: datetime) -> Paused:
    seconds = max(1, math.ceil((pause.until - now).total_seconds()))
    return Paused(_sentence(asked, pause), seconds)


def unasked(asked: Asking, now: datetime) -> ProviderError | None:
    """The answer, in the platform's place, to values that are tried while a pause stands."""
    pause = standing(asked, now)
    if pause is None:
        return None
    seconds = (pause.until - now).total_seconds()
    return of_kind(pause.kind)(_sentence(asked, pause), retry_after_seconds=seconds)


def _sentence(asked: Asking, pause: Pause) -> str:
    until = pause.until.replace(second=0, microsecond=0)
    if until < pause.until:
        until += MINUTE
    return SAID[pause.kind].format(
        who=asked.provider.name,
        what=WHAT[CountedBy(pause.counted_by)],
        until=f"{until:%Y-%m-%d %H:%M} UTC",
    )


def of_connection(now: datetime) -> QuerySet[Pause]:
    """For a query of connections: the pauses one of which may hold for each.

    It finds more than hold, of what lets in otherwise than is chosen: `standing` tells.
    """
    account = KeyTextTransform(ACCOUNT_FIELD, OuterRef("config"))
    within = Cast(OuterRef("workspace_id"), CharField())
    holds = Q(counted_by=CountedBy.ADDRESS)
    holds |= Q(counted_by=CountedBy.APP, name=OuterRef("sign_in__client_id"))
    holds |= Q(
        counted_by=CountedBy.ACCOUNT,
        name=Concat(within, Value(" "), account, output_field=TextField()),
    )
    for opens in ("credential", "sign_in"):
        holds |= Q(
            counted_by=CountedBy.TOKEN,
            name=_hex(OuterRef(f"{opens}_id")),
            obtained_at=OuterRef(f"{opens}__obtained_at"),
        )
    return Pause.objects.filter(holds, provider=OuterRef("provider"), until__gt=now)


def _hex(pk: OuterRef) -> Replace:
    """An id's digits: PostgreSQL writes it with dashes, SQLite without."""
    return Replace(Cast(pk, TextField()), Value("-"), Value(""))


def counted_together(connection: IntegrationConnection) -> Hashable:
    """What is the same for connections whose requests the platform may count together.

    What counts by account may count by token beside, so there the token decides: it is wider.
    """
    provider = platforms.catalogue().get(connection.provider)
    if provider is None:  # its package was removed meanwhile
        return connection.pk
    asked = asking(connection)
    by = asked.provider.counts_by.rate
    counted = asked.counted(CountedBy.TOKEN if by == CountedBy.ACCOUNT else by)
    return (connection.provider, counted) if counted else connection.pk


def forget_old(now: datetime) -> None:
    """Those that are over, and those of a clock that was ahead."""
    Pause.objects.exclude(pk__in=standing_at(now)).delete()
