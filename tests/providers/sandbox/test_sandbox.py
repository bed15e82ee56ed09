"""The sandbox answers like Meta, refuses what Meta refuses, and tells a person how to use it."""

import json
import threading

import pytest
import requests

from providers import registry
from providers.platforms.meta import PROVIDER
from providers.run.ladder import run_test
from providers.sandbox import meta
from providers.sandbox.__main__ import APPS, PLATFORMS, SIGN_INS, guide, main, page
from providers.sandbox.__main__ import sandbox as serving
from providers.sandbox.server import Answer, Server, prefixed

APP = {"app_id": meta.APP_ID, "app_secret": meta.APP_SECRET}
DRILLS = {
    # token: without the app's secret, with it
    "EAAhealthy": (None, None),
    "EAAagency": (None, None),
    "EAAsixtydays": (None, None),
    "EAAproof": ("auth_invalid", None),
    "EAAperson": (None, None),
    "EAAdeclined": ("permission_missing", "permission_missing"),
    "EAAexpired": ("auth_expired", "auth_expired"),
    "EAArevoked": ("auth_invalid", "auth_invalid"),
    "EAApassword": ("auth_invalid", "auth_invalid"),
    "EAAnopermission": ("permission_missing", "permission_missing"),
    "EAAnoaccount": ("account_not_found", "account_not_found"),
    "EAAlimited": ("rate_limited", "rate_limited"),
    "EAApage": ("account_not_found", "auth_invalid"),
    "EAAotherapp": (None, "auth_invalid"),
    "EAAdown": ("provider_unavailable", "provider_unavailable"),
    "EAAplain": ("provider_unavailable", "provider_unavailable"),
    "EAAtransient": ("provider_unavailable", "provider_unavailable"),
    "EAAwall": ("blocked", "blocked"),
    "EAAcut": ("network", "network"),
    "EAAsilent": ("network", "network"),
    "EAAblocked": ("permission_missing", "permission_missing"),
    "EAAunknown": ("auth_invalid", "auth_invalid"),
}


@pytest.fixture
def sandbox():
    with Server(prefixed({"meta": meta.answer})) as server:
        yield server


def ask(server, path, **query):
    reply = requests.get(f"{server.url}/meta{path}", params=query, timeout=5)
    return reply.status_code, reply.json()


def kind(result):
    return result.error.kind if result.error else None


@pytest.mark.parametrize("token", DRILLS)
def test_a_token_leads_to_the_failure_it_promises(platform, token):
    fake, _ = platform(PROVIDER, meta.answer)
    values = {"access_token": token, "account_id": "act_1001"}
    patience = 0.1 if token == "EAAsilent" else 30

    alone = run_test(fake, values, deadline_seconds=patience)
    with_app = run_test(fake, values | APP, deadline_seconds=patience)

    assert (kind(alone), kind(with_app)) == DRILLS[token]


def test_the_app_of_a_foreign_token_is_named(platform):
    fake, _ = platform(PROVIDER, meta.answer)
    values = {"access_token": "EAAotherapp", "account_id": "act_1001"}

    assert "Other Tools (5000600070008000)" in run_test(fake, values | APP).error.message


def test_every_token_of_the_sandbox_is_drilled():
    assert DRILLS.keys() == {*meta.TOKENS, *meta.TROUBLE, "EAAunknown"}


@pytest.mark.parametrize(
    ("account", "pixel", "outcomes"),
    [
        ("act_1001", "2001", ["passed", "passed", "passed"]),
        ("act_1002", "2002", ["warned", "passed", "warned"]),
        ("act_1003", "2003", ["passed", "passed", "warned"]),
        ("act_1001", "2999", ["passed", "passed", "warned"]),
        ("act_9999", "2001", ["failed", "skipped", "skipped"]),
    ],
)
def test_its_accounts_and_datasets_are_what_the_guide_says(platform, account, pixel, outcomes):
    fake, _ = platform(PROVIDER, meta.answer)
    values = {"access_token": "EAAhealthy", "account_id": account, "pixel_id": pixel} | APP

    result = run_test(fake, values)

    assert [step.outcome for step in result.steps][2:] == outcomes


def test_a_limit_comes_with_the_time_to_wait(platform):
    fake, _ = platform(PROVIDER, meta.answer)

    result = run_test(fake, {"access_token": "EAAlimited", "account_id": "act_1001"})

    assert result.error.retry_after_seconds == 12 * 60


@pytest.mark.parametrize(
    ("path", "query", "code", "words"),
    [
        ("/v26.0/me", {}, 104, "access token is required"),
        ("/v26.0/me", {"access_token": "EAAnobody"}, 190, "Cannot parse"),
        ("/v99.0/me", {"access_token": "EAAhealthy"}, 2500, "Unknown path"),
        ("/me", {"access_token": "EAAhealthy"}, 2500, "Unknown path"),
        ("/v26.0/campaigns", {"access_token": "EAAhealthy"}, 2500, "Unknown path"),
        ("/v24.0/act_1001", {"access_token": "EAAhealthy"}, 2635, "deprecated version"),
        ("/v26.0/act_1001", {"access_token": "EAAhealthy", "fields": "nam"}, 100, "nonexisting"),
        ("/v26.0/act_1001/insights", {"access_token": "EAAhealthy"}, 100, "level"),
        ("/v26.0/2001/insights", {"access_token": "EAAhealthy"}, 100, "Unsupported get"),
        ("/v26.0/me", {"access_token": "EAAhealthy", "appsecret_proof": "0"}, 100, "Invalid"),
        ("/v26.0/debug_token", {"input_token": "EAAhealthy"}, 190, "signature"),
        ("/v26.0/debug_token", {"access_token": "1|2", "input_token": "x"}, 190, "signature"),
    ],
)
def test_it_refuses_what_meta_refuses(sandbox, path, query, code, words):
    status, body = ask(sandbox, path, **query)

    assert status == 400
    assert body["error"]["code"] == code
    assert words in body["error"]["message"]


