"""The lookout of a process that serves pages: a thread that lets the watchdog look.

No request waits for it, and it ends with the process.
"""

import threading
from collections.abc import Callable

from django.db import close_old_connections

from integrations import clock
from integrations.services.trouble import apart
from integrations.services.watching import watchdog

EVERY_SECONDS = 30.0


def start() -> None:
    """In this process, once."""
    ends = threading.Event()  # never set
    threading.Thread(target=run, args=(ends.wait,), name="lookout", daemon=True).start()


def run(wait: Callable[[float], bool]) -> None:
    """Again and again, until `wait`, which sleeps so many seconds, says to stop."""
    while not wait(EVERY_SECONDS):
        close_old_connections()
        with apart("The watchdog"):
            watchdog.look(clock.now())
        close_old_connections()
