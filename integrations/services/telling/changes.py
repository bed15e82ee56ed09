"""What owners do with channels: add, change, remove, and try them.

Without a workspace they are the installation's, and operators do.
"""

import time
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from datetime import time as time_of_day
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet

from integrations import clock, crypto, platforms
from integrations.models import Channel, Delivery, EventType, Workspace
from integrations.services import waiting
from integrations.services.credentials import sealing
from integrations.services.people import members, own
from integrations.services.refusals import InvalidChange, TooManyTests
from integrations.services.telling import (
    audience,
    catalogue,
    deliveries,
    outcomes,
    owed,
    places,
    sending,
    unsubscribing,
    waking,
)
from integrations.services.telling.kinds import Kind
from integrations.services.telling.told import Moment, Severity, Told
from providers.declare import Field
from providers.outbound import addresses

MOST_CHANNELS = 20
LONGEST_NAME = 100
FORMER, BOTH = "former_", timedelta(days=1)  # in which a former secret is as good as the new one
TEST_WINDOW = timedelta(minutes=1)
PATIENCE_SECONDS = 20
REQUIRED = "This is required."
NO_KIND = "There is no such kind of channel. Use one of these: {}."
TOO_MANY = f"There are {MOST_CHANNELS} channels at most. Remove one first."
SEND_AGAIN = "Enter this again: the secret would go elsewhere than it was entered for."
LONG_NAME = f"This is longer than {LONGEST_NAME} characters."
NO_PLATFORM = "No platform here has this name."
BOTH_TIMES = "Enter both times, or none."
SAME_TIMES = "Quiet hours begin and end at different times."
REFUSED = f"{addresses.REFUSED} Whoever runs this installation may allow it: OUTBOUND_ALLOW."
UNSUBSCRIBED = "Its last address was unsubscribed. Enter others."
NO_HEARS = "Choose one of these: all, breaks."


class NoChannel(Exception):
    """There is none of this id in the workspace, or it was removed meanwhile."""


@dataclass(frozen=True)
class Changes:
    """What to change; None leaves it as it is. In `config` a None clears a value.

    `quiet` is when quiet hours begin and end, `()` for none.
    """

    config: Mapping[str, str | None] = field(default_factory=dict, repr=False)
    name: str | None = None
    hears: str | None = None
    platforms: list[str] | None = None
    tells_recovery: bool | None = None
    tells_week: bool | None = None
    quiet: tuple[time_of_day | None, ...] | None = None
    time_zone: str | None = None
    is_enabled: bool | None = None


@dataclass(frozen=True)
class Saved:
    """`made` are secrets that were made here, which nobody is shown again."""

    channel: Channel
    made: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class Tried:
    """What became of a test message, in words."""

    is_delivered: bool
    sentence: str
    status_code: int | None


def of(workspace: Workspace | None) -> QuerySet[Channel]:
    """In the order in which they were made."""
    return Channel.objects.filter(workspace=workspace)


def find(workspace: Workspace | None, channel_id: UUID) -> Channel:
    """Raises NoChannel."""
    if found := of(workspace).filter(pk=channel_id).first():
        return found
    raise NoChannel


def find_delivery(channel: Channel, delivery_id: UUID) -> Delivery:
    """Raises NoChannel."""
    found = deliveries.of_channel(channel).filter(pk=delivery_id)
    if delivery := found.select_related("channel").first():
        return delivery
    raise NoChannel


def add(
    workspace: Workspace | None,
    kind: str,
    changes: Changes,
    *,
    by: User | None,
    new_id: UUID | None = None,
) -> Saved:
    """Under an id that may be chosen before, so that the same is not added twice.

    Raises InvalidChange, NotAnOwner, Archived.
    """
    if kind not in catalogue.kinds():
        raise no_kind()
    with _changing(workspace, by):
        if of(workspace).count() >= MOST_CHANNELS:
            raise InvalidChange({"kind": [TOO_MANY]})
        channel = Channel(workspace=workspace, kind=kind)
        channel.tells_week = workspace is not None and kind == catalogue.MAIL
        if new_id and not Channel.objects.filter(pk=new_id).exists():
            channel.pk = new_id
        made = _apply(channel, changes)
        channel.save(force_insert=True)
    return Saved(channel, made)


