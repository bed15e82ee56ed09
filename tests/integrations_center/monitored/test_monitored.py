"""A real Prometheus scrapes a live site, as docs/monitoring/ has it, and understands every rule."""

import json
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from django.utils import timezone

from integrations import queue
from integrations.services.watching import engine
from tests.packages import program
from tests.postgres import free_port, until

pytestmark = [pytest.mark.needs("prometheus"), pytest.mark.django_db(transaction=True)]

ROOT = Path(__file__).parents[3]
SHIPPED = ROOT / "docs" / "monitoring"
DASHBOARD = json.loads((SHIPPED / "dashboard.json").read_text())
TOKEN = "m3tr1cs-t0ken-of-a-monitor-9f2c"
NAME = re.compile(r"\bintegrations_\w+")


def dashboard_queries() -> list[str]:
    every = [target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]]
    return [one.replace("$__rate_interval", "2m") for one in every]


def configured(folder: Path, address: str) -> Path:
    """The shipped files, with this address and token, asked each second."""
    token = folder / "token"
    token.write_text(TOKEN)
    (folder / "alerts.yml").write_text((SHIPPED / "alerts.yml").read_text())
    text = (SHIPPED / "prometheus.yml").read_text()
    changes = {
        "interval: 30s": "interval: 1s",
        "https": "http",
        "/etc/prometheus/integrations-token": str(token),
        "integrations.example.com": address,
    }
    for shipped, here in changes.items():
        assert shipped in text
        text = text.replace(shipped, here)
    config = folder / "prometheus.yml"
    config.write_text(text)
    return config


Ask = Callable[..., Any]


@pytest.fixture
def prometheus(tmp_path: Path, live_server, settings) -> Iterator[Ask]:
    """`prometheus("rules")` asks its API; it scrapes the live site."""
    settings.METRICS_TOKEN = TOKEN
    queue.beat(timezone.now())
    engine.beat(timezone.now())
    config = configured(tmp_path, urlsplit(live_server.url).netloc)
    address = f"127.0.0.1:{free_port()}"
    command = [
        str(program("prometheus")),
        f"--config.file={config}",
        f"--storage.tsdb.path={tmp_path / 'data'}",
        f"--web.listen-address={address}",
        "--log.level=warn",
    ]

    def ask(what: str, **query: str):
        reply = requests.get(f"http://{address}/api/v1/{what}", params=query, timeout=10)
        answer = reply.json()
        assert answer["status"] == "success", (query, answer)
        return answer["data"]

    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        until(lambda: bool(ask("query", query="up == 1")["result"]))
        yield ask
    finally:
        process.terminate()
        process.wait(20)


def evaluated(ask: Ask) -> list[dict[str, Any]]:
    """The rules, once each was evaluated after the first scrape."""
    return [rule for group in ask("rules")["groups"] for rule in group["rules"]]


def test_a_live_site_is_scraped_and_every_rule_and_panel_understood(prometheus):
    until(lambda: all(rule["health"] != "unknown" for rule in evaluated(prometheus)))

    rules = evaluated(prometheus)
    assert {rule["health"] for rule in rules} == {"ok"}, rules
    assert [rule["name"] for rule in rules if rule["state"] == "firing"] == []
    for query in dashboard_queries():
        prometheus("query", query=query)
    there = {one["metric"]["__name__"] for one in prometheus("query", query='{job!=""}')["result"]}
    meant = {name for rule in rules for name in NAME.findall(rule["query"])}
    meant |= {name for query in dashboard_queries() for name in NAME.findall(query)}
    # Of these nothing happened yet: they have no moment.
    silent = {
        "integrations_last_round_timestamp_seconds",
        "integrations_oldest_due_timestamp_seconds",
    }
    assert meant - there == silent
    workers = prometheus("query", query="integrations_workers")["result"]
    assert [one["value"][1] for one in workers] == ["1"]


def test_the_rules_are_right_and_fire_when_they_should(tmp_path):
    tests = (Path(__file__).parent / "alerts.test.yml").read_text()
    file = tmp_path / "alerts.test.yml"
    file.write_text(tests.replace("ALERTS", str(SHIPPED / "alerts.yml")))

    checked = promtool("check", "rules", str(SHIPPED / "alerts.yml"))
    tried = promtool("test", "rules", str(file))

    assert checked.returncode == 0, checked.stderr
    assert tried.returncode == 0, tried.stdout + tried.stderr


def test_what_is_told_keeps_to_the_rules_of_names(live_server, settings):
    settings.METRICS_TOKEN = TOKEN
    reply = requests.get(
        f"{live_server.url}/metrics", headers={"Authorization": f"Bearer {TOKEN}"}, timeout=10
    )

    linted = promtool("check", "metrics", given=reply.text)

    assert (linted.returncode, linted.stderr) == (0, "")


def promtool(*arguments: str, given: str = "") -> "subprocess.CompletedProcess[str]":
    command = [str(program("promtool")), *arguments]
    return subprocess.run(
        command, input=given, capture_output=True, text=True, check=False, timeout=60
    )
