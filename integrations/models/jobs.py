"""Jobs of the engine that a broker wakes: kept here until they are done."""

import uuid
from typing import ClassVar

from django.db import models
from django.db.models.functions import Now


class Job(models.Model):
    """One job: which task, and its ids. Whoever does it holds a lease; its end deletes the row.

    `lease` counts how often it was taken: who comes back after somebody else took it over ends
    nothing.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    task = models.CharField(max_length=200)
    ids = models.JSONField(default=list)
    priority = models.SmallIntegerField(default=0)
    # By the database's clock, as all that is compared with it.
    made_at = models.DateTimeField(db_default=Now())
    lease = models.PositiveSmallIntegerField(default=0)
    lease_until = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["-priority", "made_at"], name="jobs_in_order")]

    def __str__(self) -> str:
        return self.task
