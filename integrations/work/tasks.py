"""The bodies of tasks, by the names that services enqueue them under.

Each is given ids, never values. A worker may die with one, and another then does it from the
start: so what was done already is not done again.
"""

import logging
from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from uuid import UUID

from django.contrib.auth.models import User
from django.tasks import Task, task

from integrations import clock, queue
from integrations.models import (
    Candidate,
    ConnectionTest,
    IntegrationConnection,
    TestOutcome,
    Trigger,
)
from integrations.services.connecting import candidates, spreading
from integrations.services.credentials import revoking
from integrations.services.keeping import renewals, rounds
from integrations.services.people import invitations, own, passwords
from integrations.services.proving import background, testing
from integrations.services.refusals import NoConnection, NothingToTest, Paused
from integrations.services.telling import deliveries, digests, owed
from integrations.services.watching import incidents
from integrations.work import worker

logger = logging.getLogger(__name__)

Body = Callable[..., None]
PERSON_LOOKS = 20  # at the page, for its end
RUN = 10


class Ended(Exception):
    """A task ended with an error of this name. Its text could hold data of a platform."""


def body(name: str, priority: int = 0) -> Callable[[Body], Task]:
    """What is done under this name. The engine keeps errors, so it sees none of their text."""

    def register(function: Body) -> Task:
        @wraps(function)
        def guarded(*ids: int | str) -> None:
            if problem := _problem(function, ids):
                logger.error("Task %s ended with %s", name, problem)
                raise Ended(problem)

        made: Task = task(priority=priority)(guarded)
        queue.register(name, made)
        return made

    return register


def _problem(function: Body, ids: tuple[int | str, ...]) -> str:
    """The name of the error that it ends with, or ""."""
    try:
        function(*ids)
    except Exception as error:  # noqa: BLE001 - the last place that can say it happened
        return type(error).__name__
    return ""


@body("proving.run_test", PERSON_LOOKS)
def run_test(test_id: int) -> None:
    """Run a test whose row was written when it was asked for, unless it has ended."""
    running = ConnectionTest.objects.filter(pk=test_id, outcome=TestOutcome.RUNNING)
    if test := running.first():
        testing.perform(test)


@body("proving.run_test_when_free", PERSON_LOOKS)
def run_test_when_free(connection_id: str, trigger: str, user_id: int) -> None:
    """Test what is saved as soon as nothing else is tested; for nobody in particular with 0."""
    by = User.objects.filter(pk=user_id).first()
    found = IntegrationConnection.objects.filter(pk=UUID(connection_id)).first()
    if found:  # it may have been removed meanwhile, or disconnected
        with suppress(NoConnection, NothingToTest, Paused):
            testing.test_connection(found, trigger=Trigger(trigger), by=by)


@body("proving.run_chain", RUN)
def run_chain(chain: str) -> None:
    """Test the next connection of a chain; those after it only then."""
    background.perform_next(UUID(chain))


@body("connecting.prove", PERSON_LOOKS)
def prove(candidate_id: str) -> None:
    """Test what a person typed, and save it if it passes."""
    waiting = Candidate.objects.select_related("connection__workspace", "user", "test")
    if candidate := waiting.filter(pk=UUID(candidate_id)).first():
        candidates.prove(candidate)


@body("connecting.spread", RUN)
def spread(spread_id: int) -> None:
    """Give each workspace of a table what is left to give."""
    for _ in spreading.perform(spread_id):
        pass


@body("keeping.renew")
def renew(sign_in_id: str) -> None:
    """Renew the tokens of one sign-in that is still due."""
    renewals.renew(UUID(sign_in_id))


@body("keeping.give_back")
def give_back(sign_in_id: str) -> None:
    """End a sign-in that nobody uses at its platform."""
    revoking.give_back(UUID(sign_in_id))


@body("keeping.look_after")
def look_after() -> None:
    """Tell of ends, give notices, forget what has run out."""
    rounds.look_after(clock.now())


@body("telling.catch_up")
def catch_up(workspace_id: int) -> None:
    """Tell a workspace's people of what happened there since they were told last."""
    owed.catch_up(workspace_id, clock.now())


@body("telling.remind")
def remind(delivery_id: str) -> None:
    """Tell once more of what still lasts a day later."""
    owed.remind(UUID(delivery_id), clock.now())


@body("telling.tell_week")
def tell_week(workspace_id: int) -> None:
    """Tell a workspace's people how their week was, unless they were told."""
    digests.tell(workspace_id, clock.now())


@body("telling.deliver")
def deliver(delivery_id: str) -> None:
    """Send one message that is still due."""
    deliveries.deliver(UUID(delivery_id), clock.now())


@body("watching.reconcile")
def reconcile() -> None:
    """Compare what is wrong with the incidents that are written down."""
    incidents.reconcile(clock.now())


@body("people.mail_link", PERSON_LOOKS)
def mail_link(*user_ids: int) -> None:
    """Mail a link to a new password to whoever asked for one."""
    for user_id in user_ids:
        passwords.mail_link(user_id)


@body("people.mail_invitation", PERSON_LOOKS)
def mail_invitation(invitation_id: str) -> None:
    """Mail an invitation with a link of its own."""
    invitations.mail(UUID(invitation_id))


@body("people.mail_confirmation", PERSON_LOOKS)
def mail_confirmation(user_id: int) -> None:
    """Mail a link that proves a new address."""
    own.mail_confirmation(user_id)


@body("work.prune")
def prune() -> None:
    """Let the queue forget what was done."""
    worker.prune()
