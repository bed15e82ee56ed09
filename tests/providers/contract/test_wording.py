"""Every sentence and link that a platform shows is plain, short, and leads where it says."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

import providers
from providers import errors, registry
from providers.declare import ErrorRule, Guide, OAuth, Provider
from providers.outbound.reply import Reply
from providers.platforms.crm.vendors import ZOHO
from tests.providers.contract.cases import CASES
from tests.providers.test_catalogue import sentences

CATALOGUE = registry.catalogue()
# Every platform, and for the CRM every vendor.
WHO = {provider.slug: provider for provider in CATALOGUE.values()}
WHO |= {f"{case.slug}-{case.who.name}": case.who for case in CASES if case.who != case.provider}
each_platform = pytest.mark.parametrize("who", WHO.values(), ids=WHO.keys())

# What a person must tick, paste or look for is named as the platform names it.
ALLOWED = re.compile(r"\b(r|w|rw)_[a-z_]+|\b(ads|pages|business)_[a-z]+|\bclient_email\b|\bact_\B")
ADDRESS = re.compile(r"\b[a-z.]+\.com/\S+")
RAW_CODE = re.compile(
    r"\b[A-Za-z]+_[A-Za-z_]+\b"  # a name of a program
    r"|\b[a-z]+[A-Z][A-Za-z]+\b"
    r"|\b(?:40[0-9]|41[0-9]|42[2-9]|50[0-4])\b|\bHTTP\b"  # a status
    r"|[{}\[\]<>\\]|\bnull\b"  # JSON, HTML
)

# Official consoles and documents. A new one is added after a look at it. An installed package's
# platform is taken at its word.
LINK_HOSTS = {
    *("developers.facebook.com", "business.facebook.com", "www.facebook.com"),
    *("developers.google.com", "console.cloud.google.com"),
    *("ads.google.com", "analytics.google.com", "search.google.com", "myaccount.google.com"),
    *("www.youtube.com", "www.linkedin.com", "learn.microsoft.com"),
    *("www.upwork.com", "www.fiverr.com", "help.fiverr.com"),
    *("docs.x.com", "console.x.com", "www.reddit.com", "support.reddithelp.com"),
    *("docs.stripe.com", "dashboard.stripe.com"),
    *("calendly.com", "developer.calendly.com"),
    *("developers.hubspot.com", "app.hubspot.com"),
    *("help.salesforce.com", "status.salesforce.com", "login.salesforce.com"),
    *("pipedrive.readme.io", "app.pipedrive.com"),
    *(accounts.replace("accounts.", "api-console.") for accounts, _ in ZOHO.values()),
}
# Not links: names of scopes, and addresses that an example shows.
NOT_LINKS = {"www.googleapis.com", "n8n.example.com", "acme.my.salesforce.com"}


def flaws(text: str, *, numbers: bool = False) -> list[str]:
    """What is wrong with a sentence that people read. `numbers` allows any."""
    if not text:
        return ["nothing is said"]
    found = []
    if not 1 <= sentences(text) <= 2:
        found.append("it is not one or two sentences")
    if text != text.strip() or not text.endswith("."):
        found.append("it does not end as a sentence does")
    code = RAW_CODE.search(ALLOWED.sub("", ADDRESS.sub("", text)))
    if code and not (numbers and code[0].isdigit()):
        found.append(f"it shows {code[0]}")
    return found


def texts_of(who: Provider) -> Iterator[tuple[str, str]]:
    for field in who.fields:
        yield from ((f"{field.name}: {text}", text) for text in filter(None, (field.help,)))
    for method in who.methods:
        yield f"help of {method.slug}", method.help
        yield from (("warning", text) for text in filter(None, (method.warning,)))
    for vendor in who.vendors:
        yield f"about {vendor.value}", vendor.about
        words = (*vendor.methods.values(), *vendor.fields.values())
        yield from ((vendor.value, one["help"]) for one in words if "help" in one)
    for way, guide in guides_of(who):
        yield from ((f"guide to {way}", text) for text in guide.texts)
        yield from ((f"{one.name} in the guide to {way}", one.stops) for one in guide.scopes)
    if who.oauth:
        yield from texts_of_sign_in(who.oauth)
    for rule in rules_of(who):
        yield f"message of {rule.error.kind}", rule.message
        yield f"action of {rule.error.kind}", rule.action


def guides_of(who: Provider) -> list[tuple[str, Guide]]:
    """By the slug of the way, behind the vendor's where there is one."""
    ways = ((f"{vendor} {method.slug}".strip(), method.guide) for vendor, method in who.ways)
    return [(way, guide) for way, guide in ways if guide]


def texts_of_sign_in(oauth: OAuth) -> Iterator[tuple[str, str]]:
    app = oauth.app
    yield from ((f"{scope.name} stops", scope.stops) for scope in oauth.scopes)
    yield from (("step", text) for text in app.steps)
    yield from (("pitfall", text) for text in app.pitfalls)
    yield from (("how to remove", text) for text in filter(None, (oauth.how_to_remove,)))
    yield "message of the client ID", app.client_id_message
    yield "message of the client secret", app.client_secret_message


