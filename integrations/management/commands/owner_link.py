"""For who lost the link of the first start."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from integrations.services.people import people


class Command(BaseCommand):
    help = "Prints a one-time link on which the first account is made. It lives for an hour."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            self.stdout.write(people.make_owner_link())
        except people.LinkRefused:
            raise CommandError(
                "Somebody has an account already. Sign in, or use `manage.py changepassword`."
            ) from None
