"""What a real installation does beside: its processes, and its rounds."""

from collections.abc import Iterator

import pytest

from integrations.models import Delivery
from integrations.services.telling import owed
from integrations.services.watching import incidents
from tests.integrations.processes import Nursery, nursery
from tests.integrations.receivers import NOW, look


@pytest.fixture(scope="session")
def processes(django_db_setup: None) -> Iterator[Nursery]:
    """Started once: every one that a test asks for is forked from it anew."""
    with nursery() as started:
        yield started


@pytest.fixture
def at(clock, workspace):
    """`at(HOUR)`: it is an hour later, and a worker has compared, told and sent."""

    def move(later):
        now = NOW + later
        clock.move_to(now, tick=False)
        incidents.reconcile(now)
        owed.catch_up(workspace.pk, now)
        for pk in Delivery.objects.filter(remind_at__lte=now).values_list("pk", flat=True):
            owed.remind(pk, now)
        look(now)

    return move
