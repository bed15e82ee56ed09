"""Ways in for people and scripts, stored as digests alone; and what a person set for themselves."""

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from knox.models import AbstractAuthToken


class ApiToken(AbstractAuthToken):
    """A named token for the API. Only its digest is stored."""

    name = models.CharField(max_length=100)
    reference = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)

    class Meta:
        verbose_name = "API token"

    def __str__(self) -> str:
        return self.name


class OwnerLink(models.Model):
    """A one-time way to make the first account. Only its digest is stored."""

    digest = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"Link until {self.expires_at:%Y-%m-%d %H:%M}"


class Person(models.Model):
    """What a person set on their own page; nobody has to have one.

    A new mail address counts once the link that went there was used: only its digest is stored.
    """

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True, related_name="person"
    )
    time_zone = models.CharField(max_length=64, blank=True)
    wants_notices = models.BooleanField(default=True)
    email_confirmed_at = models.DateTimeField(null=True, blank=True)
    new_email = models.EmailField(blank=True)
    new_email_digest = models.CharField(max_length=64, blank=True, editable=False)
    new_email_expires_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["new_email_digest"],
                condition=~models.Q(new_email_digest=""),
                name="one_new_address_a_link",
            )
        ]

    def __str__(self) -> str:
        return f"Page of {self.user}"
