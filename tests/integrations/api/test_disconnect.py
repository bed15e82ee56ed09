"""POST /api/integrations/{provider}/disconnect"""

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
    assert (proven.credentials, proven.key_id, proven.config) == ("", "", {})


def test_the_history_stays(api, proven):
    disconnect(api)

    assert [row["outcome"] for row in api.get(f"{ONE}/tests").json()["results"]] == ["passed"]
    assert ConnectionTest.objects.count() == 1


def test_repeating_it_is_harmless(api, connected):
    first = disconnect(api).json()

    again = disconnect(api)

    assert again.status_code == 200
    assert again.json() == first


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
