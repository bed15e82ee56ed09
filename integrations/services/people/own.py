"""What a person sets for themselves: name, time zone, notices, and a mail address that is proven.

A new address counts once somebody used the link that went there. Without a mail server that cannot
be, so whoever runs the installation sets it.
"""

import secrets
from datetime import datetime, timedelta
from functools import cache
from importlib import resources
from zoneinfo import ZoneInfo, available_timezones

from django.conf import settings
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage
from django.core.validators import validate_email
from django.db import transaction
from django.template.loader import render_to_string
from django.utils.http import base36_to_int, int_to_base36

from integrations import clock, crypto, queue
from integrations.models import Person
from integrations.services.people import guesses
from integrations.services.refusals import InvalidChange
from integrations_center import public_url

LIVES = timedelta(days=3)
LONGEST_EMAIL = 254
NOT_AN_ADDRESS = "This is not an e-mail address. Check it."
NO_MAIL = "This installation sends no mail. Ask whoever runs it to set your address."
UNKNOWN_ZONE = "No time zone has this name. Choose one of the list."
WRONG_PASSWORD = "This is not your password."
SENT_BY = guesses.Limit("new mail by", 10, 60, "You asked for many mails within an hour.")


class LinkGone(Exception):
    """Unknown, used, too old, or another address was given since."""


@cache
def zones() -> list[str]:
    """Those of places, by name: `"Europe/Madrid"`."""
    return ["UTC", *sorted(zone for zone in available_timezones() if _is_of_a_place(zone))]


@cache
def zones_by_area() -> dict[str, list[str]]:
    """Those to choose from, without older names of the same: `{"Europe": ["Europe/Madrid", …]}`."""
    table = resources.files("tzdata.zoneinfo").joinpath("zone.tab").read_text()
    named = {line.split("\t")[2] for line in table.splitlines() if not line.startswith("#")}
    found: dict[str, list[str]] = {}
    for zone in zones():
        if zone in named:
            found.setdefault(zone.partition("/")[0], []).append(zone)
    return found


def _is_of_a_place(zone: str) -> bool:
    area = zone.partition("/")[0]
    areas = "Africa America Antarctica Asia Atlantic Australia Europe Indian Pacific"
    return "/" in zone and area in areas.split()


def remember_zone(user: User, zone: str) -> None:
    """For `zone_of`, and for templates, which ask for `user.time_zone`."""
    user.__dict__["time_zone"] = zone


def zone_of(user: User) -> ZoneInfo | None:
    """The one that a signed-in person set. None for that of the browser, or of the server."""
    name = getattr(user, "time_zone", "")
    return ZoneInfo(name) if name in zones() else None


def page_of(user: User) -> Person:
    """What they set, or what holds for everybody."""
    return Person.objects.filter(user=user).first() or Person(user=user)


def change(
    user: User, *, first_name: str, last_name: str, time_zone: str, wants_notices: bool
) -> None:
    """Raises InvalidChange."""
    if time_zone and time_zone not in zones():
        raise InvalidChange({"time_zone": [UNKNOWN_ZONE]})
    with transaction.atomic():
        User.objects.filter(pk=user.pk).update(
            first_name=" ".join(first_name.split()), last_name=" ".join(last_name.split())
        )
        chosen = {"time_zone": time_zone, "wants_notices": wants_notices}
        Person.objects.update_or_create(user=user, defaults=chosen)


def check_password(user: User, password: str) -> None:
    """Whoever sits at somebody's open session may not try for long.

    Raises InvalidChange, TooManyGuesses.
    """
    key = (guesses.OLD_PASSWORD, str(user.pk))
    guess = guesses.begin(key)
    if not user.check_password(password):
        guess.was_wrong()
        what_now = guesses.warning(key) or "Type it again."
        raise InvalidChange({"password": [f"{WRONG_PASSWORD} {what_now}"]})
    guess.was_right()


