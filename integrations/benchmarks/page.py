"""The settings page: what a browser loads for it the first time."""

import gzip
import re
from pathlib import Path
from urllib.parse import urljoin

from django.conf import settings
from django.contrib.staticfiles import finders
from django.test import Client

from integrations.benchmarks import Measure, get

MOST_KILOBYTES = 60
GZIP_LEVEL = 6
LOADED_BY_STYLE = r"""(?:url\(|@import)\s*['"]?(?!data:|#)([^'")#]+)"""


def weight(client: Client, url: str) -> list[Measure]:
    page = get(client, url)
    files = assets(page.decode())
    loaded = [page, *(_file(one).read_bytes() for one in files)]
    kilobytes = sum(len(gzip.compress(content, GZIP_LEVEL)) for content in loaded) / 1024
    return [
        Measure("Settings page: files loaded with it", len(files)),
        Measure(
            "Settings page with its files, compressed",
            round(kilobytes, 1),
            "KB",
            limit=MOST_KILOBYTES,
        ),
    ]


def assets(page: str) -> set[str]:
    """The addresses of static files that a page names, and those that its styles load."""
    named = set(re.findall(rf"""["']({settings.STATIC_URL}[^"'#?]+)""", page))
    styles = {url for url in named if url.endswith(".css")}
    return named | {inner for url in styles for inner in _loaded_by_style(url)}


def _loaded_by_style(url: str) -> set[str]:
    return {urljoin(url, one) for one in re.findall(LOADED_BY_STYLE, _file(url).read_text())}


def _file(url: str) -> Path:
    found = finders.find(url.removeprefix(settings.STATIC_URL))
    if not found:
        raise RuntimeError(f"{url} is loaded by the settings page and is no static file.")
    return Path(str(found))
