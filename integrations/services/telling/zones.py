"""Zones: by whose clock the times in a message are told."""

from collections import Counter
from zoneinfo import ZoneInfo

from django.db.models import QuerySet

from integrations.models import Delivery, Person, Role
from integrations.services.people import own

UNKNOWN = "UTC"


def of_readers(delivery: Delivery) -> ZoneInfo:
    """The channel's own. Of a mail to an owner, or operator, theirs, or what most of them set."""
    if delivery.channel:
        return delivery.channel.zone
    set_by = Person.objects.filter(user__is_active=True).exclude(time_zone="")
    if workspace := delivery.workspace:
        set_by = set_by.filter(
            user__memberships__workspace=workspace, user__memberships__role=Role.OWNER
        )
    else:
        set_by = set_by.filter(user__is_superuser=True)
    theirs = set_by.filter(user__email=delivery.recipient) if delivery.recipient else set_by.none()
    return ZoneInfo(_usual(theirs) or _usual(set_by) or UNKNOWN)


def _usual(people: QuerySet[Person]) -> str:
    names = people.order_by("user").values_list("time_zone", flat=True)
    usual = Counter(name for name in names if name in own.zones()).most_common(1)
    return usual[0][0] if usual else ""
