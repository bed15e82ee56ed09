"""Connections in the admin: the list, and the page on which one's values are replaced."""

from collections.abc import Sequence
from typing import Any, cast

from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.http import HttpRequest
from django.shortcuts import redirect

from integrations import platforms
from integrations.admin import filters
from integrations.admin.actions import Actions, Queryset
from integrations.admin.facts import FACTS, Facts
from integrations.admin.forms import SWITCHES, AddConnectionForm, AdminConnectionForm
from integrations.models import IntegrationConnection
from integrations.pages.fields import REMOVE, is_removable
from integrations.pages.parts import page_of_one
from integrations.services import rows
from integrations.services.connecting import several
from integrations.services.connecting.changes import Changes
from providers.declare import Provider


@admin.register(IntegrationConnection)
class ConnectionAdmin(Facts, Actions):
    list_display = (
        "platform_name",
        "state",
        "workspace",
        "account",
        "look",
        "last_answer",
        "proven",
    )
    list_filter = (
        filters.StatusFilter,
        ("provider", filters.PlatformFilter),
        filters.WorkspaceFilter,
        ("is_enabled", filters.SwitchFilter),
        filters.LentFilter,
    )
    list_select_related = ("workspace", "last_test", "edited_by", "sign_in", "lender")
    search_fields = (
        "workspace__name",
        "provider",
        "name",
        "slug",
        "platform_account_id",
        "platform_account_name",
        "config__account_id__icontains",
        "last_error",
        "reported_error",
    )
    autocomplete_fields = ("workspace",)
    ordering = ("workspace", "provider", "-is_default", "created_at")
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> Queryset:
        """Without those of platforms whose package was removed, of which nothing is known, and
        without drafts, which are there for a dialog alone.
        """
        all_rows = super().get_queryset(request).exclude(rows.DRAFT)
        known = all_rows.filter(provider__in=platforms.catalogue())
        return known.select_related(*self.list_select_related)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Disconnecting clears a connection; its history stays."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Of what is lent only the list's actions: how it is let in is its lender's."""
        return super().has_change_permission(request, obj) and not (obj and obj.is_lent)

    def view_on_site(self, obj: IntegrationConnection) -> str:
        """Its page in the product."""
        return page_of_one(obj.workspace.slug, obj.pk)

    # --- Its page ----------------------------------------------------------------------------

    def get_fieldsets(
        self, request: HttpRequest, obj: IntegrationConnection | None = None
    ) -> list[Any]:
        if obj is None:
            return [(None, {"fields": AddConnectionForm.Meta.fields})]
        facts = [("What is known", {"fields": FACTS})]
        if not self.has_change_permission(request, obj):
            return facts
        return [*facts, *_fieldsets(obj)]

    def get_readonly_fields(
        self, request: HttpRequest, obj: IntegrationConnection | None = None
    ) -> tuple[str, ...]:
        return FACTS if obj else ()

    def get_form(
        self,
        request: HttpRequest,
        obj: IntegrationConnection | None = None,
        change: bool = False,
        **kwargs: Any,
    ) -> Any:
        if obj is None:
            return super().get_form(request, obj, change, form=AddConnectionForm, **kwargs)

        class Form(AdminConnectionForm):
            by = cast(User, request.user)

        return Form

    def save_form(self, request: HttpRequest, form: Any, change: bool) -> IntegrationConnection:
        if change:
            return form.saved.connection
        where, name = form.cleaned_data, form.cleaned_data["name"]
        if name:
            changes, by = Changes(name=name), cast(User, request.user)
            added = several.add(where["workspace"], where["provider"], changes, by=by)
            return added.connection
        return rows.lock(rows.unread(where["workspace"], where["provider"]))

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Nothing is left to save; only to say what looks unusual."""
        for name, sentence in (form.saved.warnings if change else {}).items():
            messages.warning(request, f"{obj.platform.field(name).label}: {sentence}")

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """A connection has none."""

    def construct_change_message(
        self, request: HttpRequest, form: Any, formsets: Any, add: bool = False
    ) -> Any:
        """Labels of what changed, never a value."""
        if add:
            return super().construct_change_message(request, form, formsets, add)
        saved = form.saved.connection
        edited = saved.edited_fields if saved.version > form.cleaned_data["version"] else []
        return [{"changed": {"fields": edited}}] if edited else []

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: Any = None) -> Any:
        messages.info(request, f"Enter the values of {obj} here.")
        return redirect("admin:integrations_integrationconnection_change", obj.pk)


def _fieldsets(connection: IntegrationConnection) -> list[Any]:
    """The switches, then the platform's fields grouped by the methods that use them."""
    provider = connection.platform
    every = tuple(method.slug for method in provider.methods)
    groups: dict[tuple[str, ...], list[str]] = {}
    for field in provider.fields:
        group = groups.setdefault(field.methods or every, [])
        group.append(field.name)
        if is_removable(field, connection):
            group.append(REMOVE + field.name)
    titled = [(_title(provider, methods), {"fields": names}) for methods, names in groups.items()]
    return [("How to connect", {"fields": SWITCHES}), *titled]


def _title(provider: Provider, methods: Sequence[str]) -> str:
    if len(methods) == len(provider.methods):
        return provider.name
    return "Only for: " + ", ".join(provider.method(slug).label for slug in methods)
