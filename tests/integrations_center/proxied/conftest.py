"""Starts gunicorn and the proxies in front of it, and asks as a visitor from 127.0.0.2."""

import http.client
import json
import os
import socket
import ssl
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import trustme

from integrations import crypto
from tests import packages
from tests.postgres import free_port, until

ROOT = Path(__file__).parents[3]
VISITOR = "127.0.0.2"
HOST = "center.example"


@dataclass
class Answer:
    status: int
    headers: http.client.HTTPMessage
    text: str

    @property
    def seen(self) -> dict[str, Any]:
        assert self.status == 200, self.text
        return dict(json.loads(self.text))


@dataclass
class Running:
    """A program, where it listens, and what it wrote."""

    address: str  # "127.0.0.1:8000", "[::1]:8000" or "unix:/path"
    log: Path
    process: "subprocess.Popen[bytes]" = field(repr=False)

    @property
    def port(self) -> int:
        return int(self.address.rpartition(":")[2])


Start = Callable[..., Running]


@pytest.fixture
def folder() -> Iterator[Path]:
    """Short, as the path of a socket has to be, and open to programs that change their user."""
    with tempfile.TemporaryDirectory(prefix="icc-") as made:
        Path(made).chmod(0o755)
        yield Path(made)


@pytest.fixture
def start(folder: Path) -> Iterator[Callable[..., Running]]:
    """`start(command, address, **environment)`: until the test ends."""
    with ExitStack() as ending:

        def started(command: list[str], address: str, **environment: str) -> Running:
            log = folder / f"log-{free_port()}"
            with log.open("wb") as written:
                process = subprocess.Popen(
                    command,
                    cwd=ROOT,
                    env={"PATH": os.environ["PATH"], "HOME": str(folder), **environment},
                    stdout=written,
                    stderr=written,
                )
            ending.callback(process.wait, 20)
            ending.callback(process.terminate)
            return Running(address, log, process)

        yield started


@pytest.fixture
def site(folder: Path, start: Start) -> Callable[..., Running]:
    """`site(TRUSTED_PROXIES="127.0.0.1", …)`: gunicorn as `serve` starts it, where `at` says."""

    def started(*options: str, at: str = "", **environment: str) -> Running:
        at = at or f"127.0.0.1:{free_port()}"
        given = {
            "ALLOWED_HOSTS": "",
            "CREDENTIAL_KEYS": crypto.new_key(),
            "DATABASE_URL": f"sqlite:///{folder}/none.sqlite3",
            "PUBLIC_URL": f"https://{HOST}",
            "SECRET_KEY": crypto.new_key(),
        }
        command = [
            sys.executable,
            "-m",
            "gunicorn",
            "--config=python:integrations_center.gunicorn_config",
        ]
        command += [f"--bind={at}", "--worker-class=gthread", "--threads=4", "--no-control-socket"]
        command += ["--log-level=warning", *options, "tests.integrations_center.proxied.site"]
        running = start(command, at, **given | environment)
        until(lambda: _listens(running))
        return running

    return started


@cache
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def certificate(folder: Path) -> Path:
    """A file with key and certificates for HOST."""
    file = folder / "tls.pem"
    authority().issue_cert(HOST).private_key_and_cert_chain_pem.write_to_path(str(file))
    return file


NGINX = """
daemon off; pid {folder}/nginx-{port}.pid; error_log stderr; worker_processes 1;
events {{}}
http {{
  access_log off; client_body_temp_path {folder}/b{port}; proxy_temp_path {folder}/p{port};
  fastcgi_temp_path {folder}/f{port}; uwsgi_temp_path {folder}/u{port};
  scgi_temp_path {folder}/s{port};
  server {{
    listen 127.0.0.1:{port} {ssl}; ssl_certificate {pem}; ssl_certificate_key {pem};
    location {path} {{ proxy_pass http://{behind}{stripped}; {says} }}
  }}
}}
"""
NGINX_SAYS = (
    "proxy_set_header Host $http_host; proxy_set_header X-Forwarded-Proto $scheme;"
    "proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;"
)
CADDY = """
{{ admin off
  auto_https disable_redirects
  storage file_system {folder}/caddy
}}
{scheme}://{host}:{port} {{
  bind 127.0.0.1
  {tls}
  reverse_proxy {behind} {{
    {says}
  }}
}}
"""
HAPROXY = """
defaults
  mode http
  timeout connect 5s
  timeout client 20s
  timeout server 20s
frontend in
  bind 127.0.0.1:{port} {ssl}
  {says}
  default_backend site
backend site
  server one {behind} {send}
"""
HAPROXY_SAYS = "option forwardfor\n  http-request set-header X-Forwarded-Proto {scheme}"


