"""Makes docs/pictures anew, of the demo as it is: `.venv/bin/python -m tests.pictures`."""

import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, sync_playwright

from tests import packages

ROOT = Path(__file__).resolve().parent.parent
PICTURES = ROOT / "docs" / "pictures"
SERVING = re.compile(r"Serving on (\S+)")


@contextmanager
def demo() -> Iterator[str]:
    """Its address, once it serves."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with subprocess.Popen(
        [sys.executable, "manage.py", "demo"],
        cwd=ROOT,
        env=os.environ | {"PORT": str(port)},
        stdout=subprocess.PIPE,
        text=True,
    ) as run:
        assert run.stdout
        try:
            yield next(found[1] for line in run.stdout if (found := SERVING.search(line)))
        finally:
            run.terminate()


def take(browser: Browser, address: str, scheme: Literal["light", "dark"]) -> None:
    """The settings page, and the dialog of a connection that broke."""
    page = browser.new_page(
        viewport={"width": 1280, "height": 800}, color_scheme=scheme, base_url=address
    )
    page.goto("/dashboard/settings/")
    page.screenshot(path=PICTURES / f"settings-{scheme}.png")
    page.locator(".card.bad .btn.primary").first.click()
    page.locator("#dialog[open] .dialog").wait_for()
    page.screenshot(path=PICTURES / f"dialog-{scheme}.png")


def main() -> None:
    PICTURES.mkdir(exist_ok=True)
    with demo() as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=packages.chromium(), args=["--no-sandbox"]
        )
        take(browser, address, "light")
        take(browser, address, "dark")
        browser.close()


if __name__ == "__main__":
    main()
