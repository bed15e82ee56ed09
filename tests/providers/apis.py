"""How tests make an Api and look at its errors."""

import socket
import sys
import traceback
from collections.abc import Mapping
from typing import Any

import pytest

from providers import errors
from providers.outbound.addresses import parse_allowed
from providers.outbound.api import Api
from providers.outbound.reply import Reply
from providers.outbound.transport import Timeouts
from tests.providers.servers import RawServer

SECRET = "s3cret/+ value?"
IN_TIME = "Meta did not answer in time."
SHORT = Timeouts(dns=0.15, connect=0.15, read=0.15, total=5)
BRIEF = Timeouts(dns=5, connect=5, read=5, total=0.15)

# Every address that anything in this process connects to, as the interpreter reports it.
connects: list[tuple[str, int]] = []


def _record(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "socket.connect":
        connects.append(arguments[1])


sys.addaudithook(_record)


def judge(reply: Reply) -> None:
    if reply.status >= 300:
        raise errors.UnexpectedReply("Judged.")


def trusting(server: RawServer, *, fill: Mapping[str, str] | None = None, **changes: Any) -> Api:
    """An Api whose only host is this server, trusted as an operator's override is."""
    given: dict[str, Any] = {
        "judge": judge,
        "platform": "Meta",
        "trusted": {server.url},
        "secrets": [SECRET],
    }
    api = Api({"API": server.url}, **(given | changes))
    api.fill = dict(fill or {})
    return api


def calling(url: str, answers: list[str], *, allow: str = "", **changes: Any) -> Api:
    """An Api for an address that is checked, whose name resolves to these answers."""

    def resolve(host: str, port: int) -> list[tuple[int, str]]:
        return [(socket.AF_INET6 if ":" in ip else socket.AF_INET, ip) for ip in answers]

    given: dict[str, Any] = {"judge": judge, "platform": "Meta", "resolve": resolve, "typed": True}
    return Api({"API": url}, allow=parse_allowed(allow), **(given | changes))


def refusal(api: Api, path: str = "/me", **arguments: Any) -> errors.ProviderError:
    """The error of a call, which must not carry anything but its own sentences."""
    with api, pytest.raises(errors.ProviderError) as caught:
        api.get(path, **arguments)
    error = caught.value
    assert error.__cause__ is None
    assert error.__context__ is None
    shown = "".join(traceback.format_exception(error)) + repr(error)
    for part in (SECRET, "s3cret", "public.test", "127.0.0.1"):
        assert part not in shown
    # No frame of a library, whose variables hold addresses and headers.
    frames = traceback.extract_tb(error.__traceback__)
    assert [frame.filename for frame in frames if "site-packages" in frame.filename] == []
    return error
