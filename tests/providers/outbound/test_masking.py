"""Echoes of secrets, in every way of writing that a service or a script may come up with."""

import itertools
import json
import time
from base64 import b64encode, urlsafe_b64encode
from urllib.parse import quote

import pytest

from providers.outbound.masking import Mask, masked
from providers.sandbox.google import service_account_json

KEY = "rp7Qx+Vd2m/Tz9Lk4Wb8"
RUN = KEY[4:16]
KEY_FILE = service_account_json("healthy")
ACCOUNT = json.loads(KEY_FILE)


def base64(text):
    return b64encode(text.encode()).decode().rstrip("=")


def json_escaped(text):
    return "".join(f"\\u{ord(one):04x}" for one in text)


def percent(text):
    return "".join(f"%{ord(one):02X}" for one in text)


WAYS = {
    "as it is": str,
    "capitals": str.upper,
    "small letters": str.lower,
    "case changed": str.swapcase,
    "reversed": lambda text: text[::-1],
    "reversed, in capitals": lambda text: text[::-1].upper(),
    "in an address": lambda text: quote(text, safe=""),
    "all of it percent-encoded": percent,
    "percent-encoded in small letters": lambda text: percent(text).lower(),
    "Base64": base64,
    "Base64 for addresses": lambda text: urlsafe_b64encode(text.encode()).decode().rstrip("="),
    "hex": lambda text: text.encode().hex(),
    "hex in capitals": lambda text: text.encode().hex().upper(),
    "hex with colons": lambda text: text.encode().hex(":"),
    "JSON escapes": json_escaped,
    "HTML escapes": lambda text: "".join(f"&#{ord(one)};" for one in text),
    "JSON of JSON": lambda text: json.dumps(json_escaped(text))[1:-1],
    "Base64 in an address": lambda text: percent(base64(text)),
    "Base64 of capitals": lambda text: base64(text.upper()),
    "Base64 twice": lambda text: base64(base64(text)),
    "hex of Base64": lambda text: base64(text).encode().hex(),
}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize("part", [KEY, RUN], ids=["whole", "a run of twelve"])
def test_an_echo_is_masked_and_nothing_beside_it(way, part):
    assert masked(f"Acme {way(part)} Shop", [KEY]) == "Acme ••• Shop"


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize("secret", ["s3cr3t!!", "p4ss"])
def test_a_short_secret_is_masked_as_a_whole(way, secret):
    assert masked(f"Acme ({way(secret)}) Shop", [secret]) == "Acme (•••) Shop"
    assert masked(f"Acme {secret[:-1]} Shop", [secret]) == f"Acme {secret[:-1]} Shop"


@pytest.mark.parametrize("before", ["", "a", "ab", "abc", "user:", "Bearer "])
def test_base64_and_hex_of_a_text_around_it_hide_it(before):
    text = f"{before}{KEY}&more"

    for shown in (masked(base64(text), [KEY]), masked(text.encode().hex(), [KEY])):
        assert "•••" in shown
        assert len(shown) < len(before + "&more") * 2 + 6


def test_a_run_of_eleven_is_left():
    assert masked(f"Acme {KEY[:11]} Shop", [KEY]) == f"Acme {KEY[:11]} Shop"


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize("secret", [KEY, "p4ss"])
def test_of_what_is_typed_whole_secrets_alone_are_masked(way, secret):
    typed = way(f"{secret[:-1]} {secret[1:]}")

    assert masked(f"Acme {way(secret)} Shop", [secret], in_runs=False) == "Acme ••• Shop"
    assert masked(typed, [secret], in_runs=False) == typed


@pytest.mark.parametrize("text", [KEY_FILE, ACCOUNT["private_key"]])
def test_a_key_file_that_is_typed_is_masked_also_where_it_is_cut(text):
    shown = masked(f"Acme {text}", [KEY_FILE], longest=400, in_runs=False)

    assert ACCOUNT["private_key"][40:60] not in shown
    assert shown.startswith("Acme")
    assert "•••" in shown


def test_a_secret_with_blanks_is_known_in_an_address():
    assert masked("?q=s3cret%2F%2B+value%3F&n=1", ["s3cret/+ value?"]) == "?q=•••&n=1"


