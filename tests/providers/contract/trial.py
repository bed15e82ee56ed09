"""Runs a test against the sandbox, with a fault in place of one of its answers."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from providers.access.flow import flow
from providers.declare import SIGN_IN, Grant, Provider, Tester
from providers.outbound.transport import USUAL_TIMEOUTS, Timeouts
from providers.run.ladder import run_test
from providers.run.results import Result, StepResult
from providers.sandbox.__main__ import APPS, PLATFORMS
from providers.sandbox.server import Answer, Asked, Server
from tests.providers.asking import held
from tests.providers.contract.cases import Case
from tests.providers.contract.signing_in import connect, grant_of, values_of


@dataclass(frozen=True)
class Call:
    """`step` is the place in the ladder of the step that asked."""

    host: str
    path: str
    step: int


@dataclass
class Trial:
    """A test and its calls. `obtained` are the secrets that nobody typed for it.

    `testers` are those that the test made: one.
    """

    result: Result
    testers: list[Tester] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    obtained: set[str] = field(default_factory=set)


def split(asked: Asked) -> tuple[str, Asked]:
    """Each host has a path of its own at the server, so that a call tells whom it was for."""
    host, _, path = asked.path.lstrip("/").partition("/")
    return host, replace(asked, path=f"/{path}")


def at(server: Server, case: Case) -> Provider:
    """The platform with all its hosts at this server."""
    return case.provider.pointed_at({host: f"{server.url}/{host}" for host in case.provider.hosts})


def noting(provider: Provider, testers: list[Tester]) -> Provider:
    """The same platform, which adds every tester that is made to the list."""

    def noted(_: Provider, values: Mapping[str, str]) -> Provider:
        who = provider.for_values(values)
        asking = who.tester or Tester

        def begin(tester: Tester, *given: Any) -> None:
            asking.__init__(tester, *given)
            testers.append(tester)

        members = {"__init__": begin, "steps": asking.steps}
        return replace(who, tester=type(asking.__name__, (asking,), members))

    return replace(provider, variant=noted)


def given(server: Server, case: Case) -> tuple[dict[str, str], Grant]:
    """What the tester is given: what was typed and, after a sign-in, a fresh token beside it."""
    if case.method != SIGN_IN:
        return dict(case.values), Grant()
    server.answer = lambda asked: PLATFORMS[case.slug].answer(split(asked)[1])
    app = APPS[case.oauth.app.slug]
    with flow(at(server, case), app, case.values) as talk:
        tokens = connect(talk, case.person)
    return values_of(case.oauth, app, tokens, case.values), grant_of(case.oauth, tokens)


def attempt(
    server: Server,
    case: Case,
    *,
    changes: Mapping[str, Callable[[str], str]] | None = None,
    fault: Callable[[Asked], Answer] | None = None,
    at_call: int | None = None,
    content_type: str | None = None,
    timeouts: Timeouts = USUAL_TIMEOUTS,
) -> Trial:
    """Test a case, with changes of its values by name; that call gets the fault's answer."""
    values, grant = given(server, case)
    for name, change in (changes or {}).items():
        values[name] = change(values[name])
    trial = Trial(Result("not_implemented"))
    trial.obtained |= {values[name] for name in case.secret_names - case.secrets.keys()}
    asking = 0

    def note(ladder: list[StepResult]) -> None:
        nonlocal asking
        asking = next((i for i, one in enumerate(ladder) if one.outcome == "running"), asking)

    def answer(asked: Asked) -> Answer:
        host, asked_there = split(asked)
        trial.calls.append(Call(host, asked_there.path, asking))
        if fault and len(trial.calls) - 1 == at_call:
            return fault(asked)
        reply = PLATFORMS[case.slug].answer(asked_there)
        if isinstance(reply.body, Mapping) and "access_token" in reply.body:
            trial.obtained.add(reply.body["access_token"])
        typed = {"Content-Type": content_type} if content_type else {}
        return replace(reply, headers={**reply.headers, **typed})

    server.answer = answer
    trial.result = run_test(
        noting(at(server, case), trial.testers),
        values,
        method=case.method,
        tokens=held(values, grant),
        on_progress=note,
        timeouts=timeouts,
    )
    return trial
