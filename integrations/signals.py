"""What happens when an account is made, whoever makes it; and when a database was migrated."""

from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.contrib.auth.models import User
from django.db.models.signals import post_migrate, post_save
from django.dispatch import receiver

from integrations import marks
from integrations.services.people import people


@receiver(post_save, sender=settings.AUTH_USER_MODEL)
def give_workspace(instance: User, created: bool, raw: bool, **_: Any) -> None:
    if created and not raw:
        people.give_default_workspace(instance)


@receiver(post_migrate)
def keep_marks(sender: AppConfig, using: str, **_: Any) -> None:
    if sender.label == "integrations":
        marks.keep(using)
