"""Channels: whom a workspace tells what breaks, how, and what became of each message."""

from functools import wraps
from typing import Any
from uuid import UUID, uuid4

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods

from integrations import clock, platforms, queue
from integrations.models import Channel, Role
from integrations.pages import sentences
from integrations.pages.members import refusing
from integrations.pages.parts import Request, View, in_workspace
from integrations.pages.questions import Question, ask
from integrations.services.people import own
from integrations.services.refusals import Busy, InvalidChange, TooManyTests
from integrations.services.telling import audience, catalogue, changes, deliveries
from integrations.services.telling.changes import Changes, NoChannel
from integrations.services.telling.kinds import Kind
from integrations.services.watching import engine
from integrations_center import public_url
from providers.declare import Field

MOST_SHOWN = 50
ALREADY = "It is saved already. A secret that was made for it is shown once alone."
GONE = "This channel was removed meanwhile. Nothing was done."
AGAIN = "It is sent again. Its receiver knows it by its id."
NO_WORKER = "It is sent again once a worker runs: none was seen just now."
NOT_SENT = "It was not sent again: it is on its way already, or the channel is switched off."


class ChannelForm(forms.Form):
    """The values of one kind, and what it hears. The rules stand in the service alone."""

    def __init__(
        self, kind: Kind, channel: Channel | None, data: Any = None, *, zone: str = ""
    ) -> None:
        """`zone` is that of whoever adds one."""
        self.kind = kind
        super().__init__(data, initial=_initial(channel, kind, zone), label_suffix="")
        self.fields["time_zone"].choices = _zones(self.initial["time_zone"])  # type: ignore[attr-defined]
        if channel:
            del self.fields["new_id"]
        elif not zone:
            self.fields["time_zone"].widget.attrs["data-own-zone"] = True
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
            hears=given["hears"],
            platforms=given["platforms"],
            tells_recovery=given["tells_recovery"],
            tells_week=given["tells_week"],
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


def finding(view: View) -> View:
    """What was removed meanwhile, in words, on the page of all channels."""

    @wraps(view)
    def told(request: Request, **kwargs: Any) -> HttpResponse:
        try:
            return view(request, **kwargs)
        except NoChannel:
            if request.method == "GET":
                raise Http404 from None
            messages.warning(request, GONE)
            return redirect("channels", request.access.workspace.slug)

    return told


@require_GET
@in_workspace(Role.OWNER)
def page(request: Request) -> HttpResponse:
    """All of them, or who is told while there is none."""
    workspace = request.access.workspace
    every = [(one, _kind(one), audience.reaches_some(one)) for one in changes.of(workspace)]
    context = {
        "page": "settings",
        "section": "channels",
        "channels": every,
        "is_any_on": any(one.is_enabled for one, *_ in every),
        "owners": audience.owners_are_mailed(workspace),
        "odd": audience.odd_addresses(workspace),
        "unreachable": _unreachable(),
        "unchecked": engine.problem(clock.now()),
    }
    return render(request, "integrations/channels.html", context)


def _kind(channel: Channel) -> Kind | None:
    return catalogue.kinds().get(channel.kind)


def _unreachable() -> str:
    """The address that links in messages begin with, where nobody else can open it."""
    return public_url.origin() if public_url.is_loopback() else ""


@require_GET
@in_workspace(Role.OWNER)
def choose(request: Request) -> HttpResponse:
    """Which kind to add."""
    context = {"page": "settings", "section": "channels", "kinds": catalogue.kinds().values()}
    return render(request, "integrations/channel_kinds.html", context)


@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
@in_workspace(Role.OWNER)
@refusing
def add(request: Request, kind: str) -> HttpResponse:
    """A new one of a kind."""
    if kind not in catalogue.kinds():
        raise Http404
    chosen = catalogue.kinds()[kind]
    posted, zone = request.POST if request.method == "POST" else None, own.zone_of(request.user)
    form = ChannelForm(chosen, None, posted, zone=str(zone or ""))
    if request.method == "POST" and form.is_valid():
        new_id = form.cleaned_data["new_id"]
        if changes.of(request.access.workspace).filter(pk=new_id).exists():  # sent a second time
            messages.info(request, ALREADY)
            return redirect("channel", request.access.workspace.slug, new_id)
        try:
            saved = changes.add(
                request.access.workspace, kind, form.changes(), by=request.user, new_id=new_id
            )
        except InvalidChange as invalid:
            form.refuse(invalid)
        else:
            messages.success(request, "Saved. Send a test to see that it arrives.")
            if saved.made:
                return _show(request, saved.channel, made=saved.made)
            return redirect("channel", request.access.workspace.slug, saved.channel.pk)
    context = {"page": "settings", "section": "channels", "kind": chosen, "form": form}
    return render(
        request, "integrations/add_channel.html", context, status=422 if form.is_bound else 200
    )


@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
@in_workspace(Role.OWNER)
@refusing
@finding
def one(request: Request, channel_id: UUID) -> HttpResponse:
    """One of them: its form, and what was sent."""
    channel = changes.find(request.access.workspace, channel_id)
    kind = _kind(channel)
    if request.method == "GET" or kind is None:
        return _show(request, channel)
    form = ChannelForm(kind, channel, request.POST)
    if form.is_valid():
        try:
            changes.change(request.access.workspace, channel_id, form.changes(), by=request.user)
        except InvalidChange as invalid:
            form.refuse(invalid)
        else:
            messages.success(request, "Saved.")
            return redirect("channel", request.access.workspace.slug, channel_id)
    return _show(request, channel, form=form)


