"""Runs a test against the sandbox, with a fault in place of one of its answers."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from providers.runner import Result, StepResult, run_test
from providers.sandbox.__main__ import PLATFORMS
from providers.sandbox.server import Answer, Asked, Server
from providers.transport import USUAL_TIMEOUTS, Timeouts
from tests.providers.contract.cases import Case


@dataclass(frozen=True)
class Call:
    """`step` is the place in the ladder of the step that asked."""

    host: str
    path: str
    step: int


@dataclass
class Trial:
    """A test and its calls. `obtained` are the tokens that it was given on the way."""

    result: Result
    calls: list[Call] = field(default_factory=list)
    obtained: set[str] = field(default_factory=set)


def attempt(
    server: Server,
    case: Case,
    *,
    values: Mapping[str, str] | None = None,
    fault: Callable[[Asked], Answer] | None = None,
    at: int | None = None,
    content_type: str | None = None,
    timeouts: Timeouts = USUAL_TIMEOUTS,
) -> Trial:
    """Test a case, or these values in place of its own; call `at` gets the fault's answer.

    Each host has a path of its own at the server, so that a call tells whom it was meant for.
    """
    trial = Trial(Result("not_implemented"))
    asking = 0

    def note(ladder: list[StepResult]) -> None:
        nonlocal asking
        asking = next((i for i, one in enumerate(ladder) if one.outcome == "running"), asking)

    def answer(asked: Asked) -> Answer:
        host, _, path = asked.path.lstrip("/").partition("/")
        trial.calls.append(Call(host, f"/{path}", asking))
        if fault and len(trial.calls) - 1 == at:
            return fault(asked)
        reply = PLATFORMS[case.slug].answer(replace(asked, path=f"/{path}"))
        if isinstance(reply.body, Mapping) and "access_token" in reply.body:
            trial.obtained.add(reply.body["access_token"])
        typed = {"Content-Type": content_type} if content_type else {}
        return replace(reply, headers={**reply.headers, **typed})

    server.answer = answer
    origins = {host: f"{server.url}/{host}" for host in case.provider.hosts}
    trial.result = run_test(
        case.provider.pointed_at(origins),
        case.values if values is None else values,
        method=case.method,
        on_progress=note,
        timeouts=timeouts,
    )
    return trial
