"""Celery on Redis: it wakes a worker for a job, whose row says what is to be done.

Only this room knows Celery. Of a job it is told the id of its row, so that nothing of it stands
in Redis, and what Redis forgets or tells twice is neither lost nor done twice.
"""

import ssl
from typing import Any
from uuid import UUID

from celery import Celery, Task

from integrations.work import performing
from integrations_center import broker

QUEUE = "integrations"
TASK = "integrations.perform"
# Seconds after which Redis tells another worker of what was not ended. Long jobs are told of
# twice, and their rows then say that somebody is at them.
VISIBLE = 120
CONNECT_SECONDS = 2
SILENT_SECONDS = 5
# Of the priorities of tasks, highest first: Redis has a list for each.
PRIORITIES = (20, 10, 0)

TRANSPORT = {
    "visibility_timeout": VISIBLE,
    # What is not ended is looked for each two seconds; by default, each hundred.
    "unacked_restore_interval": 2,
    "unacked_restore_throttle": 1,
    "socket_connect_timeout": CONNECT_SECONDS,
    "socket_timeout": SILENT_SECONDS,
    "socket_keepalive": True,
    "health_check_interval": 25,
    "priority_steps": list(range(len(PRIORITIES))),
}
SETTINGS: dict[str, Any] = {
    "accept_content": ["json"],
    "task_serializer": "json",
    "task_acks_late": True,
    "task_reject_on_worker_lost": True,
    "task_ignore_result": True,
    "task_publish_retry_policy": {
        "max_retries": 1,
        "interval_start": 0.1,
        "interval_step": 0.1,
        "interval_max": 0.1,
    },
    "broker_transport_options": TRANSPORT,
    "result_backend_transport_options": {"visibility_timeout": VISIBLE},
    "visibility_timeout": VISIBLE,
    "broker_connection_timeout": CONNECT_SECONDS,
    "broker_connection_retry_on_startup": True,
    "broker_connection_max_retries": None,
    "worker_pool": "integrations.work.celery_pool:Threads",
    "worker_prefetch_multiplier": 1,
    "worker_soft_shutdown_timeout": 30.0,
    "worker_cancel_long_running_tasks_on_connection_loss": True,
    # Nobody may ask a worker, or tell it, anything by Redis.
    "worker_enable_remote_control": False,
    "worker_send_task_events": False,
    "worker_hijack_root_logger": False,
}


def make(url: str, queue: str = QUEUE) -> Celery:
    """The app that speaks with this Redis, by a queue of its own."""
    # Neither the current app of the process nor Celery's own care for Django: both are ours.
    app = Celery("integrations", broker=url, set_as_current=False, fixups=())
    app.conf.update(SETTINGS, task_default_queue=queue)
    if broker.is_encrypted(url):
        app.conf.broker_use_ssl = {"ssl_cert_reqs": ssl.CERT_REQUIRED, "ssl_check_hostname": True}

    @app.task(name=TASK, shared=False)
    def perform(job_id: str) -> None:
        performing.perform(UUID(job_id))

    return app


def wake(app: Celery, job_id: UUID, priority: int) -> None:
    """Tell some worker. Raises what the connection to Redis does."""
    step = next(n for n, least in enumerate(PRIORITIES) if priority >= least or n == 2)
    told: Task = app.tasks[TASK]
    told.apply_async((str(job_id),), priority=step)
