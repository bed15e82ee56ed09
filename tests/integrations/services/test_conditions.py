"""What the database is asked about all connections is what each says of itself."""

from datetime import timedelta
from itertools import product

import pytest
from django.utils import timezone

from integrations import crypto, platforms
from integrations.models import IntegrationConnection
from integrations.services import conditions
from providers import registry
from providers.platforms.fiverr.steps import PAGE

pytestmark = pytest.mark.django_db
DAY, SECOND = timedelta(days=1), timedelta(seconds=1)
WAYS = (("meta", "access_token"), ("fiverr", PAGE), ("stripe", "api_key"))
HERE = "http://127.0.0.1:9"


@pytest.fixture
def every(workspace, settings):
    """One of each kind that there is, of each age that a proof may have."""
    settings.PROVIDER_ORIGINS = {"stripe": dict.fromkeys(registry.get("stripe").hosts, HERE)}
    platforms.catalogue.cache_clear()
    now = timezone.now()
    ages = (None, -3 * DAY, -SECOND, 30 * SECOND, DAY / 2, 3 * DAY)
    keys = ("", next(iter(crypto.known_ids())), "another")
    made = [
        IntegrationConnection(
            workspace=workspace,
            provider=provider,
            slug=f"n{number}",
            is_default=False,
            auth_method=method,
            key_id=key,
            is_complete=True,
            proof_stand_in=stand_in,
            proven_at=now - age if age is not None else None,
        )
        for number, ((provider, method), age, key, stand_in) in enumerate(
            product(WAYS, ages, keys, ("", HERE))
        )
    ]
    IntegrationConnection.objects.bulk_create(made)
    yield now, IntegrationConnection.objects.all()
    settings.PROVIDER_ORIGINS = {}
    platforms.catalogue.cache_clear()


@pytest.mark.parametrize(
    ("condition", "says"),
    [
        (lambda _: conditions.unreadable(), lambda one, _: one.is_unreadable),
        (lambda _: conditions.unprovable(), lambda one, _: bool(one.unprovable)),
        (lambda _: conditions.proven(), lambda one, _: one.proof_at is not None),
        (conditions.fresh, lambda one, now: one.is_fresh(now)),
    ],
    ids=["unreadable", "unprovable", "proven", "fresh"],
)
def test_all_are_told_what_each_says(every, condition, says):
    now, connections = every
    told = set(connections.filter(condition(now)).values_list("pk", flat=True))

    own = {one.pk for one in connections if says(one, now)}
    assert 0 < len(own) < connections.count()
    assert told == own
