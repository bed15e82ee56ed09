"""Standings: how each workspace is as a whole, so that thousands need not be counted."""

from django.db import models


class Stands(models.IntegerChoices):
    """By its worst connection; burning first."""

    BROKEN = 0, "Needs someone now"
    SILENT = 1, "No clear answer"
    SOON = 2, "Will need someone"
    WELL = 3, "Works"
    NOTHING = 4, "Nothing connected"


class Standing(models.Model):
    """How many connections of a workspace are how, each counted once.

    `turns_at` is when time alone changes that, `made_with` what else it was worked out of. `since`
    is when the first of what is broken broke. It counts only while nothing marks the workspace.
    """

    workspace = models.OneToOneField(
        "Workspace", on_delete=models.CASCADE, primary_key=True, related_name="standing"
    )
    state = models.PositiveSmallIntegerField(choices=Stands, default=Stands.NOTHING)
    broken = models.PositiveIntegerField(default=0)
    silent = models.PositiveIntegerField(default=0)
    soon = models.PositiveIntegerField(default=0)
    well = models.PositiveIntegerField(default=0)
    since = models.DateTimeField(null=True, blank=True)
    turns_at = models.DateTimeField(null=True, blank=True, db_index=True)
    made_with = models.CharField(max_length=16, default="")

    def __str__(self) -> str:
        return f"Standing of {self.workspace_id}"


class StandingMark(models.Model):
    """That a connection of a workspace is not what it was when its standing was worked out.

    The database writes it, in the transaction of whatever changes the connection.
    """

    workspace = models.ForeignKey(
        "Workspace",
        on_delete=models.DO_NOTHING,
        related_name="+",
        db_constraint=False,
        db_index=False,
    )

    def __str__(self) -> str:
        return f"Mark of {self.workspace_id}"
