"""Behind each proxy, the site knows who asks and by what: or says what is missing."""

import pytest

from tests.integrations_center.proxied.conftest import HAPROXY_SAYS, NGINX_SAYS, ROOT, VISITOR
from tests.postgres import free_port

PROXIES = [
    pytest.param(name, marks=pytest.mark.needs(name)) for name in ("nginx", "caddy", "haproxy")
]
INVENTED = {"X_Forwarded_For": "1.2.3.4", "X_Real_IP": "1.2.3.4", "Forwarded": "for=1.2.3.4"}
DEPLOY = (ROOT / "docs" / "deploy.md").read_text()
AS_IN_THE_DOCS = {
    "nginx": ("proxy_set_header X-Real-IP $remote_addr;", 'proxy_set_header Forwarded "";'),
    "caddy": ("header_up -X-Real-IP", "header_up -Forwarded"),
    "haproxy": ("http-request del-header X-Real-IP", "http-request del-header Forwarded"),
}
RIGHT = {"client": VISITOR, "scheme": "https", "trouble": ""}
WITHOUT_SCHEME = {
    "nginx": "proxy_set_header Host $http_host;",
    "caddy": "header_up -X-Forwarded-Proto",
    "haproxy": "option forwardfor",
}


@pytest.fixture
def proxy(request):
    """`proxy("nginx")(site)`: it listens with TLS."""
    return request.getfixturevalue


def facts(answer):
    return {name: answer.seen[name] for name in RIGHT}


@pytest.mark.parametrize("name", PROXIES)
def test_a_trusted_proxy_tells_address_and_scheme(site, proxy, ask, name):
    front = proxy(name)(site(TRUSTED_PROXIES="127.0.0.1"))

    assert facts(ask(front)) == RIGHT


@pytest.mark.parametrize("name", PROXIES)
def test_a_socket_needs_no_setting(site, proxy, ask, name, folder):
    front = proxy(name)(site("--umask=0", at=f"unix:{folder}/site.sock"))

    assert facts(ask(front)) == RIGHT


@pytest.mark.parametrize("name", PROXIES)
@pytest.mark.parametrize("at", ["[::]:{}", "[::1]:{}"])
def test_a_site_that_listens_on_ipv6_knows_the_proxy(site, proxy, ask, name, at):
    front = proxy(name)(site(at=at.format(free_port()), TRUSTED_PROXIES="127.0.0.1,::1"))

    assert facts(ask(front)) == RIGHT


@pytest.mark.parametrize("name", PROXIES)
def test_a_visitor_chooses_no_address(site, proxy, ask, name):
    front = proxy(name)(site(TRUSTED_PROXIES="127.0.0.1"))

    for header, value in INVENTED.items():
        assert ask(front, **{header: value}).seen["client"] in {VISITOR, "127.0.0.1"}
    assert ask(front).seen["client"] == VISITOR


@pytest.mark.parametrize("name", PROXIES)
def test_with_the_lines_of_the_docs_whatever_a_visitor_writes_is_dropped(site, proxy, ask, name):
    lines, before = (
        AS_IN_THE_DOCS[name],
        {"nginx": NGINX_SAYS, "haproxy": HAPROXY_SAYS, "caddy": ""},
    )
    front = proxy(name)(site(TRUSTED_PROXIES="127.0.0.1"), says="\n  ".join([before[name], *lines]))

    assert all(line in DEPLOY for line in lines)
    for header, value in INVENTED.items():
        assert ask(front, **{header: value}).seen["client"] == VISITOR


@pytest.mark.parametrize("name", PROXIES)
def test_a_proxy_that_is_not_trusted_is_named_instead_of_redirected_for_ever(
    site, proxy, ask, name
):
    behind = site()
    front = proxy(name)(behind)

    answers = [ask(front) for _ in range(3)]

    assert [answer.status for answer in answers] == [503, 503, 503]
    assert "add it to TRUSTED_PROXIES and start again." in answers[0].text
    assert behind.log.read_text().count("the proxy at 127.0.0.1 is not trusted when") == 1


