"""Runs a platform's test: its steps in order, timed, stopping at the first failure."""

import logging
import time
from collections.abc import Iterable, Mapping

from providers import errors
from providers.declare import SIGN_IN, Account, Grant, Provider, Renewed, Step, Tester, Warned
from providers.outbound import addresses
from providers.outbound.transport import USUAL_TIMEOUTS, Timeouts
from providers.run.results import Progress, Result, StepResult

logger = logging.getLogger(__name__)
DEADLINE_SECONDS = 30.0
# What a step runs into when a reply has another shape than documented.
UNDOCUMENTED = (LookupError, TypeError, ValueError, AttributeError, ArithmeticError)
LONGEST_ACCOUNT = 200
NOT_TRIED = "Not tried: a step above did not pass."
LONGEST_DETAIL = 500
NEEDS_SIGN_IN = (errors.AuthInvalid.kind, errors.AuthExpired.kind)


def run_test(
    provider: Provider,
    values: Mapping[str, str],
    *,
    method: str | None = None,
    grant: Grant | None = None,
    allow: Iterable[addresses.Allowed] = (),
    on_progress: Progress = lambda _steps: None,
    on_renewed: Renewed = lambda _values: None,
    deadline_seconds: float = DEADLINE_SECONDS,
    timeouts: Timeouts = USUAL_TIMEOUTS,
) -> Result:
    """Ask the platform every question of its tester. Raises nothing a platform can cause.

    `grant` is what the sign-in was given, for the method `sign_in`.
    `on_progress` is called with the whole ladder whenever a step begins; how the last one
    ended is in the result. `on_renewed` is called with values that the platform has replaced,
    before it is asked anything more.
    """
    provider = provider.for_values(values)
    if provider.tester is None:
        return Result("not_implemented")
    started = time.monotonic()
    with provider.api(
        values, allow=allow, deadline_seconds=deadline_seconds, timeouts=timeouts
    ) as api:
        tester = provider.tester(api, method or provider.methods[0].slug, values, on_renewed)
        tester.grant = grant or tester.grant
        result = _climb(tester, on_progress)
    result.duration_ms = _milliseconds_since(started)
    return result


def list_accounts(
    provider: Provider,
    values: Mapping[str, str],
    *,
    method: str | None = None,
    grant: Grant | None = None,
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
    with provider.api(values, allow=allow, deadline_seconds=deadline_seconds) as api:
        tester = provider.tester(api, method or provider.methods[0].slug, values, on_renewed)
        tester.grant = grant or tester.grant
        try:
            found = tester.accounts()
        except UNDOCUMENTED:
            raise errors.UnexpectedReply from None
        except errors.ProviderError as error:
            _speak_of_sign_in(error, tester)
            raise
        return None if found is None else [_cleaned(account, tester) for account in found]


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
        if error:
            _speak_of_sign_in(error, tester)
        ladder[index] = StepResult(
            step.label,
            outcome,
            _plain(detail, tester, LONGEST_DETAIL),
            _milliseconds_since(began),
        )
        if error:
            ladder[index + 1 :] = [
                StepResult(later.label, "skipped", NOT_TRIED) for later in steps[index + 1 :]
            ]
            return Result(error.outcome, error, ladder, _account_of(tester))
    return Result(
        "passed",
        None,
        ladder,
        _account_of(tester),
        tester.expires_at,
        tester.expires_is_estimate,
    )


def _speak_of_sign_in(error: errors.ProviderError, tester: Tester) -> None:
    """A platform's file speaks of tokens to paste: after a sign-in nobody pasted one."""
    if tester.method == SIGN_IN and error.kind in NEEDS_SIGN_IN:
        error.action, error.action_url = f"Sign in to {tester.api.platform} again.", None


def _account_of(tester: Tester) -> Account | None:
    return _cleaned(tester.account, tester) if tester.account else None


def _cleaned(account: Account, tester: Tester) -> Account:
    """As a platform names it, which may be by a number, by nothing or after a secret."""
    return Account(
        _plain(account.id, tester, LONGEST_ACCOUNT),
        _plain(account.name or "", tester, LONGEST_ACCOUNT),
    )


def _plain(text: object, tester: Tester, longest: int) -> str:
    return tester.api.redact(str(text))[:longest]


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
