"""Says whether the port is free. Needs nothing installed: `./dev` asks before it sets up."""

import errno
import os
import socket
import sys

HOST = "127.0.0.1"


def problem(port: str) -> str | None:
    """A sentence for the person who starts the server, or None."""
    if not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        return "PORT must be a port between 1 and 65535."
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, int(port)))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                other = 8001 if port == "8000" else 8000
                return (
                    f"Port {port} is in use. Stop what uses it, or try `PORT={other} ./dev serve`."
                )
            return f"Port {port} cannot be used here. Try `PORT=8000 ./dev serve`."
    return None


if __name__ == "__main__":
    sys.exit(problem(os.environ.get("PORT") or "8000"))
