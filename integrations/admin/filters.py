"""The filters beside the admin's lists. None of them asks the long tables for its choices."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from integrations.admin import words
from integrations.models import Status, Workspace

MOST_WORKSPACES = 50


class Filter(admin.SimpleListFilter):
    """Rows in which the chosen value is the one of `column`."""

    column: str

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(**{self.column: self.value()}) if self.value() else queryset


class StatusFilter(Filter):
    title = "status"
    parameter_name = column = "status"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(status.value, str(status.label)) for status in Status]


class WorkspaceFilter(Filter):
    """The first workspaces by name; the others are found by searching for their name."""

    title = "workspace"
    parameter_name = "workspace"
    column = "workspace__slug"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return list(Workspace.objects.values_list("slug", "name")[:MOST_WORKSPACES])


class LentFilter(admin.SimpleListFilter):
    """Whether what lets it in is its own workspace's."""

    title = "let in by"
    parameter_name = "lent"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("no", "Its own"), ("yes", "What is lent")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        wanted = {"no": True, "yes": False}.get(self.value() or "")
        return queryset if wanted is None else queryset.filter(lender__isnull=wanted)


class ErrorKindFilter(Filter):
    title = "kind of error"
    parameter_name = column = "error_kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return list(words.KINDS.items())


class PlatformFilter(admin.ChoicesFieldListFilter):
    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.title = "platform"


class SwitchFilter(admin.BooleanFieldListFilter):
    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.title = "enabled"


class TriggerFilter(admin.ChoicesFieldListFilter):
    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.title = "where it was asked from"
