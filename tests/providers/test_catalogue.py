"""What every platform file promises, and what each keeps of the values that people type."""

import re
from urllib.parse import urlsplit

import pytest

from providers import registry
from providers.declare import SIGN_IN, InvalidValues, Provider

CATALOGUE = registry.catalogue()
GENERIC = {"access_token", "account_id", "base_url"}

CONTRACT = (
    ("meta", "Meta", "Ads monitor · Pixel/CAPI lead tracking"),
    ("google_ads", "Google Ads", "Ads spend/performance"),
    ("linkedin", "LinkedIn", "Lead research · Outreach"),
    ("upwork", "Upwork", "Lead research ingestion"),
    ("fiverr", "Fiverr", "Marketplace presence"),
    ("x", "X (Twitter)", "Social signals"),
    ("reddit", "Reddit", "Community research"),
    ("youtube", "YouTube", "Channel performance"),
    ("ga4", "Google Analytics (GA4)", "Site traffic · Funnel visibility"),
    ("search_console", "Search Console", "Search performance"),
    ("stripe", "Stripe", "Payments · Results tracking"),
    ("calendly", "Calendly", "Calls booked"),
    ("crm", "CRM", "CRM sync"),
)


@pytest.fixture(params=CATALOGUE.values(), ids=list(CATALOGUE))
def provider(request):
    return request.param


def sentences(text: str) -> int:
    return len(re.findall(r"[.!?](?=\s|$)", text))