def no_kind() -> InvalidChange:
    return InvalidChange({"kind": [NO_KIND.format(", ".join(sorted(catalogue.kinds())))]})


def change(
    workspace: Workspace | None, channel_id: UUID, changes: Changes, *, by: User | None
) -> Saved:
    """Raises InvalidChange, NoChannel, NotAnOwner, Archived."""
    with _changing(workspace, by):
        channel = of(workspace).select_for_update().filter(pk=channel_id).first()
        if channel is None:
            raise NoChannel
        was_on = channel.is_enabled
        made = _apply(channel, changes)
        channel.save()
        if changes.quiet is not None:
            waking.after_quiet(channel, clock.now())
        if was_on and not channel.is_enabled:
            outcomes.look_again_at_channel(channel, clock.now())
    return Saved(channel, made)


def renew_secrets(workspace: Workspace | None, channel_id: UUID, *, by: User | None) -> Saved:
    """Make those anew that are made here. For a day what there was before signs, too.

    Raises InvalidChange, NoChannel, NotAnOwner, Archived.
    """
    kind = catalogue.kinds().get(find(workspace, channel_id).kind)
    config = dict.fromkeys(kind.made if kind else ())
    return change(workspace, channel_id, Changes(config=config), by=by)


def unsubscribe(channel_id: UUID, address: str, now: datetime) -> None:
    """Mail nothing more to an address. With the last one the channel is switched off, and others
    are told of that. Harmless to repeat. Raises NoChannel, Archived.
    """
    found = Channel.objects.filter(pk=channel_id, kind=unsubscribing.KIND)
    there = found.select_related("workspace").first()
    if there is None:
        raise NoChannel
    with _changing(there.workspace, None):
        channel = found.select_for_update().first()
        if channel is None:
            raise NoChannel
        left = [one for one in unsubscribing.addresses(channel) if one != address]
        if left:
            _keep(channel, catalogue.kinds()[channel.kind], {"to": ", ".join(left)}, {})
            channel.save()
        elif not channel.is_gone:
            channel.is_enabled, channel.is_gone = False, True
            channel.failing_since, channel.problem = channel.failing_since or now, UNSUBSCRIBED
            channel.is_problem_told, channel.problems = True, {}
            channel.save()
            outcomes.record(channel, EventType.CHANNEL_FAILING, now)
            outcomes.look_again_at_channel(channel, now)


def remove(workspace: Workspace | None, channel_id: UUID, *, by: User | None) -> Channel:
    """With its log; what it was to tell of what lasts others tell. Raises NoChannel, NotAnOwner,
    Archived.
    """
    with _changing(workspace, by):
        channel = find(workspace, channel_id)
        kept = channel.pk
        owed.hand_over(channel, clock.now())
        channel.delete()
        channel.pk = kept
    return channel


def _changing(workspace: Workspace | None, by: User | None) -> AbstractContextManager[None]:
    return members.changing(workspace, by=by) if workspace else members.operating(by=by)


# --- Values --------------------------------------------------------------------------------------


def _apply(channel: Channel, changes: Changes) -> Mapping[str, str]:
    """Raises InvalidChange with all that is wrong. Returns secrets that were made."""
    errors: dict[str, Any] = {}
    made: dict[str, str] = {}
    is_new = channel._state.adding  # noqa: SLF001 - as Django's own forms ask
    kind = catalogue.kinds()[channel.kind]
    if changes.config or is_new:
        wrong, made = _take_values(channel, kind, changes.config)
        if wrong:
            errors["config"] = {name: [sentence] for name, sentence in wrong.items()}
    name = channel.name if changes.name is None else " ".join(changes.name.split())
    channel.name = name or _free_name(channel, kind)
    if len(channel.name) > LONGEST_NAME:
        errors["name"] = [LONG_NAME]
    errors |= _take_filters(channel, changes) | _take_quiet(channel, changes)
    if changes.is_enabled is not None:
        channel.is_enabled = changes.is_enabled
        channel.is_gone = channel.is_gone and not changes.is_enabled
    if errors:
        raise InvalidChange(errors)
    return made


