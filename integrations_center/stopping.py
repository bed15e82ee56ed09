"""gunicorn's configuration: Ctrl-C ends its workers at once.

Its own handler takes a lock that the interrupted code may hold, and then waits for threads
that wait for browsers: both can last until the graceful time is over. A stop by SIGTERM, as
systemd sends it, still lets running tests end.
"""

import os
import signal
from typing import Any


def post_worker_init(worker: Any) -> None:
    for stop in (signal.SIGINT, signal.SIGQUIT):
        signal.signal(stop, lambda *_: os._exit(0))
