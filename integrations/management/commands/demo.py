"""`manage.py demo`: the site against the sandbox, with made-up data, until Ctrl-C."""

from integrations.demo import stories as demo
from integrations.management.commands import serve
from integrations.models import Workspace


class Command(serve.Command):
    help = "Serves a demo on 127.0.0.1:$PORT: stand-ins for the platforms, and made-up data."

    def welcome(self) -> None:
        """Whoever opens the demo is signed in as its owner."""
        self.stdout.write("Making the demo's data …")
        self.stdout.flush()
        demo.make_owner()
        demo.fill(Workspace.objects.earliest("pk"))
