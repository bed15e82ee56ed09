"""What a callback without a usable code means: somebody else's, a refusal, or nothing at all."""

from collections.abc import Iterable, Mapping

from integrations.models import SignInAttempt
from integrations.services.connecting.begun import AGAIN
from integrations.services.credentials import apps
from providers import errors
from providers.access import flow as oauth
from providers.access.returned import CODES_IN, REASONS_IN, refusal_in
from providers.declare import Provider


class NotThePlatform(errors.Blocked):
    """Somebody else answered."""


def check(
    platform: Provider,
    callback: Mapping[str, str],
    values: Mapping[str, str],
    *,
    secrets: Iterable[str] = (),
) -> None:
    """Raise the ProviderError that a callback without a usable code means.

    `secrets` are masked, whole, where the platform's text is told.
    """
    name = platform.for_values(values).name
    issuer = callback.get("iss")
    if issuer and not oauth.is_issued_by(platform, issuer, values):
        raise NotThePlatform(
            f"Somebody other than {name} answered this sign-in, so it was stopped.",
            "Sign in again, and tell whoever runs this installation if it happens twice.",
        )
    if refusal := refusal_in(platform, callback, values, secrets=secrets):
        raise refusal
    if not callback.get("code"):
        raise errors.UnexpectedReply(f"{name} sent you back without an answer.", AGAIN)


def refusal_by_code(
    attempt: SignInAttempt, callback: Mapping[str, str]
) -> errors.ProviderError | None:
    """What an error means that no state vouches for: by its codes, so that nothing is quoted."""
    uses = apps.catalogue()[attempt.app].uses
    values = next(use.values for use in uses if use.provider.slug == attempt.connection.provider)
    coded = {name: callback[name] for name in (*CODES_IN, *REASONS_IN) if name in callback}
    found = refusal_in(attempt.connection.platform, coded, values)
    return None if isinstance(found, errors.UnexpectedReply) else found
