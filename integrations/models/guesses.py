"""How often something was tried that one can guess."""

from django.db import models


class Guesses(models.Model):
    """So many tries until a moment. The key is a digest: no name and no address is kept."""

    key = models.CharField(max_length=64, primary_key=True)
    count = models.PositiveIntegerField()
    until = models.BigIntegerField(db_index=True)  # Unix time, in seconds

    def __str__(self) -> str:
        return f"{self.count} until {self.until}"