def ask_to_confirm(user: User, email: str) -> None:
    """Have a link mailed to a new address. Whether an account has it already, nobody is told.

    Raises InvalidChange, TooManyGuesses.
    """
    email = checked(email)
    if not settings.EMAIL_IS_CONFIGURED:
        raise InvalidChange({"email": [NO_MAIL]})
    guesses.begin((SENT_BY, str(user.pk)), guesses.mail_to(email))
    with transaction.atomic():
        new = {
            "new_email": email,
            "new_email_digest": "",
            "new_email_expires_at": clock.now() + LIVES,
        }
        Person.objects.update_or_create(user=user, defaults=new)
        queue.enqueue("people.mail_confirmation", user.pk)


def mail_confirmation(user_id: int) -> None:
    """To the new address a link, which is made here: what waits in the queue opens nothing.

    The present address is told, so that no stranger at an open session takes it unseen.
    """
    token = f"{int_to_base36(user_id)}-{secrets.token_urlsafe(32)}"
    with transaction.atomic():
        waiting = Person.objects.select_for_update(of=("self",)).select_related("user")
        person = waiting.filter(
            user_id=user_id, user__is_active=True, new_email_expires_at__gt=clock.now()
        ).first()
        if person is None or not person.new_email:
            return
        person.new_email_digest = _digest(person.user, token)
        person.save(update_fields=["new_email_digest"])
    context = {
        "username": person.user.get_username(),
        "site": settings.PUBLIC_URL,
        "link": public_url.link("confirm-email", token),
    }
    confirm = render_to_string("people/confirm_email.txt", context)
    EmailMessage("Confirm your new e-mail address", confirm, to=[person.new_email]).send()
    if person.user.email:
        told = render_to_string("people/email_changes.txt", context | {"new": person.new_email})
        EmailMessage("Your e-mail address is to change", told, to=[person.user.email]).send()


def _digest(user: User, token: str) -> str:
    """A new password, or another address, ends what was asked for before: it may be a thief's."""
    return crypto.digest(f"{token} {user.password} {user.email}")


def waiting_for(token: str) -> Person:
    """Whose new address a link is about. Raises LinkGone."""
    try:
        user_id = base36_to_int(token.partition("-")[0])
    except ValueError:
        raise LinkGone from None
    known = Person.objects.select_related("user").filter(user__is_active=True)
    found = known.filter(user_id=user_id, new_email_expires_at__gt=clock.now()).first()
    if found is None or found.new_email_digest != _digest(found.user, token):
        raise LinkGone
    return found


def confirm(token: str) -> User:
    """From now on the new address counts. Raises LinkGone."""
    with transaction.atomic():
        person = waiting_for(token)
        User.objects.select_for_update().get(pk=person.user_id)
        person = waiting_for(token)  # as it is behind the lock
        set_email(person.user, person.new_email)
    return person.user


def set_email(user: User, email: str) -> None:
    """As proven, or as whoever runs the installation says. Raises InvalidChange."""
    user.email = checked(email)
    with transaction.atomic():
        user.save(update_fields=["email"])
        Person.objects.update_or_create(
            user=user, defaults=NOTHING_WAITS | {"email_confirmed_at": clock.now()}
        )


def keep_old_email(user: User) -> None:
    Person.objects.filter(user=user).update(**NOTHING_WAITS)


def forget_old(now: datetime) -> None:
    """Addresses that nobody confirmed."""
    Person.objects.filter(new_email_expires_at__lt=now).update(**NOTHING_WAITS)


NOTHING_WAITS = {"new_email": "", "new_email_digest": "", "new_email_expires_at": None}


def checked(email: str) -> str:
    email = email.strip()
    try:
        validate_email(email)
    except ValidationError:
        raise InvalidChange({"email": [NOT_AN_ADDRESS]}) from None
    if len(email) > LONGEST_EMAIL:
        raise InvalidChange({"email": [NOT_AN_ADDRESS]})
    return email
