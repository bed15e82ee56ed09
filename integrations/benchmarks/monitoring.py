"""/metrics: what a scrape costs beside many connections, and what is counted ahead for it."""

from statistics import median

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from integrations.benchmarks import Measure, milliseconds
from integrations.models import IntegrationConnection, Summary
from integrations.services.measuring import exposition, standing

SCRAPES = 20


def measure() -> list[Measure]:
    """Reading alone: what is dear was counted by a round."""
    beside = f"beside {IntegrationConnection.objects.count()} connections"
    Summary.objects.all().delete()
    counting = milliseconds(lambda: standing.renew(timezone.now()))
    exposition.text()
    with CaptureQueriesContext(connection) as seen:
        exposition.text()
    took = [milliseconds(exposition.text) for _ in range(SCRAPES)]
    return [
        Measure("/metrics: queries", len(seen)),
        Measure(f"/metrics {beside}: half of the scrapes took", round(median(took)), "ms"),
        Measure(f"Counting the states {beside}, now and then", round(counting), "ms"),
    ]
