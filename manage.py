#!/usr/bin/env python
"""Runs one of the project's commands; `python manage.py help` lists them."""

import os
import signal
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "integrations_center.settings")
    starts = sys.argv[1:2] in (["serve"], ["sandbox"], ["demo"])
    if starts:  # Ctrl-C ends it without a traceback, also while it imports what follows
        signal.signal(signal.SIGINT, signal.SIG_DFL)

    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    from integrations_center import bootstrap, demo

    try:
        if sys.argv[1:2] == ["demo"]:
            demo.prepare()
        elif starts:
            bootstrap.make_missing_keys()
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
