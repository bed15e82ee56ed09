"""Pauses: what nobody asks for a while, because its platform said that a limit is reached."""

from typing import ClassVar

from django.db import models


class Pause(models.Model):
    """A limit of what a platform counts together, until a moment; past it, as if there were none.

    `name` says which app, token, account or address that is: a client ID, a credential's id, a
    workspace's id and an account's, nothing. Of a token it holds for what was in the credential
    since `obtained_at` alone: other secrets in its place are another token.
    """

    provider = models.CharField(max_length=50)
    counted_by = models.CharField(max_length=10)
    name = models.CharField(max_length=500, blank=True, default="")
    obtained_at = models.DateTimeField(null=True, blank=True)
    kind = models.CharField(max_length=30)
    until = models.DateTimeField(db_index=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["provider", "counted_by", "name", "kind"], name="one_pause_of_a_kind"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.provider}, by {self.counted_by}, until {self.until:%Y-%m-%d %H:%M} UTC"
