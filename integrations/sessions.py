"""Sessions in the database, each under a digest of its key: who reads the table opens none.

Each request reads one, in a compiled query. Its end moves on while somebody uses it, once a day.
"""

from datetime import timedelta
from typing import Any

from django.contrib.auth import BACKEND_SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.contrib.sessions.base_session import AbstractBaseSession
from django.contrib.sessions.models import Session
from django.utils import timezone

from integrations import crypto
from integrations.compiled import CompiledRows

ONE_DAY = timedelta(days=1)
BACKEND = "integrations.backend.Backend"
DJANGOS_BACKEND = "django.contrib.auth.backends.ModelBackend"
VALID = CompiledRows(
    Session,
    lambda every, key, now: every.filter(session_key=key, expire_date__gt=now),
    "?",
    timezone.now(),
)


def kept_under(session_key: str) -> str:
    """What stands for a browser's key in the table, whose column holds 40 characters."""
    return kept_under_digest(crypto.digest(session_key))


def kept_under_digest(digest: str) -> str:
    """The same, of a key of which only the digest is known."""
    return digest[:40]


class SessionStore(DatabaseStore):
    """Its name is part of what signs a session: Django's own reads the data of the same ones.

    Nothing here uses the asynchronous half of a store, which knows nothing of digests.
    """

    def decode(self, session_data: str | bytes) -> dict[str, Any]:
        """Who signed in before there was our backend stays signed in."""
        found = super().decode(session_data)
        if found.get(BACKEND_SESSION_KEY) == DJANGOS_BACKEND:
            found[BACKEND_SESSION_KEY] = BACKEND
        return found

    def _get_session_from_db(self) -> Session | None:
        now = timezone.now()
        found = VALID.first(kept_under(self.session_key or ""), now)
        if found is None:
            self._session_key = None
        elif found.expire_date - now < timedelta(seconds=self.get_session_cookie_age()) - ONE_DAY:
            self.modified = True  # saved with the answer, which moves its end
        return found

    def exists(self, session_key: str) -> bool:
        return super().exists(kept_under(session_key))

    def create_model_instance(self, data: dict[str, Any]) -> AbstractBaseSession:
        row = super().create_model_instance(data)
        row.session_key = kept_under(row.session_key)
        return row

    def delete(self, session_key: str | None = None) -> None:
        if key := session_key or self.session_key:
            super().delete(kept_under(key))
