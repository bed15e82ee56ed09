#!/usr/bin/env python
"""Runs one of the project's commands; `python manage.py help` lists them."""

import errno
import io
import os
import signal
import sys

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
ENDED_BY_SIGPIPE = 128 + 13  # what a shell says of a program that writes to nobody


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "integrations_center.settings")
    starts = sys.argv[1:2] in (["serve"], ["sandbox"], ["demo"])
    if starts:  # Ctrl-C ends it without a traceback, also while it imports what follows
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    open_what_is_closed()
    for stream in (sys.stdout, sys.stderr):
        # A terminal that knows few letters gets the others as \u2026 rather than nothing at all.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")

    from django.core.exceptions import ImproperlyConfigured
    from django.db import OperationalError

    try:
        run(starts=starts)
    except ImproperlyConfigured as error:
        sys.exit(str(error))
    except OperationalError as error:
        from integrations_center import health

        sys.exit(health.said_of(error))
    except BrokenPipeError:  # `… | head -1` has read enough
        forget_what_is_unwritten()
        sys.exit(ENDED_BY_SIGPIPE)
    except OSError as error:
        if error.errno not in FULL:
            raise
        forget_what_is_unwritten()
        sys.exit(f"Not everything could be written: {error.strerror}. Make room, then repeat it.")


def run(*, starts: bool) -> None:
    from django.core.management import execute_from_command_line

    from integrations_center import bootstrap, demo

    try:
        if sys.argv[1:2] == ["demo"]:
            demo.prepare()
        elif starts:
            bootstrap.make_missing_keys()
        execute_from_command_line(sys.argv)
    finally:
        sys.stdout.flush()  # here, where somebody says what went wrong


def open_what_is_closed() -> None:
    """`… >&-` is read by nobody. Left closed, the next file that is opened would be printed to."""
    for number, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        if getattr(sys, name) is None:
            nowhere = os.open(os.devnull, os.O_RDWR)
            if nowhere != number:
                os.dup2(nowhere, number)
                os.close(nowhere)
            os.set_inheritable(number, True)  # for what this process becomes or starts
            setattr(sys, name, os.fdopen(number, mode, encoding="utf-8"))


def forget_what_is_unwritten() -> None:
    """Python would try once more at its end, and complain."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    main()
