"""The settings page: its queries, and what a browser loads for it the first time."""

import gzip
import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urljoin, urlsplit

from django.conf import settings
from django.contrib.staticfiles import finders
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from integrations.benchmarks import Measure
from integrations.models import Workspace

MOST_KILOBYTES = 60
GZIP_LEVEL = 6
LOADED = {"link": "href", "script": "src", "img": "src", "use": "href"}
LOADED_BY_STYLE = r"""url\(\s*['"]?([^'")]+)|@import\s+['"]([^'"]+)"""
LOADED_LINKS = {"stylesheet", "icon", "preload", "modulepreload"}


def queries(client: Client, workspace: Workspace) -> int:
    with CaptureQueriesContext(connection) as seen:
        html(client, workspace)
    return len(seen)


def html(client: Client, workspace: Workspace) -> str:
    url = reverse("settings", args=[workspace.slug])
    reply = client.get(url)
    if reply.status_code != 200:
        raise RuntimeError(f"{url} answered {reply.status_code}.")
    return str(reply.content.decode())


def weight(client: Client, workspace: Workspace) -> list[Measure]:
    page = html(client, workspace)
    base = reverse("settings", args=[workspace.slug])
    files = sorted(assets(page, base))
    kilobytes = (_compressed(page.encode()) + sum(map(_file_weight, files))) / 1024
    return [
        Measure("Settings page: files loaded with it", len(files)),
        Measure(
            "Settings page with its files, compressed",
            round(kilobytes, 1),
            "KB",
            limit=MOST_KILOBYTES,
        ),
    ]


def assets(page: str, base: str) -> set[str]:
    """The addresses that a page loads, and those that its styles load."""
    found = _Links(base)
    found.feed(page)
    styles = {url for url in found.urls if url.endswith(".css")}
    return found.urls | {inner for url in styles for inner in _loaded_by_style(url)}


class _Links(HTMLParser):
    def __init__(self, base: str) -> None:
        super().__init__()
        self.base = base
        self.urls: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        url = given.get(LOADED.get(tag, ""))
        if not url or url.startswith(("#", "data:")):
            return
        if tag == "link" and not LOADED_LINKS & set((given.get("rel") or "").split()):
            return
        self.urls.add(urlsplit(urljoin(self.base, url)).path)


def _loaded_by_style(url: str) -> set[str]:
    text = _file(url).read_text()
    inner = [one or other for one, other in re.findall(LOADED_BY_STYLE, text)]
    return {urljoin(url, one) for one in inner if not one.startswith(("#", "data:"))}


def _file(url: str) -> Path:
    found = finders.find(url.removeprefix(settings.STATIC_URL))
    if not found:
        raise RuntimeError(f"{url} is loaded by the settings page and is no static file.")
    return Path(str(found))


def _file_weight(url: str) -> int:
    return _compressed(_file(url).read_bytes())


def _compressed(content: bytes) -> int:
    return len(gzip.compress(content, GZIP_LEVEL))
