"""Docs and code do not part: settings, commands, links, addresses, calls and platforms."""

import re
import shlex
from pathlib import Path
from uuid import UUID

import pytest
from django.core.management import get_commands, load_command_class
from django.urls import resolve

from integrations.api import urls as api
from integrations.management.commands import serve
from integrations.services.credentials import apps
from integrations_center import env
from providers import registry
from providers.sandbox import __main__ as sandbox

ROOT = Path(__file__).parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
TEXTS = {page.relative_to(ROOT).as_posix(): page.read_text() for page in PAGES}
README = TEXTS["README.md"]
DOCS = (
    *("adding-a-platform", "api", "architecture", "channels", "deploy", "monitoring"),
    "security",
)
EVERY_PAGE = {"README.md", "CHANGELOG.md"} | {f"docs/{name}.md" for name in DOCS}
SETTINGS = (ROOT / "integrations_center" / "settings.py").read_text()
BY_PROVIDER = "PROVIDER_<SLUG>__<HOST>_URL"
BY_APP = "APP_<NAME>__CLIENT_ID`, `APP_<NAME>__CLIENT_SECRET"
FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.DOTALL | re.MULTILINE)
OUR_PATHS = r"api|healthz|readyz|metrics|admin|dashboard|accounts|w|welcome"


def plain(text):
    """A page without its blocks of code."""
    return FENCE.sub("", text)


def shell_lines():
    """Every line of the pages' shell and unit blocks, whole, without its comment."""
    for text in TEXTS.values():
        for kind, block in FENCE.findall(text):
            if kind in ("sh", "ini"):
                yield from re.sub(r"\\\n\s*", "", block).splitlines()


def said(program):
    """What the pages say after `program`, in blocks and in the text: lists of words."""
    inline = [code for text in TEXTS.values() for code in re.findall(r"`([^`\n]+)`", plain(text))]
    for line in (*shell_lines(), *inline):
        found = re.search(rf"(?:^|[\s/]){re.escape(program)}(\s.*|$)", line)
        if found and (words := shlex.split(found[1], comments=True)):
            yield tuple(words)


def table(page, heading):
    """The rows of the first table under a heading, as lists of cells."""
    under = TEXTS[page].split(f"## {heading}\n", 1)[1].split("\n## ", 1)[0]
    rows = [line.strip("|").split("|") for line in under.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in row] for row in rows[2:]]


