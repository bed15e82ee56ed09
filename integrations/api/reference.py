"""The reference as a page: the OpenAPI document in words, drawn here, without script."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from drf_spectacular.generators import SchemaGenerator
from rest_framework.permissions import IsAuthenticated
from rest_framework.renderers import TemplateHTMLRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

Document = Mapping[str, Any]
SHAPES = "#/components/schemas/"
METHODS = ("get", "post", "patch", "delete")


@dataclass(frozen=True)
class Field:
    """A value that is sent or answered. `shape` names what it is made of, where that has a name."""

    name: str
    kind: str
    about: str
    shape: str = ""
    choices: tuple[str, ...] = ()
    is_required: bool = False


@dataclass(frozen=True)
class Answer:
    status: str
    about: str
    shape: str
    examples: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Call:
    name: str
    method: str
    path: str
    about: str
    parameters: list[Field]
    body: str
    sent: tuple[tuple[str, str], ...]
    answers: list[Answer]
    for_sessions: bool

    @property
    def title(self) -> str:
        """`"list_integrations"` -> "List integrations"."""
        return self.name.replace("_", " ").capitalize()


@dataclass(frozen=True)
class Group:
    name: str
    calls: list[Call] = field(default_factory=list)


def groups(document: Document) -> list[Group]:
    """All calls, those of a subject together, in the order of the document."""
    found: dict[str, Group] = {}
    for path, operations in document["paths"].items():
        for method in METHODS:
            if method in operations:
                call = operations[method]
                [tag] = call["tags"]
                found.setdefault(tag, Group(tag)).calls.append(_call(path, method, call))
    return list(found.values())


def shapes(document: Document) -> list[tuple[str, str, list[Field]]]:
    """What is made of named values: its name, what it is, its fields."""
    every = document["components"]["schemas"]
    return [
        (name, shape.get("description", ""), list(_fields(shape, every)))
        for name, shape in every.items()
        if "properties" in shape
    ]


def _call(path: str, method: str, call: Document) -> Call:
    shape, sent = _content(call.get("requestBody", {}))
    return Call(
        name=call["operationId"],
        method=method.upper(),
        path=path,
        about=call.get("description", ""),
        parameters=[_parameter(one) for one in call.get("parameters", ())],
        body=shape,
        sent=sent,
        answers=[_answer(status, one) for status, one in sorted(call["responses"].items())],
        for_sessions=[*call["security"]] == [{"cookieAuth": []}],
    )


def _parameter(one: Document) -> Field:
    where = {"path": "in the address", "query": "behind the ?", "header": "a header"}[one["in"]]
    schema = one["schema"]
    return Field(
        one["name"],
        f"{_kind(schema)}, {where}",
        one.get("description", ""),
        choices=tuple(map(str, schema.get("enum", ()))),
        is_required=one.get("required", False),
    )


def _answer(status: str, one: Document) -> Answer:
    shape, examples = _content(one)
    return Answer(status, one.get("description", ""), shape, examples)


def _content(holder: Document) -> tuple[str, tuple[tuple[str, str], ...]]:
    """The name of the JSON's shape, and its examples."""
    content = holder.get("content", {}).get("application/json", {})
    examples = tuple(
        (one.get("summary") or name, json.dumps(one["value"], indent=2, ensure_ascii=False))
        for name, one in content.get("examples", {}).items()
    )
    return _shape(content.get("schema", {})), examples


def _fields(shape: Document, every: Document) -> Iterator[Field]:
    for name, schema in shape["properties"].items():
        named = every.get(_shape(schema), {})
        yield Field(
            name,
            _kind(schema) if "properties" in named or not named else _kind(named),
            schema.get("description") or named.get("description", ""),
            shape=_shape(schema) if "properties" in named else "",
            choices=_choices(schema) or _choices(named),
            is_required=name in shape.get("required", ()),
        )


def _parts(schema: Document) -> list[Document]:
    """The schema itself, or those of which it is one."""
    return [*schema.get("oneOf", ()), *schema.get("anyOf", ()), *schema.get("allOf", ())] or [
        schema
    ]


def _shape(schema: Document) -> str:
    for one in _parts(schema):
        name = str(one.get("$ref") or one.get("items", {}).get("$ref", "")).removeprefix(SHAPES)
        if name and name != "NullEnum":
            return name
    return ""


def _choices(schema: Document) -> tuple[str, ...]:
    return tuple(str(one) for one in schema.get("enum", ()) if one is not None)


def _kind(schema: Document) -> str:
    """`"string"`, `"list of objects"`, `"number or null"`."""
    return " or ".join(dict.fromkeys(word for one in _parts(schema) for word in _words(one)))


def _words(schema: Document) -> list[str]:
    if "$ref" in schema:
        return ["null"] if schema["$ref"].endswith("/NullEnum") else ["object"]
    kinds = schema.get("type", "any value")
    said = {"array": "list", "date-time": "time", "integer": "number"}
    return [
        said.get(schema.get("format", "")) or said.get(kind, kind) if kind != "null" else kind
        for kind in ([kinds] if isinstance(kinds, str) else kinds)
    ]


@cache
def _document() -> Document:
    """It is the same for everybody, and takes most of a second to make."""
    return SchemaGenerator().get_schema(request=None, public=True)


class Reference(APIView):
    """Every call, with what it takes and answers."""

    permission_classes = (IsAuthenticated,)
    renderer_classes = (TemplateHTMLRenderer,)
    schema = None

    def get(self, request: Request) -> Response:
        document = _document()
        context = {"groups": groups(document), "shapes": shapes(document), "api": "reference"}
        return Response(context, template_name="rest_framework/reference.html")
