"""What happens when an account is made, whoever makes it."""

from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db.models.signals import post_save
from django.dispatch import receiver

from integrations.services.people import people


@receiver(post_save, sender=settings.AUTH_USER_MODEL)
def give_workspace(instance: User, created: bool, raw: bool, **_: Any) -> None:
    if created and not raw:
        people.give_default_workspace(instance)
