"""A connection's form, drawn from its platform's declaration.

The rules stand in `Provider.clean` alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.functional import cached_property

from integrations.models import Credential, IntegrationConnection
from integrations.services.connecting.changes import Changes
from integrations.services.credentials import apps
from integrations.services.credentials.sealing import hint
from integrations.services.proving.discovery import ACCOUNT_FIELD
from providers.declare import BASE_URL, SIGN_IN, Account, Cost, Field, Method, OAuth, Provider

REMOVE = "remove_"
PICKED_ACCOUNT = "picked_account"
MISSING = "This is required."


@dataclass(frozen=True)
class Row:
    """One field as the dialog draws it."""

    bound: forms.BoundField
    methods: str
    is_optional: bool
    is_half: bool
    help_url: str | None
    remove: forms.BoundField | None
    can_be_picked: bool


class ConnectionForm(forms.Form):
    """The values of one connection: a blank secret keeps what is saved, a blank plain field
    clears it, and a saved optional secret has a Remove of its own.

    `typed` are values that wait in a candidate: they stand in for the saved ones, and their
    secrets are kept like saved ones, without going back to the browser.
    """

    version = forms.IntegerField(widget=forms.HiddenInput)
    candidate = forms.UUIDField(required=False, widget=forms.HiddenInput)
    is_enabled = forms.BooleanField(required=False, label="Enabled")

    def __init__(
        self,
        connection: IntegrationConnection,
        data: Mapping[str, Any] | None = None,
        *,
        typed: Changes | None = None,
        candidate: Any = None,
        accounts: Sequence[Account] | None = None,
    ) -> None:
        self.connection = connection
        self.provider = connection.platform
        self.typed = typed or Changes()
        self.accounts = accounts
        initial = {
            "version": connection.version,
            "candidate": candidate,
            "is_enabled": connection.is_enabled
            if self.typed.is_enabled is None
            else self.typed.is_enabled,
            "auth_method": self._method(),
        }
        super().__init__(data, initial=initial)
        self.fields["auth_method"] = forms.ChoiceField(
            choices=[(method.slug, method.label) for method in self.provider.methods],
            widget=forms.RadioSelect,
            label="What do you have?",
        )
        for field in self.provider.fields:
            self._add(field)

    def _method(self) -> str:
        chosen = self.typed.auth_method or self.connection.auth_method
        if chosen:
            return chosen
        return SIGN_IN if self.can_sign_in else self.provider.methods[0].slug

    @cached_property
    def apps(self) -> dict[str, bool]:
        """The apps that a sign-in at this platform can use, by name; whether each is set up."""
        ways = self.provider.sign_ins
        ready = apps.ready(self.connection.workspace) if ways else frozenset()
        return {way.app.name: way.app.slug in ready for way in ways}

    @property
    def can_sign_in(self) -> bool:
        return any(self.apps.values())

    @cached_property
    def _who(self) -> Provider:
        """Who is asked with what the form holds: a vendor, once it is chosen."""
        known = {**self.connection.config, **self.typed.config, **self._sent()}
        return self.provider.for_values({name: value for name, value in known.items() if value})

    @property
    def asked(self) -> str:
        return self._who.name

    @property
    def way(self) -> OAuth | None:
        """How one signs in there."""
        return self._who.oauth

    def _sent(self) -> dict[str, str]:
        plain = [field.name for field in self.provider.fields if not field.secret]
        return {name: self.data[name] for name in plain if name in self.data}

    @property
    def sign_in(self) -> Credential | None:
        """The sign-in that waits, or the saved one."""
        return self.typed.sign_in or self.connection.sign_in

    @property
    def testable_methods(self) -> str:
        """The methods with which Test and save has something to test, as the page lists them."""
        slugs = [method.slug for method in self.provider.methods]
        return " ".join(slug for slug in slugs if slug != SIGN_IN or self.sign_in)

    @property
    def missing_apps(self) -> str:
        """ "Postbox, Inbox": what nobody can sign in with yet."""
        return ", ".join(name for name, is_ready in self.apps.items() if not is_ready)

    def _add(self, field: Field) -> None:
        made = _form_field(field)
        if is_removable(field, self.connection):
            self.fields[REMOVE + field.name] = forms.BooleanField(
                required=False, label=f"Remove the saved {field.label}"
            )
        if field.secret:
            made.widget.attrs["placeholder"] = self._placeholder(field)
        else:
            saved = {**self.connection.config, **self.typed.config}
            made.initial = saved.get(field.name) or ""
        self.fields[field.name] = made

    def _placeholder(self, field: Field) -> str:
        typed = self.typed.config.get(field.name)
        if typed:
            return f"Typed just now{_ends(hint(typed))}. Leave empty to use it."
        if field.name in self.connection.hints:
            return f"Saved{_ends(self.connection.hints[field.name])}. Leave empty to keep it."
        return field.example

    @property
    def methods(self) -> list[tuple[Method, Any]]:
        """Each method with its radio button; signing in comes first where it can be done."""
        rows = zip(self.provider.methods, self["auth_method"], strict=True)
        return sorted(rows, key=lambda row: self.can_sign_in and row[0].slug != SIGN_IN)

    @property
    def cost(self) -> Cost | None:
        """What a test uses of the platform's quota, with the values that are saved."""
        typed = {name: value for name, value in self.typed.config.items() if value}
        return self.provider.for_values({**self.connection.config, **typed}).cost

    @property
    def main_rows(self) -> list[Row]:
        return [self._row(f) for f in self.provider.fields if not self._is_rare(f)]

    @property
    def more_rows(self) -> list[Row]:
        """What hardly anybody needs, kept out of the way."""
        return [self._row(f) for f in self.provider.fields if self._is_rare(f)]

    @property
    def opens_more(self) -> bool:
        return any(row.bound.errors or row.bound.value() for row in self.more_rows)

    def _is_rare(self, field: Field) -> bool:
        return field.name == BASE_URL and not self.provider.takes_any_address

    def _row(self, field: Field) -> Row:
        return Row(
            bound=self[field.name],
            methods=" ".join(self._shown_by(field)),
            is_optional=not field.required and not field.required_by,
            is_half=field.type in ("text", "choice") and field.name != "access_token",
            help_url=field.help_url,
            can_be_picked=field.name == ACCOUNT_FIELD and self.provider.lists_accounts,
            remove=self[REMOVE + field.name] if REMOVE + field.name in self.fields else None,
        )

    def _shown_by(self, field: Field) -> tuple[str, ...]:
        """The methods under which a field is drawn; none for every method.

        Before a sign-in only what it begins with: the account is chosen after it, and what is
        optional can be set once it works.
        """
        begins = field.required or SIGN_IN in field.required_by or field.decides_destination
        is_later = field.name in (ACCOUNT_FIELD, BASE_URL) or not begins
        if self.sign_in or not self.apps or not is_later:
            return field.methods
        methods = field.methods or tuple(method.slug for method in self.provider.methods)
        return tuple(slug for slug in methods if slug != SIGN_IN) or ("none",)

    def changes(self, *, but: str = "", method: str = "") -> Changes:
        """What was typed for a method, the chosen one unless told, `but` one field, laid over
        the candidate's.
        """
        method = method or self.cleaned_data["auth_method"]
        secrets = self.provider.secret_names
        # What the candidate's sign-in takes the place of stays given up.
        config: dict[str, str | None] = {
            name: None
            for name, value in self.typed.config.items()
            if value is None and name in secrets
        }
        for field in self.provider.fields_of(method):
            if field.name == but:
                continue
            text = (self._chosen(field) or self.data.get(field.name) or "").replace("\r\n", "\n")
            if self.data.get(REMOVE + field.name):
                config[field.name] = None
            elif text.strip():
                config[field.name] = text
            elif field.secret:
                if self.typed.config.get(field.name) and not self._is_moved(field.name):
                    config[field.name] = self.typed.config[field.name]
            elif field.name in self.connection.config:
                config[field.name] = None
        return Changes(
            config=config,
            auth_method=method,
            is_enabled=self.cleaned_data["is_enabled"],
            sign_in=self.typed.sign_in if method == SIGN_IN else None,
        )

    def _is_moved(self, secret: str) -> bool:
        """Whether what decides the use of a secret is not what the candidate's went with."""
        values = {**self.connection.config, **self.typed.config}
        before = {name: value or "" for name, value in values.items()}
        shown = self.provider.fields_of(self.cleaned_data["auth_method"])
        now = {field.name: (self.data.get(field.name) or "").strip() for field in shown}
        decisive = self.provider.decisive([secret], before) | self.provider.decisive([secret], now)
        return any(now[name] != before.get(name, "") for name in decisive & now.keys())

    def _chosen(self, field: Field) -> str:
        """The account that was picked from a list, instead of one typed by hand."""
        picked: str = self.data.get(PICKED_ACCOUNT, "") if field.name == ACCOUNT_FIELD else ""
        return picked

    def show_missing(self, *, but: str = "", method: str = "") -> None:
        """Say at each required field that is still empty, `but` one, what is missing."""
        changes = self.changes(method=method)
        cleared = {name for name, value in changes.config.items() if value is None}
        names = {*self.connection.saved_names, *changes.config} - cleared
        method = changes.auth_method or ""
        for field in self.provider.missing(method, names):
            if field.name != but:
                self.add_error(field.name, MISSING)
        if method == SIGN_IN and not self.sign_in and not self.errors:
            self.add_error(None, f"Sign in first: press Continue to {self.asked}.")

    def show(self, errors: Mapping[str, Any]) -> None:
        """Put an InvalidChange's sentences where they belong."""
        for name, sentences in errors.get("config", {}).items():
            self.add_error(name if name in self.fields else None, sentences)
        for key, sentences in errors.items():
            if key != "config":
                self.add_error("auth_method" if key == "authMethod" else None, sentences)


def is_removable(field: Field, connection: IntegrationConnection) -> bool:
    """Whether a saved value can be taken away alone."""
    return field.secret and not field.required and field.name in connection.hints


def _ends(ending: str | None) -> str:
    return f": ends in {ending}" if ending else ""


def _form_field(field: Field) -> forms.CharField | forms.ChoiceField:
    shared: dict[str, Any] = {"label": field.label, "help_text": field.help, "required": False}
    if field.choices:
        return forms.ChoiceField(choices=[("", "Choose…"), *field.choices], **shared)
    attrs = {"autocomplete": "off", "spellcheck": "false", "placeholder": field.example}
    if field.secret:
        attrs["autocomplete"] = "new-password"
        attrs["data-secret"] = ""
    if field.type == "textarea":
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
