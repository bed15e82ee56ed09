"""For servers other than `serve`, which looks after sign-ins and notices by itself."""

import threading
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from integrations.work import keeper


class Command(BaseCommand):
    help = "Renews sign-ins ahead of their end and gives notices, until Ctrl-C."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--once", action="store_true", help="look once, as from cron")

    def handle(self, *args: Any, once: bool, **options: Any) -> None:
        if once:
            keeper.once()
            return
        keeper.run(threading.Event().wait)
