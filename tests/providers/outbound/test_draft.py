"""A draft is written as requests would write it."""

import json

import pytest
import requests

from providers.outbound.draft import Draft, Written

ADDRESSES = ["https://a.test", "https://a.test/v1/../x/./y", "https://a.test//e/\\x"]
ADDRESSES += ["https://a.test/a b/ü?x=1 2&y=(a:List(b),c:d)", "https://a.test:8443/p?z"]
ADDRESSES += ["http://[::1]:80/x%2Fy?a=%20", "https://a.test/x?", "https://a.test/a#b"]
ADDRESSES += ["https://a.test/%zz", "https://a.test/x?q=ä'\"<>|", "https://A.TEST/%7euser"]
PARAMS = [{}, {"a": 1, "b": None, "c": [1, None, "ä &"], "d": True, "e": "x y/+~", "f": ""}]
BODIES = [{}, {"json": {"q": "x", "n": [1.5, None]}}, {"json": {}}, {"json": "t", "data": {"a": 1}}]
BODIES += [{"data": {"grant_type": "r", "code": "ä &", "n": None, "l": ["a", "b"]}}, {"data": {}}]


@pytest.mark.parametrize("url", ADDRESSES)
@pytest.mark.parametrize("params", PARAMS)
@pytest.mark.parametrize("body", BODIES, ids=str)
def test_a_draft_is_written_as_requests_would(url, params, body):
    ours = Draft("POST", "API", url, {"Accept": "x"}, params, **body).written()
    theirs = requests.Request("POST", url, {"Accept": "x"}, params=params, **body).prepare()

    del theirs.headers["Content-Length"]  # added when it is sent
    sent = theirs.body.decode() if isinstance(theirs.body, bytes) else theirs.body
    assert (ours.target, ours.body) == (theirs.path_url, sent or None)
    assert ours.headers == dict(theirs.headers)


def test_a_prepared_request_leads_where_it_was_prepared_for():
    written = Written.of(requests.Request("GET", "https://[2606::1]:8443/a b?c=d").prepare())

    assert written.origin == ("https", "2606::1", 8443)
    assert written.target == "/a%20b?c=d"


def test_a_content_type_that_was_given_stays():
    written = Draft("POST", "API", "https://a.test", {"Content-Type": "x/y"}, json={}).written()

    assert written.headers == {"Content-Type": "x/y"}


def test_a_number_that_is_none_in_json_cannot_be_written():
    with pytest.raises(ValueError, match="JSON"):
        Draft("POST", "API", "https://a.test", json=json.loads("NaN")).written()


def test_a_repr_shows_nothing_that_is_sent():
    draft = Draft(
        "POST", "API", "https://a.test/s3cret", {"X": "s3cret"}, {"a": "s3cret"}, {"a": "s3cret"}
    )

    assert "s3cret" not in repr(draft) + repr(draft.written())
