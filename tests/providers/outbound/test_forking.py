"""A process that was forked, as servers fork their workers. pytest's own has threads."""

import subprocess
import sys

from tests.providers import servers
from tests.providers.servers import RawServer, ok

PROGRAM = """
import os, sys
from providers.errors import ProviderError
from providers.outbound.api import Api
from providers.outbound.transport import Timeouts

def ask(url, **changes):
    trusted = {"trusted": {url}, "platform": "Meta", "judge": lambda reply: None}
    with Api({"API": url}, **trusted, **changes) as api:
        try:
            api.get("/me")
        except ProviderError as error:
            print(error.message, flush=True)

first, slow = sys.argv[1:3]
ask(first)
child = os.fork()
if child == 0:
    ask(first)
    ask(slow, timeouts=Timeouts(total=0.1))
    os._exit(0)
os.waitpid(child, 0)
ask(first)
"""


def run(first, slow):
    arguments = [sys.executable, "-c", PROGRAM, first.url, slow.url]
    done = subprocess.run(arguments, capture_output=True, text=True, timeout=30, check=True)
    return done.stdout


def test_a_child_opens_connections_of_its_own_and_leaves_its_parents_alone():
    with RawServer(ok()) as server, RawServer(ok()) as other:
        run(server, other)

    assert (server.connections, len(server.requests)) == (2, 3)


def test_a_child_ends_slow_requests_in_time():
    with RawServer(ok()) as server, RawServer(servers.drip_headers) as slow:
        assert run(server, slow) == "Meta did not answer in time.\n"
