"""A Calendly whose answers to renewals can be chosen, and what was asked of it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from integrations import platforms
from integrations.models import Credential, IntegrationConnection
from providers.sandbox import calendly as sandbox
from providers.sandbox.server import Answer, Asked, Server
from tests.integrations.kept import sign_ins

INVALID_GRANT = Answer(400, {"error": "invalid_grant", "error_description": "It has ended."})
DOWN = Answer(503, {"error": "server_error"})


def is_renewal(asked: Asked) -> bool:
    return asked.form.get("grant_type") == "refresh_token"


def renewals_seen(server: Server) -> list[Asked]:
    """The requests for new tokens that reached it."""
    return [asked for asked in server.requests_seen if is_renewal(asked)]


def answer_renewals(server: Server, answer: Answer | Callable[[Asked], Answer]) -> None:
    """From now on renewals are answered like this, and all else as before."""

    def choose(asked: Asked) -> Answer:
        if not is_renewal(asked):
            return sandbox.answer(asked)
        return answer(asked) if callable(answer) else answer

    server.answer = choose


def answer_as_usual(server: Server) -> None:
    server.answer = sandbox.answer


def row_of(connection: IntegrationConnection) -> Credential:
    return sign_ins().get(signed_in=connection)


def run_out(row: Credential, seconds_left: float = 0) -> None:
    """Its access token ends now, or so soon: who needs one has to renew it."""
    ends_at = timezone.now() + timedelta(seconds=seconds_left)
    sign_ins().filter(pk=row.pk).update(
        renewed_at=ends_at - timedelta(hours=2),
        expires_at=ends_at,
        renew_at=ends_at - timedelta(minutes=24),
    )


def is_accepted(access_token: str) -> bool:
    """Whether the platform takes it."""
    given = sandbox.SIGN_IN.given_of(access_token)
    return given is not None and not given.is_revoked


@contextmanager
def declaring() -> Iterator[Callable[..., None]]:
    """`declare(consent_lifetime=…)`: what Calendly's file would say of signing in."""
    known = platforms.catalogue()
    with pytest.MonkeyPatch.context() as patched:

        def declare(**changes: Any) -> None:
            calendly = known["calendly"]
            assert calendly.oauth
            changed = replace(calendly, oauth=replace(calendly.oauth, **changes))
            patched.setattr(platforms, "catalogue", lambda: {**known, "calendly": changed})

        yield declare
