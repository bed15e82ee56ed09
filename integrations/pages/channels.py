"""Channels: who is told what breaks, how, and what became of each message."""

from functools import wraps
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods

from integrations import clock, queue
from integrations.models import Channel
from integrations.pages import sentences
from integrations.pages.channel_forms import ChannelForm
from integrations.pages.desks import Desk, DeskView
from integrations.pages.parts import Request
from integrations.pages.questions import Question, ask
from integrations.services.people import own
from integrations.services.refusals import Busy, InvalidChange, TooManyTests
from integrations.services.telling import audience, catalogue, changes, deliveries
from integrations.services.telling.changes import Changes, NoChannel
from integrations.services.telling.kinds import Kind
from integrations.services.watching import engine
from integrations_center import public_url

MOST_SHOWN = 50
ALREADY = "It is saved already. A secret that was made for it is shown once alone."
GONE = "This channel was removed meanwhile. Nothing was done."
AGAIN = "It is sent again. Its receiver knows it by its id."
NO_WORKER = "It is sent again once a worker runs: none was seen just now."
NOT_SENT = "It was not sent again: it is on its way already, or the channel is switched off."


def finding(view: DeskView) -> DeskView:
    """What was removed meanwhile, in words, on the page of all channels."""

    @wraps(view)
    def told(request: Request, desk: Desk, **kwargs: Any) -> HttpResponse:
        try:
            return view(request, desk, **kwargs)
        except NoChannel:
            if request.method == "GET":
                raise Http404 from None
            messages.warning(request, GONE)
            return redirect(desk.link("channels"))

    return told


@require_GET
def page(request: Request, desk: Desk) -> HttpResponse:
    """All of them, or who is told while there is none."""
    every = [(one, _kind(one), audience.reaches_some(one)) for one in changes.of(desk.workspace)]
    context = {
        **_around(desk),
        "channels": every,
        "is_any_on": any(one.is_enabled for one, *_ in every),
        "owners": audience.owners_are_mailed(desk.workspace),
        "odd": audience.odd_addresses(desk.workspace),
        "unreachable": _unreachable(),
        "unchecked": engine.problem(clock.now()),
    }
    return render(request, "integrations/channels.html", context)


def _around(desk: Desk) -> dict[str, Any]:
    return {"page": desk.page, "section": "channels", "desk": desk, "base": desk.base}


def _form(
    desk: Desk, kind: Kind, channel: Channel | None, data: Any = None, *, zone: str = ""
) -> ChannelForm:
    return ChannelForm(kind, channel, data, zone=zone, of_all=desk.workspace is None)


def _kind(channel: Channel) -> Kind | None:
    return catalogue.kinds().get(channel.kind)


def _unreachable() -> str:
    """The address that links in messages begin with, where nobody else can open it."""
    return public_url.origin() if public_url.is_loopback() else ""


@require_GET
def choose(request: Request, desk: Desk) -> HttpResponse:
    """Which kind to add."""
    context = {**_around(desk), "kinds": catalogue.kinds().values()}
    return render(request, "integrations/channel_kinds.html", context)


@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def add(request: Request, desk: Desk, kind: str) -> HttpResponse:
    """A new one of a kind."""
    if kind not in catalogue.kinds():
        raise Http404
    chosen = catalogue.kinds()[kind]
    posted, zone = request.POST if request.method == "POST" else None, own.zone_of(request.user)
    form = _form(desk, chosen, None, posted, zone=str(zone or ""))
    if request.method == "POST" and form.is_valid():
        new_id = form.cleaned_data["new_id"]
        if changes.of(desk.workspace).filter(pk=new_id).exists():  # sent a second time
            messages.info(request, ALREADY)
            return redirect(desk.link("channel", new_id))
        try:
            saved = changes.add(
                desk.workspace, kind, form.changes(), by=request.user, new_id=new_id
            )
        except InvalidChange as invalid:
            form.refuse(invalid)
        else:
            messages.success(request, "Saved. Send a test to see that it arrives.")
            if saved.made:
                return _show(request, desk, saved.channel, made=saved.made)
            return redirect(desk.link("channel", saved.channel.pk))
    context = {**_around(desk), "kind": chosen, "form": form}
    return render(
        request, "integrations/add_channel.html", context, status=422 if form.is_bound else 200
    )


@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
@finding
def one(request: Request, desk: Desk, channel_id: UUID) -> HttpResponse:
    """One of them: its form, and what was sent."""
    channel = changes.find(desk.workspace, channel_id)
    kind = _kind(channel)
    if request.method == "GET" or kind is None:
        return _show(request, desk, channel)
    form = _form(desk, kind, channel, request.POST)
    if form.is_valid():
        try:
            changes.change(desk.workspace, channel_id, form.changes(), by=request.user)
        except InvalidChange as invalid:
            form.refuse(invalid)
        else:
            messages.success(request, "Saved.")
            return redirect(desk.link("channel", channel_id))
    return _show(request, desk, channel, form=form)


