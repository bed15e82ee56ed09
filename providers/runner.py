"""Runs a platform's test: its steps in order, timed, stopping at the first failure."""

import logging
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from providers import addresses, errors
from providers.base import Account, Provider, Renewed, Step, Tester, Warned
from providers.http import Api

logger = logging.getLogger(__name__)

DEADLINE_SECONDS = 30.0
# What a step runs into when a reply has another shape than documented.
UNDOCUMENTED = (LookupError, TypeError, ValueError, AttributeError, ArithmeticError)
NOT_TRIED = "Not tried: a step above did not pass."


@dataclass(frozen=True)
class StepResult:
    """One line of the ladder. `outcome` is running while it is being asked."""

    label: str
    outcome: str
    detail: str = ""
    duration_ms: int = 0


@dataclass
class Result:
    """What a test found out. `error` is None exactly when it passed or cannot be run."""

    outcome: errors.Outcome
    error: errors.ProviderError | None = None
    steps: list[StepResult] = field(default_factory=list)
    account: Account | None = None
    expires_at: datetime | None = None
    expires_is_estimate: bool = False
    duration_ms: int = 0


Progress = Callable[[list[StepResult]], None]


def run_test(
    provider: Provider,
    values: Mapping[str, str],
    *,
    method: str | None = None,
    allow: Iterable[addresses.Allowed] = (),
    on_progress: Progress = lambda _steps: None,
    on_renewed: Renewed = lambda _values: None,
    deadline_seconds: float = DEADLINE_SECONDS,
) -> Result:
    """Ask the platform every question of its tester. Raises nothing a platform can cause.

    `on_progress` is called with the whole ladder whenever a step begins or ends, and
    `on_renewed` with values that the platform has replaced, before it is asked anything more.
    """
    provider = provider.for_values(values)
    if provider.tester is None:
        return Result("not_implemented")
    started = time.monotonic()
    with _api(provider, values, allow, started + deadline_seconds) as api:
        tester = provider.tester(api, method or provider.methods[0].slug, values, on_renewed)
        result = _climb(tester, on_progress)
    result.duration_ms = _milliseconds_since(started)
    return result


def list_accounts(
    provider: Provider,
    values: Mapping[str, str],
    *,
    method: str | None = None,
    allow: Iterable[addresses.Allowed] = (),
    on_renewed: Renewed = lambda _values: None,
    deadline_seconds: float = DEADLINE_SECONDS,
) -> list[Account] | None:
    """The accounts that the credentials reach; None where the platform cannot list them.

    Raises ProviderError.
    """
    provider = provider.for_values(values)
    if provider.tester is None:
        return None
    with _api(provider, values, allow, time.monotonic() + deadline_seconds) as api:
        tester = provider.tester(api, method or provider.methods[0].slug, values, on_renewed)
        try:
            return tester.accounts()
        except UNDOCUMENTED:
            raise errors.UnexpectedReply from None


def _api(
    provider: Provider,
    values: Mapping[str, str],
    allow: Iterable[addresses.Allowed],
    deadline_at: float,
) -> Api:
    return Api(
        provider.origins(values),
        judge=provider.judge,
        trusted=frozenset(provider.overrides.values()),
        allow=tuple(allow),
        secrets=[values[name] for name in provider.secret_names if name in values],
        deadline_at=deadline_at,
        platform=provider.name,
        typed=provider.takes_any_address,
    )


def _climb(tester: Tester, on_progress: Progress) -> Result:
    steps = [step for step in tester.steps() if not step.methods or tester.method in step.methods]
    if not steps:
        return Result("not_implemented")
    ladder = [StepResult(step.label, "waiting") for step in steps]
    for index, step in enumerate(steps):
        ladder[index] = StepResult(step.label, "running")
        on_progress(ladder)
        began = time.monotonic()
        outcome, detail, error = _ask(step, tester)
        ladder[index] = StepResult(
            step.label, outcome, tester.api.redact(detail), _milliseconds_since(began)
        )
        if error:
            ladder[index + 1 :] = [
                StepResult(later.label, "skipped", NOT_TRIED) for later in steps[index + 1 :]
            ]
            on_progress(ladder)
            return Result(error.outcome, error, ladder, _account_of(tester))
        on_progress(ladder)
    return Result(
        "passed",
        None,
        ladder,
        _account_of(tester),
        tester.expires_at,
        tester.expires_is_estimate,
    )


def _account_of(tester: Tester) -> Account | None:
    """Without secrets, should the platform name the account after one."""
    found, redact = tester.account, tester.api.redact
    return Account(redact(found.id), redact(found.name)) if found else None


def _ask(step: Step, tester: Tester) -> tuple[str, str, errors.ProviderError | None]:
    try:
        answer = step.ask(tester)
    except errors.ProviderError as error:
        if step.optional:
            return Warned.outcome, f"{error.message} {error.action}", None
        return error.outcome, error.message, error
    except UNDOCUMENTED as error:
        # The type says where; the text may hold data.
        logger.error("%s: %s in step %r", type(tester).__name__, type(error).__name__, step.label)
        unexpected = errors.UnexpectedReply()
        if step.optional:
            return Warned.outcome, unexpected.message, None
        return unexpected.outcome, unexpected.message, unexpected
    return answer.outcome, answer.detail, None


def _milliseconds_since(began: float) -> int:
    return round((time.monotonic() - began) * 1000)
