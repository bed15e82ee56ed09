"""Pages are compressed for who accepts it, and no secret shows by a length."""

import gzip
import re

GZIP = {"Accept-Encoding": "gzip"}


def text_of(reply):
    return gzip.decompress(reply.content).decode()


def test_a_page_is_compressed_for_who_accepts_it(client, db):
    reply = client.get("/accounts/login/", headers=GZIP)

    assert reply["Content-Encoding"] == "gzip"
    length = int(reply["Content-Length"])
    assert length == len(reply.content)
    assert length < len(text_of(reply)) * 2 / 3  # up to 100 bytes of it say nothing


def test_who_accepts_nothing_gets_it_as_it_is_and_caches_are_told(client, db):
    reply = client.get("/accounts/login/")

    assert "Content-Encoding" not in reply
    assert "Accept-Encoding" in reply["Vary"]


def test_a_tiny_reply_is_sent_as_it_is(client):
    assert "Content-Encoding" not in client.get("/healthz", headers=GZIP)


def test_neither_the_token_nor_the_length_of_a_page_is_twice_the_same(
    db, client, django_user_model
):
    django_user_model.objects.create_user("dana")  # without anybody there is no form
    replies = [client.get("/accounts/login/", headers=GZIP) for _ in range(8)]

    tokens = {re.search(r'csrfmiddlewaretoken" value="(\w+)', text_of(one))[1] for one in replies}
    assert len(tokens) == len(replies)
    assert len({len(one.content) for one in replies}) > 1
