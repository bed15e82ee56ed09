"""What a good reply gives, though errors about other parts of it may stand beside that."""

from collections.abc import Iterable, Mapping
from typing import Any

from providers.declare.digging import dig
from providers.declare.steps import Passed, Warned
from providers.outbound.api import Api


def ask_for(api: Api, needed: Iterable[str], method: str, path: str, **asked: Any) -> Any:
    """The JSON of a good reply that has something at one of the dotted paths `needed`.

    Without it the reply means what its errors say: raises ProviderError for one that refuses.
    `asked` is what `Api.request` takes.
    """
    reply = api.request(method, path, **asked)
    body = reply.json_or_none()
    if not (200 <= reply.status < 300 and has_any(body, needed)):
        api.judge(reply)
    return body


def has_any(body: Any, needed: Iterable[str]) -> bool:
    """Whether anything is there: errors leave nothing but null, or empty lists and objects."""
    waiting = [dig(body, path) for path in needed]
    # Not by recursion: a reply may be deeper than that goes.
    while waiting:
        one = waiting.pop()
        if isinstance(one, Mapping):
            waiting.extend(one.values())
        elif isinstance(one, list):
            waiting.extend(one)
        elif one is not None:
            return True
    return False


def told(body: Any, said: str, platform: str) -> Passed | Warned:
    """Passed for what is there; warned where errors tell that a part is missing."""
    if dig(body, "errors"):
        return Warned(f"{said} {platform} could not read a part of what we asked for.")
    return Passed(said)
