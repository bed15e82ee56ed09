"""Sessions in the database, as Django keeps them; each request reads one, in a compiled query."""

from typing import Any

from django.contrib.auth import BACKEND_SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.contrib.sessions.models import Session
from django.utils import timezone

from integrations.compiled import CompiledRows

BACKEND = "integrations.backend.Backend"
DJANGOS_BACKEND = "django.contrib.auth.backends.ModelBackend"
VALID = CompiledRows(
    Session,
    lambda every, key, now: every.filter(session_key=key, expire_date__gt=now),
    "?",
    timezone.now(),
)


class SessionStore(DatabaseStore):
    """Its name is part of what signs a session: Django's own reads the same ones."""

    def decode(self, session_data: str | bytes) -> dict[str, Any]:
        """Who signed in before there was our backend stays signed in."""
        found = super().decode(session_data)
        if found.get(BACKEND_SESSION_KEY) == DJANGOS_BACKEND:
            found[BACKEND_SESSION_KEY] = BACKEND
        return found

    def _get_session_from_db(self) -> Session | None:
        found = VALID.first(self.session_key, timezone.now())
        if found is None:
            self._session_key = None
        return found
