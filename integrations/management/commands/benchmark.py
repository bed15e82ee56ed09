"""Measures what is promised about speed and size, in a database that is thrown away."""

import os
import platform
import sys
from argparse import ArgumentParser
from json import dumps
from typing import Any

import django
from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.urls import reverse

from integrations.benchmarks import (
    Measure,
    checks,
    data,
    jobs,
    listing,
    mixed,
    monitoring,
    page,
    queries,
    scratch,
    several,
    testing,
    together,
    truth,
)
from integrations.models import Workspace
from integrations_center import env


class Command(BaseCommand):
    help = "Measures speed and size in a database of its own; ends with 1 when a limit is broken."
    requires_system_checks = ()  # they ask the real database what it can do

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "what",
            nargs="?",
            choices=["limits", "mixed", "checks", "truth", "jobs"],
            default="limits",
            help="limits (default): what is promised. mixed: reading, changing and testing at "
            "once. checks: what a worker reaches by schedule, on the engine that TASKS_URL "
            "names. truth: breaks every platform's stand-in in every way under the running "
            "engine, and counts what is shown and told wrongly. jobs: fill the database that "
            "DATABASE_URL names and print, as JSON, what a load tool asks; the test jobs go to "
            "the ports in BENCH_STUB0 and BENCH_STUB200.",
        )
        parser.add_argument("--json", action="store_true", help="print JSON")
        parser.add_argument("--connections", type=int, default=130_000, help="rows to fill in")
        parser.add_argument("--requests", type=int, default=200, help="requests to time")
        parser.add_argument("--seconds", type=int, default=15, help="of mixed and checks")
        parser.add_argument("--only", nargs="+", default=[], help="platforms of truth, by slug")
        parser.add_argument(
            "--answer-ms", type=int, default=200, help="of a platform in Test all, and in checks"
        )

    def handle(self, *args: Any, what: str, **options: Any) -> None:
        if what == "jobs":
            self.write_jobs()
        elif what == "truth":
            self.tell_truth(**options)
        else:
            self.measure(what, **options)

    def write_jobs(self) -> None:
        if User.objects.exclude(username=data.OWNER).exists():
            raise CommandError("People use this database. Name an empty one in DATABASE_URL.")
        ports = {"test0": env.port("BENCH_STUB0", 0), "test200": env.port("BENCH_STUB200", 0)}
        self.stdout.write(dumps(jobs.jobs(ports)))

    def tell_truth(self, *, only: list[str], json: bool, **_: Any) -> None:
        with scratch.scratch_database(), scratch.scratch_settings():
            machine, rows = _machine(), truth.measure(tuple(only))
        if json:
            self.write(machine, {"platforms": [row.as_json() for row in rows]})
        else:
            self.stdout.write("\n".join([*_lines(machine), "", *truth.table(rows)]))
        if any(one.misses for one in rows[-1].seen):
            sys.exit(1)

    def measure(self, what: str, *, json: bool, **options: Any) -> None:
        with scratch.scratch_database(), scratch.scratch_settings():
            machine = _machine()
            measures = _measures(what, **options)
        if json:
            self.write_json(machine, measures)
        else:
            for line in (*_lines(machine), "", *measures):
                self.stdout.write(str(line))
        if not all(measure.holds for measure in measures):
            sys.exit(1)

    def write_json(self, machine: dict[str, Any], measures: list[Measure]) -> None:
        found = [vars(measure) | {"holds": measure.holds} for measure in measures]
        self.write(machine, {"measures": found})

    def write(self, machine: dict[str, Any], found: dict[str, Any]) -> None:
        self.stdout.write(dumps({"machine": machine} | found, indent=2))


def _measures(what: str, *, seconds: int, answer_ms: int, **options: Any) -> list[Measure]:
    if what == "mixed":
        return mixed.measure(seconds)
    if what == "checks":
        return checks.measure(seconds, answer_ms)
    return _limits(answer_ms=answer_ms, **options)


def _limits(*, connections: int, requests: int, answer_ms: int, **_: Any) -> list[Measure]:
    owner = data.owner()
    client = data.signed_in(owner)
    workspace = Workspace.objects.get()
    settings_page = reverse("settings", args=[workspace.slug])
    empty = len(queries(client, settings_page))
    listed = listing.measure(client, workspace, connections, requests)
    return [
        *listed,
        Measure("Settings page: queries with no connection", empty),
        Measure("Settings page: queries with all", len(queries(client, settings_page))),
        *page.weight(client, settings_page),
        *monitoring.measure(),
        *testing.overhead(),
        *together.measure(answer_ms),
        *testing.crowd(owner, data.session_of(client), settings_page),
        *several.measure(client, workspace, requests),
    ]


def _lines(machine: dict[str, Any]) -> list[str]:
    return [f"{name}: {value}" for name, value in machine.items()]


def _machine() -> dict[str, Any]:
    return {
        "Python": platform.python_version(),
        "Django": django.get_version(),
        "Database": f"{connection.vendor} {'.'.join(map(str, connection.get_database_version()))}",
        "CPUs": os.cpu_count(),
    }
