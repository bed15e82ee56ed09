"""The headers of every request, and which others may be sent."""

import re
from collections.abc import Mapping

from providers import errors

HEADERS = {
    "User-Agent": "IntegrationsControlCenter/1.0",
    "Accept": "application/json",
    "Accept-Encoding": "gzip, deflate",
}
# Names that would change the request itself, or who it seems to come from.
OUR_HEADERS = (
    "host|content-length|transfer-encoding|connection|upgrade|te|trailer|cookie|expect"
    "|forwarded|x-forwarded-.*|proxy-.*"
)
_HEADER_NAME = re.compile(  # a token of RFC 9110
    rf"(?!(?i:{OUR_HEADERS})\Z)[A-Za-z0-9!#$%&'*+.^_`|~-]{{1,64}}"
)
_HEADER_VALUE = re.compile(r"[!-~](?:[ -~]*[!-~])?")
_LONGEST_HEADER_VALUE = 4096


def checked_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """The same headers. Raises InvalidConfig, without the value, for one that cannot be sent."""
    for name, value in headers.items():
        if not _HEADER_NAME.fullmatch(name):
            raise errors.InvalidConfig("This header name cannot be used.", "Enter another name.")
        if not _HEADER_VALUE.fullmatch(value):
            raise errors.InvalidConfig(
                "One of the values holds a character that cannot be sent.",
                "Copy the credentials again, without blanks or line breaks at their ends.",
            )
        if len(value) > _LONGEST_HEADER_VALUE:
            raise errors.InvalidConfig(
                "One of the values is too long to be sent.", "Copy the credentials again."
            )
    return dict(headers)
