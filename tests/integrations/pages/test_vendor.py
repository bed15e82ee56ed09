import csv
import hashlib
from pathlib import Path

import integrations

STATIC = Path(integrations.__file__).parent / "static" / "integrations"
OWN = {"app.css", "dialog.js", "times.js", "filters.js", "menus.js", "focus.js", "admin.css"}
OWN |= {"changes.js", "choices.js", "heard.js", "shared.css", "admin.js", "api.js", "wall.js"}
OWN |= {"favicon.svg", "VENDOR.tsv"}


def test_every_file_of_somebody_else_is_the_one_that_is_written_down():
    with (STATIC / "VENDOR.tsv").open() as table:
        rows = list(csv.DictReader(table, delimiter="\t"))

    for row in rows:
        digest = hashlib.sha256((STATIC / row["file"]).read_bytes()).hexdigest()
        assert digest == row["sha256"], row["file"]
    licences = set(STATIC.rglob("*LICENSE*"))
    own = {STATIC / name for name in OWN} | set((STATIC / "signs").iterdir())
    named = own | {STATIC / row["file"] for row in rows} | licences
    assert {path for path in STATIC.rglob("*") if path.is_file()} <= named
