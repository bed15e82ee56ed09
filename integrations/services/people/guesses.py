"""Counts tries at what one can guess: passwords, links, tokens; and mails that anybody can ask for.

A try is counted, and the count committed, before anything is compared. So of any number at once
no more are compared than there may be. What turns out right is given back; what is refused was
never compared, so it is not counted.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from threading import Lock
from unicodedata import normalize
from weakref import WeakValueDictionary

from django.contrib.auth.models import User
from django.db import connection as database
from django.db.models import F
from django.utils.crypto import salted_hmac

from integrations import clock
from integrations.database import release_connection
from integrations.models import Guesses
from integrations.services.refusals import TooManyGuesses

# Autocommit: inside a transaction a view that fails would undo it, and others wait for the row.
COUNT = (
    "INSERT INTO integrations_guesses (key, count, until) VALUES (%s, 1, %s)"
    " ON CONFLICT (key) DO UPDATE SET"
    " count = CASE WHEN integrations_guesses.until <= %s"
    " THEN 1 ELSE integrations_guesses.count + 1 END,"
    " until = CASE WHEN integrations_guesses.until <= %s OR integrations_guesses.count + 1 = %s"
    " THEN excluded.until ELSE integrations_guesses.until END"
    " WHERE integrations_guesses.until <= %s OR integrations_guesses.count < %s"
    " RETURNING count, until"
)


@dataclass(frozen=True)
class Limit:
    """So many tries within so many minutes of the first; the last of them begins these anew."""

    name: str
    most: int
    minutes: int
    sentence: str


LOCKED = "Signing in with this name from here is locked."
SIGN_IN_HERE = Limit("sign in as, from", 5, 15, LOCKED)
# Loose: a stranger elsewhere must not be able to keep a known person out.
SIGN_IN_AS = Limit("sign in as", 50, 15, "Signing in with this name is locked.")
SIGN_IN_FROM = Limit("sign in from", 50, 15, "Signing in from here is locked.")
OLD_PASSWORD = Limit("old password", 5, 15, "The old password was wrong too often.")
LINK = Limit("link", 20, 15, "Too many links that do not work were opened from here.")
NAME = Limit("name", 20, 15, "Too many names that somebody has were tried from here.")
TOKEN = Limit("token", 50, 15, "Too many requests from here came with a token that is not valid.")
MAIL_TO = Limit("mail to", 3, 60, "Several mails to this address were asked for already.")
RESET_FROM = Limit("mail from", 20, 60, "Too many mails were asked for from here.")

FEW_LEFT = {1: "One try left", 2: "Two tries left"}
LONGEST_TURN = 10  # seconds, many times what a password takes to be compared
_turns: WeakValueDictionary[str, Lock] = WeakValueDictionary()
_turns_lock = Lock()

HOUSEHOLD = 56  # bits of an IPv6 address, as RIPE advises to give one (ripe-690)
Key = tuple[Limit, str]


class Guess:
    """One try, which is counted already."""

    def __init__(self, counted: Sequence[tuple[Limit, str, int, int]]) -> None:
        self._counted = counted

    def was_right(self) -> None:
        """Give it back. What others guessed before it stays counted."""
        for _, key, _, _ in self._counted:
            Guesses.objects.filter(key=key, count__gt=0).update(count=F("count") - 1)

    def was_wrong(self) -> None:
        """Raises TooManyGuesses when it was the last one that was left."""
        for limit, _, count, until in self._counted:
            if count >= limit.most:
                raise _refusal(limit, until)


def begin(*keys: Key) -> Guess:
    """Count a try under each key in turn. Raises TooManyGuesses at the first that is used up.

    An empty one says nothing about who tries, so it is no key.
    """
    now, counted = int(clock.now().timestamp()), []
    by_digest = {digest(limit, about): limit for limit, about in keys if about}
    _refuse_the_locked(by_digest, now)
    for key, limit in by_digest.items():
        count, until = _count(key, limit, now)
        counted.append((limit, key, count, until))
    return Guess(counted)


@contextmanager
def in_turn(*keys: Key) -> Iterator[None]:
    """One after the other in this process, of those that share the first key.

    What is right gives its try back before the next one is counted. So of many right ones at once
    none is told that it is locked, while wrong ones use up what there is as ever.
    """
    limit, about = keys[0]
    with _turns_lock:
        turn = _turns.setdefault(digest(limit, about), Lock())
    has_turn = turn.acquire(blocking=False)
    if not has_turn:
        release_connection()
        has_turn = turn.acquire(timeout=LONGEST_TURN)
    try:
        yield
    finally:
        if has_turn:
            turn.release()


def warning(*keys: Key) -> str:
    """ "Two tries left, then wait 15 minutes."; "" while there are more.

    It says the same of a name that nobody has: tries are counted by what was typed.
    """
    by_digest = {digest(limit, about): limit for limit, about in keys if about}
    now = int(clock.now().timestamp())
    found = Guesses.objects.filter(until__gt=now, key__in=by_digest)
    left = [(by_digest[one.key].most - one.count, by_digest[one.key].minutes) for one in found]
    fewest, minutes = min(left, default=(0, 0))
    few = FEW_LEFT.get(fewest)
    return f"{few}, then wait {minutes} minutes." if few else ""


def _refuse_the_locked(by_digest: Mapping[str, Limit], now: int) -> None:
    """Who goes on while locked costs no writing, and fills no table with ever new names."""
    found = Guesses.objects.filter(until__gt=now).in_bulk(list(by_digest))
    for key, limit in by_digest.items():
        if key in found and found[key].count >= limit.most:
            raise _refusal(limit, found[key].until)


def at_sign_in(name: str, address: str, device: str = "") -> list[Key]:
    """The tight one first: what it refuses does not count against the name everywhere.

    A known device of the person's is counted by itself, whatever strangers try elsewhere.
    """
    name, place = User.normalize_username(name), network(address)
    if device:
        return [(SIGN_IN_HERE, f"device {device}")]
    return [(SIGN_IN_HERE, f"{place} {name}"), (SIGN_IN_FROM, place), (SIGN_IN_AS, name)]


def at_reset(email: str, address: str) -> list[Key]:
    return [(RESET_FROM, network(address)), mail_to(email)]


def mail_to(email: str) -> Key:
    """Whoever asks for it, nobody gets many mails from here."""
    return (MAIL_TO, folded(email))


def folded(email: str) -> str:
    """As Django compares mail addresses, so that no other way to write one is another."""
    return normalize("NFKC", email).casefold()


def forget_sign_in(name: str, address: str) -> None:
    """Let in again whoever proved otherwise that the account is theirs."""
    here, _, named = (digest(*key) for key in at_sign_in(name, address))
    Guesses.objects.filter(key__in=(here, named)).delete()


def forget_old(now: datetime) -> None:
    Guesses.objects.filter(until__lt=int(now.timestamp())).delete()


def forget_all() -> None:
    Guesses.objects.all().delete()


def network(address: str) -> str:
    """What one household or office has: of IPv6 the first 56 bits, whose rest it may change."""
    try:
        known = ip_address(address)
    except ValueError:
        return address
    if isinstance(known, IPv6Address):
        inner: IPv4Address | None = known.ipv4_mapped
        return str(inner or ip_network((known.packed, HOUSEHOLD), strict=False))
    return str(known)


def digest(limit: Limit, about: str) -> str:
    """With a secret of ours: there are too few addresses for them not to be found out else."""
    hashed = salted_hmac(f"guesses {limit.name}", about, algorithm="sha256")
    return hashed.hexdigest()


def _count(key: str, limit: Limit, now: int) -> tuple[int, int]:
    """How many there were by now, this one with them, and until when they count.

    Raises TooManyGuesses, and counts nothing, when they are used up.
    """
    until = now + limit.minutes * 60
    with database.cursor() as cursor:
        cursor.execute(COUNT, [key, until, now, now, limit.most, now, limit.most])
        counted = cursor.fetchone()
    if counted is None:
        used_up = Guesses.objects.filter(key=key).first()
        raise _refusal(limit, used_up.until if used_up else now)
    count, ends = counted
    return count, ends


def _refusal(limit: Limit, until: int) -> TooManyGuesses:
    seconds = max(1, until - int(clock.now().timestamp()))
    return TooManyGuesses(limit.sentence, seconds)
