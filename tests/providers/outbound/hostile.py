"""Addresses that nobody may make this server call, however they are written."""

LOOPBACK = ["127.0.0.1", "127.0.0.1:8000", "127.1", "127.0.1", "2130706433", "0177.0.0.1"]
LOOPBACK += ["017700000001", "0x7f.0.0.1", "0x7f000001", "0", "0.0.0.0", "[::]", "[::1]"]
LOCALHOST = ["localhost", "LOCALHOST", "localhost.", "app.localhost"]
IPV4_IN_IPV6 = ["[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]", "[::ffff:0:7f00:1]"]
IPV4_IN_IPV6 += ["[64:ff9b::7f00:1]", "[64:ff9b:1::7f00:1]", "[2002:7f00:1::]"]
IPV4_IN_IPV6 += ["[2001:0:7f00:1::]"]
LOCAL = ["[fe80::1]", "[fe80::1%25lo]", "[fe80::1%lo]", "[fec0::1]", "[ff02::1]", "10.0.0.1"]
LOCAL += ["172.16.0.1", "192.168.0.1", "198.18.0.1", "192.0.2.1", "100.64.0.1"]
METADATA = ["169.254.169.254/latest/meta-data/", "2852039166", "0xa9fea9fe"]
METADATA += ["0251.0376.0251.0376", "169.254.43518", "[fd00:ec2::254]", "100.100.100.200"]
METADATA += ["168.63.129.16"]
NOT_UNICAST = ["224.0.0.1", "240.0.0.1", "255.255.255.255", "192.88.99.1"]
NOT_UNICAST += ["[5f00::1]", "[3fff::1]"]
USERINFO = ["user:secret-pw@public.test", "public.test@127.0.0.1", "@public.test"]
USERINFO += ["public.test\\@127.0.0.1", "127.0.0.1\\@public.test", "127.0.0.1#@public.test"]
USERINFO += ["127.0.0.1%2f@public.test", "1.1.1.1 &@127.0.0.1# @3.3.3.3"]
LOOK_ALIKES = ["%31%32%37.0.0.1", "①②⑧.0.0.1", "１２７.0.0.1", "127。0。0。1", "loc\u00adalhost"]
LOOK_ALIKES += ["public。test", "１.１.１.１"]
PORTS = ["public.test:22", "public.test:6379", "public.test:0", "public.test:99999"]
PORTS += ["public.test:-1", "public.test:", "public.test:443:443", "public.test:８０"]
INVISIBLE = ["public.test/a\r\nHost: x", "public.test\r\n", "public.test/a b", "\tpublic.test"]
INVISIBLE += ["public.test/\x00", "public.test/ü", "public.test/#", "public.test/\\x"]
SHAPES = ["", "/x", "public..test", ".public.test", "public.test.", "[1.1.1.1]", "[::1", "a]b"]
SHAPES += [
    "-public.test",
    "public.test/" + "a" * 2048,
    "a" * 64 + ".test",
    "xn--.test",
    "xn--1.test",
]

AFTER_SCHEME = (
    LOOPBACK + LOCALHOST + IPV4_IN_IPV6 + LOCAL + METADATA + NOT_UNICAST + USERINFO + LOOK_ALIKES
)
AFTER_SCHEME += PORTS + INVISIBLE + SHAPES

WHOLE = ["file:///etc/passwd", "ftp://public.test/", "gopher://127.0.0.1:6379/_"]
WHOLE += ["dict://public.test/", "javascript:alert(1)", "//127.0.0.1/", "http:127.0.0.1"]
WHOLE += ["https:public.test", "http:///x", "https:///x", "", " ", "public.test", " https://a.test"]
WHOLE += ["httpſ://public.test", "https://public.test https://public.test", "http://public.test/"]

ADDRESSES = [f"{scheme}://{rest}" for rest in AFTER_SCHEME for scheme in ("http", "https")] + WHOLE

# What a public name may resolve to without this server ever connecting.
DENIED_ANSWERS = [
    *("10.0.0.5", "127.0.0.1", "169.254.169.254", "::ffff:127.0.0.1", "64:ff9b::7f00:1"),
    *("::ffff:0:127.0.0.1", "::1", "fe80::1%lo", "fec0::1", "::127.0.0.1", "168.63.129.16"),
    *("0.0.0.0", "100.64.0.1", "224.0.0.1", "ff02::1", "2002:7f00:1::", "fd00::1", "::"),
]
