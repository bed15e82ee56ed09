"""A platform's name stands in its room, family and stand-in, and nowhere else in the product."""

import re
from pathlib import Path

import pytest

from providers import registry

ROOT = Path(__file__).parents[2]
PRODUCT = ("integrations", "integrations_center", "providers", "templates")
# Each with its path: a file's name counts as well.
READ = {".py", ".html", ".txt", ".css", ".js", ".svg"}
# What others wrote.
NOT_OURS = "integrations/static/integrations/vendor/"
FILES = {
    file: f"{file}\n{path.read_text()}"
    for top in PRODUCT
    for path in sorted((ROOT / top).rglob("*"))
    if (file := path.relative_to(ROOT).as_posix())
    if path.suffix in READ and not file.startswith(NOT_OURS)
}
OWN = registry.own()
# Two slugs are also words of Django, of HTML, of WSGI; of headers, of our icons.
ALSO = {
    "meta": r"\bclass Meta\b|\b_meta\b|[.(]Meta\b|<meta\b|\brequest\.META\b",
    "x": r"\bX-[\w*-]+|\bicon \"x\"",
}
# A reply's part and an address of documents that happen to be called so.
ALSO_IN = {
    "meta": {
        "providers/platforms/crm/salesforce/__init__.py",
        "providers/platforms/x/steps.py",
        "providers/sandbox/x.py",
    },
}
SHORT = 2  # letters: a word of these is a name only in quotation marks, or as a capital alone


def names_of(provider):
    """The slug, each part of the name, and the apps for signing in: those of vendors too."""
    apps = {name for one in provider.sign_ins for name in (one.app.slug, one.app.name)}
    parts = {part.strip() for part in re.split(r"[()]", provider.name)}
    return sorted({provider.slug, *parts, *apps} - {""})


def is_at_home(provider, file):
    """Whether the file is the platform's own: its room, family, stand-in or a mark it declares."""
    names = "|".join({provider.slug, provider.family or provider.slug})
    rooms = rf"providers/(platforms|families|sandbox)/({names})(/|\.py$)"
    declared = (*provider.vendors, *(one.app for one in provider.sign_ins))
    marks = "|".join({provider.slug, *(one.mark for one in declared)} - {""})
    return re.match(rf"{rooms}|.*/static/integrations/platforms/({marks})\.svg$", file)


def pattern_of(name):
    """The name as a whole word, whatever its case, also between underscores."""
    if len(name) > SHORT:
        return re.compile(rf"(?<![a-z0-9]){re.escape(name)}(?![a-z0-9])", re.IGNORECASE)
    low, capital = re.escape(name.lower()), re.escape(name.upper())
    return re.compile(rf"([\"']){low}\1|\bimport {low}\b|(?<![\w-]){capital}(?![\w-])")


def found_in(text, provider, name):
    also = ALSO.get(provider.slug)
    ours = re.sub(also, "", text) if also else text
    return pattern_of(name).search(ours)


@pytest.mark.parametrize("provider", OWN, ids=lambda one: one.slug)
def test_a_platform_is_named_nowhere_but_at_home(provider):
    relatives = [one for one in OWN if (one.family or one.slug) == (provider.family or "")]
    allowed = ALSO_IN.get(provider.slug, set())

    named = {
        f"{file}: {name}"
        for name in names_of(provider)
        for file, text in FILES.items()
        if not is_at_home(provider, file) and file not in allowed
        if not any(name in names_of(one) and is_at_home(one, file) for one in relatives)
        if found_in(text, provider, name)
    }

    assert not named


def test_the_product_is_read_whole():
    assert len(FILES) > 250
    assert {file.split("/")[0] for file in FILES} == set(PRODUCT)


@pytest.mark.parametrize("name", ["crm", "CRM", "hubspot", "HubSpot", "salesforce", "zoho"])
def test_vendors_count_as_names(name):
    assert name in names_of(registry.get("crm"))


@pytest.mark.parametrize(
    ("slug", "text"),
    [
        ("meta", "A token of Meta usually begins so."),
        ("meta", "PROVIDER_META__API_URL"),
        ("meta", "from providers.sandbox import meta, server"),
        ("google_ads", '"google_ads": {}'),
        ("ga4", "Sessions, as Google Analytics counts them"),
        ("x", "X does not accept this."),
        ("x", '"x": {}'),
        ("x", "from providers.sandbox import x as platform"),
        ("crm", "hubspot.PREFIX"),
    ],
)
def test_a_name_is_seen_however_it_is_used(slug, text):
    provider = registry.get(slug)

    assert any(found_in(text, provider, name) for name in names_of(provider))


@pytest.mark.parametrize(
    ("slug", "text"),
    [
        ("meta", "class Meta:"),
        ("meta", '<meta charset="utf-8">'),
        ("meta", "metadata"),
        ("x", "X-Workspace, overflow-x, application/x-www-form-urlencoded"),
        ("x", '{% icon "x" %}'),
    ],
)
def test_words_of_others_are_no_names(slug, text):
    provider = registry.get(slug)

    assert not any(found_in(text, provider, name) for name in names_of(provider))
