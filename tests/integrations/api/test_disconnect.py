"""POST /api/integrations/{provider}/disconnect"""

import pytest

from integrations.models import ConnectionTest
from tests.integrations.conftest import with_token

ONE = "/api/integrations/meta"
PATH = f"{ONE}/disconnect"


def disconnect(client):
    return client.generic("POST", PATH)


def test_values_account_errors_and_proof_are_forgotten(api, proven):
    api.patch(ONE, {"isEnabled": False}, "application/json")
    api.patch(ONE, {"status": "error", "lastError": "Broken."}, "application/json")

    reply = disconnect(api)

    assert reply.status_code == 200
    one = reply.json()
    assert (one["status"], one["light"], one["isEnabled"]) == ("not_connected", "grey", True)
    assert (one["authMethod"], one["account"], one["provenAt"]) == (None, None, None)
    assert (one["lastError"], one["failure"], one["attention"]) == (None, None, None)
    assert set(one["config"].values()) == {None}
    assert not any(secret["isSet"] for secret in one["secrets"].values())
    assert reply.headers["ETag"] == f'"{one["version"]}"'
    proven.refresh_from_db()
    assert (proven.credential, proven.key_id, proven.config) == (None, "", {})


def test_the_history_stays(api, proven):
    disconnect(api)

    assert [row["outcome"] for row in api.get(f"{ONE}/tests").json()["results"]] == ["passed"]
    assert ConnectionTest.objects.count() == 1


def test_repeating_it_is_harmless(api, connected):
    first = disconnect(api).json()

    again = disconnect(api)

    assert again.status_code == 200
    assert again.json() == first


def test_what_somebody_saved_meanwhile_is_not_forgotten(api, connected):
    for path in (PATH, f"/api/connections/{connected.pk}/disconnect"):
        reply = api.post(path, {}, "application/json", headers={"If-Match": '"7"'})
        assert reply.status_code == 412

    assert api.get(ONE).json()["status"] == "connected"
    tag = api.get(ONE).headers["ETag"]
    reply = api.post(PATH, {}, "application/json", headers={"If-Match": tag})
    assert reply.json()["status"] == "not_connected"


def test_what_was_never_connected_can_be_disconnected(api):
    one = disconnect(api).json()

    assert (one["status"], one["version"]) == ("not_connected", 0)


def test_the_platform_is_not_asked_to_revoke_a_pasted_token(api, proven, meta):
    meta.requests_seen.clear()

    disconnect(api)

    assert meta.requests_seen == []


def test_a_viewer_may_not_disconnect(viewer, connected):
    reply = disconnect(with_token(viewer))

    assert (reply.status_code, reply.json()["code"]) == (403, "permission_denied")
    connected.refresh_from_db()
    assert connected.status == "connected"


@pytest.mark.parametrize("body", [{}, {"revoke": True}, {"revoke": False}])
def test_a_pasted_token_is_left_alone_whatever_is_asked(api, proven, meta, body):
    meta.requests_seen.clear()

    reply = api.post(PATH, body, "application/json")

    assert (reply.status_code, reply.json()["status"]) == (200, "not_connected")
    assert "warnings" not in reply.json()
    assert meta.requests_seen == []


@pytest.mark.parametrize(
    ("body", "sentences"),
    [
        ({"revoke": "yes"}, {"revoke": ["This must be true or false."]}),
        ({"revoke": 1}, {"revoke": ["This must be true or false."]}),
        ({"revoke": None}, {"revoke": ["This must be true or false."]}),
        ({"really": True}, {"really": ["Unknown key. Use: revoke."]}),
        ([], {"detail": "The body must be a JSON object.", "code": "parse_error"}),
        ("{", {"detail": "The body is not valid JSON.", "code": "parse_error"}),
    ],
)
def test_a_body_that_is_not_right_is_refused_and_nothing_forgotten(api, connected, body, sentences):
    reply = api.post(PATH, body, "application/json")

    assert (reply.status_code, reply.json()) == (400, sentences)
    connected.refresh_from_db()
    assert connected.status == "connected"


def test_what_a_sign_in_here_obtained_is_ended_at_the_platform(api, calendly_signed_in, calendly):
    reply = api.generic("POST", "/api/integrations/calendly/disconnect")

    assert reply.json()["status"] == "not_connected"
    assert "warnings" not in reply.json()
    assert calendly.requests_seen[-1].path == "/oauth/revoke"
