"""A workspace with hundreds of connections of one platform: what its lists cost for each row."""

import json
from functools import partial

from django.test import Client
from django.urls import reverse

from integrations import platforms
from integrations.benchmarks import Measure, cpu, data, get, milliseconds, queries
from integrations.models import IntegrationConnection, Workspace

MANY = 300
FEW_URL = "/api/connections?pageSize=13"
MANY_URL = "/api/connections?pageSize=100"
# 0.4 times on both databases (2026-11-30): what a page costs once is shared by more rows.
MOST_OVER_FEW = 1.1


def measure(client: Client, workspace: Workspace, requests: int) -> list[Measure]:
    """Before and after a platform has 300 connections in a workspace with one of each."""
    provider = next(iter(platforms.catalogue()))
    pages = {
        "/api/connections": MANY_URL,
        "/api/integrations": "/api/integrations",
        "Settings page": reverse("settings", args=[workspace.slug]),
        "Platform page": reverse("platform", args=[workspace.slug, provider]),
    }
    before = {name: len(queries(client, url)) for name, url in pages.items()}
    data.connect_more(workspace, provider, MANY)
    here = IntegrationConnection.objects.filter(workspace=workspace).count()
    where = f"with {here} connections"
    asked = [
        Measure(f"{name}: queries {where}", len(queries(client, url)), limit=before[name])
        for name, url in pages.items()
    ]
    taken = [
        Measure(f"{name}: {where}", round(milliseconds(partial(get, client, url)), 1), "ms")
        for name, url in pages.items()
    ]
    return [*asked, *_cpu_of_a_row(client, requests), *taken]


def _cpu_of_a_row(client: Client, requests: int) -> list[Measure]:
    rows = [len(json.loads(get(client, url))["results"]) for url in (FEW_URL, MANY_URL)]
    taken = cpu.milliseconds(client, FEW_URL, MANY_URL, requests=requests)
    few, many = (ms / number for ms, number in zip(taken, rows, strict=True))
    return [
        Measure(f"{FEW_URL}: CPU time of a row", round(few, 3), "ms"),
        Measure(f"{MANY_URL}: CPU time of a row", round(many, 3), "ms"),
        Measure(
            f"{MANY_URL} over {FEW_URL}, a row", round(many / few, 2), "times", limit=MOST_OVER_FEW
        ),
    ]
