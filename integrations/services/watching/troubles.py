"""Troubles: in which connections something is wrong now, and what is known beside."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Max, OuterRef, Q, QuerySet, Subquery

from integrations import crypto, platforms
from integrations.models import (
    ConnectionTest,
    Credential,
    Ending,
    IncidentConnection,
    IntegrationConnection,
    Scope,
    Status,
    TestOutcome,
)
from integrations.models.connections import IN_TROUBLE, MENDED_BY_LENDER
from integrations.models.incidents import REPORTED
from integrations.services.proving.pauses import Asking
from integrations.services.twins import ACCOUNT_FIELD
from integrations.services.watching import judging
from integrations.services.watching.judging import LIMITS, Key, Known, Nature, Trouble
from providers.declare import SIGN_IN, CountedBy, Provider
from providers.declare.fields import BASE_URL
from providers.errors import (
    Blocked,
    CredentialsUnreadable,
    ProviderUnavailable,
    QuotaExhausted,
    RateLimited,
)

COLUMNS = (
    *("id", "workspace_id", "provider", "auth_method", "config", "lender_id", "edited_at"),
    *("created_at", "key_id", "sign_in_key_id", "credential_id", "sign_in_id"),
    *("last_error", "error_kind", "error_action", "error_action_url", "failing_since"),
    *("reported_error", "reported_at", "unanswered_since"),
    *("sign_in__client_id", "sign_in__grant", "credential__client_id"),
    *("last_test__outcome", "last_test__error_kind", "last_test__message", "last_test__action"),
    *("last_test__action_url", "last_test__finished_at"),
)
COUNTED = {
    CountedBy.APP: Scope.APP,
    CountedBy.TOKEN: Scope.CREDENTIAL,
    CountedBy.ACCOUNT: Scope.ACCOUNT,
    CountedBy.ADDRESS: Scope.INSTALLATION,
}
# No clear answer, but one: it came through the internet.
ANSWERS = {one.kind for one in (RateLimited, QuotaExhausted, ProviderUnavailable, Blocked)}
Row = dict[str, Any]
Answered = dict[str, list[tuple[int, datetime]]]  # by whom is asked: in which workspace, and when
type Answers[Place] = dict[Place, list[datetime]]


def find(among: Collection[UUID] | None = None) -> dict[UUID, Trouble]:
    """All that there are, or those of these connections; those that waited longest first.

    What nobody watches has none: what is not connected, switched off or archived.
    """
    watched = IntegrationConnection.objects.filter(
        status__in=(Status.CONNECTED, Status.ERROR),
        provider__in=platforms.catalogue(),
        workspace__archived_at=None,
    )
    if among is None:  # two queries: there is an index for the first
        rows = [*_read(watched.filter(IN_TROUBLE)), *_read(watched.filter(_locked_away()))]
    else:
        rows = [*_read(watched.filter(pk__in=among))]
    troubles = [trouble for row in rows if (trouble := _trouble(row))]
    in_order = sorted(troubles, key=lambda one: (one.since, one.connection_id))
    return {one.connection_id: one for one in in_order}


def _read(connections: QuerySet[IntegrationConnection]) -> Iterator[Row]:
    passed = ConnectionTest.objects.filter(
        connection=OuterRef("pk"),
        revision=OuterRef("revision"),
        outcome=TestOutcome.PASSED,
        dry_run=False,
    )
    last = passed.order_by("-pk").values("finished_at")[:1]
    read = connections.order_by().annotate(passed_at=Subquery(last))
    return read.values(*COLUMNS, "passed_at").iterator()


def _locked_away() -> Q:
    """Those whose key is not here."""
    known = ("", *sorted(crypto.known_ids()))
    return ~Q(key_id__in=known) | (Q(auth_method=SIGN_IN) & ~Q(sign_in_key_id__in=known))


def _trouble(row: Row) -> Trouble | None:
    """A refusal stands before a report, and both before silence."""
    provider = platforms.get(row["provider"])
    asked = provider.for_values(row["config"])
    tried_at = row["last_test__finished_at"]
    said: dict[str, Any]
    if row["last_error"]:
        said = {
            "kind": row["error_kind"],
            "since": row["failing_since"],
            "message": row["last_error"],
            "action": row["error_action"],
            "action_url": row["error_action_url"],
        }
    elif _missing_key(row):
        unreadable = CredentialsUnreadable()
        said = {
            "kind": unreadable.kind,
            "since": row["edited_at"] or row["created_at"],
            "message": unreadable.message,
            "action": MENDED_BY_LENDER if row["lender_id"] else unreadable.action,
        }
    elif row["reported_at"]:
        said = {"kind": REPORTED, "since": row["reported_at"], "message": row["reported_error"]}
    elif row["unanswered_since"] and can_be_proven(provider, row["auth_method"]):
        said = _silence(row)
    else:
        return None
    opened_by = "sign_in" if row["auth_method"] == SIGN_IN else "credential"
    opens = row[f"{opened_by}_id"]
    grant = row["sign_in__grant"] if opened_by == "sign_in" else ""
    return Trouble(
        connection_id=row["id"],
        workspace_id=row["workspace_id"],
        provider=row["provider"],
        name=asked.name,
        tried_at=max(tried_at, said["since"]) if tried_at else said["since"],
        asks=_asked(provider, asked, row["config"]),
        opens=grant or (opens.hex if opens else ""),
        app=(row["sign_in__client_id"] or "") if opened_by == "sign_in" else "",
        counted=_counted(row, asked, said["kind"], opened_by),
        key_id=_missing_key(row),
        is_elsewhere=asked.takes_any_address,
        answered_at=tried_at if _was_answered(row) else None,
        passed_at=row["passed_at"],
        method=row["auth_method"],
        **said,
    )


def _silence(row: Row) -> Row:
    """As the last test said it, if that was one without an answer."""
    said = {"kind": ProviderUnavailable.kind, "message": ProviderUnavailable.default_message}
    if row["last_test__outcome"] == TestOutcome.INCONCLUSIVE and row["last_test__error_kind"]:
        said = {
            "kind": row["last_test__error_kind"],
            "message": row["last_test__message"],
            "action": row["last_test__action"],
            "action_url": row["last_test__action_url"],
        }
    return said | {"since": row["unanswered_since"]}


def _was_answered(row: Row) -> bool:
    """Whether whoever was asked last said anything at all, and not in the way that we know."""
    outcome, kind = row["last_test__outcome"], row["last_test__error_kind"]
    if outcome == TestOutcome.FAILED:
        return bool(kind != CredentialsUnreadable.kind)
    return outcome == TestOutcome.PASSED or kind in ANSWERS


def _missing_key(row: Row) -> str:
    used = [row["key_id"], row["sign_in_key_id"] if row["auth_method"] == SIGN_IN else ""]
    return next((one for one in used if one and not crypto.is_known(one)), "")


def can_be_proven(provider: Provider | None, method: str) -> bool:
    """Whether a test can ever pass for one that is connected in this way."""
    if provider is None or provider.tester is None:
        return False
    return not any(one.unprovable for one in provider.methods if one.slug == method)


def _asked(provider: Provider, asked: Provider, config: dict[str, Any]) -> str:
    """Who is silent when this one is: a family of platforms, a vendor, or one address."""
    if asked.takes_any_address:
        return f"{provider.slug} {crypto.digest(str(config.get(BASE_URL) or ''))}"
    return f"{provider.slug} {asked.name}" if provider.variant else provider.family or provider.slug


def _counted(row: Row, asked: Provider, kind: str, opened_by: str) -> tuple[Scope, str] | None:
    """What the platform counts together, as a pause names it."""
    if kind not in LIMITS:
        return None
    by = asked.counts_by.quota if kind == QuotaExhausted.kind else asked.counts_by.rate
    opens = row[f"{opened_by}_id"] and Credential(
        pk=row[f"{opened_by}_id"], client_id=row[f"{opened_by}__client_id"] or ""
    )
    account = str(row["config"].get(ACCOUNT_FIELD) or "")
    counted = Asking(asked, row["workspace_id"], opens, account).counted(by)
    if counted is None:
        return None
    return COUNTED[counted.counted_by], f"{row['provider']} {counted.name}".rstrip()


def known(wrong: Mapping[UUID, Trouble], members: Collection[Row]) -> Known:
    """What a judgement of these needs beside, with the open memberships; most need nothing.

    It is read from connections, never from their history, which grows without end.
    """
    keys = {Key.parsed(one["incident__cause__key"]) for one in members}
    shared = {str(key) for key in keys if key.keeps_together}
    apps = judging.apps_in_question(wrong.values())
    of_all, within = _answers(wrong)
    apps |= {key.name for key in keys if key == judging.app_key(key.name)}
    return Known(
        answered_at=_answered_at(wrong, is_cut=judging.OUR_NETWORK in keys),
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
        by_family[_family(alike[0].provider)] += alike
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
    there = [slug for slug in platforms.catalogue() if _family(slug) == family]
    since = min(one.since for one in silent)
    found = _proven().filter(provider__in=there, proven_at__gt=since)
    if any(one.asks != family for one in silent):
        rows = found.values_list("provider", "config", "workspace", "proven_at")
        for slug, config, workspace_id, at in rows:
            provider = platforms.get(slug)
            if at:
                yield _asked(provider, provider.for_values(config), config), workspace_id, at
        return
    beside = found.filter(workspace__in={one.workspace_id for one in silent})
    for some in (found.order_by("-proven_at")[: len(silent)], beside):
        for workspace_id, at in some.values_list("workspace", "proven_at"):
            if at:
                yield family, workspace_id, at


def _family(slug: str) -> str:
    return platforms.get(slug).family or slug


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
