"""How connections and tests read in the API's JSON (see the contract).

Plain dictionaries, made by hand: a list of thirteen is asked for often, and the parts that
only a platform's file decides are made once.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any
from uuid import UUID

from django.contrib.auth.base_user import AbstractBaseUser

from integrations import platforms
from integrations.models import ConnectionTest, IntegrationConnection, RunItem, TestRun
from integrations.services.watching import budgets, intervals
from integrations.services.watching.handling import Open
from providers.declare import Field, Provider

Json = dict[str, Any]
Names = list[tuple[str, str]]  # ours, then the API's
Incidents = Mapping[UUID, Open]  # by connection
NONE_OPEN: Incidents = {}


def moment(at: datetime | None) -> str | None:
    """ "2026-11-22T14:02:11Z", to the second."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if at else None


def integration(
    connection: IntegrationConnection,
    now: datetime,
    every: Sequence[IntegrationConnection] = (),
    incidents: Incidents = NONE_OPEN,
) -> Json:
    """One platform with its default connection, saved or not, and all that it has.

    `incidents` are the open ones by connection. Decrypts nothing.
    """
    saved = [one for one in every if one.version]  # else a row that nobody gave anything yet
    return _facts_of(connection, now, incidents) | {
        "connections": [_brief(one, now) for one in saved]
    }


def connection(
    one: IntegrationConnection,
    now: datetime,
    shared: Mapping[UUID, int],
    incidents: Incidents = NONE_OPEN,
) -> Json:
    """A connection by itself. `shared` counts the connections of each credential."""
    return _facts_of(one, now, incidents) | {
        "id": str(one.pk),
        "name": one.title,
        "slug": one.slug,
        "isDefault": one.is_default,
        "credential": _credential(one, shared),
    }


def _brief(one: IntegrationConnection, now: datetime) -> Json:
    return {
        "id": str(one.pk),
        "name": one.title,
        "slug": one.slug,
        "status": one.status,
        "light": one.light(now),
    }


def _credential(one: IntegrationConnection, shared: Mapping[UUID, int]) -> Json | None:
    row_id = one.opened_by_id
    if row_id is None:
        return None
    return {
        "id": str(row_id),
        "method": one.auth_method,
        "sharedBy": shared.get(row_id, 1),
        "lentBy": one.lender.name if one.lender else None,
    }


def _facts_of(connection: IntegrationConnection, now: datetime, incidents: Incidents) -> Json:
    provider = connection.platform
    head, plain, secret = _facts(provider.slug)
    hints, config = connection.hints, connection.config
    light = connection.light(now)
    failure = connection.failure() if light == "red" else None
    return {
        **head,
        "status": connection.status,
        "light": light,
        "attention": connection.attention(now),
        "isEnabled": connection.is_enabled,
        "needsReauth": connection.needs_reauth,
        "authMethod": connection.auth_method or None,
        "account": account(connection.platform_account_id, connection.platform_account_name),
        "canBeProven": not connection.unprovable,
        "standIn": platforms.stand_in(provider.slug),
        "config": {api_name: config.get(name) for name, api_name in plain},
        "secrets": {
            api_name: {"isSet": name in hints, "hint": hints.get(name)} for name, api_name in secret
        },
        "lastError": connection.last_error or connection.reported_error or None,
        "errorKind": connection.error_kind or ("reported" if connection.reported_error else None),
        "failure": {**failure, "since": moment(failure["since"])} if failure else None,
        "provenAt": moment(connection.proof_at),
        "isStale": connection.is_complete and not connection.is_fresh(now),
        "unansweredSince": moment(connection.unanswered_since),
        "incident": _incident(incidents.get(connection.pk)),
        "expiresAt": moment(connection.expires_at),
        "expiresIsEstimate": connection.expires_is_estimate,
        **_watched(connection, now),
        "lastTest": test(connection.last_test, provider.slug) if connection.last_test else None,
        "updatedAt": moment(connection.updated_at) if connection.version else None,
        "version": connection.version,
    }


def _watched(connection: IntegrationConnection, now: datetime) -> Json:
    """How the schedule checks it, and what that may cost."""
    watch = connection.watched
    muted_until = watch.muted_until if watch else None
    budget = budgets.told(connection, watch, now)
    return {
        "checksEverySeconds": watch.every_seconds if watch else None,
        "nextCheckAt": moment(intervals.next_check_at(connection)),
        "mutedUntil": moment(muted_until) if muted_until and muted_until > now else None,
        "budget": _budget(budget) if budget else None,
    }


def _budget(told: budgets.Told) -> Json:
    return {
        "used": told.used,
        "limit": told.limit,
        "unit": told.unit,
        "resetsAt": moment(told.resets_at),
    }


