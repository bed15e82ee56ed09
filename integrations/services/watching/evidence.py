"""Evidence: what is known beside troubles, to judge them by.

It is read from connections, never from their history, which grows without end.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Max, Q, QuerySet

from integrations import platforms
from integrations.models import Ending, IncidentConnection, IntegrationConnection
from integrations.services.watching import judging, troubles
from integrations.services.watching.judging import Known, Trouble
from integrations.services.watching.keys import OUR_NETWORK, Key, Nature
from providers.declare import SIGN_IN

Row = dict[str, Any]
Answered = dict[str, list[tuple[int, datetime]]]  # by whom is asked: in which workspace, and when
type Answers[Place] = dict[Place, list[datetime]]


def known(wrong: Mapping[UUID, Trouble], members: Collection[Row]) -> Known:
    """What a judgement of these needs beside, with the open memberships; most need nothing."""
    keys = {Key.parsed(one["incident__cause__key"]) for one in members}
    shared = {str(key) for key in keys if key.keeps_together}
    apps = judging.apps_in_question(wrong.values())
    of_all, within = _answers(wrong)
    apps |= {key.name for key in keys if key == judging.app_key(key.name)}
    return Known(
        answered_at=_answered_at(wrong, is_cut=OUR_NETWORK in keys),
        answers=of_all,
        answers_in=within,
        let_in_at={app: at for app in apps if (at := _let_in_at(app, wrong))},
        right_at=_right_at(shared, wrong, members) if shared else {},
    )


def _answered_at(wrong: Mapping[UUID, Trouble], *, is_cut: bool) -> datetime | None:
    """When anybody last answered at an address of its own, where it may be our network.

    What answers in place of a platform proves nothing, unless only such are asked in vain.
    """
    silent = [one for one in wrong.values() if one.might_be_ours]
    if not is_cut and len({one.asks for one in silent}) < judging.MANY:
        return None
    are_stand_ins = all(platforms.stand_in(one.provider) for one in silent)
    there = [
        slug
        for slug, one in platforms.catalogue().items()
        if not one.takes_any_address and bool(platforms.stand_in(slug)) == are_stand_ins
    ]
    answered = [one.answered_at for one in wrong.values() if one.provider in there]
    proven = _proven().filter(provider__in=there).aggregate(at=Max("proven_at"))
    return _latest([*answered, proven["at"]])


def _proven() -> QuerySet[IntegrationConnection]:
    """Those that were proven with their present values by whoever is asked now."""
    stood_in = {slug: at for slug in platforms.catalogue() if (at := platforms.stand_in(slug))}
    by_now = Q(proof_stand_in="") & ~Q(provider__in=stood_in)
    for slug, origin in stood_in.items():
        by_now |= Q(provider=slug, proof_stand_in=origin)
    return IntegrationConnection.objects.filter(by_now).order_by()


def _answers(wrong: Mapping[UUID, Trouble]) -> tuple[Answers[str], Answers[tuple[str, int]]]:
    """When those were last answered that are asked in a silence of several: over all, as far as
    they may outnumber it, and in each workspace.
    """
    several = {
        name: alike for name, alike in judging.silences(wrong.values()).items() if len(alike) > 1
    }
    by_family: dict[str, list[Trouble]] = defaultdict(list)
    for alike in several.values():
        by_family[troubles.family(alike[0].provider)] += alike
    answered = _refusals(wrong, {one.asks for alike in several.values() for one in alike})
    for family, silent in by_family.items():
        for asks, workspace_id, at in _proofs(family, silent):
            answered[asks].append((workspace_id, at))
    of_all: Answers[str] = {}
    within: Answers[tuple[str, int]] = defaultdict(list)
    for name, alike in several.items():
        told = set(answered[alike[0].asks])
        of_all[name] = [at for _, at in told]
        for workspace_id, at in told:
            within[name, workspace_id].append(at)
    return of_all, within


def _refusals(wrong: Mapping[UUID, Trouble], asked: Collection[str]) -> Answered:
    """Those that say no are no part of a silence."""
    found: Answered = defaultdict(list)
    for one in wrong.values():
        if one.asks in asked and one.nature == Nature.REFUSED and one.answered_at:
            found[one.asks].append((one.workspace_id, one.answered_at))
    return found


def _proofs(family: str, silent: Collection[Trouble]) -> Iterator[tuple[str, int, datetime]]:
    """Who of a family was proven since the first of a silence: whom it asked, its workspace, and
    when. The latest over all are enough, and all in the workspaces that are silent.
    """
    there = [slug for slug in platforms.catalogue() if troubles.family(slug) == family]
    since = min(one.since for one in silent)
    found = _proven().filter(provider__in=there, proven_at__gt=since)
    if any(one.asks != family for one in silent):
        rows = found.values_list("provider", "config", "workspace", "proven_at")
        for slug, config, workspace_id, at in rows:
            provider = platforms.get(slug)
            if at:
                yield (
                    troubles.asked_of(provider, provider.for_values(config), config),
                    workspace_id,
                    at,
                )
        return
    beside = found.filter(workspace__in={one.workspace_id for one in silent})
    for some in (found.order_by("-proven_at")[: len(silent)], beside):
        for workspace_id, at in some.values_list("workspace", "proven_at"):
            if at:
                yield family, workspace_id, at


def _let_in_at(app: str, wrong: Mapping[UUID, Trouble]) -> datetime | None:
    """When one of its sign-ins last passed a test, also of those that are refused by now."""
    of_app = _proven().filter(sign_in__client_id=app, auth_method=SIGN_IN)
    refused = [one.passed_at for one in wrong.values() if one.app == app]
    return _latest([*refused, of_app.aggregate(at=Max("proven_at"))["at"]])


def _latest(moments: Iterable[datetime | None]) -> datetime | None:
    return max((at for at in moments if at), default=None)


def _right_at(
    keys: Collection[str], wrong: Mapping[UUID, Trouble], members: Collection[Row]
) -> dict[str, datetime]:
    """When the last connection of each came right, those included that are still to leave."""
    left = IncidentConnection.objects.filter(
        incident__cause__key__in=keys, incident__cause__closed_at=None, left_by=Ending.PROVEN
    )
    found = dict(left.order_by().values_list("incident__cause__key").annotate(at=Max("left_at")))
    for one in members:
        key, at = one["incident__cause__key"], one["connection__proven_at"]
        if key in keys and at and one["connection_id"] not in wrong:
            found[key] = max(at, found.get(key, at))
    return found
