"""Standings: how each workspace is as a whole, for a table of thousands.

To count the connections of ten thousand workspaces takes a third of a second, so each has a row
with the numbers, which cannot lie: whatever changes a connection marks its workspace in the same
transaction, by a trigger of the database, and whoever reads counts those anew that are marked. What
time alone changes, a proof that runs out or an end that comes near, is told beforehand by the
moment at which it does: past it the row is counted anew, too. So it is after a change of keys,
platforms or stand-ins, which each row names. What is counted here is what `Card.section` says.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Case, CharField, Count, F, Min, Q, QuerySet, Value, When
from django.db.models.functions import Coalesce

from integrations import crypto, platforms
from integrations.models import (
    IntegrationConnection,
    Standing,
    StandingMark,
    Stands,
    Status,
    Workspace,
)
from integrations.models.connections import EXPIRING_WITHIN
from integrations.services import conditions, rows
from integrations.services.people import people

VERSION = 1  # of what is counted how: another one has all counted anew
AT_ONCE = 2000
JUST_AFTER = timedelta(microseconds=1)  # of a moment that still counts
COUNTS = ("broken", "silent", "soon", "well")
KEPT = ("state", *COUNTS, "since", "turns_at", "made_with")


def of(user: User, now: datetime) -> QuerySet[Workspace]:
    """The workspaces that a person may open, each with its `standing`, which is right by now.

    One in which nothing was ever connected has none.
    """
    renew(now)
    return (
        people.workspaces_of(user)
        .select_related("standing")
        .annotate(stands=Coalesce("standing__state", Stands.NOTHING.value))
    )


def counts(found: QuerySet[Workspace]) -> Counter[Stands]:
    """How many of these stand how."""
    each = found.order_by().values(state=F("stands")).annotate(number=Count("pk"))
    return Counter({Stands(one["state"]): one["number"] for one in each})


def renew(now: datetime) -> None:
    """Count anew what is marked, and what time or a setting has changed. Harmless to repeat."""
    made_with = _made_with()
    while stale := _stale(now, made_with):
        _renew(stale, now, made_with)


def _stale(now: datetime, made_with: str) -> list[int]:
    marked = StandingMark.objects.order_by("pk").values_list("workspace", flat=True)[:AT_ONCE]
    turned = Standing.objects.filter(Q(turns_at__lte=now) | ~Q(made_with=made_with))
    found = {*marked}
    if len(found) < AT_ONCE:
        found |= {*turned.values_list("pk", flat=True)[: AT_ONCE - len(found)]}
    return sorted(found)


def _renew(workspace_ids: Collection[int], now: datetime, made_with: str) -> None:
    """Who comes second counts after the first one has written, since both hold the rows."""
    new = Workspace.objects.filter(pk__in=workspace_ids, standing=None).order_by("pk")
    with transaction.atomic():
        Standing.objects.bulk_create(
            [Standing(workspace_id=pk) for pk in new.values_list("pk", flat=True)],
            ignore_conflicts=True,
        )
        held = Standing.objects.select_for_update().filter(pk__in=workspace_ids).order_by("pk")
        before = {pk: tuple(facts) for pk, *facts in held.values_list("pk", *KEPT)}
        marks = StandingMark.objects.filter(workspace__in=workspace_ids)
        seen = list(marks.values_list("pk", flat=True))
        counted = {one.pk: one for one in _counted(workspace_ids, now)}
        found = [counted.get(pk) or Standing(workspace_id=pk) for pk in before]
        for one in found:
            one.made_with = made_with
        changed = [one for one in found if _facts(one) != before[one.pk]]
        Standing.objects.bulk_create(  # which is ten times as quick as to update them in bulk
            changed, update_conflicts=True, unique_fields=["workspace"], update_fields=KEPT
        )
        for start in range(0, len(seen), AT_ONCE):
            StandingMark.objects.filter(pk__in=seen[start : start + AT_ONCE]).delete()


def _facts(standing: Standing) -> tuple[Any, ...]:
    return tuple(getattr(standing, name) for name in KEPT)


def _counted(workspace_ids: Collection[int], now: datetime) -> Iterable[Standing]:
    of_each: dict[int, dict[str, dict[str, Any]]] = defaultdict(dict)
    for row in _sums(workspace_ids, now):
        of_each[row["workspace"]][row["place"]] = row
    for workspace_id, places in of_each.items():
        counts = {name: places[name]["number"] if name in places else 0 for name in COUNTS}
        yield Standing(
            workspace_id=workspace_id,
            state=next((Stands[name.upper()] for name in COUNTS if counts[name]), Stands.NOTHING),
            since=places["broken"]["broke_at"] if "broken" in places else None,
            turns_at=min(_turns(places.values(), now), default=None),
            **counts,
        )


def _sums(workspace_ids: Collection[int], now: datetime) -> QuerySet[IntegrationConnection, Any]:
    """A row for each place of each workspace."""
    every = IntegrationConnection.objects.filter(
        ~rows.DRAFT, workspace__in=workspace_ids, provider__in=platforms.catalogue()
    )
    placed = every.order_by().annotate(place=place(now)).values("workspace", "place")
    return placed.annotate(
        number=Count("pk"),
        broke_at=Min(Coalesce("failing_since", "reported_at", "taken_back_at")),
        ends_at=Min("expires_at", filter=Q(expires_at__gte=now + EXPIRING_WITHIN)),
        silent_since=Min("unanswered_since", filter=Q(unanswered_since__gte=now - _outage())),
        **{
            f"proven_{at}": Min("proven_at", filter=Q(provider__in=slugs))
            for at, slugs in enumerate(conditions.by_budget().values())
        },
    )


def _turns(places: Iterable[dict[str, Any]], now: datetime) -> Iterator[datetime]:
    """The moments ahead at which one of them may have another place, though nobody writes."""
    for one in places:
        if one["place"] == "well":
            proofs = (
                (one[f"proven_{at}"], lasts) for at, lasts in enumerate(conditions.by_budget())
            )
            yield from (first + lasts for first, lasts in proofs if first and first + lasts > now)
        if one["ends_at"]:
            yield one["ends_at"] - EXPIRING_WITHIN + JUST_AFTER
        if one["silent_since"]:
            yield one["silent_since"] + _outage() + JUST_AFTER


def place(now: datetime) -> Case:
    """Which of the counts a connection is in, or "off": in the order in which its card asks.

    Where the card says that there is nothing to do it is silent or well.
    """
    has_anything = ~Q(config={}) | ~Q(hints={}) | Q(sign_in__isnull=False)
    was_just_heard = Q(unanswered_since=None) | Q(unanswered_since__gte=now - _outage())
    cases = (
        (Q(status=Status.ERROR) | Q(taken_back_at__isnull=False), "broken"),
        (Q(is_complete=False) & has_anything, "soon"),
        (Q(status__in=(Status.NOT_CONNECTED, Status.DISABLED)), "off"),
        (conditions.unreadable(), "broken"),
        (conditions.unprovable(), "well"),
        (Q(expires_at__lt=now + EXPIRING_WITHIN) & was_just_heard, "soon"),
        (Q(unanswered_since__isnull=False), "silent"),
        (_proven(now), "well"),
    )
    whens = (When(condition, then=Value(name)) for condition, name in cases)
    return Case(*whens, default=Value("soon"), output_field=CharField())


def _proven(now: datetime) -> Q:
    """By the platform itself, and not too long ago; in the demo by its stand-in, too."""
    fresh = conditions.fresh(now)
    return fresh if settings.DEMO else fresh & Q(proof_stand_in="")


def _outage() -> timedelta:
    return timedelta(minutes=settings.OUTAGE_MINUTES)


def _made_with() -> str:
    """What is not in the database and a standing depends on, in few letters."""
    known = [
        [slug, one.proof_budget.total_seconds(), platforms.stand_in(slug)]
        + [method.slug for method in one.methods if method.unprovable]
        for slug, one in platforms.catalogue().items()
    ]
    whole = [VERSION, known, sorted(crypto.known_ids()), settings.OUTAGE_MINUTES, settings.DEMO]
    return sha256(json.dumps(whole).encode()).hexdigest()[:16]
