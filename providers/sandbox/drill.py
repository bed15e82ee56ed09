"""A drill's questions: a platform's own ladder, asked of its stand-in, for one call alone.

The stand-in is started for the call, on a port of its own on loopback, and takes the place of all
the platform's hosts in the copy of its declaration that is asked. Nothing else learns of it.
"""

from collections.abc import Mapping

from providers.declare import Provider
from providers.outbound.transport import USUAL_TIMEOUTS, Timeouts
from providers.run.ladder import run_test
from providers.run.results import Result
from providers.sandbox.__main__ import PLATFORMS
from providers.sandbox.practice import Fault, Practice
from providers.sandbox.server import Answer, AnswerTo, Server, prefixed
from providers.sandbox.stand_in import DOWN, SILENT

NOBODY: Mapping[Fault, Answer] = {Fault.OUTAGE: DOWN[1], Fault.SILENCE: SILENT[1]}


def practice_of(provider: Provider, values: Mapping[str, str]) -> Practice | None:
    """What a drill of a connection with these plain values is run with; None where no stand-in
    can take the place of who is asked.
    """
    known = PLATFORMS.get(provider.slug)
    asked = provider.for_values(values).name
    practices = known.practices if known else ()
    return next((one for one in practices if provider.for_values(one.healthy).name == asked), None)


def climb(
    provider: Provider,
    practice: Practice,
    fault: Fault | None,
    *,
    timeouts: Timeouts = USUAL_TIMEOUTS,
) -> Result:
    """What the platform would say if it had this fault, or none.

    The values count as proven before, as those of what a drill is about were.
    """
    values = practice.values(fault)
    with Server(prefixed({provider.slug: _answer(provider, fault)})) as server:
        origin = f"{server.url}/{provider.slug}"
        moved = provider.pointed_at(dict.fromkeys(provider.hosts, origin))
        method = moved.for_values(values).method_for(values).slug
        return run_test(moved, values, method=method, was_proven=lambda: True, timeouts=timeouts)


def _answer(provider: Provider, fault: Fault | None) -> AnswerTo:
    nobody = NOBODY.get(fault) if fault else None
    return (lambda _asked: nobody) if nobody else PLATFORMS[provider.slug].answer