def rules_of(who: Provider) -> tuple[ErrorRule, ...]:
    return (*who.errors, *(who.oauth.errors if who.oauth else ()))


@each_platform
def test_every_declared_sentence_is_plain_and_short(who):
    wrong = {(where, *found) for where, text in texts_of(who) if (found := flaws(text))}

    assert wrong == set()


@each_platform
def test_every_way_to_connect_has_a_guide(who):
    lacking = [f"{vendor} {way.slug}".strip() for vendor, way in who.ways if way.guide is None]

    assert lacking == []


@each_platform
def test_every_page_that_a_guide_opens_is_named(who):
    acts = [act for _, guide in guides_of(who) for act in guide.acts]

    assert [act.url for act in acts if bool(act.url) != bool(act.place)] == []


@each_platform
def test_every_label_is_short_and_plain(who):
    steps = who.tester.steps()
    labels = [thing.label for thing in (*who.fields, *who.methods, *steps)]
    words = [one for v in who.vendors for one in (*v.methods.values(), *v.fields.values())]
    labels += [one["label"] for one in words if "label" in one]
    if who.oauth:
        app = who.oauth.app
        labels += [app.name, app.client_id_label, app.client_secret_label]

    for label in (*labels, who.name, *who.used_by):
        assert 1 <= len(label) <= 80, label
        assert not label.endswith("."), label
        assert not RAW_CODE.search(label), label
    assert len({step.label for step in steps}) == len(steps)


@each_platform
def test_what_a_test_costs_is_said_in_plain_words(who):
    assert who.cost.calls >= 1
    assert flaws(who.cost.note, numbers=True) == []


@each_platform
def test_every_status_has_words_that_say_what_happened_and_what_to_do(who):
    for status in (*range(300, 309), *range(400, 452), *range(500, 512), 999):
        with pytest.raises(errors.ProviderError) as refused:
            who.judge(Reply(status, {}, b"{}"))
        assert flaws(refused.value.message) == [], status
        assert flaws(refused.value.action) == [], status


def subclasses(kind: type[errors.ProviderError]) -> Iterator[type[errors.ProviderError]]:
    for one in kind.__subclasses__():
        yield one
        yield from subclasses(one)


def test_every_kind_of_error_has_words_of_its_own():
    for error in subclasses(errors.ProviderError):
        if hasattr(error, "kind"):
            assert flaws(error.default_message) == [], error
            # The names of settings are for whoever runs the installation.
            assert flaws(error.default_action.replace("CREDENTIAL_KEYS", "")) == [], error


def links_of(who: Provider) -> list[str]:
    optional = [field.help_url for field in who.fields]
    optional += [rule.action_url for rule in rules_of(who)]
    optional += [who.oauth.app.console_url] if who.oauth else []
    optional += [link for _, guide in guides_of(who) for link in guide.links]
    return [who.docs_url, *filter(None, optional)]


@each_platform
def test_every_link_leads_to_an_official_page(who):
    is_ours = who.slug in {one.slug for one in registry.own()}
    own = set() if is_ours else {urlsplit(who.docs_url).hostname}

    for link in links_of(who):
        assert urlsplit(link).scheme == "https", link
        assert urlsplit(link).hostname in LINK_HOSTS | own, link


# --- What testers say is in no table: it is looked up in their sources.

HOME = Path(providers.__path__[0])
SOURCES = [path for path in sorted(HOME.rglob("*.py")) if "sandbox" not in path.parts]
SAYS = {error.__name__ for error in subclasses(errors.ProviderError)}
SAYS |= {"Passed", "Warned", "Skipped"}


def text_in(node: ast.expr) -> str | None:
    """A text as it stands there, with X for what is filled in; None for anything else."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        parts = [part.value if isinstance(part, ast.Constant) else "X" for part in node.values]
        return "".join(map(str, parts))
    return None


def said_in(path: Path) -> Iterator[tuple[int, str]]:
    """Line and text of all that the errors and answers of a file are made with."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            texts = map(text_in, node.args) if name in SAYS else ()
            yield from ((node.lineno, text) for text in texts if text)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(HOME)))
def test_every_sentence_of_a_tester_is_plain_and_short(path):
    wrong = [
        (line, text, found)
        for line, text in said_in(path)
        # What is filled in at an end may be a sentence of its own.
        if (found := flaws(re.sub(r"X$", "X.", text)))
    ]

    assert wrong == []


def test_the_sources_do_say_something():
    assert sum(len(list(said_in(path))) for path in SOURCES) > 100


def test_every_address_in_the_sources_is_a_declared_host_or_an_official_page():
    found = {
        urlsplit(node.value).hostname
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant) and re.match(r"https://\S+$", str(node.value))
    }
    declared = {urlsplit(url).hostname for who in WHO.values() for url in who.hosts.values()}
    declared |= {urlsplit(url).hostname for who in WHO.values() for url in who.base_urls}

    assert found - {None} - declared - LINK_HOSTS == NOT_LINKS
