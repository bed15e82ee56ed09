"""What several commands ask: a workspace's name, a file, and whether a loss is meant."""

import sys
from pathlib import Path

from django.core.management.base import CommandError, OutputWrapper

from integrations.models import Workspace
from integrations.services.connecting.importing import UnreadableFile

USAGE = 2  # the exit code of what was not understood


def named_workspace(slug: str | None) -> Workspace:
    """The first one unless it is named. Raises CommandError."""
    workspaces = Workspace.objects.filter(archived_at=None).order_by("pk")
    found = (workspaces.filter(slug=slug) if slug else workspaces).first()
    if not found:
        raise CommandError("There is no such workspace. Check its name.", returncode=USAGE)
    return found


def content_of(file: str) -> bytes:
    """`-` is standard input. Raises UnreadableFile."""
    try:
        return sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError:
        raise UnreadableFile("The file cannot be read. Check its name and your rights.") from None


def confirm(err: OutputWrapper, warning: str, to: str) -> None:
    """Raises CommandError unless a person types yes."""
    if not sys.stdin.isatty():
        raise CommandError(f"{warning} Add --yes if that is meant.", returncode=USAGE)
    err.write(f"{warning} Type yes to {to}: ", ending="")
    err.flush()
    if sys.stdin.readline().strip().lower() != "yes":
        raise CommandError("Nothing was changed.", returncode=USAGE)
