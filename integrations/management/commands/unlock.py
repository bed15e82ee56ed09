"""For people who are locked out after too many tries."""

from typing import Any

from django.core.management.base import BaseCommand

from integrations.services.people import guesses


class Command(BaseCommand):
    help = "Forgets all wrong passwords, links and tokens that were counted, so all may try again."

    def handle(self, *args: Any, **options: Any) -> None:
        guesses.forget_all()
        self.stdout.write("Everybody may try again.")
