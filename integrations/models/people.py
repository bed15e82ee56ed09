"""Ways in for people and scripts, stored as digests alone."""

import uuid

from django.db import models
from knox.models import AbstractAuthToken


class ApiToken(AbstractAuthToken):
    """A named token for the API. Only its digest is stored."""

    name = models.CharField(max_length=100)
    reference = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)

    def __str__(self) -> str:
        return self.name


class OwnerLink(models.Model):
    """A one-time way to make the first account. Only its digest is stored."""

    digest = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"Link until {self.expires_at:%Y-%m-%d %H:%M}"
