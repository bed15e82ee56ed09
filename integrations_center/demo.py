"""The demo: the product against the sandbox, in a database of its own that every start empties.

Everything is set in this process's environment before Django reads its settings, so that
nothing of a real installation is touched or asked.
"""

import os
import secrets
from pathlib import Path
from urllib.parse import urlsplit

from integrations import crypto
from providers import registry
from providers.sandbox.__main__ import APPS, sandbox

DATABASE = Path(__file__).resolve().parent.parent / "data" / "demo.sqlite3"


def prepare() -> None:
    """Start the sandbox on a free port, and point this process at it."""
    server = sandbox()
    server.__enter__()  # until this process ends
    DATABASE.parent.mkdir(mode=0o700, exist_ok=True)
    for leftover in DATABASE.parent.glob(f"{DATABASE.name}*"):
        leftover.unlink()
    os.environ |= (
        origins(server.url)
        | apps()
        | {
            "DEMO": "1",
            "DATABASE_URL": f"sqlite:///{DATABASE}",
            "SECRET_KEY": secrets.token_urlsafe(50),
            "CREDENTIAL_KEYS": crypto.new_key(),
            "PUBLIC_URL": "",
            "ALLOWED_HOSTS": "",
            "OUTBOUND_ALLOW": urlsplit(server.url).netloc,
            "TASKS_URL": "",
            "HISTORY_DAYS": "",
            "TEST_RATE": "",
        }
    )


def apps() -> dict[str, str]:
    """`{"APP_<NAME>__CLIENT_ID": "…", "APP_<NAME>__CLIENT_SECRET": "…", …}` of the stand-ins."""
    return {
        f"APP_{slug.upper()}__CLIENT_{part}": value
        for slug, app in APPS.items()
        for part, value in (("ID", app.client_id), ("SECRET", app.client_secret))
    }


def origins(url: str) -> dict[str, str]:
    """`{"PROVIDER_<SLUG>__API_URL": "http://127.0.0.1:…/<slug>", …}` for every host there is."""
    return {
        f"PROVIDER_{slug.upper()}__{host}_URL": f"{url}/{slug}"
        for slug, provider in registry.catalogue().items()
        for host in provider.hosts
    }
