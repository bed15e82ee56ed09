"""An engine that tests move second by second: it checks, tells and delivers as a worker does."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from integrations.models import DrillKind, Workspace
from integrations.services.telling import deliveries, owed
from integrations.services.watching import engine as checks
from integrations.services.watching.drills import performing, starting
from providers.outbound.transport import Timeouts
from tests.integrations.receivers import NOW

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
SOON = Timeouts(read=0.5)  # of silence; a busy machine answers within it


@dataclass
class Engine:
    clock: Any
    workspace: Workspace
    is_telling: bool = True

    def start(self, connection, kind=DrillKind.REVOKED, *, by=None, **more):
        checks.beat(timezone.now())
        return starting.start(connection, kind, by=by, now=timezone.now(), **more)

    def step(self):
        """What is due now of all drills, as the checker's look finds it."""
        for taken in performing.claim(timezone.now(), 2):
            performing.perform(taken, timezone.now, SOON)

    def run(self, drill, most=MINUTE * 12):
        """Until it is over, or for so long."""
        for second in range(int(most.total_seconds())):
            self.step()
            if self.is_telling and second % 10 == 9:
                self.tell()
            drill.refresh_from_db()
            if drill.is_over:
                break
            self.wait(SECOND)
        return drill

    def tell(self):
        owed.catch_up(self.workspace.pk, timezone.now())
        for pk in deliveries.due(timezone.now()):
            deliveries.deliver(pk, timezone.now())

    def run_until(self, drill, state):
        for _ in range(60):
            if drill.state == state:
                return drill
            self.run(drill, SECOND)
        raise AssertionError(drill.state)

    def wait(self, span):
        self.clock.move_to(timezone.now() + span, tick=False)


@pytest.fixture
def engine(time_machine, workspace):
    time_machine.move_to(NOW, tick=False)
    return Engine(time_machine, workspace)