def anchors(text):
    """The headings' names in links, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", FENCE.sub("", text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading).lower().replace(" ", "-") for heading in headings}


def as_path(text):
    """An address of ours as a page writes it -> one that can be resolved."""
    path = text.split("?")[0].split("#")[0]
    path = re.sub(r"(invitations|connections|channels)/\{id\}", rf"\1/{UUID(int=1)}", path)
    path = path.replace("/{test}", "/1")
    return path.replace("{provider}", "meta").replace("{id}", "1").replace("<workspace>", "main")


def our_addresses():
    hosts = r"https?://(?:127\.0\.0\.1:8000|integrations\.example\.com)"
    for name, text in TEXTS.items():
        inline = re.findall(rf"`(?:[A-Z]+ )?(/(?:{OUR_PATHS})(?:/[^`\s]*)?)`", plain(text))
        for found in (*inline, *re.findall(rf"{hosts}(/[\w/-]*)", text)):
            yield name, as_path(found)


def test_the_pages_are_all_there():
    assert set(TEXTS) >= EVERY_PAGE


def test_every_setting_is_in_the_readme_and_every_one_there_is_read():
    documented = {cell.strip("`") for cell, *_ in table("README.md", "Settings")}
    read = set(re.findall(r"(?:env|databases|broker)\.\w+\(\s*\"([A-Z_]+)\"", SETTINGS))

    assert documented - {BY_PROVIDER, BY_APP} == read
    assert {BY_PROVIDER, BY_APP} <= documented
    assert "env.provider_origins(os.environ)" in SETTINGS
    assert "env.apps(os.environ)" in SETTINGS


def test_every_app_is_named_beside_its_setting():
    (told,) = [what for name, _, what in table("README.md", "Settings") if BY_APP in name]

    named = re.findall(r"`([A-Z]+)`", told)

    assert named == [slug.upper() for slug in apps.catalogue()]


def test_the_settings_of_an_app_are_taken():
    lines = re.findall(r"^(APP_\w+)=(\S+)$", README, re.MULTILINE)

    assert env.apps(dict(lines)).keys() == {"google"}


def test_the_defaults_that_are_numbers_are_those_of_the_code():
    documented = {cell.strip("`"): default for cell, default, _ in table("README.md", "Settings")}
    numbers = re.findall(r"(?:env|databases)\.\w+\(\"([A-Z_]+)\", ([0-9]+)\)", SETTINGS)

    assert numbers
    assert {name: documented[name] for name, _ in numbers} == dict(numbers)


def test_the_settings_of_the_sandbox_are_taken():
    lines = re.findall(r"^(PROVIDER_\w+)=(\S+)$", README, re.MULTILINE)
    origins = env.provider_origins(dict(lines))

    assert origins.keys() == {"meta"}
    assert origins["meta"].keys() == registry.get("meta").hosts.keys()
    for name, url in lines:
        assert f"{name}={url}" in sandbox.page("http://127.0.0.1:9000")


@pytest.mark.parametrize("words", sorted(set(said("manage.py"))), ids=" ".join)
def test_every_command_is_understood(words):
    name, *arguments = words
    if name == "help":
        return
    assert name in get_commands()
    app = get_commands()[name]
    command = load_command_class(app, name) if isinstance(app, str) else app

    parser = command.create_parser("manage.py", name)

    assert parser.parse_args([word for word in arguments if word != "…"])


@pytest.mark.database  # on its kind depends how many processes `serve` starts
@pytest.mark.parametrize("words", sorted(set(said("./dev"))), ids=" ".join)
def test_every_use_of_dev_is_understood(words):
    name, *arguments = words
    assert re.search(rf"^(\w+ \| )*{name}( \| \w+)*\)$", (ROOT / "dev").read_text(), re.MULTILINE)
    if name == "test":
        paths = [word for word in arguments if not word.startswith("--platform=")]
        assert all((ROOT / path).exists() for path in paths)
    else:
        command = load_command_class("integrations", name)
        assert command.create_parser("manage.py", name).parse_args(arguments)


def test_every_flag_of_the_sandbox_exists(capsys):
    with pytest.raises(SystemExit):
        sandbox.main(["--help"])
    helped = capsys.readouterr().out

    flags = {word for words in said("-m providers.sandbox") for word in words}
    assert "--port" in helped
    assert all(flag in helped for flag in flags if flag.startswith("--"))


def test_the_unit_starts_gunicorn_as_serve_does():
    """Only the port and the sizes may differ."""
    (unit,) = re.findall(r"^ExecStart=\S+/gunicorn (.+)$", TEXTS["docs/deploy.md"], re.MULTILINE)
    sized = re.compile(r"(--(?:workers|threads|bind))=\S+")

    ours = [sized.sub(r"\1", word) for word in serve.gunicorn(2, 20)[3:]]
    theirs = [sized.sub(r"\1", word) for word in unit.split()]

    assert sorted(theirs) == sorted(ours)


@pytest.mark.parametrize("name", TEXTS)
def test_every_link_leads_somewhere(name):
    for target in re.findall(r"\]\(([^)\s]+)\)", plain(TEXTS[name])):
        if target.startswith(("http://", "https://")):
            continue
        path, _, anchor = target.partition("#")
        page = (ROOT / name).parent / path if path else ROOT / name
        assert page.exists(), target
        assert not anchor or anchor in anchors(page.read_text()), target


def test_every_name_beside_a_link_stands_in_that_file():
    page = ROOT / "docs" / "architecture.md"
    named = re.findall(r"\]\(([^)\s]+\.py)\), `(\w+)`", page.read_text())

    assert named
    for path, name in named:
        assert re.search(rf"\b{name}\b", (page.parent / path).read_text()), (path, name)


def test_every_path_in_code_marks_exists():
    """A file or folder that a page names; those that a person makes are not there."""
    made = {".env", "data/", "requirements.lock"}
    for name, text in TEXTS.items():
        if name == "docs/adding-a-platform.md":
            continue  # names files of a platform that is not there
        tops = r"integrations|integrations_center|providers|templates|tests|docs"
        for path in re.findall(rf"`((?:{tops})/[\w/.-]*)`", plain(text)):
            assert path in made or (ROOT / path).exists(), (name, path)


def test_every_address_is_one_of_ours():
    found = list(our_addresses())

    assert len(found) > 10
    for name, path in found:
        assert resolve(path).func is not api.unknown, (name, path)


def test_every_call_of_the_api_page_takes_its_method():
    calls = [cell.strip("`").split() for cell, _ in table("docs/api.md", "Calls")]

    assert calls
    for method, path in calls:
        assert method.lower() in resolve(as_path(path)).func.actions, (method, path)


def test_the_table_of_platforms_is_the_catalogue():
    shown = [tuple(row) for row in table("README.md", "Platforms")]

    assert shown == [
        (one.name, " · ".join(one.used_by), "yes" if one.tester else "not yet")
        for one in registry.own()
    ]
