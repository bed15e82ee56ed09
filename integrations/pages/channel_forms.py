"""The form of a channel."""

from typing import Any
from uuid import uuid4

from django import forms

from integrations import platforms
from integrations.models import Channel
from integrations.services.people import own
from integrations.services.refusals import InvalidChange
from integrations.services.telling import catalogue
from integrations.services.telling.changes import Changes
from integrations.services.telling.kinds import Kind
from providers.declare import Field


class ChannelForm(forms.Form):
    """The values of one kind, and what it hears. The rules stand in the service alone.

    `zone` is that of whoever adds one, `of_all` for a channel of the installation.
    """

    def __init__(
        self,
        kind: Kind,
        channel: Channel | None,
        data: Any = None,
        *,
        zone: str = "",
        of_all: bool = False,
    ) -> None:
        self.kind = kind
        super().__init__(data, initial=_initial(channel, kind, zone), label_suffix="")
        self.fields["time_zone"].choices = _zones(self.initial["time_zone"])  # type: ignore[attr-defined]
        if channel:
            del self.fields["new_id"]
        elif not zone:
            self.fields["time_zone"].widget.attrs["data-own-zone"] = True
        if of_all:  # faults of the installation are breaks, and of no platform
            for name in ("hears", "platforms", "tells_week"):
                del self.fields[name]
        for one in kind.fields:
            self.fields[one.name] = _form_field(one, channel)
        self.order_fields(["name", *(one.name for one in kind.fields)])

    name = forms.CharField(
        required=False,
        label="Name",
        help_text="What your team calls it. Left empty, it is called like its kind.",
        widget=forms.TextInput({"autocomplete": "off"}),
    )
    hears = forms.ChoiceField(
        label="What it hears",
        choices=[
            ("all", "Everything: breaks, recoveries, what ends soon"),
            ("breaks", "Breaks only"),
        ],
    )
    platforms = forms.MultipleChoiceField(
        required=False,
        label="For which platforms",
        choices=lambda: [(slug, one.name) for slug, one in platforms.catalogue().items()],
        widget=forms.CheckboxSelectMultiple,
    )
    tells_recovery = forms.BooleanField(required=False, label="Also say when it works again")
    tells_week = forms.BooleanField(
        required=False, label="Also say each Monday at 08:00 how the week was"
    )
    quiet_from = forms.TimeField(
        required=False, label="Quiet from", widget=forms.TimeInput({"type": "time"}, format="%H:%M")
    )
    quiet_until = forms.TimeField(
        required=False,
        label="Quiet until",
        widget=forms.TimeInput({"type": "time"}, format="%H:%M"),
    )
    time_zone = forms.ChoiceField(
        label="Time zone",
        help_text="For quiet hours, for Mondays, and for the times in its messages.",
    )
    new_id = forms.UUIDField(required=False, widget=forms.HiddenInput())

    @property
    def own_fields(self) -> list[forms.BoundField]:
        return [self[one.name] for one in self.kind.fields if not one.is_rare]

    @property
    def rare_fields(self) -> list[forms.BoundField]:
        return [self[one.name] for one in self.kind.fields if one.is_rare]

    def changes(self) -> Changes:
        given = self.cleaned_data
        config: dict[str, str | None] = {}
        for one in self.kind.fields:
            value = given[one.name].strip()
            if value or not one.secret:  # a blank secret keeps the saved one
                config[one.name] = value or None
        return Changes(
            config=config,
            name=given["name"],
            hears=given.get("hears"),
            platforms=given.get("platforms"),
            tells_recovery=given["tells_recovery"],
            tells_week=given.get("tells_week"),
            quiet=(given["quiet_from"], given["quiet_until"]),
            time_zone=given["time_zone"],
        )

    def refuse(self, invalid: InvalidChange) -> None:
        """Each sentence at its field."""
        for name, told in invalid.errors.items():
            if name == "config":
                for key, its in told.items():
                    self.add_error(key, its)
            else:
                at = {"quiet": "quiet_until"}.get(name, name)
                self.add_error(at if at in self.fields else None, told)


def _zones(chosen: str) -> list[tuple[str, Any]]:
    """By area; with the one that is saved, if nobody would choose that name today."""
    areas = own.zones_by_area()
    first = [] if any(chosen in its for its in areas.values()) else [chosen]
    found: list[tuple[str, Any]] = [(one, one) for one in dict.fromkeys([*first, "UTC"])]
    return [*found, *((area, [(one, one) for one in its]) for area, its in areas.items())]


def _initial(channel: Channel | None, kind: Kind, zone: str) -> dict[str, Any]:
    if channel is None:
        new = {"hears": "all", "tells_recovery": True, "new_id": uuid4()}
        tells_week = kind.slug == catalogue.MAIL
        return new | {"time_zone": zone or "UTC", "tells_week": tells_week}
    kept = ("name", "hears", "platforms", "tells_recovery", "quiet_from", "quiet_until")
    more = ("tells_week", "time_zone")
    return channel.values | {name: getattr(channel, name) for name in (*kept, *more)}


def _form_field(one: Field, channel: Channel | None) -> forms.CharField:
    attrs = {"autocomplete": "off", "spellcheck": "false"}
    if one.example:
        attrs["placeholder"] = one.example
    help_text = one.help
    widget: forms.Widget = forms.TextInput(attrs)
    if one.type == "textarea":
        widget = forms.Textarea(attrs)
    if one.secret:
        own = {"autocomplete": "new-password"}
        if one.type == "url":  # the browser says it, and what was typed stays there
            own |= {"pattern": "https?://.+", "title": "It begins with https://"}
        widget = forms.PasswordInput(attrs | own, render_value=False)
        if channel and one.name in channel.hints:
            hint = channel.hints[one.name]
            shown = f" ({hint})" if hint else ""
            help_text = f"Saved{shown}. Leave empty to keep it."
    return forms.CharField(
        required=False, strip=False, label=one.label, help_text=help_text, widget=widget
    )
