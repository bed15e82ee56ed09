"""A CRM that nobody knows: the key decides, sent in any of the ways that a person can choose."""

from base64 import b64decode
from binascii import Error

from providers.sandbox.crm.trouble import TROUBLE
from providers.sandbox.server import Answer, Asked, page

PREFIX = "key-"
HEADER = "x-api-key"
DOES = {
    "healthy": "opens every path, as a bearer token, in X-API-Key or as a password",
    "denied": "may not read",
    "limited": "over the limit: 30 seconds",
    "error": "an error inside a good reply",
}
DATA = Answer(200, {"data": {"id": 7, "company": "Acme CRM"}})
WITHOUT_KEY = {
    "/open": DATA,
    "/login": Answer(302, "", {"Location": "https://crm.example/signin"}),
    "/moved": Answer(301, "", {"Location": "https://crm.example/api"}),
    "/missing": Answer(404, {"error": "not found"}),
    "/page": page(200, "Welcome to the CRM"),
}
WITH_KEY = {
    "healthy": DATA,
    "denied": Answer(403, {"error": "forbidden"}),
    "limited": Answer(429, {"error": "slow down"}, {"Retry-After": "30"}),
    "error": Answer(200, {"success": False, "message": "Something is wrong."}),
}


def answer(asked: Asked) -> Answer:
    if asked.path in WITHOUT_KEY:
        return WITHOUT_KEY[asked.path]
    key = _key(asked)
    word = key.removeprefix(PREFIX)
    if not key.startswith(PREFIX) or word not in {*WITH_KEY, *TROUBLE}:
        return Answer(401, {"error": "unauthorized"})
    return TROUBLE[word][1] if word in TROUBLE else WITH_KEY[word]


def _key(asked: Asked) -> str:
    kind, _, sent = asked.headers.get("Authorization", "").partition(" ")
    if kind != "Basic":
        return asked.bearer or asked.headers.get(HEADER, "")
    try:
        return b64decode(sent).decode().partition(":")[2]
    except (Error, UnicodeError):
        return ""
