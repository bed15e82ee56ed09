"""A compressed reply of the API is as good as a plain one."""

GZIP = {"Accept-Encoding": "gzip"}


def change(api, etag):
    return api.patch(
        "/api/integrations/meta",
        data={"isEnabled": False},
        content_type="application/json",
        headers={"If-Match": etag},
    )


def test_the_entity_tag_of_a_compressed_reply_still_guards_a_change(api, connected):
    read = api.get("/api/integrations/meta", headers=GZIP)

    first, second = change(api, read["ETag"]), change(api, read["ETag"])

    assert (read["Content-Encoding"], read["ETag"]) == ("gzip", 'W/"1"')
    assert (first.status_code, second.status_code) == (200, 412)
