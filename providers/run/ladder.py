"""Runs a platform's test: its steps in order, timed, stopping at the first failure."""

import logging
import time
from collections.abc import Callable, Mapping
from typing import Unpack

from providers import errors
from providers.access.door import Door, WayIn, let_in
from providers.declare import Account, Provider, Step, Tester, Warned
from providers.outbound.failures import DNS_ACTION
from providers.run.advice import advise_signed_in
from providers.run.results import Progress, Result, StepResult

logger = logging.getLogger(__name__)
DEADLINE_SECONDS = 30.0
# What a step runs into when a reply has another shape than documented.
UNDOCUMENTED = (LookupError, TypeError, ValueError, AttributeError, ArithmeticError)
LONGEST_ACCOUNT = 200
NOT_TRIED = "Not tried: a step above did not pass."
LONGEST_DETAIL = 500
GOT = "Its token was got on {:%Y-%m-%d at %H:%M} UTC."


def run_test(
    provider: Provider,
    values: Mapping[str, str],
    *,
    on_progress: Progress = lambda _steps: None,
    was_proven: Callable[[], bool] = lambda: False,
    deadline_seconds: float = DEADLINE_SECONDS,
    **way: Unpack[WayIn],
) -> Result:
    """Ask the platform every question of its tester. Raises nothing a platform can cause.

    `on_progress` is called with the whole ladder whenever a step begins; how the last one
    ended is in the result. `was_proven` tells, if it matters, whether these values passed
    before. `way` is how `let_in` lets it in.
    """
    provider = provider.for_values(values)
    if provider.tester is None:
        return Result("not_implemented")
    started = time.monotonic()
    with let_in(provider, values, deadline_seconds=deadline_seconds, **way) as door:
        tester = provider.tester(door.api, door.method, door.plain, door)
        result = _climb(tester, door, on_progress, was_proven)
    result.duration_ms = _milliseconds_since(started)
    return result


def list_accounts(
    provider: Provider,
    values: Mapping[str, str],
    *,
    was_proven: Callable[[], bool] = lambda: False,
    deadline_seconds: float = DEADLINE_SECONDS,
    **way: Unpack[WayIn],
) -> list[Account] | None:
    """The accounts that the credentials reach; None where the platform cannot list them.

    `was_proven` and `way` are as in `run_test`. Raises ProviderError.
    """
    provider = provider.for_values(values)
    if provider.tester is None:
        return None
    with let_in(provider, values, deadline_seconds=deadline_seconds, **way) as door:
        tester = provider.tester(door.api, door.method, door.plain, door)
        try:
            found = tester.accounts()
        except UNDOCUMENTED:
            raise errors.UnexpectedReply from None
        except errors.ProviderError as error:
            believed = _believed(error, tester, was_proven)
            _word(believed, tester)
            raise believed from None
        return None if found is None else [_cleaned(account, tester) for account in found]


def _climb(
    tester: Tester, door: Door, on_progress: Progress, was_proven: Callable[[], bool]
) -> Result:
    steps = [step for step in tester.steps() if not step.methods or tester.method in step.methods]
    if not steps:
        return Result("not_implemented")
    ladder = [StepResult(step.label, "waiting") for step in steps]
    for index, step in enumerate(steps):
        ladder[index] = StepResult(step.label, "running")
        on_progress(ladder)
        began, before = time.monotonic(), door.kept_since
        outcome, detail, error = _ask(step, tester, was_proven)
        if door.kept_since != before:
            detail = f"{detail} {GOT.format(door.kept_since)}"
        if error:
            _word(error, tester)
        ladder[index] = StepResult(
            step.label, outcome, _plain(detail, tester, LONGEST_DETAIL), _milliseconds_since(began)
        )
        if error:
            ladder[index + 1 :] = [
                StepResult(later.label, "skipped", NOT_TRIED) for later in steps[index + 1 :]
            ]
            return Result(error.outcome, error, ladder, _account_of(tester))
    return Result(
        "passed", None, ladder, _account_of(tester), tester.expires_at, tester.expires_is_estimate
    )


def _believed(
    error: errors.ProviderError, tester: Tester, was_proven: Callable[[], bool]
) -> errors.ProviderError:
    """What an error means where these values were proven before, as those of a sign-in were."""
    is_given = tester.is_signed_in and tester.api.is_moved
    if is_given and isinstance(error, errors.Forwarded | errors.NoSuchHost):
        return _gone(error, tester.api.platform)
    if error.once_proven is None or not (tester.is_signed_in or was_proven()):
        return error
    if tester.is_signed_in:  # nobody typed the address
        error.once_proven.action = errors.ProviderUnavailable.default_action
    return error.once_proven


def _gone(error: errors.ProviderError, platform: str) -> errors.ProviderError:
    """Nothing answers at the address that a sign-in gave: a renewal may name another one."""
    if isinstance(error, errors.NoSuchHost):
        error.action = DNS_ACTION
    else:
        error = errors.ProviderUnavailable(
            f"{platform} does not answer at the address that the sign-in gave."
        )
    error.renewal_may_help = True
    return error


def _word(error: errors.ProviderError, tester: Tester) -> None:
    """Without what a reply may have put into it, and of what the person can do."""
    error.message = _plain(error.message, tester, LONGEST_DETAIL)
    error.action = _plain(error.action, tester, LONGEST_DETAIL)
    if tester.is_signed_in:
        advise_signed_in(error, tester.api.platform)


def _account_of(tester: Tester) -> Account | None:
    return _cleaned(tester.account, tester) if tester.account else None


def _cleaned(account: Account, tester: Tester) -> Account:
    """As a platform names it, which may be by a number, by nothing or after a secret."""
    return Account(
        _plain(account.id, tester, LONGEST_ACCOUNT),
        _plain(account.name or "", tester, LONGEST_ACCOUNT),
        account.values,
    )


def _plain(text: object, tester: Tester, longest: int) -> str:
    return tester.api.redact(str(text), longest=longest)


def _ask(
    step: Step, tester: Tester, was_proven: Callable[[], bool]
) -> tuple[str, str, errors.ProviderError | None]:
    try:
        answer = step.ask(tester)
    except errors.ProviderError as error:
        if step.optional:
            _word(error, tester)
            return Warned.outcome, f"{error.message} {error.action}", None
        believed = _believed(error, tester, was_proven)
        return believed.outcome, believed.message, believed
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