@pytest.fixture
def nginx(folder: Path, start: Start, certificate: Path) -> Callable[..., Running]:
    def started(
        behind: Running,
        *,
        tls: bool = True,
        says: str = NGINX_SAYS,
        path: str = "/",
        stripped: str = "",
    ) -> Running:
        port = free_port()
        to = behind.address
        to = f"{to}:" if to.startswith("unix:") else to
        settings = folder / f"nginx-{port}.conf"
        settings.write_text(
            NGINX.format(
                folder=folder,
                port=port,
                ssl="ssl" if tls else "",
                pem=certificate,
                behind=to,
                says=says,
                path=path,
                stripped=stripped,
            )
        )
        command = [_program("nginx"), "-p", str(folder), "-e", "stderr", "-c", str(settings)]
        return _ready(start(command, f"127.0.0.1:{port}"))

    return started


@pytest.fixture
def caddy(folder: Path, start: Start, certificate: Path) -> Callable[..., Running]:
    def started(behind: Running, *, tls: bool = True, says: str = "") -> Running:
        port = free_port()
        settings = folder / f"Caddyfile-{port}"
        settings.write_text(
            CADDY.format(
                folder=folder,
                host=HOST,
                port=port,
                scheme="https" if tls else "http",
                tls=f"tls {certificate} {certificate}" if tls else "",
                behind=behind.address.replace("unix:", "unix/"),
                says=says,
            )
        )
        command = [_program("caddy"), "run", "--adapter=caddyfile", f"--config={settings}"]
        return _ready(start(command, f"127.0.0.1:{port}"))

    return started


@pytest.fixture
def haproxy(folder: Path, start: Start, certificate: Path) -> Callable[..., Running]:
    def started(
        behind: Running, *, tls: bool = True, says: str = HAPROXY_SAYS, send: str = ""
    ) -> Running:
        port = free_port()
        settings = folder / f"haproxy-{port}.cfg"
        settings.write_text(
            HAPROXY.format(
                port=port,
                ssl=f"ssl crt {certificate}" if tls else "",
                says=says.format(scheme="https" if tls else "http"),
                behind=behind.address.replace("unix:", "unix@"),
                send=send,
            )
        )
        return _ready(start([_program("haproxy"), "-db", "-f", str(settings)], f"127.0.0.1:{port}"))

    return started


@pytest.fixture
def ask() -> Callable[..., Answer]:
    """`ask(proxy, "/seen/", X_Real_IP="1.2.3.4")`, as a visitor."""

    def asked(
        running: Running,
        path: str = "/seen/",
        *,
        method: str = "GET",
        tls: bool = True,
        raw: Mapping[str, str] = {},
        **headers: str,
    ) -> Answer:
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        connection = _connection(running.port, tls)
        connection.request(method, path, headers={"Host": HOST, **headers, **raw})
        reply = connection.getresponse()
        answer = Answer(reply.status, reply.headers, reply.read().decode())
        connection.close()
        return answer

    return asked


def _connection(port: int, tls: bool) -> http.client.HTTPConnection:
    where: dict[str, Any] = {"timeout": 20, "source_address": (VISITOR, 0)}
    connection = http.client.HTTPConnection("127.0.0.1", port, **where)
    connection.connect()
    if tls:
        context = ssl.create_default_context()
        authority().configure_trust(context)
        connection.sock = context.wrap_socket(connection.sock, server_hostname=HOST)
    return connection


def _program(name: str) -> str:
    program = packages.program(name)
    assert program, f"{name} is not there."
    return program


def _ready(running: Running) -> Running:
    until(lambda: _listens(running))
    return running


def _listens(running: Running) -> bool:
    assert running.process.poll() is None, running.log.read_text()
    if running.address.startswith("unix:"):
        return Path(running.address.removeprefix("unix:")).is_socket()
    host, _, port = running.address.rpartition(":")
    family, host = (
        (socket.AF_INET6, "::1") if host.startswith("[") else (socket.AF_INET, "127.0.0.1")
    )
    with socket.socket(family) as probe:
        probe.connect((host, int(port)))
    return True
