"""The filters beside the admin's lists. None of them asks the long tables for its choices."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from integrations.models import Status, Workspace
from providers import errors

MOST_WORKSPACES = 50


class StatusFilter(admin.SimpleListFilter):
    title = "status"
    parameter_name = "status"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(status.value, str(status.label)) for status in Status]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(status=self.value()) if self.value() else queryset


class WorkspaceFilter(admin.SimpleListFilter):
    """The first workspaces by name; the others are found by searching for their name."""

    title = "workspace"
    parameter_name = "workspace"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return list(Workspace.objects.values_list("slug", "name")[:MOST_WORKSPACES])

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(workspace__slug=self.value()) if self.value() else queryset


class ErrorKindFilter(admin.SimpleListFilter):
    title = "kind of error"
    parameter_name = "error_kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        classes = (*errors.Refused.__subclasses__(), *errors.Unanswered.__subclasses__())
        return [(error.kind, error.kind.replace("_", " ").capitalize()) for error in classes]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(error_kind=self.value()) if self.value() else queryset
