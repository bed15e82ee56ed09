"""A platform that is several: what each of its vendors takes, in that vendor's own words."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from providers.declare.fields import Field
from providers.declare.methods import Method

Words = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Vendor:
    """One value of the field that is asked first: `about` says what connecting it needs.

    `methods` and `fields` name those of the platform that this vendor takes, the best way
    first, with what they are called there: `{"access_token": {"label": "Service key"}}`. They
    are for drawing a form: what is allowed stands in the platform. `mark` is as in Provider.
    """

    value: str
    about: str
    methods: Words
    fields: Words
    mark: str = ""

    def methods_of(self, methods: tuple[Method, ...]) -> list[Method]:
        known = {method.slug: method for method in methods}
        return [replace(known[slug], **words) for slug, words in self.methods.items()]

    def fields_of(self, fields: tuple[Field, ...]) -> list[Field]:
        known = {field.name: field for field in fields}
        return [replace(known[name], **words) for name, words in self.fields.items()]
