"""A connection's form, drawn from its platform's declaration.

The rules stand in `Provider.clean` alone.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.functional import cached_property

from integrations.models import ConnectionTest, Credential, IntegrationConnection
from integrations.pages import mending
from integrations.pages.fields import REMOVE, Row, Rows, form_field, is_removable
from integrations.services import rows
from integrations.services.connecting import several
from integrations.services.connecting.changes import Changes
from integrations.services.credentials import apps
from integrations.services.credentials.sealing import hint
from integrations.services.proving.discovery import ACCOUNT_FIELD
from providers.declare import (
    SIGN_IN,
    Account,
    AppForm,
    Cost,
    Field,
    Method,
    OAuth,
    Provider,
    Vendor,
)

PROBLEM = "proof-problem"  # what the page calls the answer of the test
PICKED_ACCOUNT = "picked_account"
MISSING = "This is required."


class ConnectionForm(forms.Form):
    """The values of one connection: a blank secret keeps what is saved, a blank plain field
    clears it, and a saved optional secret has a Remove of its own.

    `typed` are values that wait in a candidate: they stand in for the saved ones, and their
    secrets are kept like saved ones, without going back to the browser. `first` answers what
    the platform asks first; "" asks it again. `tried` is the test of what was typed.
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
        first: str | None = None,
        tried: ConnectionTest | None = None,
    ) -> None:
        super().__init__(data)
        self.connection = connection
        self.provider = connection.platform
        self.typed = typed or Changes()
        self.accounts = accounts
        self.first = first
        self.theirs: dict[str, str] = {}
        self.mending = (
            mending.of_try(connection, self.typed, tried) if tried else mending.of(connection)
        )
        self.initial = {
            "version": connection.version,
            "candidate": candidate,
            "is_enabled": connection.is_enabled
            if self.typed.is_enabled is None
            else self.typed.is_enabled,
            "auth_method": self._method(),
        }
        if self.is_draft or self.is_one_of_several:
            self.fields["connection_name"] = forms.CharField(
                required=False,
                max_length=several.LONGEST_NAME,
                label="What do you call it?",
                help_text="Empty: the name of its account.",
                initial=self._called(),
            )
        self.fields["auth_method"] = forms.ChoiceField(
            choices=[(method.slug, method.label) for method in self.provider.methods],
            widget=forms.RadioSelect,
        )
        in_its_words = {field.name: field for field in self._drawn}
        for field in self.provider.fields:
            self._add(in_its_words.get(field.name, field))

    def _method(self) -> str:
        """The way that was used, else the one that works best."""
        slugs = [method.slug for method in self._ways]
        used = self.typed.auth_method
        if not used and (self.connection.auth_method or self.connection.has_anything):
            used = mending.method_of(self.connection)
        if used and (used in slugs or self.is_bound):
            return used
        pasted = (slug for slug in slugs if slug != SIGN_IN)
        return SIGN_IN if self.can_sign_in and SIGN_IN in slugs else next(pasted, slugs[0])

    @cached_property
    def is_one_of_several(self) -> bool:
        return rows.siblings(self.connection).exists()

    @property
    def is_draft(self) -> bool:
        return rows.is_draft(self.connection)

    def _called(self) -> str:
        typed = self.typed.name
        return self.connection.name if typed is None else typed

    @property
    def named(self) -> forms.BoundField | None:
        """What it is called, where there are several to tell apart."""
        return self["connection_name"] if "connection_name" in self.fields else None

    # --- Who is asked: of a platform that is several, the vendor that was chosen ---

    @cached_property
    def _known(self) -> dict[str, str]:
        known = {**self.connection.config, **self.typed.config, **self._sent()}
        if self.first is not None:
            known[self.provider.asks_first] = self.first
        return {name: value for name, value in known.items() if value}

    @cached_property
    def vendor(self) -> Vendor | None:
        return self.provider.vendor(self._known.get(self.provider.asks_first, ""))

    @property
    def asks_vendor(self) -> bool:
        """Whether nothing else can be asked before the vendor is known."""
        if self.is_bound or self.vendor or not self.provider.vendors:
            return False
        return self.first is not None or self._who.name == self.provider.name

    @property
    def vendors(self) -> list[tuple[Vendor, str]]:
        """The vendors to choose from, with their names."""
        names = dict(self.provider.field(self.provider.asks_first).choices)
        return [(vendor, names[vendor.value]) for vendor in self.provider.vendors]

    @property
    def likely_vendor(self) -> str:
        """The saved one, else the first."""
        saved: str = self.connection.config.get(self.provider.asks_first, "")
        return saved or self.provider.vendors[0].value

    @property
    def _is_saved_vendor(self) -> bool:
        field = self.provider.asks_first
        return self.vendor is not None and self.vendor.value == self.connection.config.get(field)

    @cached_property
    def _ways(self) -> list[Method]:
        """The ways to connect, in the words of whoever is asked."""
        if not self.vendor:
            return list(self.provider.methods)
        ways = self.vendor.methods_of(self.provider.methods)
        used = self.connection.auth_method
        if self._is_saved_vendor and used and used not in self.vendor.methods:
            ways.append(self.provider.method(used))
        return ways

    @cached_property
    def _drawn(self) -> list[Field]:
        """The fields in the words of whoever is asked, with whatever else is saved."""
        if not self.vendor:
            return list(self.provider.fields)
        saved = self.connection.saved_names if self._is_saved_vendor else set()
        other = saved - self.vendor.fields.keys() - {self.provider.asks_first}
        kept = [field for field in self.provider.fields if field.name in other]
        return [*self.vendor.fields_of(self.provider.fields), *kept]

    @cached_property
    def apps(self) -> dict[str, tuple[AppForm, bool]]:
        """The apps that a sign-in can use, by slug; whether each is set up."""
        ways = self.provider.sign_ins
        if self.vendor:
            ways = [self.way] if self.way and SIGN_IN in self.vendor.methods else []
        ready = apps.ready(self.connection.workspace) if ways else frozenset()
        return {way.app.slug: (way.app, way.app.slug in ready) for way in ways}

    @property
    def can_sign_in(self) -> bool:
        return any(is_ready for _, is_ready in self.apps.values())

    @cached_property
    def _who(self) -> Provider:
        """Who is asked with what the form holds: a vendor, once it is chosen."""
        return self.provider.for_values(self._known)

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
    def missing_apps(self) -> list[AppForm]:
        """What nobody can sign in with yet."""
        return [app for app, is_ready in self.apps.values() if not is_ready]

    @property
    def title(self) -> str:
        """What the dialog is there for."""
        if self.is_draft:
            return f"Connect another {self.asked}"
        name = self.asked
        if self.is_one_of_several:
            name = f"{name} ({self.connection.title})"
        if self.mending.is_broken:
            return f"Fix {name}"
        if self.mending.is_half:
            return f"Finish {name}"
        return name if self.connection.has_anything else f"Connect {name}"

    def mark_theirs(self, edited: Sequence[str]) -> None:
        """Show what somebody else saved meanwhile beside what was typed: of plain values alone."""
        for field in self._drawn:
            saved = self.connection.config.get(field.name, "")
            is_other = field.label in edited and saved != self[field.name].value()
            if is_other and not field.secret:
                self.theirs[field.name] = saved
                told = f"id_{field.name}_theirs id_{field.name}_helptext"
                self.fields[field.name].widget.attrs["aria-describedby"] = told

    def point(self) -> None:
        """Lead to the value that is wrong, or to the first that is missing."""
        at = next((f for f in self._drawn if f.name in self.mending.missing), None)
        names = [field.name for field in self._drawn]
        if self.mending.fault in names:
            attrs = self.fields[self.mending.fault].widget.attrs
            told = f"id_{self.mending.fault}_failed id_{self.mending.fault}_helptext"
            if self.mending.is_tried:
                told = f"{PROBLEM} {told}"
            attrs["placeholder"] = self.provider.field(self.mending.fault).example
            attrs |= {"autofocus": True, "aria-invalid": "true", "aria-describedby": told}
        elif at or (at := self._about_to_end):
            self.fields[at.name].widget.attrs["autofocus"] = True

    @property
    def _about_to_end(self) -> Field | None:
        """The secret to enter anew, where what was typed ends soon."""
        if self.connection.attention(timezone.now()) != "expiring" or self.sign_in is not None:
            return None
        method = self["auth_method"].value()
        return next(
            (f for f in self._drawn if f.secret and (not f.methods or method in f.methods)), None
        )

    @property
    def missing_labels(self) -> list[str]:
        """What a half set-up connection lacks, in the words of whoever is asked."""
        return self.mending.lacking(self._drawn)

    @property
    def has_hidden_first(self) -> bool:
        """Whether what was asked first goes along with what is typed."""
        field = self.provider.asks_first
        return self.vendor is not None and bool(self._known.get(field))

    def _add(self, field: Field) -> None:
        made = form_field(field)
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
        """Each way with its radio button: the chosen one first, then signing in if it works."""
        chosen = self["auth_method"].value()
        radios = {radio.data["value"]: radio for radio in self["auth_method"]}
        ways = sorted(
            self._ways,
            key=lambda way: (way.slug != chosen, not self.can_sign_in or way.slug != SIGN_IN),
        )
        return [(way, radios[way.slug]) for way in ways]

    @property
    def other_ways(self) -> str:
        """In a few words, what the ways are that were not chosen."""
        chosen = self["auth_method"].value()
        found = (way.label for way in self._ways if way.slug == SIGN_IN != chosen)
        label = next(found, "paste what you have")
        return label[:1].lower() + label[1:]

    @property
    def cost(self) -> Cost | None:
        """What a test uses of the platform's quota, with the values that are saved."""
        typed = {name: value for name, value in self.typed.config.items() if value}
        return self.provider.for_values({**self.connection.config, **typed}).cost

    @cached_property
    def _rows(self) -> dict[str, list[Row]]:
        asks_all = self.sign_in is not None or not self.apps
        rows = Rows(self, self.connection, self.typed, self.mending, asks_all, self.theirs)
        hidden = self.provider.asks_first if self.has_hidden_first else None
        return rows.placed([field for field in self._drawn if field.name != hidden])

    @property
    def main_rows(self) -> list[Row]:
        """What is asked for; where it is known what to mend, that alone, the refused first."""
        return sorted(self._rows["main"], key=lambda row: not row.failed)

    @property
    def fine_rows(self) -> list[Row]:
        """What is saved and not known to be wrong, while something else is."""
        return self._rows["fine"]

    @property
    def fine_count(self) -> int:
        method = self["auth_method"].value()
        return sum(not row.methods or method in row.methods.split() for row in self.fine_rows)

    @property
    def more_rows(self) -> list[Row]:
        """What hardly anybody needs, kept out of the way."""
        return self._rows["more"]

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
            name=self._name(),
        )

    def _name(self) -> str | None:
        """As typed; None from a page that was drawn while there was nothing to tell apart."""
        if not self.named or "connection_name" not in self.data:
            return None
        return several.cleaned_name(self.cleaned_data["connection_name"])

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


def _ends(ending: str | None) -> str:
    return f": ends in {ending}" if ending else ""