def _show(
    request: Request,
    desk: Desk,
    channel: Channel,
    *,
    form: ChannelForm | None = None,
    made: Any = None,
) -> HttpResponse:
    kind = _kind(channel)
    sent = deliveries.of_channel(channel)
    context = {
        **_around(desk),
        "channel": channel,
        "kind": kind,
        "form": form or (_form(desk, kind, channel) if kind else None),
        "made": {kind.field(name).label: value for name, value in (made or {}).items()}
        if kind
        else {},
        "reaches_some": audience.reaches_some(channel),
        "unreached": [one for one in channel.problems if one],
        "is_signed_by_two": channel.former_until and channel.former_until > clock.now(),
        "deliveries": sent[:MOST_SHOWN],
        "total": sent.count(),
        "unreachable": _unreachable(),
        "unchecked": engine.problem(clock.now()),
    }
    return render(request, "integrations/channel.html", context, status=422 if form else 200)


@require_http_methods(["GET", "POST"])
@finding
def send_test(request: Request, desk: Desk, channel_id: UUID) -> HttpResponse:
    """A message now; the answer is waited for and told in words."""
    if request.method == "GET":  # as after signing in anew
        return redirect(desk.link("channel", channel_id))
    channel = changes.find(desk.workspace, channel_id)
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
    return redirect(desk.link("channel", channel_id))


@require_http_methods(["GET", "POST"])
@finding
def switch(request: Request, desk: Desk, channel_id: UUID) -> HttpResponse:
    """On or off."""
    if request.method == "POST":
        is_on = request.POST.get("on") == "yes"
        channel = changes.find(desk.workspace, channel_id)
        waiting = 0 if is_on or "sure" in request.POST else deliveries.waiting(channel)
        if waiting:
            return _ask_to_switch_off(request, desk, channel, waiting)
        changed = Changes(is_enabled=is_on)
        channel = changes.change(desk.workspace, channel_id, changed, by=request.user).channel
        said = "is on again" if is_on else "is off. What waits for it is left out"
        messages.success(request, f"{channel.name} {said}.")
    return redirect(desk.link("channel", channel_id))


@require_http_methods(["GET", "POST"])
@finding
def new_secret(request: Request, desk: Desk, channel_id: UUID) -> HttpResponse:
    """Another one to sign with, shown in this reply alone."""
    if request.method == "GET":
        return redirect(desk.link("channel", channel_id))
    saved = changes.renew_secrets(desk.workspace, channel_id, by=request.user)
    messages.success(request, "For a day messages are signed with the former one, too.")
    return _show(request, desk, saved.channel, made=saved.made)


@require_http_methods(["GET", "POST"])
@finding
def resend(request: Request, desk: Desk, channel_id: UUID, delivery_id: UUID) -> HttpResponse:
    """The same message once more."""
    if request.method == "POST":
        channel = changes.find(desk.workspace, channel_id)
        try:
            deliveries.resend(changes.find_delivery(channel, delivery_id), clock.now())
        except deliveries.NotToSend:
            messages.warning(request, NOT_SENT)
        else:
            messages.success(request, AGAIN if queue.has_worker() else NO_WORKER)
    return redirect(desk.link("channel", channel_id) + "#log")


@require_http_methods(["GET", "POST"])
@finding
def remove(request: Request, desk: Desk, channel_id: UUID) -> HttpResponse:
    """Asked once more, as its log goes with it."""
    channel = changes.find(desk.workspace, channel_id)
    if request.method == "POST":
        changes.remove(desk.workspace, channel_id, by=request.user)
        messages.success(request, f"{channel.name} is removed.")
        return redirect(desk.link("channels"))
    others = changes.of(desk.workspace).filter(is_enabled=True).exclude(pk=channel_id)
    return ask(
        request,
        Question(
            title=f"Remove {channel.name}?",
            sentences=[
                "Nothing is sent there any more, and its log is deleted. What waits is not sent: "
                "of what still is broken others hear.",
                *([] if others.exists() else [_who_hears(desk)]),
            ],
            action=desk.link("remove-channel", channel_id),
            yes=f"Remove {channel.name}",
            no="Keep it",
            is_loss=True,
            back=desk.link("channel", channel_id),
            section="channels",
            base=desk.base,
        ),
    )


def _ask_to_switch_off(
    request: Request, desk: Desk, channel: Channel, waiting: int
) -> HttpResponse:
    what = "One message waits" if waiting == 1 else f"{waiting} messages wait"
    question = Question(
        title=f"Switch {channel.name} off?",
        sentences=[f"{what} to be sent there, and would be left out."],
        action=desk.link("switch-channel", channel.pk),
        yes="Switch it off",
        no="Keep it on",
        is_loss=True,
        hidden={"on": "no", "sure": "yes"},
        back=desk.link("channel", channel.pk),
        section="channels",
        base=desk.base,
    )
    return ask(request, question)


def _who_hears(desk: Desk) -> str:
    if audience.owners_are_mailed(desk.workspace):
        who = "owners" if desk.workspace else "operators"
        return f"It is the last one: the {who} are told by mail then."
    return "It is the last one: nobody hears of a break then."
