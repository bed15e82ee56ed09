"""Sessions in the database, as Django keeps them; each request reads one, in a compiled query."""

from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.contrib.sessions.models import Session
from django.utils import timezone

from integrations.compiled import CompiledRows

ANY_KEY = "?"
VALID = CompiledRows(
    Session,
    lambda every, key, now: every.filter(session_key=key, expire_date__gt=now),
    ANY_KEY,
    timezone.now(),
)


class SessionStore(DatabaseStore):
    """Its name is part of what signs a session: Django's own reads the same ones."""

    def _get_session_from_db(self) -> Session | None:
        found = VALID.first(self.session_key, timezone.now())
        if found is None:
            self._session_key = None
        return found