def test_of_a_key_file_the_private_key_alone_is_secret():
    plain = (
        f"The private key of {ACCOUNT['client_email']} in {ACCOUNT['project_id']}: "
        '{"type": "service_account", "auth_uri": "https://accounts.google.com/o/oauth2/auth"}'
    )
    key = ACCOUNT["private_key"]

    assert masked(plain, [KEY_FILE]) == plain
    assert masked(f"It begins with {key[40:60]}.", [KEY_FILE]) == "It begins with •••."
    assert key[200:212] not in masked(KEY_FILE, [KEY_FILE])
    assert ACCOUNT["client_email"] in masked(KEY_FILE, [KEY_FILE])


@pytest.mark.parametrize("text", ['{"type": "x"', "{}", '{"private_key": 7}', "{[1]}"])
def test_what_is_no_key_file_is_a_secret_as_a_whole(text):
    secret = text + " and some more of it"

    assert masked(f"Acme {secret}", [secret]) == "Acme •••"


def test_what_a_plain_value_holds_as_well_is_shown():
    """A Stripe key holds the ID of its account."""
    key = "sk_live_51Hq3abCdEfGh12345ZyXwVuTs987"
    account = "acct_1Hq3abCdEfGh12345"

    assert masked(f"{account} {key}", [key], plain=[account[5:]]).startswith(f"{account} •••")
    assert "ZyXw" not in masked(key, [key], plain=[account[5:]])


ORDINARY = (
    "Signed in as Acme Shop (act_1234567890123456).",
    "The service account can read 3 properties: https://analytics.google.com/a%20b?c=d&amp;e",
    "No permission ads_management, business_management. Ask an administrator of the account.",
    "Zugang für Jürgen Ölçer läuft am 2026-11-29T12:00:00Z ab. İstanbul 100% \\o/",
)


@pytest.mark.parametrize("text", ORDINARY)
def test_an_ordinary_text_stays_as_it_is(text):
    assert masked(text, [KEY, KEY_FILE, "key-healthy", "GOCSPX-abcdefgh"]) == text


def test_a_text_is_cut_after_it_is_masked():
    for before in range(30):
        shown = masked("." * before + KEY + " and more", [KEY], longest=20)

        assert shown == ("." * before + "•••")[:20] if before < 20 else "." * 20
        assert len(shown) <= 20


def test_what_was_looked_at_beyond_the_cut_is_not_shown():
    assert masked(f"{KEY} Acme Shop", [KEY], longest=len(KEY) + 5) == "••• Acme"


def test_a_letter_that_grows_when_it_becomes_small_moves_nothing():
    assert masked(f"İİİ {KEY.upper()} Acme", [KEY]) == "İİİ ••• Acme"


# --- What it costs -------------------------------------------------------------------------------

FRAGMENTS = (
    *("a", "a-", "0x", "41", "4 1 ", "%41", "%25", "%2525", "\\", "\\u0041", "\\\\u0041", "&#65;"),
    *("&#", "&amp;", "YWFh", "QUFB-_", "=", " ", KEY, KEY[:8], KEY[:11] + "!", base64(KEY)),
)
SECRETS = (KEY, "a" * 60, "aB41" * 30, "aaaa", KEY_FILE)
MOST_GROWTH = 8  # for four times as much
MEASURABLE = 0.005


def cost(mask, text):
    """Seconds of this thread, the least of some tries."""
    taken = []
    while len(taken) < 3 and min(taken, default=1) > MEASURABLE:
        began = time.thread_time()
        mask.over(text)
        taken.append(time.thread_time() - began)
    return min(taken)


@pytest.mark.parametrize("secret", SECRETS, ids=["key", "one letter", "both", "short", "key file"])
def test_a_hostile_text_costs_in_proportion_to_its_length(secret):
    mask = Mask([secret])
    for fragment in FRAGMENTS:
        costs = [cost(mask, (fragment * length)[:length]) for length in (500, 2_000, 8_000)]

        growth = [now / max(was, MEASURABLE) for was, now in itertools.pairwise(costs)]
        assert max(growth) < MOST_GROWTH, (fragment, costs)


def test_an_ordinary_text_costs_next_to_nothing():
    mask = Mask([KEY, "EAA" + "x1Y" * 60])
    tries = []
    for _ in range(20):
        began = time.thread_time()
        for _ in range(20):
            mask.over("Signed in as Acme Shop. 3 campaigns can be read.")
        tries.append((time.thread_time() - began) / 20)

    assert min(tries) < 0.000_1
