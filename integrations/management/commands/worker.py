"""`manage.py worker`: does the work that nobody waits for, until SIGTERM or Ctrl-C."""

from argparse import SUPPRESS, ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import connection

from integrations.checks import ENVIRONMENT
from integrations.work.checker import THREADS
from integrations.work.worker import CONCURRENCY, INTERVAL_SECONDS, Running, stop_on_signals
from integrations_center import databases


class Command(BaseCommand):
    help = (
        "Checks every connection by schedule, runs tests, renews sign-ins ahead of their end and "
        "gives notices, until Ctrl-C."
    )
    requires_system_checks = (ENVIRONMENT,)  # others may ask the database, for which it waits

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--concurrency",
            type=int,
            default=CONCURRENCY,
            help=f"jobs at a time, each in a thread (default: {CONCURRENCY})",
        )
        parser.add_argument(
            "--interval",
            type=float,
            default=INTERVAL_SECONDS,
            help="seconds between two looks for work, where no Redis tells of it "
            f"(default: {INTERVAL_SECONDS})",
        )
        usual = ", ".join(f"{count} with {name}" for name, count in THREADS.items())
        parser.add_argument(
            "--checks",
            type=int,
            help=f"connections checked at a time by schedule, 0 for none (default: {usual})",
        )
        parser.add_argument("--parent", type=int, help=SUPPRESS)  # without it, it stops

    def handle(
        self,
        *args: Any,
        concurrency: int,
        interval: float,
        checks: int | None,
        parent: int | None,
        **options: Any,
    ) -> None:
        databases.take(databases.share_of_worker(settings.DATABASE_CONNECTIONS))
        threads = THREADS[connection.vendor] if checks is None else max(0, checks)
        running = Running(concurrency, interval, parent, threads)
        stop_on_signals(running)
        running.run()
