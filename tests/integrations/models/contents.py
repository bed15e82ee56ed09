"""What a database holds, row by row, in plain: secrets too, as the services read them."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db.models import Model

from integrations import crypto
from integrations.api.authentication import TokenAuthentication
from integrations.models import (
    ApiToken,
    AppRegistration,
    Candidate,
    ConnectionTest,
    Credential,
    ExpiryNotice,
    FixLink,
    Heartbeat,
    IntegrationConnection,
    Membership,
    OwnerLink,
    RunItem,
    SignInAttempt,
    TestRun,
    Workspace,
)
from integrations.services.connecting import candidates
from integrations.services.credentials import apps, sealing, tokens
from providers.declare import SIGN_IN
from providers.errors import CredentialsUnreadable

UNREADABLE = "unreadable"
# Kinds of rows without a secret: what must be as it was, column by column.
PLAIN: dict[str, tuple[type[Model], str]] = {
    "workspaces": (Workspace, "name slug"),
    "users": (User, "username password email first_name last_name is_active is_superuser"),
    "memberships": (Membership, "user_id workspace_id role is_default"),
    "api_tokens": (ApiToken, "digest token_key user_id created expiry name reference"),
    "owner_links": (OwnerLink, "digest expires_at"),
    "fix_links": (
        FixLink,
        "connection_id digest recipient sent_by_id sent_at expires_at used_at",
    ),
    "tests": (
        ConnectionTest,
        "connection_id revision trigger started_by_id fix_link_id dry_run outcome error_kind "
        "message action action_url steps account_id account_name account_changed expires_at "
        "expires_is_estimate retry_at started_at lease_until finished_at duration_ms",
    ),
    "runs": (
        TestRun,
        "workspace_id trigger started_by_id started_at lease_until stopped_at finished_at",
    ),
    "run_items": (RunItem, "run_id connection_id test_id problem ended_at"),
    "notices": (ExpiryNotice, "connection_id days ends_at is_estimate given_at"),
    "heartbeats": (Heartbeat, "at"),
}
OF_CONNECTION = (
    "workspace_id provider name auth_method config hints credentials_at sign_in_id is_complete "
    "is_enabled last_error reported_error status error_kind error_action error_action_url "
    "failing_since failed_test_id reported_at proven_at unanswered_since last_test_id "
    "platform_account_id platform_account_name expires_at expires_is_estimate revision version "
    "created_at updated_at edited_at edited_by_id edited_fields"
)
OF_SIGN_IN = (
    "workspace_id provider app client_id values scopes facts obtained_at renewed_at can_renew "
    "expires_at refresh_expires_at ends_at ends_is_estimate renew_at lease lease_until "
    "interrupted_at failures failed_at failure_kind failure_message failure_action is_ended"
)
OF_APP = "workspace_id app client_id hint proven_at problem updated_at updated_by_id"
OF_CANDIDATE = (
    "connection_id user_id fix_link_id session_digest sign_in_id accounts is_choosing base_version "
    "test_id problem is_draft created_at expires_at saved_at"
)
OF_ATTEMPT = (
    "connection_id user_id fix_link_id session_digest state_digest app client_id redirect_uri "
    "base_version begun_at expires_at used_at problem action candidate_id"
)


def read(at: datetime, api_tokens: list[str]) -> dict[str, dict[str, Any]]:
    """`{kind: {id: columns}}`; a row with secrets has them under "secrets", or UNREADABLE.

    `at` is when the connections' lights are looked at, `api_tokens` are tried one by one.
    """
    return {
        "connections": {str(row.pk): _connection(row, at) for row in _all(IntegrationConnection)},
        "sign_ins": {str(row.pk): _sign_in(row) for row in _sign_ins()},
        "apps": {str(row.pk): _app(row) for row in _all(AppRegistration)},
        "candidates": {str(row.pk): _candidate(row) for row in _all(Candidate)},
        "attempts": {str(row.pk): _attempt(row) for row in _all(SignInAttempt)},
        "opened": {token: _opens_for(token) for token in api_tokens},
        **{
            kind: {str(row.pk): _columns(row, names) for row in _all(model)}
            for kind, (model, names) in PLAIN.items()
        },
    }


def _sign_ins() -> Any:
    return Credential.objects.filter(method=SIGN_IN).order_by("pk")


def _all(model: Any) -> Any:
    return model.objects.order_by("pk")


def _columns(row: Any, names: str) -> dict[str, Any]:
    return {name: getattr(row, name) for name in names.split()}


def _or_unreadable(secrets: Callable[[], Mapping[str, Any] | None]) -> Any:
    try:
        return secrets()
    except (crypto.Unreadable, CredentialsUnreadable, candidates.CandidateGone):
        return UNREADABLE


def _connection(row: IntegrationConnection, at: datetime) -> dict[str, Any]:
    return {
        **_columns(row, OF_CONNECTION),
        "secrets": _or_unreadable(lambda: sealing.typed(row)),
        "is_unreadable": row.is_unreadable,
        "failure": (row.failure() or {}).get("kind"),
        "light": row.light(at),
        "attention": row.attention(at),
    }


def _sign_in(row: Credential) -> dict[str, Any]:
    def held() -> dict[str, Any]:
        held = tokens.held_by(row)
        return {"access_token": held.access_token, "refresh_token": held.refresh_token}

    return {**_columns(row, OF_SIGN_IN), "secrets": _or_unreadable(held)}


def _app(row: AppRegistration) -> dict[str, Any]:
    found = apps.find(row.workspace_id, row.app)  # None for one that cannot be decrypted
    secrets = {"client_secret": found.client_secret} if found else UNREADABLE
    return {**_columns(row, OF_APP), "secrets": secrets}


def _candidate(row: Candidate) -> dict[str, Any]:
    def typed() -> dict[str, Any] | None:
        if row.saved_at:
            return None  # nothing is kept of what was saved
        changes = candidates.typed(row)
        return {
            "config": dict(changes.config),
            "auth_method": changes.auth_method,
            "is_enabled": changes.is_enabled,
        }

    return {**_columns(row, OF_CANDIDATE), "secrets": _or_unreadable(typed)}


def _attempt(row: SignInAttempt) -> dict[str, Any]:
    def begun_with() -> dict[str, Any]:
        return row.credential.typed() if row.credential else {}  # once it was used

    return {**_columns(row, OF_ATTEMPT), "secrets": _or_unreadable(begun_with)}


def _opens_for(token: str) -> str:
    user, _ = TokenAuthentication().authenticate_credentials(token.encode())
    return str(user.get_username())
