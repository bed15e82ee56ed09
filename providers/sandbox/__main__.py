"""`python -m providers.sandbox [--port N]`: run it until Ctrl-C, and say how to use it."""

import argparse
import sys
from collections.abc import Sequence

from providers import registry
from providers.sandbox import meta
from providers.sandbox.server import Platform, Server, prefixed

PLATFORMS: dict[str, Platform] = {"meta": meta.PLATFORM}


def guide(url: str) -> str:
    """What to set so that the product talks to this server, and what each credential does."""
    lines = [f"The sandbox answers at {url}. Ctrl-C stops it."]
    for slug, platform in PLATFORMS.items():
        provider = registry.get(slug)
        lines += ["", f"{provider.name}: put this into .env and restart:"]
        lines += [f"  PROVIDER_{slug.upper()}__{host}_URL={url}/{slug}" for host in provider.hosts]
        for title, entries in platform.guide.items():
            width = max(len(value) for value, _ in entries)
            lines += [f"{title}:"]
            lines += [f"  {value:<{width}}  {does}" for value, does in entries]
    return "\n".join(lines) + "\n"


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m providers.sandbox", description=__doc__)
    parser.add_argument("--port", type=int, default=9000, help="9000 unless told; 0 for any")
    port = parser.parse_args(arguments).port
    answers = {slug: platform.answer for slug, platform in PLATFORMS.items()}
    try:
        server = Server(prefixed(answers), port=port)
    except (OSError, OverflowError):
        parser.error(f"Port {port} cannot be used: choose another with --port.")
    with server:
        sys.stdout.write(guide(server.url))
        sys.stdout.flush()
        server.wait()


if __name__ == "__main__":
    main()
