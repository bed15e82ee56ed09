"""How the variants of a platform are got into by the same methods."""

from providers.declare import SIGN_IN, Bearer, KeyHeader, Method, SignedIn, sign_in
from providers.declare.methods import with_access

METHODS = (Method("key", "A key"), Method("other", "Another way"), sign_in("Sign in", "You go."))


def test_each_method_has_the_usual_way_unless_it_is_named():
    key, other, signing_in = with_access(METHODS, Bearer(), other=KeyHeader("x-key"))

    assert (key.access, other.access) == (Bearer(), KeyHeader("x-key"))
    assert signing_in.access == SignedIn()


def test_a_sign_in_that_is_named_is_got_in_by_as_told():
    carried = SignedIn(carried=Bearer(word="Token"))

    assert with_access(METHODS, Bearer(), **{SIGN_IN: carried})[-1].access == carried


def test_what_is_read_has_a_say_in_every_way():
    methods = with_access(METHODS, Bearer(reads=("region",)), reads=("vendor",))

    assert [one.access.reads for one in methods] == [("region", "vendor")] * 2 + [("vendor",)]
