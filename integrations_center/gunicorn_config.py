"""gunicorn's configuration: Ctrl-C ends its workers at once, and it believes no header.

gunicorn's own handler takes a lock that the interrupted code may hold, and then waits for threads
that wait for browsers: both can last until the graceful time is over. A stop by SIGTERM, as
systemd sends it, still lets running tests end.
"""

import signal
from typing import Any

# TrustedProxyMiddleware alone decides what a proxy is believed. gunicorn would believe whoever asks
# through a Unix socket, SCRIPT_NAME and all.
forwarded_allow_ips = ""
secure_scheme_headers: dict[str, str] = {}
forwarder_headers = ""


def post_worker_init(worker: Any) -> None:
    from django.conf import settings

    from integrations.services import waiting
    from integrations.services.credentials import leases
    from integrations.work import lookout
    from integrations_center import databases

    share = databases.share_of_web(settings.DATABASE_CONNECTIONS, worker.cfg.workers)
    databases.take(share)
    waiting.PLACES.limit(worker.cfg.threads)
    for stop in (signal.SIGINT, signal.SIGQUIT):
        signal.signal(stop, leases.end_process)
    lookout.start()
