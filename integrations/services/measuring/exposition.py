"""What `/metrics` tells, in Prometheus' words: which series there are, and what each means.

Every process reads the same database, so all of them answer alike. Series that are known ahead
begin at zero, so that the first of a kind is seen as one more. Labels are platforms, kinds of
channels and words of ours: nothing of a workspace, of an account or of what somebody typed.
"""

import platform
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from itertools import accumulate, product

import django
from django.conf import settings
from django.db import connection
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from integrations import clock, platforms
from integrations.models import TestOutcome
from integrations.models.incidents import OURS, REPORTED
from integrations.services import tallies
from integrations.services.measuring import breaks, moments, spending, standing
from integrations.services.measuring.standing import Standing
from integrations.services.telling import catalogue
from providers import errors

Metrics = Iterator[Metric]

REFUSALS = sorted(kind.kind for kind in errors.Refused.__subclasses__())
SILENCES = sorted(kind.kind for kind in errors.Unanswered.__subclasses__())
ENDINGS = (
    (TestOutcome.PASSED.value, ""),
    *((TestOutcome.FAILED.value, kind) for kind in REFUSALS),
    *((TestOutcome.INCONCLUSIVE.value, kind) for kind in SILENCES),
    (TestOutcome.INCONCLUSIVE.value, ""),  # by our own fault
)
CAUSES = (*REFUSALS, *SILENCES, REPORTED)


def text() -> bytes:
    """All of it, as it is now."""
    registry = CollectorRegistry()
    registry.register(_Everything())
    return generate_latest(registry)


class _Everything(Collector):
    def describe(self) -> list[Metric]:
        return []  # else all would be read to learn their names

    def collect(self) -> Metrics:
        now = clock.now()
        yield from _connections(now)
        yield from _engine(now)
        yield from _checks()
        yield from _incidents()
        yield from _messages()
        yield from _budgets(now)
        yield _build()


def _connections(now: datetime) -> Metrics:
    metric = GaugeMetricFamily(
        "integrations_connections",
        "Connections by platform and how they stand now; each has one state.",
        labels=("provider", "state"),
    )
    counts = standing.counts(now)
    for provider, state in product(platforms.catalogue(), Standing):
        metric.add_metric((provider, state.value), counts.get((provider, state), 0))
    yield metric


def _engine(now: datetime) -> Metrics:
    seen = moments.read(now)
    yield GaugeMetricFamily(
        "integrations_workers", "Workers that were seen in the last minute.", value=seen.workers
    )
    yield _moment(
        "integrations_last_tick_timestamp_seconds",
        "When somebody last looked for connections to check.",
        seen.last_tick,
    )
    yield _moment(
        "integrations_last_round_timestamp_seconds",
        "When a round began that finds incidents, tells of them and renews sign-ins.",
        seen.last_round,
    )
    yield _moment(
        "integrations_oldest_due_timestamp_seconds",
        "When the next check is due, or the one that waits longest was.",
        seen.oldest_due,
    )


def _moment(name: str, meaning: str, at: datetime | None) -> Metric:
    metric = GaugeMetricFamily(name, meaning)
    if at is not None:
        metric.add_metric((), at.timestamp())
    return metric


def _checks() -> Metrics:
    numbers = Counter(dict.fromkeys(product(platforms.catalogue(), ENDINGS), 0))
    within: dict[str, Counter[int]] = {one: Counter() for one in platforms.catalogue()}
    seconds: Counter[str] = Counter()
    for tally in tallies.of(tallies.CHECK):
        numbers[tally.subject, (tally.outcome, tally.kind)] += tally.number
        within.setdefault(tally.subject, Counter())[tally.within_ms] += tally.number
        seconds[tally.subject] += tally.took_ms
    metric = CounterMetricFamily(
        "integrations_checks",
        "Tests of saved values that ended, by schedule or by hand; counted once a minute old.",
        labels=("provider", "outcome", "kind"),
    )
    for (provider, (outcome, kind)), number in numbers.items():
        metric.add_metric((provider, outcome, kind), number)
    yield metric
    took = HistogramMetricFamily(
        "integrations_check_duration_seconds",
        "How long these tests took.",
        labels=("provider",),
    )
    for provider, found in within.items():
        took.add_metric((provider,), _buckets(found), seconds[provider] / 1000)
    yield took


def _buckets(within: Counter[int]) -> list[tuple[str, float]]:
    """Each with all that took less; the last one has no limit."""
    sums = accumulate(within[limit] for limit in (*tallies.LIMITS, 0))
    names = (*(str(limit / 1000) for limit in tallies.LIMITS), "+Inf")
    return list(zip(names, sums, strict=True))


def _incidents() -> Metrics:
    metric = GaugeMetricFamily(
        "integrations_incidents_open",
        "Confirmed incidents that are not over, by platform and kind of cause; drills are none. "
        "Without a platform they are this installation's own.",
        labels=("provider", "cause"),
    )
    known = [*product(platforms.catalogue(), CAUSES), ("", OURS)]
    for (provider, cause), number in _with_zeros(known, breaks.incidents()).items():
        metric.add_metric((provider, cause), number)
    yield metric


def _messages() -> Metrics:
    sent = CounterMetricFamily(
        "integrations_messages",
        "Messages that settled, by kind of channel; what is tried again is not settled.",
        labels=("channel", "outcome"),
    )
    found = {(one.subject, one.outcome): one.number for one in tallies.of(tallies.MESSAGE)}
    outcomes = [outcome.value for outcome in tallies.SETTLED]
    for key, number in _with_zeros(product(catalogue.kinds(), outcomes), found).items():
        sent.add_metric(key, number)
    yield sent
    failing = GaugeMetricFamily(
        "integrations_channels_failing",
        "Channels that take nothing at the moment, by kind.",
        labels=("channel",),
    )
    for kind, number in _with_zeros(catalogue.kinds(), breaks.channels()).items():
        failing.add_metric((kind,), number)
    yield failing


def _budgets(now: datetime) -> Metrics:
    metric = GaugeMetricFamily(
        "integrations_budget_used_ratio",
        "What checks have spent today of a platform's fullest check budget; 1 is all of it.",
        labels=("provider",),
    )
    for provider, part in spending.fullest(now).items():
        metric.add_metric((provider,), part)
    yield metric


def _build() -> Metric:
    return InfoMetricFamily(
        "integrations_build",
        "What runs here.",
        value={
            "version": str(settings.SPECTACULAR_SETTINGS["VERSION"]),
            "python": platform.python_version(),
            "django": django.get_version(),
            "database": connection.vendor,
        },
    )


def _with_zeros[K](known: Iterable[K], found: Mapping[K, int]) -> Mapping[K, int]:
    return {**dict.fromkeys(known, 0), **found}
