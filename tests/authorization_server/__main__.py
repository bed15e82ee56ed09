"""`python -m tests.authorization_server FILE` serves with this database until its input ends.

Prints the port that it listens on.
"""

import os
import sys
import threading

import django
from django.core.management import call_command
from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
from django.core.wsgi import get_wsgi_application

from tests.authorization_server.apps import APP, NARROW, PASSWORD, PEOPLE, REDIRECT_URI


def main(file: str) -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.authorization_server.settings"
    os.environ["AUTHORIZATION_SERVER_DATABASE"] = file
    django.setup()
    call_command("migrate", run_syncdb=True, verbosity=0)
    fill()
    server = ThreadedWSGIServer(("127.0.0.1", 0), WSGIRequestHandler)
    server.set_app(get_wsgi_application())
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_port, flush=True)  # noqa: T201
    sys.stdin.read()  # ends when whoever started this has ended too


def fill() -> None:
    """The people, and the apps that an owner registered."""
    # Models cannot be imported before the settings are known.
    from django.contrib.auth.models import User
    from oauth2_provider.models import Application  # type: ignore[import-untyped]

    for name in PEOPLE:
        User.objects.create_user(name, password=PASSWORD)
    for app in (APP, NARROW):
        Application.objects.create(
            name="Integrations Control Center",
            client_id=app.client_id,
            client_secret=app.client_secret,
            client_type=Application.CLIENT_CONFIDENTIAL,
            authorization_grant_type=Application.GRANT_AUTHORIZATION_CODE,
            redirect_uris=REDIRECT_URI,
        )


if __name__ == "__main__":
    main(sys.argv[1])
