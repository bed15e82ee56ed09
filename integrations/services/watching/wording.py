"""The words of incidents: what happened, what to do, and what stops meanwhile."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from django.utils.text import capfirst

from integrations import platforms
from integrations.models import Cause, Scope
from integrations.models.incidents import OUR_SIDE, REPORTED
from integrations.services.watching.judging import LET_IN, Trouble
from integrations.services.watching.keys import OUR_NETWORK, OUR_PACE, OUR_WORKER, Key, Nature
from providers.declare import SIGN_IN
from providers.errors import (
    AccountNotFound,
    Blocked,
    InvalidConfig,
    PermissionMissing,
    QuotaExhausted,
    RateLimited,
    UnexpectedReply,
)

TITLES = {
    PermissionMissing.kind: "{who} says that a permission is missing",
    AccountNotFound.kind: "{who} does not show the account",
    InvalidConfig.kind: "{who} does not take a saved value",
    REPORTED: "{who} was reported as broken",
    RateLimited.kind: "{who} limits our requests",
    QuotaExhausted.kind: "The quota at {who} is used up",
    UnexpectedReply.kind: "No clear answer from {who}",
    Blocked.kind: "No clear answer from {who}",
}
NO_ANSWER = "No answer from {who}"
WHAT_LETS_IN = {SIGN_IN: "sign-in", "access_token": "access token", "api_key": "key"}
APP = (
    "It refuses several sign-ins of the same app, and lets nobody in with it.",
    "Whoever set up the app looks at it there: one fix puts all of them right.",
)
NETWORK = (
    "this server cannot reach the internet",
    "No platform is to blame, and what is proven stays so until the time that each connection "
    "shows.",
    "Nothing to do here: whoever runs this installation has to see to it.",
)
KEY = (
    "stored credentials cannot be read",
    "The key that they were saved with is not there. They are safe, and nothing is lost.",
    "Nothing to do here: whoever runs this installation has to put the key back.",
)
# While a platform is only silent, nobody is asked to do anything.
BY_ITSELF = "Nothing to do: it is asked again by itself, and you hear when it answers."
# What is ours, for whoever runs the installation.
CUT = (
    "Several platforms could not be reached, and none answered since.",
    "Look at this server's connection to the internet, its name server and its proxy.",
)
KEY_GONE = (
    "Credentials were saved with an encryption key that is not here.",
    "Put that key back into CREDENTIAL_KEYS and start again.",
)
WORKER = (
    "checks were not running",
    "No worker ran, so nothing was checked in that time.",
    "Look in its log why it stopped, and have it started again by itself.",
)
PACE = (
    "checks come late",
    "There is more to check than the worker does, so what breaks is noticed late.",
    "Start more workers, or let each do more at a time.",
)
# While no worker runs, as against a stop that is over.
STOPPED = "Nothing is checked: no worker is running."


class Words(NamedTuple):
    title: str
    message: str
    action: str
    action_url: str
    stops: list[str]


def words(key: Key, members: Sequence[Trouble]) -> Words:
    """Of these connections, in one workspace or over all of them; the first of them speaks."""
    first = members[0]
    stops = list(dict.fromkeys(use for one in members for use in used_by(one.provider)))
    said = (first.message, first.action, first.action_url)
    if key == OUR_NETWORK:
        what, message, action = NETWORK
        return Words(f"{OUR_SIDE}: {what}", message, action, "", stops)
    if key.nature == Nature.OURS:
        what, message, action = KEY
        return Words(f"{OUR_SIDE}: {what}", message, action, "", stops)
    who = asked(members)
    if key.is_silence:
        title = TITLES.get(first.kind, NO_ANSWER).format(who=who)
        return Words(title, first.message, BY_ITSELF, "", stops)
    if key.scope == Scope.APP and key.nature == Nature.REFUSED:
        return Words(f"{who} refuses the app that you sign in with", *APP, "", stops)
    if first.kind not in LET_IN:
        return Words(TITLES.get(first.kind, NO_ANSWER).format(who=who), *said, stops)
    what = WHAT_LETS_IN.get(first.method, "credentials")
    title = f"{who} ended the {what}" if first.was_proven else f"{who} does not accept the {what}"
    if len(members) == 1:
        return Words(title, *said, stops)
    message, action, url = said
    all_of_them = f"That puts all {len(members)} right."
    return Words(
        f"{title} that {len(members)} connections share",
        message,
        f"{action} {all_of_them}".lstrip(),
        url,
        stops,
    )


def to_operators(cause_key: str) -> tuple[str, str]:
    """What happened and what to do, for whoever runs the installation, of a cause that is ours;
    two empty sentences of any other.
    """
    key = Key.parsed(cause_key)
    if key.nature == Nature.OURS and key.scope == Scope.KEY:
        return KEY_GONE
    ours = {OUR_NETWORK: CUT, OUR_WORKER: WORKER[1:], OUR_PACE: PACE[1:]}
    return ours.get(key, ("", ""))


def title_to_operators(cause: Cause) -> str:
    """A sentence: they know whose side it is on."""
    if cause.key == str(OUR_WORKER):
        return STOPPED
    return f"{capfirst(cause.title.removeprefix(f'{OUR_SIDE}: '))}."


def concerns(connections: int, workspaces: int) -> str:
    """How much a fault concerns, in a sentence; empty where that is nobody in particular."""
    many, places = _counted(connections, "connection"), _counted(workspaces, "workspace")
    return f"It concerns {many} in {places}." if connections else ""


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def of_worker(key: Key) -> str:
    """The title of a time in which no worker ran, or none kept up."""
    return f"{OUR_SIDE}: {(WORKER if key == OUR_WORKER else PACE)[0]}"


def asked(members: Sequence[Trouble]) -> str:
    """Who refuses or is silent: a platform, or the family that several are of."""
    names = list(dict.fromkeys(one.name for one in members))
    if len(names) == 1:
        return names[0]
    return members[0].asks.replace("_", " ").title()


def used_by(slug: str) -> tuple[str, ...]:
    provider = platforms.catalogue().get(slug)
    return provider.used_by if provider else ()


def lasted(began: datetime, ended: datetime) -> str:
    """ "5 h 6 min", with spaces that do not break: from the minute that is shown to the other."""
    began, ended = (one.replace(second=0, microsecond=0) for one in (began, ended))
    minutes = max(0, int((ended - began) / timedelta(minutes=1)))
    days, rest = divmod(minutes, 24 * 60)
    hours, minutes = divmod(rest, 60)
    if days:
        parts = [f"{days}\u00a0day{'s' if days > 1 else ''}", f"{hours}\u00a0h" if hours else ""]
    elif hours:
        parts = [f"{hours}\u00a0h", f"{minutes}\u00a0min" if minutes else ""]
    else:
        parts = [f"{minutes}\u00a0min" if minutes else "under a minute"]
    return " ".join(part for part in parts if part)
