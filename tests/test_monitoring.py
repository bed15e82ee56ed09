"""The dashboard is one that Grafana takes, wherever its data comes from."""

import json
from pathlib import Path

import pytest

DASHBOARD = json.loads(
    (Path(__file__).parents[1] / "docs" / "monitoring" / "dashboard.json").read_text()
)
PANELS = DASHBOARD["panels"]
SOURCE = {"type": "prometheus", "uid": "${datasource}"}
GRID = 24  # columns


def test_it_is_of_the_classic_kind_and_asks_for_its_source():
    assert DASHBOARD["schemaVersion"] >= 36
    assert DASHBOARD["uid"]
    assert "__inputs" not in DASHBOARD  # which provisioning from a file does not fill
    assert "id" not in DASHBOARD  # an installation's own number
    [variable] = DASHBOARD["templating"]["list"]
    assert (variable["name"], variable["type"], variable["query"]) == (
        "datasource",
        "datasource",
        "prometheus",
    )


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel["title"])
def test_each_panel_asks_the_chosen_source(panel):
    assert panel["datasource"] == SOURCE
    assert panel["targets"]
    for target in panel["targets"]:
        assert target["datasource"] == SOURCE
        assert "integrations_" in target["expr"]


def test_panels_have_numbers_of_their_own_and_do_not_lie_on_each_other():
    assert len({panel["id"] for panel in PANELS}) == len(PANELS)
    taken = [
        (x, y)
        for place in (panel["gridPos"] for panel in PANELS)
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    ]
    assert len(set(taken)) == len(taken)
    assert max(x for x, _ in taken) < GRID
