"""`manage.py demo`: the site against the sandbox, with made-up data, until Ctrl-C."""

import signal
import subprocess  # nosec B404 - starts gunicorn, as serve does
import sys
from types import FrameType

from integrations.demo import stories as demo
from integrations.management.commands import serve
from integrations.models import Workspace


class Command(serve.Command):
    help = "Serves a demo on 127.0.0.1:$PORT: stand-ins for the platforms, and made-up data."

    def prepare(self) -> None:
        super().prepare()
        self.stdout.write("Making the demo's data …")
        self.stdout.flush()
        demo.fill(Workspace.objects.earliest("pk"))

    def run(self, command: list[str]) -> None:
        """Beside gunicorn, since the sandbox lives in this process."""
        site = subprocess.Popen(command)  # nosec B603 - our own words, no shell

        def stop(_signal: int, _frame: FrameType | None) -> None:
            site.terminate()

        signal.signal(signal.SIGTERM, stop)
        sys.exit(site.wait())
