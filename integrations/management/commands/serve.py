"""Everything between a checkout and a running site: gunicorn, and a worker beside it."""

import os
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import DatabaseError, connection
from django.db.migrations import Migration
from django.utils import timezone

from integrations.services.credentials import sealing
from integrations.services.people import people
from integrations_center import bootstrap, health, one_at_a_time, port, safety_copy, static_files
from integrations_center.supervisor import Child, Supervisor

THREADS = 40
WORKERS = {"sqlite": 1, "postgresql": 2}
# Longer than the 30 s that a test may take, so that a stop lets it end.
GRACEFUL_SECONDS = 35


class Command(BaseCommand):
    help = "Migrates, collects static files and serves the site on 127.0.0.1:$PORT."
    requires_system_checks = ()  # they ask the database, so `prepare` runs them

    def add_arguments(self, parser: ArgumentParser) -> None:
        default = WORKERS[connection.vendor]
        parser.add_argument("--workers", type=int, default=default, help=f"default: {default}")
        parser.add_argument("--threads", type=int, default=THREADS, help=f"default: {THREADS}")
        parser.add_argument(
            "--no-worker", action="store_true", help="serve only; `manage.py worker` runs elsewhere"
        )

    def handle(
        self, *args: Any, workers: int, threads: int, no_worker: bool, **options: Any
    ) -> None:
        if problem := port.problem(str(settings.PORT)):
            raise ImproperlyConfigured(problem)
        try:
            self.prepare()
        except DatabaseError as error:
            raise ImproperlyConfigured(health.said_of(error)) from None
        self.stdout.write(f"Serving on {settings.PUBLIC_URL} (Ctrl-C stops it).")
        self.stdout.flush()
        children = [Child("server", gunicorn(workers, threads))]
        if not no_worker:
            children.append(Child("worker", worker(), restarts=True))
        sys.exit(Supervisor(children).run())

    def prepare(self) -> None:
        """One process at a time: those that start with it find everything done."""
        one_at_a_time.take_folder(settings.BASE_DIR)
        with one_at_a_time.in_database():
            self.prepare_alone()
        one_at_a_time.give_folder(settings.BASE_DIR)
        connection.close()

    def prepare_alone(self) -> None:
        self.check()
        if due := health.migrations_due():
            self.keep_copy(due)
            self.stdout.write("Migrating the database …")
            call_command("migrate", interactive=False, verbosity=0)
        bootstrap.keep_new_credential_keys(anything_encrypted=sealing.anything_encrypted())
        sealing.adopt_old()
        if static_files.collect_if_changed():
            self.stdout.write("Collected the static files.")
        self.welcome()
        if settings.SECURE_SSL_REDIRECT and not settings.TRUSTED_PROXIES:
            self.stderr.write(
                "PUBLIC_URL is https, but TRUSTED_PROXIES is empty. "
                "Set it to your proxy's address: until then each page only says that."
            )

    def welcome(self) -> None:
        if people.nobody_has_an_account():
            self.stdout.write(
                "\nNobody has an account yet. Make the owner's with this link, which works once:\n"
                f"  {people.make_owner_link()}\n"
            )

    def keep_copy(self, due: list[Migration]) -> None:
        """Of an SQLite database whose secrets are about to be rewritten."""
        migration = safety_copy.needed_by(due)
        if migration is None or connection.vendor != "sqlite":
            return
        database = Path(str(connection.settings_dict["NAME"]))
        if copy := safety_copy.keep(database, migration, timezone.now()):
            self.stdout.write(f"The database as it was before this update is kept in {copy}.")


def gunicorn(workers: int, threads: int) -> list[str]:
    """The command line."""
    options = {
        "config": "python:integrations_center.gunicorn_config",
        "bind": f"{port.HOST}:{settings.PORT}",
        "worker-class": "gthread",
        "workers": workers,
        "threads": threads,
        "graceful-timeout": GRACEFUL_SECONDS,
        "log-level": "warning",
    }
    flags = [f"--{name}={value}" for name, value in options.items()]
    return [
        sys.executable,
        "-m",
        "gunicorn",
        *flags,
        "--no-control-socket",
        "integrations_center.wsgi",
    ]


def worker() -> list[str]:
    """The command line. Should this process be killed, the worker ends by itself."""
    manage = str(settings.BASE_DIR / "manage.py")
    return [sys.executable, manage, "worker", f"--parent={os.getpid()}"]
