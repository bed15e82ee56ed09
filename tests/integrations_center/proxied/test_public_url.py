"""PUBLIC_URL with a path, probes by any name, and the way from http to https."""

import pytest

PATH = "/integrations"


@pytest.mark.needs("nginx")
@pytest.mark.parametrize("stripped", ["", "/"])
def test_a_path_works_whether_the_proxy_takes_it_off_or_not(site, nginx, ask, stripped):
    public = f"https://center.example{PATH}"
    behind = site(TRUSTED_PROXIES="127.0.0.1", PUBLIC_URL=f"{public}/")
    front = nginx(behind, path=f"{PATH}/", stripped=stripped)

    seen = ask(front, f"{PATH}/seen/").seen
    admin = ask(front, f"{PATH}/admin/")
    unknown = ask(front, f"{PATH}/api/nothing")

    assert seen["login"] == f"{PATH}/accounts/login/"
    assert admin.headers["Location"].startswith(f"{PATH}/admin/login/")
    assert unknown.headers["Content-Type"] == "application/json"
    assert ask(front, f"{PATH}/healthz").status == 200


@pytest.mark.needs("haproxy")
def test_no_visitor_says_which_part_of_the_address_is_the_path(site, haproxy, ask, folder):
    """gunicorn by itself believes this of whoever comes through a socket."""
    front = haproxy(site("--umask=0", at=f"unix:{folder}/site.sock"))

    assert ask(front, raw={"SCRIPT_NAME": "/seen"}).seen["login"] == "/accounts/login/"


@pytest.mark.needs("nginx")
def test_what_was_posted_by_http_is_posted_again_by_https(site, nginx, ask):
    front = nginx(site(TRUSTED_PROXIES="127.0.0.1"), tls=False)

    sent = ask(front, "/accounts/login/?next=/x", method="POST", tls=False)

    assert sent.status == 308
    assert sent.headers["Location"] == "https://center.example/accounts/login/?next=/x"


def test_a_probe_is_answered_by_any_name_without_a_word_in_the_log(site, ask):
    behind = site()
    before = behind.log.read_text()

    answers = [
        ask(behind, path, tls=False, Host=name).status
        for path in ("/healthz", "/healthz/")
        for name in ("10.0.0.7:8000", "[fe80::1]", "pod-1_2.local", "a b", "elsewhere.example")
    ]

    assert answers == [200] * 10
    assert "Traceback" not in behind.log.read_text().removeprefix(before)


@pytest.mark.parametrize("path", ["/healthz", f"{PATH}/healthz", f"{PATH}/healthz/"])
def test_a_probe_is_answered_by_http_though_people_come_by_https_and_a_path(site, ask, path):
    behind = site(PUBLIC_URL=f"https://center.example{PATH}/")

    assert ask(behind, path, tls=False, Host="10.0.0.7").status == 200


@pytest.mark.needs("nginx")
def test_another_name_is_told_which_setting_takes_it(site, nginx, ask):
    behind = site(TRUSTED_PROXIES="127.0.0.1")
    front = nginx(behind)

    answers = [ask(front, Host="other.example") for _ in range(2)]

    assert [answer.status for answer in answers] == [400, 400]
    assert "add the name to ALLOWED_HOSTS" in answers[0].text
    assert behind.log.read_text().count("other.example") == 1
    assert "Traceback" not in behind.log.read_text()
