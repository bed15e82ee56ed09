"""The forms behind the admin's connection pages. What a platform takes, its file says."""

from dataclasses import replace
from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.forms.models import ModelFormOptions
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html

from integrations import platforms
from integrations.models import IntegrationConnection
from integrations.pages.fields import REMOVE
from integrations.pages.forms import ConnectionForm
from integrations.services.connecting import saving
from integrations.services.connecting.changes import Changes
from integrations.services.connecting.saving import Saved
from integrations.services.connecting.several import cleaned_name
from integrations.services.refusals import InvalidChange, VersionConflict

SWITCHES = ("auth_method", "is_enabled", "version")
OTHER_METHOD = "The chosen method does not use this. Choose the method it belongs to, or empty it."
TYPE_AGAIN = "Enter this again: a secret that was typed is not sent back to the page."
EXISTS = (
    "{} has a connection in this workspace already. Open it from the list, or give another a name."
)


class AdminConnectionForm(ConnectionForm):
    """The settings page's form, where the admin expects the form of a model.

    The service checks and saves in one go, so a form that is valid has been saved.
    """

    class Meta:
        model = IntegrationConnection

    _meta: ModelFormOptions = ModelFormOptions(Meta)  # where the admin looks for the model
    by: User
    saved: Saved | None = None

    def __init__(
        self,
        data: Any = None,
        files: Any = None,
        *,
        instance: IntegrationConnection,
    ) -> None:
        super().__init__(instance, data)
        self.instance = instance
        self.fields.pop("candidate", None)
        self.fields["auth_method"].label = "Method"
        for field in self.provider.fields:
            shown = self.fields[field.name]
            if field.secret and field.name in instance.hints:
                shown.help_text = f"{_saved(instance.hints[field.name])} {field.help}"
                shown.widget.attrs.pop("placeholder")
            if field.help_url:
                link = '{} <a href="{}" target="_blank" rel="noreferrer">Open the page</a>'
                shown.help_text = format_html(link, shown.help_text, field.help_url)

    def changes(self, *, but: str = "", method: str = "") -> Changes:
        """Every saved secret has its Remove here, also those of methods that are not chosen."""
        changes = super().changes(but=but, method=method)
        removed = {f.name: None for f in self.provider.fields if self.data.get(REMOVE + f.name)}
        return replace(changes, config={**changes.config, **removed})

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        self._refuse_values_of_other_methods()
        if not self.errors:
            self._save(cleaned["version"])
        if self.errors:
            self._ask_for_secrets_again()
        return cleaned

    def _save(self, expected_version: int) -> None:
        try:
            self.saved = saving.change_connection(
                self.instance,
                self.changes(),
                by=self.by,
                expected_version=expected_version,
            )
        except InvalidChange as invalid:
            self.show(invalid.errors)
        except VersionConflict as conflict:
            self.add_error(None, _saved_meanwhile(conflict.connection))

    def _refuse_values_of_other_methods(self) -> None:
        """All methods' fields are on the page: nothing typed is dropped without a word."""
        used = self.provider.fields_of(self.cleaned_data.get("auth_method", ""))
        for field in self.provider.fields:
            text = (self.data.get(field.name) or "").strip()
            if field not in used and text and text != self.instance.config.get(field.name):
                self.add_error(field.name, OTHER_METHOD)

    def _ask_for_secrets_again(self) -> None:
        """A typed secret is gone from the page shown next, where blank would mean keep."""
        for field in self.provider.fields:
            if field.secret and self.data.get(field.name) and field.name not in self.errors:
                self.add_error(field.name, TYPE_AGAIN)


def _saved(hint: str | None) -> str:
    return f"Saved{f', ends in {hint}' if hint else ''}; leave empty to keep it."


def _saved_meanwhile(theirs: IntegrationConnection) -> str:
    who = theirs.edited_by.get_username() if theirs.edited_by else "Someone else"
    what = ", ".join(theirs.edited_fields)
    at = date_format(timezone.localtime(theirs.edited_at), "TIME_FORMAT")
    return (
        f"{who} saved {what} at {at}, while this page was open. "
        "Open the page again to see it, then make your change."
    )


class AddConnectionForm(forms.ModelForm):
    """Where a connection belongs; its values are entered on the page that follows."""

    class Meta:
        model = IntegrationConnection
        fields = ("workspace", "provider", "name")
        labels = {"provider": "Platform"}
        help_texts = {"name": "Only for another connection of a platform that has one already."}

    def clean_name(self) -> str:
        try:
            return cleaned_name(self.cleaned_data["name"])
        except InvalidChange as invalid:
            raise forms.ValidationError(invalid.errors["name"]) from None

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if {"workspace", "provider"} <= cleaned.keys() and not cleaned.get("name"):
            where = {key: cleaned[key] for key in ("workspace", "provider")}
            if IntegrationConnection.objects.filter(**where).exists():
                self.add_error("provider", EXISTS.format(platforms.get(cleaned["provider"]).name))
        return cleaned
