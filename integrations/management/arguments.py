"""What several commands take as an argument."""

from django.core.management.base import CommandError

from integrations.models import Workspace

USAGE = 2  # the exit code of what was not understood


def named_workspace(slug: str | None) -> Workspace:
    """The first one unless it is named. Raises CommandError."""
    workspaces = Workspace.objects.filter(archived_at=None).order_by("pk")
    found = (workspaces.filter(slug=slug) if slug else workspaces).first()
    if not found:
        raise CommandError("There is no such workspace. Check its name.", returncode=USAGE)
    return found
