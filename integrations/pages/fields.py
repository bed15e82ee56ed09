"""A field of a platform, as the dialog draws it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django import forms

from integrations.models import IntegrationConnection
from integrations.pages.mending import Mending
from integrations.services.connecting.changes import Changes
from integrations.services.credentials.sealing import hint
from integrations.services.proving.discovery import ACCOUNT_FIELD
from providers.declare import ACCESS_TOKEN, BASE_URL, SIGN_IN, Field, Provider

REMOVE = "remove_"


@dataclass(frozen=True)
class Row:
    """One field as the dialog draws it. `failed` says what is wrong with the saved value."""

    bound: forms.BoundField
    methods: str
    label: str
    failed: str
    is_secret: bool
    needed_by: str
    is_optional: bool
    is_half: bool
    help_url: str | None
    remove: forms.BoundField | None
    theirs: str | None  # what somebody else saved while this was typed
    can_be_picked: bool
    picked_by: str  # the methods with which there is a list; none for every method

    @property
    def is_theirs(self) -> bool:
        return self.theirs is not None


@dataclass(frozen=True)
class Rows:
    """Places a form's fields: what is asked for, what is fine, what hardly anybody needs.

    `asks_all` is no while some of it can wait until a sign-in has come back.
    """

    form: forms.Form
    connection: IntegrationConnection
    typed: Changes
    mending: Mending
    asks_all: bool
    theirs: Mapping[str, str]

    @property
    def provider(self) -> Provider:
        return self.connection.platform

    @property
    def method(self) -> str:
        """The chosen way."""
        chosen: str = self.form["auth_method"].value()
        return chosen

    def placed(self, fields: list[Field]) -> dict[str, list[Row]]:
        rows: dict[str, list[Row]] = {"main": [], "fine": [], "more": []}
        for field in fields:
            rows[self._place(field)].append(self._row(field))
        return rows

    def _place(self, field: Field) -> str:
        needed = field.name == self.mending.fault or field.name in self.mending.missing
        if needed or self.form[field.name].errors or field.name in self.theirs:
            return "main"
        if self.mending.is_known and field.name in self._given:
            return "fine"
        is_later = self.mending.is_known and _is_optional(field)
        return "more" if is_later or self._is_rare(field) else "main"

    @property
    def _given(self) -> set[str]:
        """What is saved, or was tried just now."""
        typed = self.typed.config.items() if self.mending.is_tried else ()
        return self.connection.saved_names | {name for name, value in typed if value}

    def _is_rare(self, field: Field) -> bool:
        if field.name == BASE_URL:
            return not self.provider.takes_any_address
        if field.name in (ACCESS_TOKEN, ACCOUNT_FIELD) or self._is_needed(field):
            return False
        return bool(field.secret or field.methods or field.is_rare)

    def _is_needed(self, field: Field) -> bool:
        """Whether the chosen way needs it, or does not take it while another needs it."""
        if field.methods and self.method not in field.methods:
            return not _is_optional(field)
        return field.required or self.method in field.required_by

    def _row(self, field: Field) -> Row:
        bound = self.form[field.name]
        is_failed = "aria-invalid" in bound.field.widget.attrs
        is_saved = is_failed and not (self.mending.is_tried and self.typed.config.get(field.name))
        removes = REMOVE + field.name
        return Row(
            bound=bound,
            methods=" ".join(self._shown_by(field)),
            label=_new(field.label) if is_saved and field.secret else field.label,
            failed=self._failed(field) if is_failed else "",
            is_secret=field.secret and field.type != "textarea",
            needed_by=" ".join(field.required_by if self._place(field) == "more" else ()),
            is_optional=_is_optional(field),
            is_half=field.type in ("text", "choice") and field.name != ACCESS_TOKEN,
            help_url=field.help_url,
            can_be_picked=field.name == ACCOUNT_FIELD and bool(self._listing),
            picked_by="" if self._listing == self._ways else " ".join(self._listing),
            theirs=self.theirs.get(field.name),
            remove=self.form[removes] if removes in self.form.fields else None,
        )

    @property
    def _who(self) -> Provider:
        """Who is asked with what is known: this platform, or a variant of it."""
        known = {**self.connection.config, **self.typed.config}
        return self.provider.for_values({name: value for name, value in known.items() if value})

    @property
    def _listing(self) -> tuple[str, ...]:
        """The methods with which the platform says what accounts there are."""
        if not self._who.lists_accounts:
            return ()
        return tuple(one.slug for one in self._who.methods if one.lists_accounts)

    @property
    def _ways(self) -> tuple[str, ...]:
        return tuple(one.slug for one in self._who.methods)

    def _failed(self, field: Field) -> str:
        """ "The saved one (ends in …x9Qd) was refused"."""
        typed = self.typed.config.get(field.name) if self.mending.is_tried else None
        ending = hint(typed) if typed else self.connection.hints.get(field.name)
        which = f" (ends in {ending})" if ending and field.secret else ""
        return f"{'What you typed' if typed else 'The saved one'}{which} {self.mending.what}"

    def _shown_by(self, field: Field) -> tuple[str, ...]:
        """The methods under which a field is drawn; none for every method.

        Before a sign-in only what it begins with: the account is chosen after it, and what is
        optional can be set once it works.
        """
        begins = field.required or SIGN_IN in field.required_by or field.decides_destination
        is_later = field.name in (ACCOUNT_FIELD, BASE_URL) or not begins
        if self.asks_all or not is_later:
            return field.methods
        methods = field.methods or tuple(method.slug for method in self.provider.methods)
        return tuple(slug for slug in methods if slug != SIGN_IN) or ("none",)


def _is_optional(field: Field) -> bool:
    return not field.required and not field.required_by


def _new(label: str) -> str:
    """ "New access token", but "New API key"."""
    return f"New {label if label[1:2].isupper() else label[:1].lower() + label[1:]}"


def is_removable(field: Field, connection: IntegrationConnection) -> bool:
    """Whether a saved value can be taken away alone."""
    return field.secret and not field.required and field.name in connection.hints


def form_field(field: Field) -> forms.CharField | forms.ChoiceField:
    shared: dict[str, Any] = {"label": field.label, "help_text": field.help, "required": False}
    if field.choices:
        return forms.ChoiceField(choices=[("", "Choose…"), *field.choices], **shared)
    attrs = {"autocomplete": "off", "spellcheck": "false", "placeholder": field.example}
    if field.secret:
        attrs["autocomplete"] = "new-password"
        attrs["data-secret"] = ""
    if field.type == "textarea":
        attrs["rows"] = "4"
        widget: forms.Widget = SecretTextarea(attrs) if field.secret else forms.Textarea(attrs)
    elif field.secret:
        widget = forms.PasswordInput(attrs, render_value=False)
    else:
        widget = forms.TextInput(attrs)
    return forms.CharField(widget=widget, strip=False, **shared)


class SecretTextarea(forms.Textarea):
    """A text area that never shows what was typed into it."""

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        return super().get_context(name, None, attrs)
