"""Troubles: in which connections something is wrong now, and what is known beside."""

from collections.abc import Collection, Iterator
from typing import Any
from uuid import UUID

from django.db.models import OuterRef, QuerySet, Subquery

from integrations import crypto, platforms
from integrations.models import (
    ConnectionTest,
    Credential,
    IntegrationConnection,
    Scope,
    Status,
    TestOutcome,
)
from integrations.models.connections import IN_TROUBLE, MENDED_BY_LENDER
from integrations.models.incidents import REPORTED
from integrations.services import conditions
from integrations.services.proving.pauses import Asking
from integrations.services.twins import ACCOUNT_FIELD
from integrations.services.watching.judging import LIMITS, Trouble
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
        rows = [*_read(watched.filter(IN_TROUBLE)), *_read(watched.filter(conditions.unreadable()))]
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
        asks=asked_of(provider, asked, row["config"]),
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


def asked_of(provider: Provider, asked: Provider, config: dict[str, Any]) -> str:
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


def family(slug: str) -> str:
    """Those of one are asked at the same place."""
    return platforms.get(slug).family or slug
