"""Looks after sign-ins and notices, in a thread of every process that serves the site.

Nothing has to be set up for it. How many do it does not matter: rows keep them apart.
"""

import logging
import random
import threading
from collections.abc import Callable
from typing import Any

from django.db import close_old_connections
from django.utils import timezone

from integrations.services.keeping import renewals, rounds
from integrations.work import tasks

logger = logging.getLogger(__name__)

EVERY_SECONDS = 30.0


def start(wait: Callable[[float], bool] | None = None) -> threading.Thread:
    """Begin at once, in a daemon thread. `wait` sleeps, and says when to stop."""
    thread = threading.Thread(
        target=run, args=(wait or threading.Event().wait,), name="keeper", daemon=True
    )
    thread.start()
    return thread


def run(wait: Callable[[float], bool]) -> None:
    """Look after things again and again, until `wait` says to stop."""
    spread = random.SystemRandom()
    while True:
        tick()
        # Processes that started together drift apart.
        if wait(EVERY_SECONDS * spread.uniform(0.8, 1.2)):
            return


def tick() -> None:
    """Once. What is due is renewed in the background."""
    _try(tasks.keep_alive, timezone.now())


def once() -> None:
    """Once, and all of it is done on return: a process that ends takes its background along."""
    now = timezone.now()
    for row in renewals.due(now):
        _try(renewals.renew, row.pk)
    _try(rounds.look_after, now)


def _try(work: Callable[[Any], object], about: object) -> None:
    """Whatever goes wrong is logged without its text, which may hold data."""
    close_old_connections()
    try:
        work(about)
    except Exception as error:  # noqa: BLE001 - the next round may go well
        logger.error("Looking after sign-ins failed with %s", type(error).__name__)
    finally:
        close_old_connections()
