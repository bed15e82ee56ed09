"""Django's own command, for one process at a time: the others find nothing left to do."""

from typing import Any

from django.core.management.commands import migrate
from django.db import connections

from integrations_center import one_at_a_time


class Command(migrate.Command):
    def handle(self, *args: Any, **options: Any) -> None:
        with one_at_a_time.in_database(connections[options["database"]]):
            super().handle(*args, **options)
