"""A stand-in for one platform: what each of them declares as its PLATFORM."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from providers.sandbox.server import AnswerTo
from providers.sandbox.sign_in import AuthorizationServer


@dataclass(frozen=True, kw_only=True)
class Story:
    """What happened to the platform's connection in the demo, in this order.

    Its `values` were saved, or `signs_in_as` signed in here instead, and that was tested so
    many times. Other values came `later`, and were tested once. Another system `reported` an
    error. Since the last proof some days passed. Somebody switched the connection off.
    """

    values: Mapping[str, str] = field(default_factory=dict)
    signs_in_as: str = ""
    tests: int = 1
    later: Mapping[str, str] = field(default_factory=dict)
    reported: str = ""
    days_since_proof: int = 0
    is_switched_off: bool = False


@dataclass(frozen=True)
class Platform:
    """One platform's part of the sandbox.

    `guide` has headings over values and what each does. `healthy` are values, by the names of
    the platform's fields, that a test proves. `sign_ins` are its authorization servers by the
    slug of the app's declaration, which several platforms may share. With the values in
    `anywhere`, where there are such, any address that answers JSON is proven.
    """

    answer: AnswerTo
    guide: Mapping[str, Sequence[tuple[str, str]]]
    healthy: Mapping[str, str]
    story: Story = Story(tests=0)  # not connected
    sign_ins: Mapping[str, AuthorizationServer] = field(default_factory=dict)
    anywhere: Mapping[str, str] = field(default_factory=dict)
