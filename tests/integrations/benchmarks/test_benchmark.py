"""`manage.py benchmark`: that it measures what it says, and leaves the real database alone."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from integrations.benchmarks import Measure, listing, page
from providers import registry
from providers.sandbox.__main__ import PLATFORMS

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """One small run in a process of its own, and where the real database would be."""
    real = tmp_path_factory.mktemp("benchmark") / "real.sqlite3"
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "DATABASE_URL": f"sqlite:///{real}",
    }
    options = ["--connections", "5200", "--requests", "20", "--answer-ms", "20"]
    arguments = ["benchmark", "--json", *options]
    ran = subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,  # where much else runs
        check=False,
    )
    assert ran.returncode in (0, 1), ran.stderr
    return ran, real


@pytest.fixture(scope="module")
def measures(run):
    return {one["name"]: one for one in json.loads(run[0].stdout)["measures"]}


def test_the_real_database_is_not_opened(run):
    _, real = run

    assert not list(real.parent.iterdir())


def test_it_says_on_what_it_measured(run):
    machine = json.loads(run[0].stdout)["machine"]

    assert machine["Python"] == sys.version.split()[0]
    assert machine.keys() == {"Python", "Django", "Database", "CPUs"}


def test_a_broken_limit_and_nothing_else_ends_it_with_1(run, measures):
    assert run[0].returncode == (0 if all(one["holds"] for one in measures.values()) else 1)


def test_the_list_asks_as_often_for_all_as_for_one(measures):
    name = "/api/integrations: queries with 1 connection"

    assert measures[name]["value"] == 5
    assert measures["/api/integrations: queries with 13 connections"]["value"] == 5
    assert measures["/api/integrations: queries beside 5213 connections"]["value"] == 5


def test_the_list_scans_no_table_and_decrypts_nothing(measures):
    assert measures["/api/integrations: full scans beside 5213 connections"]["value"] == 0
    assert measures["/api/integrations: decryptions"]["value"] == 0


@pytest.mark.parametrize(
    ("name", "queries"),
    [("/api/connections", 6), ("/api/integrations", 5), ("Settings page", 13)],
)
def test_hundreds_of_accounts_ask_as_often_as_one_of_each(measures, name, queries):
    measure = measures[f"{name}: queries with 313 connections"]

    assert measure["value"] == measure["limit"] == queries


def test_a_row_of_hundreds_costs_no_more_than_one_of_a_few(measures):
    few, many = "/api/connections?pageSize=13", "/api/connections?pageSize=100"
    ratio = measures[f"{many} over {few}, a row"]

    assert ratio["value"] <= ratio["limit"] == 1.1


def test_the_settings_page_is_light(measures):
    assert measures["Settings page: files loaded with it"]["value"] >= 5
    assert 5 < measures["Settings page with its files, compressed"]["value"] <= 60


def test_the_settings_page_asks_as_often_for_all_as_for_none(measures):
    few = measures["Settings page: queries with no connection"]["value"]

    assert measures["Settings page: queries with all"]["value"] <= few + 1


def test_a_scrape_reads_what_was_counted_before(measures):
    assert measures["/metrics: queries"]["value"] <= 9
    assert measures["/metrics beside 5213 connections: half of the scrapes took"]["value"] > 0
    assert measures["Counting the states beside 5213 connections, now and then"]["value"] > 0


def test_the_settings_page_answers_while_tests_hang(measures):
    assert measures["Tests in flight when the pages had come"]["value"] == 32
    assert measures["Settings page beside them: slowest"]["holds"]


def test_all_platforms_are_tested_together(measures):
    assert measures["Test all, 13 platforms"]["value"] > 20
    assert measures["Test all over the slowest"]["limit"] == 1.25
    assert PLATFORMS.keys() == registry.catalogue().keys()


def test_what_is_ours_of_a_test_has_a_limit(measures):
    assert measures["Ours of it"]["limit"] == 10


@pytest.mark.django_db
def test_reading_all_of_a_few_rows_says_nothing():
    everything = "SELECT error_kind FROM integrations_integrationconnection"

    assert listing.scans([everything]) == []


@pytest.mark.django_db
def test_a_full_scan_is_noticed():
    everything = "SELECT error_kind FROM integrations_integrationconnection"

    assert listing.full_scans([everything]) == 1


def test_a_number_over_its_limit_is_called_broken():
    measure = Measure("Ratio", 1.3, "times", limit=1.25)

    assert not measure.holds
    assert str(measure) == "Ratio: 1.3 times  (at most 1.25)  BROKEN"
    assert Measure("Ratio", 1.25, limit=1.25).holds


def test_what_a_page_and_its_styles_load_is_found():
    html = """
      <link rel="stylesheet" href="/static/admin/css/base.css"><link rel="canonical" href="/x">
      <script src="/static/admin/js/theme.js"></script><img src="data:,">
      <svg><use href="/static/icons.svg#meta"/><use href="#local"/></svg>
    """

    found = page.assets(html)

    pictures = {url for url in found if url.startswith("/static/admin/img/")}
    assert found - pictures == {
        "/static/admin/css/base.css",
        "/static/admin/js/theme.js",
        "/static/icons.svg",
    }
    assert "/static/admin/img/icon-addlink.svg" in pictures


def test_a_file_that_is_not_there_is_said_to_be():
    with pytest.raises(RuntimeError, match="is no static file"):
        page.assets('<link rel="stylesheet" href="/static/none.css">')