def _incident(row: Open | None) -> Json | None:
    if row is None:
        return None
    return {
        "id": row.id,
        "cause": row.cause,
        "openedAt": moment(row.opened_at),
        "acknowledgedBy": row.acknowledged_by,
    }


def username(user: AbstractBaseUser | None) -> str | None:
    return user.get_username() if user else None


@cache
def _facts(slug: str) -> tuple[Json, Names, Names]:
    """What a platform's file decides: the first keys, then its plain and its secret fields."""
    provider = platforms.get(slug)
    head = {"provider": slug, "name": provider.name, "usedBy": list(provider.used_by)}
    plain = [(f.name, f.api_name) for f in provider.fields if not f.secret]
    return head, plain, [(f.name, f.api_name) for f in provider.fields if f.secret]


def form(provider: Provider) -> Json:
    """The methods and fields of a platform: what a form needs to be drawn."""
    return {
        "methods": [
            {
                "name": method.slug,
                "label": method.label,
                "help": method.help,
                "warning": method.warning or None,
            }
            for method in provider.methods
        ],
        "fields": [_field(field, provider) for field in provider.fields],
    }


def _field(field: Field, provider: Provider) -> Json:
    return {
        "name": field.api_name,
        "label": field.label,
        "help": field.help,
        "helpUrl": field.help_url,
        "type": field.type,
        "choices": [{"value": value, "label": label} for value, label in field.choices],
        "isSecret": field.secret,
        "isRequired": field.required or bool(field.required_by),
        "pattern": field.pattern,
        "usualPattern": field.usual_pattern,
        "example": field.example or None,
        "methods": list(field.methods) or [method.slug for method in provider.methods],
    }


def account(id_: str, name: str) -> Json | None:
    return {"id": id_, "name": name or None} if id_ else None


def test(row: ConnectionTest, provider: str) -> Json:
    return {
        "id": row.pk,
        "provider": provider,
        "outcome": row.outcome,
        "errorKind": row.error_kind or None,
        "message": row.message,
        "action": row.action or None,
        "actionUrl": row.action_url or None,
        "steps": [_step(step) for step in row.steps],
        "account": account(row.account_id, row.account_name),
        "accountChanged": row.account_changed,
        "retryAt": moment(row.retry_at),
        "trigger": row.trigger,
        "dryRun": row.dry_run,
        "startedAt": moment(row.started_at),
        "durationMs": row.duration_ms,
    }


def _step(step: Mapping[str, Any]) -> Json:
    return {
        "label": step["label"],
        "outcome": step["outcome"],
        "detail": step["detail"],
        "durationMs": step["duration_ms"],
    }


def run(row: TestRun) -> Json:
    """A run of all tests, with each connection's place in it."""
    outcomes = row.outcomes
    return {
        "id": row.pk,
        "state": "running" if row.is_running else "stopped" if row.stopped_at else "finished",
        "total": row.total,
        "done": row.done,
        "passed": outcomes["passed"],
        "failed": outcomes["failed"],
        "inconclusive": outcomes["inconclusive"],
        "trigger": row.trigger,
        "startedAt": moment(row.started_at),
        "finishedAt": moment(row.finished_at),
        "tests": [_run_item(item) for item in row.items.all()],
    }


def _run_item(item: RunItem) -> Json:
    """A connection waits, runs, is done, or was skipped for the reason in `problem`."""
    provider = item.connection.provider
    if item.ended_at:
        state = "done" if item.test else "skipped"
    else:
        state = "running" if item.test else "waiting"
    return {
        "provider": provider,
        "connection": str(item.connection_id),
        "state": state,
        "problem": item.problem or None,
        "test": test(item.test, provider) if item.test else None,
    }


def warnings(provider: str, by_field: Mapping[str, str]) -> Json:
    """`{"config": {"accessToken": ["…"]}}`, or {} when there is nothing to warn of."""
    sentences = {name: [sentence] for name, sentence in by_field.items()}
    return {"config": api_sentences(provider, sentences)} if sentences else {}


def python_names(provider: Provider) -> dict[str, str]:
    """`{"accessToken": "access_token", …}`: the API's names and ours."""
    return {field.api_name: field.name for field in provider.fields}


def api_errors(provider: str, errors: Mapping[str, Any]) -> Json:
    """The sentences of an InvalidChange under the API's names."""
    by_field = errors.get("config")
    return {**errors, "config": api_sentences(provider, by_field)} if by_field else dict(errors)


def api_sentences(provider: str, by_field: Mapping[str, Any]) -> Json:
    """`{"account_id": …}` -> `{"accountId": …}`."""
    field = platforms.get(provider).field
    return {field(name).api_name: sentences for name, sentences in by_field.items()}
