"""Looks a name up, within a limit that the operating system does not set itself."""

import socket
import threading
from collections.abc import Callable, Iterable
from ipaddress import ip_address
from queue import Empty, SimpleQueue

from providers.outbound import addresses

Resolve = Callable[[str, int], Iterable[tuple[int, str]]]


def resolve(host: str, port: int) -> list[tuple[int, str]]:
    """Every address of a name, as the operating system finds them."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [(family, str(address[0])) for family, _, _, _, address in found]


def look_up(host: str, port: int, *, resolve: Resolve, seconds: float) -> list[addresses.IPAddress]:
    """What `resolve` found; nothing when it failed or took too long."""
    found: SimpleQueue[list[tuple[int, str]]] = SimpleQueue()

    def ask() -> None:
        try:
            found.put(list(resolve(host, port)))
        except (OSError, UnicodeError):
            found.put([])

    threading.Thread(target=ask, daemon=True).start()
    try:
        return [ip_address(text) for _, text in found.get(timeout=seconds)]
    except Empty:
        return []
