"""What the Google platforms share: the ways in, the first steps, the refusals."""

from collections.abc import Mapping
from typing import Any

from providers.declare import Guide, Method, OAuth, Provider, Scope
from providers.families.google import errors
from providers.families.google.assertion import AUDIENCE, IMPERSONATED, ServiceAccount, sign
from providers.families.google.sign_in import by_sign_in
from providers.families.google.ways import (
    SERVICE_ACCOUNT,
    with_access_token,
    with_refresh_token,
)


def ways_in(
    where: str, who: str, scopes: tuple[Scope, ...], *, robots: Guide, warning: str = ""
) -> tuple[Method, ...]:
    """Every way that Google has. `where` is the sentence that says where the platform lets a
    robot in, `who` the one that says as whom a person should sign in. `robots` is the guide to
    the file of a robot.

    The robot comes first, as the best way for a server: nobody signs in, nothing expires.
    """
    robot = ServiceAccount(token_url=AUDIENCE, scopes=scopes, sign=sign, reads=(IMPERSONATED,))
    return (
        Method(
            SERVICE_ACCOUNT,
            "A service-account key file",
            help=f"A .json file of a robot user, made in the Google Cloud console. {where}",
            access=robot,
            guide=robots,
        ),
        with_refresh_token(scopes),
        with_access_token(scopes),
        by_sign_in(who, warning=warning),
    )


def platform(*, hosts: Mapping[str, str], oauth: OAuth, **facts: Any) -> Provider:
    """One of Google's platforms: what is not given is as all of them have it."""
    usual: dict[str, Any] = {
        "family": "google",
        "error_code_at": errors.CODE_AT,
        "error_subcode_at": errors.STATUS_AT,
        "error_text_at": errors.TEXT_AT,
        "retry_after": errors.retry_after,
    }
    return Provider(hosts={**hosts, **oauth.hosts}, oauth=oauth, **(usual | facts))
