"""Watches that are due, and a chance that repeats itself."""

from datetime import timedelta
from random import Random

import pytest

from integrations.models import IntegrationConnection, Watch, Workspace
from tests.integrations.services.keeping.moments import NOW


@pytest.fixture
def chance():
    return Random(7)


@pytest.fixture
def others(workspace):
    """`others(3)` are three more workspaces."""

    def make(count):
        names = [f"w{number}" for number in range(count)]
        return Workspace.objects.bulk_create(Workspace(slug=one, name=one) for one in names)

    return make


def overdue(workspace, provider="meta", count=1, by=timedelta(minutes=1)):
    """Watches of so many connections that nothing opens, each due a little later than the last."""
    made = IntegrationConnection.objects.bulk_create(
        IntegrationConnection(
            workspace=workspace, provider=provider, slug=f"{provider}-{number}", is_default=False
        )
        for number in range(count)
    )
    return Watch.objects.bulk_create(
        Watch(
            connection=one,
            workspace=workspace,
            provider=provider,
            due_at=NOW - by + timedelta(milliseconds=number),
        )
        for number, one in enumerate(made)
    )
