"""`python -m providers.sandbox [--port N]`: run it until Ctrl-C, and say how to use it."""

import argparse
import sys
from collections.abc import Sequence
from html import escape
from importlib import import_module
from importlib.metadata import entry_points
from pkgutil import iter_modules

import providers.sandbox
from providers import registry
from providers.declare import App
from providers.sandbox.server import Answer, Server, prefixed
from providers.sandbox.sign_in import AuthorizationServer
from providers.sandbox.stand_in import Platform

STAND_INS = "integrations_center.stand_ins"


def stand_ins() -> dict[str, Platform]:
    """What each module here that is named like a platform of ours declares, in their order.

    Then those of installed packages, by their entry points.
    """
    names = {module.name for module in iter_modules(providers.sandbox.__path__)}
    own = {
        provider.slug: import_module(f"providers.sandbox.{provider.slug}").PLATFORM
        for provider in registry.own()
        if provider.slug in names
    }
    return own | {point.name: point.load() for point in sorted(entry_points(group=STAND_INS))}


PLATFORMS = stand_ins()
INBOX = "inbox"  # takes whatever is posted there, as a webhook's receiver does
SIGN_INS: dict[str, AuthorizationServer] = {
    app: server for platform in PLATFORMS.values() for app, server in platform.sign_ins.items()
}
APPS: dict[str, App] = {
    slug: App(server.client_id, server.client_secret) for slug, server in SIGN_INS.items()
}

PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Sandbox</title>
<meta name="viewport" content="width=device-width"><style>
body {{ font: 15px/1.5 system-ui; max-width: 60rem; margin: 2rem auto; padding: 0 1rem;
color-scheme: light dark }} td {{ padding: .2rem 1rem .2rem 0; vertical-align: top }}
code {{ overflow-wrap: anywhere }}
pre {{ overflow-x: auto; padding: .6rem; border: 1px solid }}</style></head><body><main>
<h1>Sandbox</h1>
<p>A stand-in for the platforms, on this machine. The credential that is used decides what
happens; none of them opens anything. Put the lines of a platform into .env and restart:
its calls then come here.</p>
<p>To see a saved connection break, put one that breaks in its place by the API, which asks nobody:
<code>PATCH /api/integrations/… {{"config": {{"accessToken": "…"}}}}</code>. The next
check finds it. Stop this server to see an outage. It takes a webhook's messages at
<code>/inbox/</code>, once OUTBOUND_ALLOW names its host and port.</p>{}</main></body></html>"""


def guide(url: str) -> str:
    """What to do with it, in five lines; its page says the rest."""
    slug, provider = next((slug, registry.get(slug)) for slug in PLATFORMS)
    return (
        f"The sandbox answers at {url}.\n"
        "Open it: each platform's lines for .env to copy, and credentials that work or break.\n"
        f"{provider.name}, for example: {settings_of(slug, url)[0]}\n"
        "None of the credentials opens anything. Each shows one thing that can happen.\n"
        "Ctrl-C stops it.\n"
    )


def settings_of(slug: str, url: str) -> list[str]:
    """The lines for .env that send one platform's calls to a sandbox."""
    hosts = registry.get(slug).hosts
    return [f"PROVIDER_{slug.upper()}__{host}_URL={url}/{slug}" for host in hosts]


def page(url: str) -> str:
    """For a browser: what to set, and every account and token with what it does."""
    parts = []
    for slug, platform in PLATFORMS.items():
        lines = "\n".join(settings_of(slug, url))
        name = escape(registry.get(slug).name)
        parts.append(f'<h2 id="{slug}">{name}</h2><pre>{escape(lines)}</pre>')
        for title, entries in platform.guide.items():
            rows = "".join(
                f"<tr><td><code>{escape(value)}</code></td><td>{escape(does)}</td></tr>"
                for value, does in entries
            )
            parts.append(f"<h3>{escape(title)}</h3><table>{rows}</table>")
    return PAGE.format("".join(parts))


def sandbox(*, port: int = 0) -> Server:
    """The server for all platforms, not started yet. Raises OSError for a port in use."""
    answers = {slug: platform.answer for slug, platform in PLATFORMS.items()}
    answers[INBOX] = lambda _asked: Answer(204)
    server = Server(prefixed(answers), port=port)
    server.answer = prefixed(answers, home=page(server.url))
    return server


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m providers.sandbox", description=__doc__)
    parser.add_argument("--port", type=int, default=9000, help="9000 unless told; 0 for any")
    port = parser.parse_args(arguments).port
    try:
        server = sandbox(port=port)
    except (OSError, OverflowError):
        parser.error(f"Port {port} cannot be used: choose another with --port.")
    with server:
        sys.stdout.write(guide(server.url))
        sys.stdout.flush()
        server.wait()


if __name__ == "__main__":
    main()