def _free_name(channel: Channel, kind: Kind) -> str:
    """ "Slack", or "Slack 2" where one is called so."""
    others = of(channel.workspace).exclude(pk=channel.pk)
    taken = {*others.values_list("name", flat=True)}
    names = [kind.name, *(f"{kind.name} {number}" for number in range(2, MOST_CHANNELS + 2))]
    return next(one for one in names if one not in taken)


def _take_values(
    channel: Channel, kind: Kind, config: Mapping[str, str | None]
) -> tuple[dict[str, str], dict[str, str]]:
    """What is wrong by field, and what was made. A secret that is not sent stays."""
    saved = _saved(channel, kind)
    typed, wrong = _typed(kind, config)
    moved = [
        one.name
        for one in kind.fields
        if one.decides_destination
        and typed.get(one.name, saved.get(one.name)) != saved.get(one.name)
    ]
    for one in kind.fields:
        has_old = one.secret and one.name in saved and one.name not in config
        if moved and has_old and "url" not in saved:
            wrong[one.name] = SEND_AGAIN
    values = {k: v for k, v in (saved | typed).items() if v}
    made = {name: make() for name, make in kind.made.items() if not values.get(name)}
    values |= made
    for one in kind.fields:
        if one.required and not values.get(one.name) and one.name not in wrong:
            wrong[one.name] = REQUIRED
    if not wrong:
        wrong = dict(kind.check(values))
    if wrong:
        return wrong, {}
    if values != saved:
        channel.moved_at = clock.now()
    former = {name: saved[name] for name in kind.rotates if saved.get(name)}
    _keep(channel, kind, values, {k: v for k, v in former.items() if v != values[k]})
    return {}, made


def _saved(channel: Channel, kind: Kind) -> dict[str, Any]:
    """What nothing here opens any more has to be entered again."""
    try:
        opened = channel.opened()
    except crypto.Unreadable:
        opened = channel.values
    return {one.name: opened[one.name] for one in kind.fields if one.name in opened}


def _typed(
    kind: Kind, config: Mapping[str, str | None]
) -> tuple[dict[str, str | None], dict[str, str]]:
    typed: dict[str, str | None] = {}
    wrong: dict[str, str] = {}
    known = {one.name: one for one in kind.fields}
    for name, value in config.items():
        if value is None:
            typed[name] = None
            continue
        try:
            typed[name] = _clean(known[name], value)
        except ValueError as error:
            wrong[name] = str(error)
    return typed, wrong


def _clean(one: Field, text: str) -> str:
    """Raises ValueError. An address is refused here already, and checked again when it is used."""
    value, _ = one.clean(text)
    if one.type != "url":
        return value
    try:
        return addresses.clean(value, allow=settings.OUTBOUND_ALLOW)
    except ValueError as error:
        raise ValueError(REFUSED if str(error) == addresses.REFUSED else str(error)) from None


def _keep(
    channel: Channel, kind: Kind, values: Mapping[str, str], former: Mapping[str, str]
) -> None:
    """`former` are values that others took the place of just now."""
    before = _former(channel)
    if former:
        before = {f"{FORMER}{name}": value for name, value in former.items()}
        channel.former_until = clock.now() + BOTH
    secret = {one.name for one in kind.fields if one.secret}
    channel.values = {name: value for name, value in values.items() if name not in secret}
    sealed = {name: value for name, value in values.items() if name in secret}
    channel.secrets = crypto.seal(sealed | before, channel.place)
    channel.key_id = crypto.key_id_of(channel.secrets)
    channel.hints = {name: _hint(kind.field(name), value) for name, value in sealed.items()}
    channel.failing_since, channel.problem = None, ""  # what others were told is over when it takes
    channel.problems, channel.not_before = {}, None


def _former(channel: Channel) -> dict[str, str]:
    """What was replaced a while ago, while that is good."""
    if channel.former_until is None or channel.former_until <= clock.now():
        channel.former_until = None
        return {}
    try:
        opened = channel.opened()
    except crypto.Unreadable:
        return {}
    return {k: v for k, v in opened.items() if k.startswith(FORMER) and isinstance(v, str)}


