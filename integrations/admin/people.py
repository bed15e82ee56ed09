"""Workspaces, who is in them, and the API tokens of everybody."""

from collections.abc import Callable
from typing import Any, cast
from uuid import UUID

from django.contrib import admin, messages
from django.contrib.auth import get_user_model
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.html import format_html

from integrations.admin import words
from integrations.models import ApiToken, Membership, Workspace
from integrations.services.people import members, people

LAST_OWNER = "A workspace would have no owner. Make another member an owner first."
FIELDSETS = UserAdmin.fieldsets or ()  # the last of them holds the times
TOKENS = "admin:integrations_apitoken_changelist"


class KeepsOwners(admin.ModelAdmin):
    """What would leave a workspace without an owner is undone, and said."""

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self._keep(request, super().changeform_view, *args, **kwargs)

    def delete_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self._keep(request, super().delete_view, *args, **kwargs)

    def changelist_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self._keep(request, super().changelist_view, *args, **kwargs)

    def _keep(
        self, request: HttpRequest, view: Callable[..., HttpResponse], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        if request.method != "POST":
            return view(request, *args, **kwargs)
        try:
            with members.keeping_owners(by=cast(User, request.user)):
                return view(request, *args, **kwargs)
        except members.LastOwner:
            list(messages.get_messages(request))  # that it was done, which it is not
            messages.error(request, LAST_OWNER)
            return redirect(request.path)


class MemberInline(admin.TabularInline):
    model = Membership
    fields = ("user", "role")
    autocomplete_fields = ("user",)
    extra = 0


class WorkspaceInline(admin.TabularInline):
    model = Membership
    fields = ("workspace", "role")
    autocomplete_fields = ("workspace",)
    extra = 0


@admin.register(Workspace)
class WorkspaceAdmin(KeepsOwners):
    list_display = ("name", "slug")
    search_fields = ("name", "slug")
    inlines = (MemberInline,)

    def get_prepopulated_fields(self, request: HttpRequest, obj: Any = None) -> dict[str, Any]:
        """Addresses hold the slug, so only a new workspace's follows its name."""
        return {} if obj else {"slug": ["name"]}

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Connections and their history go with their workspace, and in no other way."""
        deleted, counts, missing, protected = super().get_deleted_objects(objs, request)
        for model, word in (("integrationconnection", "connection"), ("connectiontest", "test")):
            if request.user.has_perm(f"integrations.delete_{model}"):
                missing.discard(word)
        return deleted, counts, missing, protected


admin.site.unregister(get_user_model())


@admin.register(User)
class MemberAdmin(KeepsOwners, UserAdmin):
    readonly_fields = ("signed_in", "joined")
    fieldsets = (*FIELDSETS[:-1], ("Times", {"fields": readonly_fields}))

    signed_in = words.time_of("last_login", "last signed in")
    joined = words.time_of("date_joined", "account made")

    def get_inlines(self, request: HttpRequest, obj: Any) -> list[Any]:
        """A new account first gets a name and a password."""
        return [WorkspaceInline] if obj else []


@admin.register(ApiToken)
class ApiTokenAdmin(admin.ModelAdmin):
    """Whose tokens there are. Their digests, which are also their keys, stay out of pages."""

    list_display = ("name", "user", "made", "ends", "revocation")
    list_display_links = None
    list_select_related = ("user",)
    search_fields = ("name", "user__username")
    ordering = ("-created",)
    actions = None

    made = words.time_of("created", "made")
    ends = words.time_of("expiry", "ends")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_urls(self) -> list[Any]:
        """The list and a page to revoke; the stock pages of one token would show its digest."""
        view = self.admin_site.admin_view
        return [
            path("", view(self.changelist_view), name="integrations_apitoken_changelist"),
            path("<uuid:reference>/revoke/", view(self.revoke), name="revoke_token"),
        ]

    @admin.display(description="to revoke it")
    def revocation(self, token: ApiToken) -> str:
        url = reverse("admin:revoke_token", args=[token.reference])
        return format_html('<a href="{}">Revoke {}…</a>', url, token.name)

    def revoke(self, request: HttpRequest, reference: UUID) -> HttpResponse:
        """Say which token stops working, then delete it."""
        if not self.has_delete_permission(request):
            raise PermissionDenied
        token = get_object_or_404(ApiToken.objects.select_related("user"), reference=reference)
        if request.method == "POST":
            people.revoke_token(token.user, token.reference)
            self.log_change(request, token.user, f"Revoked the API token “{token.name}”.")
            messages.success(request, f"The token “{token.name}” of {token.user} is revoked.")
            return redirect(TOKENS)
        context = {
            **self.admin_site.each_context(request),
            "title": "Revoke an API token",
            "opts": self.opts,
            "token": token,
            "list_url": reverse(TOKENS),
        }
        return TemplateResponse(request, "admin/integrations/revoke_token.html", context)
