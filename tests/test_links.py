"""No page and no script names an address of the site in full: PUBLIC_URL may have a path."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LITERAL = re.compile(r"""(?:href|src|action|hx-\w+)=["']/|(?:fetch|location\w*)\W{1,4}["'`]/""")
OURS = [
    *(ROOT / "templates").rglob("*.html"),
    *(ROOT / "integrations" / "static" / "integrations").glob("*.js"),
]


@pytest.mark.parametrize("file", OURS, ids=lambda file: file.name)
def test_no_address_is_written_out(file):
    assert LITERAL.findall(file.read_text()) == []


def test_an_address_that_is_written_out_would_be_found():
    assert LITERAL.search('<a href="/dashboard/">')
    assert LITERAL.search('fetch("/api/integrations")')
