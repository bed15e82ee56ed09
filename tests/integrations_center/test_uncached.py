"""Whatever is answered with an error says that nobody keeps it."""

import pytest
from django.test import Client

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/no/such/page", 404),
        ("/api/no-such-route", 404),
        ("/api/integrations", 401),
        ("/welcome/used-or-invented/", 410),
        ("/static/no-such-file.css", 404),
    ],
)
def test_an_error_is_kept_by_no_cache(client, path, status):
    reply = client.get(path)

    assert reply.status_code == status
    assert "no-store" in reply["Cache-Control"]


def test_a_host_that_is_not_ours_is_answered_the_same_way(client):
    reply = client.get("/accounts/login/", headers={"host": "elsewhere.example"})

    assert (reply.status_code, reply["Cache-Control"]) == (400, "no-store")


def test_a_form_without_its_token_too():
    reply = Client(enforce_csrf_checks=True).post("/accounts/login/", {"username": "a"})

    assert reply.status_code == 403
    assert "no-store" in reply["Cache-Control"]