def _hint(one: Field, value: str) -> str | None:
    """Of an address its host, which is no secret."""
    if one.type != "url":
        return sealing.hint(value)
    return f"{value.partition('://')[2].partition('/')[0].partition('?')[0]}/…"


def _take_filters(channel: Channel, changes: Changes) -> dict[str, list[str]]:
    errors = {}
    if changes.hears is not None:
        channel.hears = changes.hears
        if changes.hears not in Channel.Hears.values:
            errors["hears"] = [NO_HEARS]
    if changes.platforms is not None:
        channel.platforms = [*dict.fromkeys(changes.platforms)]
        if not {*channel.platforms} <= platforms.catalogue().keys():
            errors["platforms"] = [NO_PLATFORM]
    if changes.tells_recovery is not None:
        channel.tells_recovery = changes.tells_recovery
    if changes.tells_week is not None:
        channel.tells_week = changes.tells_week
    return errors


def _take_quiet(channel: Channel, changes: Changes) -> dict[str, list[str]]:
    errors = {}
    if changes.time_zone is not None:
        channel.time_zone = changes.time_zone or "UTC"
        if channel.time_zone not in own.zones():
            errors["time_zone"] = [own.UNKNOWN_ZONE]
    if changes.quiet is not None:
        begins, ends = changes.quiet or (None, None)
        channel.quiet_from, channel.quiet_until = begins, ends
        if (begins is None) != (ends is None):
            errors["quiet"] = [BOTH_TIMES]
        elif begins is not None and begins == ends:
            errors["quiet"] = [SAME_TIMES]
    return errors


# --- A test message ------------------------------------------------------------------------------


def send_test(channel: Channel, now: datetime) -> Tried:
    """Send one now and wait for what becomes of it. Raises TooManyTests, Busy."""
    with waiting.place(channel.workspace_id):
        with transaction.atomic():
            Channel.objects.select_for_update(no_key=True).filter(pk=channel.pk).first()
            _count(channel, now)
            told = _test_of(channel, now)
            taken = deliveries.at_once(channel.workspace, channel, told, now)
        sent = _sent_in_time(taken, now)
    return _tried(sent, len(taken), catalogue.kinds()[channel.kind].taker)


def _sent_in_time(taken: list[Delivery], now: datetime) -> list[Delivery]:
    """To one after the other, as long as a person may be asked to wait; the rest is handed out."""
    sent: list[Delivery] = []
    begun = time.monotonic()
    for one in taken:
        if sent and time.monotonic() - begun > PATIENCE_SECONDS:
            break
        sent.append(sending.perform(one, now))
    deliveries.hand_out(taken[len(sent) :], now)
    return sent


def _tried(sent: list[Delivery], of: int, taker: str) -> Tried:
    failed = [one for one in sent if one.outcome != outcomes.DELIVERED]
    if failed:
        names = ", ".join(one.recipient for one in failed if one.recipient)
        about = f" It is about {names}." if names else ""
        return Tried(False, f"{failed[0].sentence}{about}", failed[0].status_code)
    rest = f" of the first {len(sent)}; the log says what becomes of the others"
    sentence = f"{taker} took the message{rest if len(sent) < of else ''}."
    return Tried(True, sentence, sent[-1].status_code)


def _count(channel: Channel, now: datetime) -> None:
    sent = deliveries.of_channel(channel).filter(
        moment=Moment.TEST,
        recipient=audience.recipients_of(channel)[0],  # one of each
        made_at__gt=now - TEST_WINDOW,
        made_at__lte=now,
    )
    moments = list(sent.order_by("-made_at").values_list("made_at", flat=True))
    if len(moments) >= settings.TEST_RATE:
        left = moments[settings.TEST_RATE - 1] + TEST_WINDOW - now
        raise TooManyTests(max(1, round(left.total_seconds())))


def _test_of(channel: Channel, now: datetime) -> Told:
    return Told(
        key=f"test-{channel.pk}/{now.timestamp()}",
        moment=Moment.TEST,
        severity=Severity.NOTICE,
        workspace=places.whose(channel),
        about=channel.name,
        title=f"This is a test of the channel {channel.name}.",
        what_happened="Nothing is broken. What breaks will be told here like this.",
        since=now,
        act="Open the channel",
        link=places.link(channel),
    )