def test_it_gives_just_the_fields_that_were_asked_for(sandbox):
    status, body = ask(
        sandbox, "/v26.0/act_1001", access_token="EAAhealthy", fields="name,account_status"
    )

    assert (status, body) == (200, {"id": "act_1001", "name": "Acme Shop", "account_status": 1})


def test_it_only_reads(sandbox):
    reply = requests.post(f"{sandbox.url}/meta/v26.0/act_1001", timeout=5)

    assert reply.status_code == 400
    assert reply.json()["error"]["error_subcode"] == 33


def test_a_platform_that_it_does_not_know_is_named(sandbox):
    reply = requests.get(f"{sandbox.url}/tiktok/me", timeout=5)

    assert (reply.status_code, reply.json()["known"]) == (404, ["meta"])


def test_a_connection_that_gets_no_answer_ends_when_the_server_stops():
    ended = threading.Event()

    def wait_for_it(url):
        with pytest.raises(requests.ConnectionError):
            requests.get(url, timeout=30)
        ended.set()

    asked = threading.Event()

    def silence(_):
        asked.set()
        return Answer(is_silent=True)

    with Server(silence) as server:
        thread = threading.Thread(target=wait_for_it, args=[server.url])
        thread.start()
        assert asked.wait(10)
        assert not ended.is_set()
    thread.join(10)
    assert ended.is_set()


def test_the_guide_names_every_host_token_and_account():
    shown = page("http://127.0.0.1:9000")

    assert "PROVIDER_META__API_URL=http://127.0.0.1:9000/meta" in shown
    assert "PROVIDER_META__AUTHORIZATION_URL=" in shown
    for named in (*DRILLS.keys() - {"EAAunknown"}, meta.APP_SECRET, *meta.PIXELS):
        assert named in shown
    assert all(f"act_{number}" in shown for number in meta.ACCOUNTS)


@pytest.mark.parametrize("app", APPS)
def test_the_page_shows_the_app_for_every_sign_in(app):
    shown = page("http://127.0.0.1:9000")

    assert APPS[app].client_id in shown
    assert APPS[app].client_secret in shown


def test_it_says_in_five_lines_what_to_do():
    said = guide("http://127.0.0.1:9000").splitlines()

    assert len(said) == 5
    assert "Open it" in said[1]
    assert "PROVIDER_META__API_URL=http://127.0.0.1:9000/meta" in said[2]


def test_its_page_is_at_its_address_and_has_the_lines_to_copy():
    with serving() as server:
        shown = requests.get(server.url, timeout=5).text

    assert f"PROVIDER_STRIPE__API_URL={server.url}/stripe" in shown


@pytest.mark.parametrize("slug", PLATFORMS)
def test_the_guide_shows_an_app_beside_each_platform_that_signs_people_in(slug):
    wanted = {sign_in.app.slug for sign_in in registry.get(slug).sign_ins}

    entries = [
        value
        for title, shown in PLATFORMS[slug].guide.items()
        if "App for sign-in" in title
        for value, _ in shown
    ]

    for app in wanted:
        assert {APPS[app].client_id, APPS[app].client_secret} <= set(entries)
    assert bool(entries) == bool(wanted)


def test_every_app_is_that_of_its_stand_in():
    declared = {one.app.slug for found in registry.catalogue().values() for one in found.sign_ins}

    assert APPS.keys() == SIGN_INS.keys() == declared
    assert all(APPS[app].client_secret == SIGN_INS[app].client_secret for app in APPS)


def test_every_token_can_be_pasted_without_a_warning():
    for token in (*meta.TOKENS, *meta.TROUBLE):
        assert PROVIDER.clean({"access_token": token}) == ({"access_token": token}, {})
    assert PROVIDER.clean(APP) == (APP, {})


def test_its_usage_header_is_the_json_that_meta_documents():
    [usage] = json.loads(meta.USED_UP["X-Business-Use-Case-Usage"])["1001"]

    assert usage["call_count"] == 100
    assert usage["estimated_time_to_regain_access"] == 12


def test_a_port_that_is_taken_is_said_in_a_sentence(sandbox, capsys):
    port = sandbox.url.rpartition(":")[2]

    with pytest.raises(SystemExit) as ended:
        main(["--port", port])

    assert ended.value.code == 2
    assert f"Port {port} cannot be used: choose another with --port." in capsys.readouterr().err


def test_a_sandbox_that_stopped_answers_nobody_on_a_connection_that_was_kept():
    with requests.Session() as session:
        with Server(lambda _asked: Answer(200, {})) as server:
            assert session.get(server.url, timeout=5).status_code == 200

        with pytest.raises(requests.ConnectionError):
            session.get(server.url, timeout=5)


def test_the_page_has_a_place_for_each_platform_that_a_link_leads_to():
    shown = page("http://127.0.0.1:9000")

    assert [slug for slug in PLATFORMS if f'<h2 id="{slug}">' not in shown] == []
