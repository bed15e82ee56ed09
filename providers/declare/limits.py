"""Limits: what a platform counts them by, and how long one of them lasts."""

from dataclasses import dataclass

from providers.errors import CountedBy, ProviderError, QuotaExhausted, RateLimited


@dataclass(frozen=True)
class Lasting:
    """How long nobody asks again, in seconds: as told, within these, or so long where untold."""

    untold: float
    least: float
    most: float

    def seconds(self, told: float | None) -> float:
        return self.untold if told is None else min(max(told, self.least), self.most)


# Long enough that a crowd does not hammer. Whoever is told of hours asks once an hour all the
# same: quotas are raised and credits bought before the time that the platform told.
LASTING = {
    RateLimited.kind: Lasting(untold=60, least=5, most=60 * 60),
    QuotaExhausted.kind: Lasting(untold=5 * 60, least=60, most=60 * 60),
}
LONGEST_SECONDS = max(lasting.most for lasting in LASTING.values())


@dataclass(frozen=True)
class CountsBy:
    """By what too many calls are counted, and by what a quota: the token, unless said."""

    rate: CountedBy = CountedBy.TOKEN
    quota: CountedBy = CountedBy.TOKEN

    def of(self, error: ProviderError) -> CountedBy:
        usual = self.quota if error.kind == QuotaExhausted.kind else self.rate
        return error.counted_by or usual


BY_TOKEN = CountsBy()


def is_limit(error: ProviderError | None) -> bool:
    """Whether others that the platform counts together should not ask either for a while."""
    return error is not None and error.kind in LASTING


def lasts_seconds(error: ProviderError) -> float:
    """Raises KeyError for an error that is no limit."""
    return LASTING[error.kind].seconds(error.retry_after_seconds)
