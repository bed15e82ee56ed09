"""`manage.py benchmark jobs`: what a load tool asks is there, and answered as it expects."""

import json

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.test import Client

from integrations.benchmarks import jobs
from providers.outbound.addresses import parse_allowed
from providers.sandbox.server import Answer, Server


@pytest.fixture
def printed(workspace, settings, monkeypatch, capsys):
    """The jobs, whose platform answers for as long as the test lasts."""
    with Server(lambda _asked: Answer(body={"ok": True})) as platform:
        port = platform.url.rpartition(":")[2]
        settings.OUTBOUND_ALLOW = parse_allowed(f"127.0.0.1:{port}")
        monkeypatch.setattr(jobs, "TESTED", 2)
        monkeypatch.setenv("BENCH_STUB0", port)
        monkeypatch.setenv("BENCH_STUB200", port)
        call_command("benchmark", "jobs")
        yield json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("name", ["list", "patch", "test0", "test200"])
def test_each_job_gets_the_reply_that_is_expected(printed, name):
    job = printed[name]

    reply = Client(enforce_csrf_checks=True).generic(
        job["method"],
        job["paths"][-1],
        job.get("bodies", [""])[0].replace("__N__", "7"),
        headers=job["headers"],
    )

    assert reply.status_code == 200
    assert job["expect"] in reply.content.decode()


def test_a_second_time_fills_in_nothing_more(printed, workspace):
    before = workspace.connections.count(), User.objects.count()

    call_command("benchmark", "jobs")

    assert (workspace.connections.count(), User.objects.count()) == before


def test_a_database_that_people_use_is_left_alone(owner):
    with pytest.raises(CommandError, match="People use this database"):
        call_command("benchmark", "jobs")


@pytest.mark.django_db
def test_the_ports_of_the_platforms_must_be_named(monkeypatch):
    monkeypatch.delenv("BENCH_STUB0", raising=False)

    with pytest.raises(ImproperlyConfigured, match="BENCH_STUB0 must be"):
        call_command("benchmark", "jobs")