def _show(
    request: Request,
    channel: Channel,
    *,
    form: ChannelForm | None = None,
    made: Any = None,
) -> HttpResponse:
    kind = _kind(channel)
    sent = deliveries.of_channel(channel)
    context = {
        "page": "settings",
        "section": "channels",
        "channel": channel,
        "kind": kind,
        "form": form or (ChannelForm(kind, channel) if kind else None),
        "made": {kind.field(name).label: value for name, value in (made or {}).items()}
        if kind
        else {},
        "reaches_some": audience.reaches_some(channel),
        "unreached": [one for one in channel.problems if one],
        "deliveries": sent[:MOST_SHOWN],
        "total": sent.count(),
        "unreachable": _unreachable(),
        "unchecked": engine.problem(clock.now()),
    }
    return render(request, "integrations/channel.html", context, status=422 if form else 200)


@require_http_methods(["GET", "POST"])
@in_workspace(Role.OWNER)
@refusing
@finding
def send_test(request: Request, channel_id: UUID) -> HttpResponse:
    """A message now; the answer is waited for and told in words."""
    workspace = request.access.workspace
    if request.method == "GET":  # as after signing in anew
        return redirect("channel", workspace.slug, channel_id)
    channel = changes.find(workspace, channel_id)
    try:
        tried = changes.send_test(channel, clock.now())
    except TooManyTests as error:
        wait = error.retry_after_seconds
        messages.warning(request, f"Too many tests within a minute. Send one again in {wait} s.")
    except Busy as busy:
        messages.warning(request, sentences.busy(busy.retry_after_seconds))
    else:
        kind = _kind(channel)
        if tried.is_delivered and kind and not kind.is_read_there:
            messages.success(request, f"{tried.sentence} Look whether it arrives.")
        elif tried.is_delivered:
            messages.success(request, f"It arrived: {tried.sentence}")
        else:
            messages.error(request, f"It did not arrive. {tried.sentence}")
    return redirect("channel", workspace.slug, channel_id)


@require_http_methods(["GET", "POST"])
@in_workspace(Role.OWNER)
@refusing
@finding
def switch(request: Request, channel_id: UUID) -> HttpResponse:
    """On or off."""
    workspace = request.access.workspace
    if request.method == "POST":
        is_on = request.POST.get("on") == "yes"
        channel = changes.find(workspace, channel_id)
        waiting = 0 if is_on or "sure" in request.POST else deliveries.waiting(channel)
        if waiting:
            return _ask_to_switch_off(request, channel, waiting)
        changed = Changes(is_enabled=is_on)
        channel = changes.change(workspace, channel_id, changed, by=request.user).channel
        said = "is on again" if is_on else "is off. What waits for it is left out"
        messages.success(request, f"{channel.name} {said}.")
    return redirect("channel", workspace.slug, channel_id)


@require_http_methods(["GET", "POST"])
@in_workspace(Role.OWNER)
@refusing
@finding
def resend(request: Request, channel_id: UUID, delivery_id: UUID) -> HttpResponse:
    """The same message once more."""
    workspace = request.access.workspace
    if request.method == "POST":
        channel = changes.find(workspace, channel_id)
        try:
            deliveries.resend(changes.find_delivery(channel, delivery_id), clock.now())
        except deliveries.NotToSend:
            messages.warning(request, NOT_SENT)
        else:
            messages.success(request, AGAIN if queue.has_worker() else NO_WORKER)
    return redirect(reverse("channel", args=[workspace.slug, channel_id]) + "#log")


@require_http_methods(["GET", "POST"])
@in_workspace(Role.OWNER)
@refusing
@finding
def remove(request: Request, channel_id: UUID) -> HttpResponse:
    """Asked once more, as its log goes with it."""
    workspace = request.access.workspace
    channel = changes.find(workspace, channel_id)
    if request.method == "POST":
        changes.remove(workspace, channel_id, by=request.user)
        messages.success(request, f"{channel.name} is removed.")
        return redirect("channels", workspace.slug)
    others = changes.of(workspace).filter(is_enabled=True).exclude(pk=channel_id)
    return ask(
        request,
        Question(
            title=f"Remove {channel.name}?",
            sentences=[
                "Nothing is sent there any more, and its log is deleted. What waits is not sent: "
                "of what still is broken others hear.",
                *([] if others.exists() else [_who_hears(request)]),
            ],
            action=reverse("remove-channel", args=[workspace.slug, channel_id]),
            yes=f"Remove {channel.name}",
            no="Keep it",
            is_loss=True,
            back=reverse("channel", args=[workspace.slug, channel_id]),
            section="channels",
        ),
    )


def _ask_to_switch_off(request: Request, channel: Channel, waiting: int) -> HttpResponse:
    workspace = request.access.workspace.slug
    what = "One message waits" if waiting == 1 else f"{waiting} messages wait"
    question = Question(
        title=f"Switch {channel.name} off?",
        sentences=[f"{what} to be sent there, and would be left out."],
        action=reverse("switch-channel", args=[workspace, channel.pk]),
        yes="Switch it off",
        no="Keep it on",
        is_loss=True,
        hidden={"on": "no", "sure": "yes"},
        back=reverse("channel", args=[workspace, channel.pk]),
        section="channels",
    )
    return ask(request, question)


def _who_hears(request: Request) -> str:
    if audience.owners_are_mailed(request.access.workspace):
        return "It is the last one: the owners are told by mail then."
    return "It is the last one: nobody hears of a break then."
