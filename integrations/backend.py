"""Who is signed in, and who may: the only backend, so every password passes its counting."""

from typing import Any

from asgiref.sync import sync_to_async
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import User
from django.db import connection as database
from django.http import HttpRequest

from integrations.compiled import Compiled, columns_of
from integrations.services.people import devices, guesses, own

COLUMNS = columns_of(User)
PERSON = Compiled(
    lambda pk: User.objects.filter(pk=pk).values_list(*COLUMNS, "person__time_zone"),
    -2_000_000_000,
)


class Backend(ModelBackend):
    """Django's own, which counts tries first and reads a session's person in a compiled query."""

    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        **more: Any,
    ) -> User | None:
        """Raises TooManyGuesses, which no form turns into a message."""
        if not username or not password:
            return None  # nobody's, so it is no try
        address = request.META.get("REMOTE_ADDR", "") if request else ""
        keys = guesses.at_sign_in(username, address, devices.of(request, username))
        with guesses.in_turn(*keys):
            guess = guesses.begin(*keys)
            user = super().authenticate(request, username=username, password=password)
            if user is None:
                guess.was_wrong()
                return None
            guess.was_right()
        return user

    async def aauthenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        **more: Any,
    ) -> User | None:
        return await sync_to_async(self.authenticate)(request, username, password, **more)

    def get_user(self, user_id: int) -> User | None:
        """Each request with a session reads its person here, with the time zone that they set."""
        found = PERSON.rows(user_id)
        if not found:
            return None
        *facts, zone = found[0]
        user = User.from_db(database.alias, COLUMNS, facts)
        own.remember_zone(user, zone or "")
        return user if self.user_can_authenticate(user) else None