def is_origin(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme == "https" and bool(parts.hostname) and url == f"https://{parts.netloc}"


def test_the_thirteen_are_named_and_ordered_as_the_contract_says():
    shown = [(p.slug, p.name, " · ".join(p.used_by)) for p in CATALOGUE.values()]

    assert tuple(shown[: len(CONTRACT)]) == CONTRACT


def test_every_platform_takes_the_three_generic_fields(provider):
    assert {field.name for field in provider.fields} >= GENERIC
    assert provider.field("access_token").secret
    assert not provider.field("account_id").secret
    assert not provider.field("base_url").secret


def test_a_script_with_only_the_generic_fields_has_all_that_is_required(provider):
    method = provider.method_for(GENERIC)

    assert provider.missing(method.slug, GENERIC) == []
    assert "access_token" in {field.name for field in provider.fields_of(method.slug)}


def test_no_field_or_method_is_declared_twice(provider):
    names = [field.name for field in provider.fields]
    in_api = [field.api_name for field in provider.fields]
    methods = [method.slug for method in provider.methods]

    assert len(names) == len(set(names))
    assert len(in_api) == len(set(in_api))
    assert len(methods) == len(set(methods))


def test_every_method_but_a_sign_in_needs_something_to_be_entered(provider):
    for method in provider.methods:
        assert provider.missing(method.slug, ()) or method.slug == SIGN_IN, method.slug


def test_every_field_belongs_to_methods_that_exist(provider):
    known = {method.slug for method in provider.methods}

    for field in provider.fields:
        assert known >= set(field.methods), field.name
        assert set(field.methods or known) >= set(field.required_by), field.name


def test_every_choice_can_be_made(provider):
    for field in provider.fields:
        assert (field.type == "choice") == bool(field.choices), field.name
        assert len(dict(field.choices)) == len(field.choices), field.name


def test_every_pattern_takes_its_own_example_and_says_what_it_wants(provider):
    for field in provider.fields:
        assert bool(field.pattern) == bool(field.pattern_message), field.name
        assert bool(field.usual_pattern) == bool(field.usual_message), field.name
        if field.example:
            _, warning = field.clean(field.example)
            assert warning is None, field.name


def test_every_pattern_means_the_same_in_a_browser(provider):
    for field in provider.fields:
        for pattern in filter(None, (field.pattern, field.usual_pattern)):
            assert re.compile(pattern)
            assert not re.search(r"\(\?[PaiLmsux<]|\\[AZdw]", pattern), field.name


def test_every_link_is_https(provider):
    links = [provider.docs_url]
    links += [field.help_url for field in provider.fields if field.help_url]

    assert all(link.startswith("https://") and urlsplit(link).hostname for link in links)


def test_every_host_is_an_https_origin(provider):
    assert "API" in provider.hosts
    for name, url in provider.hosts.items():
        # Meta's version stands in its address, once for every call.
        origin = re.sub(r"/v[0-9]+(\.[0-9]+)?$", "", url)
        assert is_origin(origin), name
        assert re.fullmatch(r"[A-Z][A-Z0-9_]*", name)
    assert all(url.startswith("https://") for url in provider.base_urls)


def test_every_text_is_at_most_two_plain_sentences(provider):
    texts = [(f.name, f.help, f.pattern_message, f.usual_message) for f in provider.fields]
    texts += [(m.slug, m.help, m.warning) for m in provider.methods]

    for name, *said in texts:
        assert said[0], name
        for text in filter(None, said):
            assert 1 <= sentences(text) <= 2, (name, text)
            assert text == text.strip(), (name, text)
            assert text.endswith("."), (name, text)
            assert not re.search(r"[\\^{}\[\]|]|\(\?", text), (name, text)


def test_every_field_and_method_has_a_short_label(provider):
    for thing in (*provider.fields, *provider.methods):
        assert 2 <= len(thing.label) <= 80
        assert not thing.label.endswith(".")
        assert "_" not in thing.label


def test_every_value_that_decides_where_a_secret_goes_is_marked(provider):
    for field in provider.fields:
        if field.type == "url" or re.search(r"url$|domain|vendor|centre|region", field.name):
            assert field.decides_destination, field.name


@pytest.mark.parametrize(
    ("slug", "names"),
    [
        ("fiverr", {"base_url", "health_path"}),
        ("crm", {"base_url", "health_path", "vendor", "data_centre", "company_domain"}),
        ("stripe", {"base_url"}),
    ],
)
def test_just_these_values_decide_where_a_secret_goes(slug, names):
    marked = {field.name for field in CATALOGUE[slug].fields if field.decides_destination}

    assert marked == names


def test_only_fiverr_and_the_crm_go_to_any_address(provider):
    if provider.slug in ("fiverr", "crm"):
        assert provider.takes_any_address
        return
    with pytest.raises(InvalidValues) as refused:
        provider.clean({"base_url": "https://collector.example.net"})
    assert provider.name in refused.value.by_field["base_url"][0]


@pytest.mark.parametrize("slug", ["fiverr", "crm"])
def test_a_platform_without_an_address_of_its_own_names_one_that_never_resolves(slug):
    assert CATALOGUE[slug].hosts["API"].endswith(".invalid")


@pytest.mark.parametrize("slug", ["google_ads", "linkedin", "upwork", "ga4", "search_console"])
def test_a_token_that_ends_soon_says_so_before_it_is_pasted(slug):
    method = CATALOGUE[slug].method_for({"access_token"})

    assert "ends" in method.warning


@pytest.mark.parametrize(
    ("slug", "method", "needs_account"),
    [
        ("google_ads", "service_account", True),
        ("ga4", "access_token", True),
        ("search_console", "refresh_token", True),
        ("youtube", "api_key", True),
        ("youtube", "refresh_token", False),
        ("fiverr", "public_page", True),
        ("fiverr", "data_endpoint", False),
        ("stripe", "api_key", False),
        ("reddit", "client_credentials", False),
        ("calendly", "access_token", False),
    ],
)
def test_the_account_is_required_only_where_no_test_works_without_it(slug, method, needs_account):
    missing = {field.name for field in CATALOGUE[slug].missing(method, ())}

    assert ("account_id" in missing) is needs_account


KEPT = [
    ("google_ads", "account_id", " 123-456-7890 ", "1234567890"),
    ("google_ads", "login_customer_id", "123 456 7890", "1234567890"),
    ("linkedin", "account_id", "urn:li:organization:2414183", "2414183"),
    ("linkedin", "account_id", "https://www.linkedin.com/company/2414183/admin/", "2414183"),
    ("fiverr", "account_id", "https://www.fiverr.com/acme_studio?source=home", "acme_studio"),
    ("fiverr", "account_id", "@acme_studio", "acme_studio"),
    ("fiverr", "auth_header_name", "X-API-Key", "x-api-key"),
    ("x", "account_id", "@acme", "acme"),
    ("x", "account_id", "https://x.com/acme/", "acme"),
    ("x", "access_token", "AAAAabc%2Fdef%3D\n", "AAAAabc%2Fdef%3D"),
    ("reddit", "account_id", "r/marketing", "marketing"),
    ("reddit", "account_id", "/r/marketing/", "marketing"),
    ("reddit", "account_id", "https://www.reddit.com/r/marketing/", "marketing"),
    ("reddit", "account_id", "rust", "rust"),
    ("reddit", "reddit_username", "/u/acme", "acme"),
    ("reddit", "reddit_username", "https://www.reddit.com/user/acme/", "acme"),
    ("youtube", "account_id", "youtube.com/channel/UC" + "a" * 22, "UC" + "a" * 22),
    ("ga4", "account_id", "properties/123456789", "123456789"),
    ("search_console", "account_id", " sc-domain:example.com", "sc-domain:example.com"),
    ("search_console", "account_id", "https://example.com/shop/", "https://example.com/shop/"),
    ("stripe", "account_id", "acct_1abc23", "acct_1abc23"),
    ("crm", "base_url", "acme.my.salesforce.com", "https://acme.my.salesforce.com"),
    ("crm", "company_domain", "https://Acme.pipedrive.com/deals", "acme"),
]


@pytest.mark.parametrize(("slug", "name", "typed", "kept"), KEPT)
def test_a_value_is_kept_in_the_form_of_the_contract(slug, name, typed, kept):
    cleaned, warnings = CATALOGUE[slug].clean({name: typed})

    assert cleaned == {name: kept}
    assert warnings == {}


REFUSED = [
    ("google_ads", "account_id", "12345", "ten digits"),
    ("google_ads", "service_account_json", '{"web": {"client_id": "1"}}', "OAuth client"),
    ("google_ads", "client_id", "GOCSPX-abc", ".apps.googleusercontent.com"),
    ("ga4", "account_id", "G-ABC123", "measurement ID"),
    ("ga4", "account_id", "UA-1234-1", "old property"),
    ("ga4", "account_id", "١٢٣", "digits only"),
    ("ga4", "access_token", "1-a.apps.googleusercontent.com", "client ID"),
    ("search_console", "account_id", "acme.org", "sc-domain:"),
    ("search_console", "account_id", "https://example.com", "final slash"),
    ("youtube", "account_id", "@acme", "@name"),
    ("linkedin", "account_id", "acme", "not the Page's name"),
    ("linkedin", "api_version", "v2", "six digits"),
    ("stripe", "access_token", "pk_live_abc123", "publishable key"),
    ("stripe", "access_token", "whsec_abc123", "webhook"),
    ("stripe", "access_token", "acct_1abc", "rk_"),
    ("stripe", "account_id", "cus_123", "acct_"),
    ("calendly", "account_id", "0123abcd-0123-0123-0123-0123456789ab", "full address"),
    ("calendly", "account_id", "https://api.calendly.com/users/0123abcd", "organization"),
    ("calendly", "access_token", "abc", "three parts"),
    ("x", "access_token", "12345-abc", "Bearer token"),
    ("x", "account_id", "Acme Inc", "letters, digits and underscores"),
    ("reddit", "account_id", "a,b", "one community"),
    ("fiverr", "account_id", "https://evil.example/acme", "seller's username"),
    ("fiverr", "account_id", "fiverr.com/categories/x", "seller's username"),
    ("fiverr", "auth_header_name", "Proxy-Authorization", "cannot carry a key"),
    ("fiverr", "health_path", "//evil.example", "one slash"),
    ("crm", "header_name", "Host", "cannot carry a key"),
    ("crm", "client_secret", "3MVG9abc", "consumer key"),
    ("crm", "vendor", "sugar", "hubspot"),
    ("crm", "data_centre", "mars", "eu"),
]


@pytest.mark.parametrize(("slug", "name", "typed", "words"), REFUSED)
def test_a_usual_mix_up_is_refused_with_what_to_enter(slug, name, typed, words):
    with pytest.raises(InvalidValues) as refused:
        CATALOGUE[slug].clean({name: typed})

    [sentence] = refused.value.by_field[name]
    assert words in sentence
    assert typed not in sentence


WARNED = [
    ("stripe", "access_token", "sk_live_abc123", "safer"),
    ("ga4", "access_token", "AIzaabc", "API key"),
    ("youtube", "access_token", "AQ.abc", "AIza"),
    ("x", "access_token", "abc", "AAAA"),
    ("upwork", "client_id", "abc", "32 characters"),
    ("reddit", "client_id", "abc", "14"),
    ("crm", "refresh_token", "abc", "three parts"),
    ("fiverr", "account_id", "a.b", "3 to 30"),
]


@pytest.mark.parametrize(("slug", "name", "typed", "words"), WARNED)
def test_an_unusual_value_is_kept_with_a_warning(slug, name, typed, words):
    cleaned, warnings = CATALOGUE[slug].clean({name: typed})

    assert cleaned == {name: typed}
    assert words in warnings[name]


def test_fiverr_itself_is_not_a_data_service():
    fiverr: Provider = CATALOGUE["fiverr"]

    found = fiverr.contradictions({"base_url": "https://www.fiverr.com/acme"})

    assert "public page" in found["base_url"][0]
    assert fiverr.contradictions({"base_url": "https://fiverr.com.example.net/acme"}) == {}
