"""`manage.py sandbox`: the stand-in for the platforms, until Ctrl-C."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from integrations_center import one_at_a_time
from providers.sandbox.__main__ import main


class Command(BaseCommand):
    help = "Serves a stand-in for the platforms on 127.0.0.1, and says how to use it."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=9000, help="9000 unless told; 0 for any")

    def handle(self, *args: Any, port: int, **options: Any) -> None:
        one_at_a_time.give_folder(settings.BASE_DIR)  # it needs no keys: a `serve` may make them
        main(["--port", str(port)])
