"""Takes over the connections of an older installation, by the rules that typed values meet."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from django.db import transaction

from integrations import platforms
from integrations.models import IntegrationConnection, Workspace
from integrations.services import rows
from integrations.services.connecting import saving, several
from integrations.services.connecting.changes import Changes
from integrations.services.connecting.saving import Saved
from integrations.services.refusals import InvalidChange, NoConnection
from providers.declare import Provider

VALUES = {"accessToken": "access_token", "accountId": "account_id", "baseUrl": "base_url"}
KEYS = ("provider", "slug", "name", *VALUES, "isEnabled")
NOT_A_LIST = "The file holds no list of rows. Write a JSON list, or one JSON object a line."
NOT_JSON = "Line {} is not JSON. Correct it, then import again."
NOT_AN_OBJECT = "This row is not a JSON object. Write {}.".format(", ".join(KEYS))
UNKNOWN_PROVIDER = "This platform is not known. `manage.py integrations list` names them all."
NOT_TEXT = "{} must be a text. Put it in quotes, or leave it out."
ODD_TEXT = "{} holds a character that no database keeps. Take it out."
NOT_BOOLEAN = "isEnabled must be true or false."
NO_VALUES = "The row holds no values."
SAVED_ALREADY = "Something is saved here already. Use --replace to put these values over it."
INCOMPLETE = "Something that is required is still missing."
PRINTABLE_KEY = r"[A-Za-z][A-Za-z_]{0,30}"

Outcome = Literal["imported", "skipped", "refused"]


class UnreadableFile(Exception):
    """The text is not a list of rows. Its sentence repeats nothing of it."""


class RefusedRow(Exception):
    """A row that cannot be taken over. Its sentence repeats no value."""


@dataclass(frozen=True)
class Report:
    """What became of one row, counted from 1."""

    row: int
    provider: str | None
    outcome: Outcome
    message: str = ""


def read_rows(text: str) -> list[Any]:
    """A JSON list, or one JSON object a line. Raises UnreadableFile."""
    try:
        whole = json.loads(text)
    except (ValueError, RecursionError):
        whole = list(_read_lines(text))
    if isinstance(whole, Mapping):
        return [whole]
    if not isinstance(whole, list) or not whole:
        raise UnreadableFile(NOT_A_LIST)
    return whole


def _read_lines(text: str) -> Iterator[Any]:
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip():
            try:
                yield json.loads(line)
            except (ValueError, RecursionError):
                raise UnreadableFile(NOT_JSON.format(number)) from None


def import_rows(
    workspace: Workspace, rows: Iterable[Any], *, replace: bool = False, dry_run: bool = False
) -> list[Report]:
    """Save each row in a transaction of its own; a dry run saves none of them."""
    numbered = enumerate(rows, start=1)
    if not dry_run:
        return [_import(workspace, number, row, replace) for number, row in numbered]
    with transaction.atomic():
        reports = [_import(workspace, number, row, replace) for number, row in numbered]
        transaction.set_rollback(True)
    return reports


def _import(workspace: Workspace, number: int, row: Any, replace: bool) -> Report:
    slug = None
    try:
        provider = _provider(row)
        slug = provider.slug
        changes = _changes(provider, row)
        if not changes.config:
            return Report(number, slug, "skipped", NO_VALUES)
        found = _found(workspace, slug, _text(row, "slug"))
        if found and found.saved_names and not replace:
            return Report(number, slug, "skipped", SAVED_ALREADY)
        if found:
            saved = saving.change_connection(found, changes, by=None)
        else:
            saved = several.add(workspace, slug, changes, by=None, slug=_text(row, "slug"))
    except RefusedRow as refused:
        return Report(number, slug, "refused", str(refused))
    except InvalidChange as invalid:
        return Report(number, slug, "refused", _sentences(provider, invalid))
    return Report(number, slug, "imported", _remarks(provider, saved))


def _found(workspace: Workspace, provider: str, slug: str) -> IntegrationConnection | None:
    """The default one where none is named; None for one that there is not yet.

    Raises InvalidChange for what can be no slug.
    """
    several.check_slug(slug)
    try:
        return rows.find(workspace, provider, slug)
    except NoConnection:
        return None


def _text(row: Mapping[str, Any], key: str) -> str:
    """Raises RefusedRow for what is neither a text nor left out."""
    value = row.get(key)
    if not isinstance(value, str | None):
        raise RefusedRow(NOT_TEXT.format(key))
    if value and ("\0" in value or value.encode(errors="ignore").decode() != value):
        raise RefusedRow(ODD_TEXT.format(key))
    return (value or "").strip()


def _provider(row: Any) -> Provider:
    if not isinstance(row, Mapping):
        raise RefusedRow(NOT_AN_OBJECT)
    try:
        return platforms.get(row["provider"])
    except (KeyError, TypeError):
        raise RefusedRow(UNKNOWN_PROVIDER) from None


def _changes(provider: Provider, row: Mapping[str, Any]) -> Changes:
    """What a row says; an empty text or null is how the older one said that nothing was set."""
    for key in row:
        if key not in KEYS:
            named = f"The key {key}" if re.fullmatch(PRINTABLE_KEY, key) else "One of its keys"
            raise RefusedRow(f"{named} is not known. Rows have {', '.join(KEYS)}.")
    is_enabled = row.get("isEnabled")
    if not isinstance(is_enabled, bool | None):
        raise RefusedRow(NOT_BOOLEAN)
    config: dict[str, str | None] = {}
    for key, name in VALUES.items():
        if _text(row, key):
            config[name] = row[key]
    name = several.cleaned_name(_text(row, "name"))
    return Changes(
        config=config,
        auth_method=provider.method_for(config).slug,
        is_enabled=is_enabled,
        name=name or None,
    )


def _sentences(provider: Provider, invalid: InvalidChange) -> str:
    by_field = dict(invalid.errors)
    by_name = {provider.field(k).api_name: v for k, v in by_field.pop("config", {}).items()}
    return " ".join(
        f"{key}: {sentence}"
        for key, sentences in {**by_name, **by_field}.items()
        for sentence in sentences
    )


def _remarks(provider: Provider, saved: Saved) -> str:
    unusual = [f"{provider.field(k).api_name}: {v}" for k, v in saved.warnings.items()]
    missing = [] if saved.connection.is_complete else [INCOMPLETE]
    return " ".join([*unusual, *missing])