@pytest.mark.parametrize("trusted", ["", "127.0.0.1"])
@pytest.mark.parametrize("name", PROXIES)
def test_a_proxy_that_tells_no_scheme_is_asked_for_it_at_the_second_look(
    site, proxy, ask, name, trusted
):
    front = proxy(name)(site(TRUSTED_PROXIES=trusted), says=WITHOUT_SCHEME[name])

    first = ask(front)
    second = ask(front, Cookie=first.headers["Set-Cookie"].partition(";")[0])

    assert (first.status, second.status) == (308, 503)
    wanted = "Let it send X-Forwarded-Proto" if trusted else "add it to TRUSTED_PROXIES"
    assert wanted in second.text


@pytest.mark.needs("haproxy")
def test_who_keeps_no_cookies_is_not_redirected_for_ever_either(site, haproxy, ask):
    front = haproxy(site(), says=WITHOUT_SCHEME["haproxy"])

    answers = [ask(front).status for _ in range(12)]

    assert answers == [308] * 10 + [503] * 2


@pytest.mark.parametrize("name", PROXIES)
def test_everybody_as_one_address_is_told_where_plain_http_is_meant(site, proxy, ask, name):
    behind = site(PUBLIC_URL="http://center.example")
    front = proxy(name)(behind)

    seen = ask(front).seen

    assert seen["client"] == "127.0.0.1"
    assert "set TRUSTED_PROXIES=127.0.0.1 and" in seen["trouble"]
    assert behind.log.read_text().count("set TRUSTED_PROXIES=127.0.0.1 and") == 1


@pytest.mark.needs("nginx")
def test_a_trusted_proxy_that_names_nobody_is_told(site, nginx, ask, folder):
    says = "proxy_set_header Host $http_host; proxy_set_header X-Forwarded-Proto $scheme;"
    by_address = nginx(site(TRUSTED_PROXIES="127.0.0.1"), says=says)
    by_socket = nginx(site("--umask=0", at=f"unix:{folder}/site.sock"), says=says)

    for front in (by_address, by_socket):
        seen = ask(front).seen
        assert seen["client"] == "127.0.0.1"
        assert "does not say who asks" in seen["trouble"]


@pytest.mark.needs("nginx")
@pytest.mark.needs("haproxy")
def test_two_proxies_in_a_row_are_seen_through(site, nginx, haproxy, ask):
    inner = NGINX_SAYS.replace("$scheme", "$http_x_forwarded_proto")
    front = haproxy(nginx(site(TRUSTED_PROXIES="127.0.0.1"), tls=False, says=inner))

    assert facts(ask(front)) == RIGHT


@pytest.mark.needs("nginx")
@pytest.mark.needs("haproxy")
def test_an_inner_proxy_that_tells_its_own_plain_scheme_ends_in_a_sentence(
    site, nginx, haproxy, ask
):
    front = haproxy(nginx(site(TRUSTED_PROXIES="127.0.0.1"), tls=False))

    first = ask(front)
    second = ask(front, Cookie=first.headers["Set-Cookie"].partition(";")[0])

    assert (first.status, second.status) == (308, 503)
    assert "behind another proxy that has the TLS" in second.text


@pytest.mark.needs("haproxy")
def test_an_address_that_comes_by_the_proxy_protocol_is_the_visitors(site, haproxy, ask):
    behind = site("--proxy-protocol=auto", PUBLIC_URL="http://center.example")
    front = haproxy(behind, tls=False, says="", send="send-proxy")

    seen = ask(front, tls=False).seen

    assert (seen["client"], seen["trouble"]) == (VISITOR, "")


@pytest.mark.needs("caddy")
def test_caddy_may_pass_on_a_real_ip_that_then_counts_for_nobody(site, caddy, ask):
    front = caddy(site(TRUSTED_PROXIES="127.0.0.1"))

    seen = ask(front, X_Real_IP="1.2.3.4").seen

    assert seen["client"] == "127.0.0.1"
    assert "passes on X-Forwarded-For and X-Real-IP, which name different" in seen["trouble"]
