"""How the API reads a request. What a value must look like, `Provider.clean` alone knows.

Strict: a number is no text, "true" is no boolean, and a key that nobody knows is named.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import IO, Any, cast

from rest_framework import serializers
from rest_framework.exceptions import ParseError, ValidationError
from rest_framework.parsers import JSONParser

from integrations.api.presentation import python_names
from integrations.models import Role, Status
from integrations.services.connecting.changes import Changes
from integrations.services.connecting.several import cleaned_name
from integrations.services.watching import wishes
from integrations.services.watching.handling import Handling

NOT_JSON = "The body is not valid JSON."
NOT_AN_OBJECT = "The body must be a JSON object."
UNKNOWN_KEY = "Unknown key. Use: {known}."
NOT_DEFAULT = "One of a platform is the default: make another one it instead."
SHOWN_KEY_LENGTH = 100


class ObjectParser(JSONParser):
    """Reads a JSON object, and quotes nothing of what it cannot read."""

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        try:
            body = super().parse(stream, media_type, parser_context)
        except (ParseError, RecursionError):
            raise ParseError(NOT_JSON) from None
        if not isinstance(body, dict):
            raise ParseError(NOT_AN_OBJECT)
        return body


def unknown_keys(data: Mapping[str, Any], known: Mapping[str, Any]) -> dict[str, list[str]]:
    """A sentence for each key that is not known, under a name that can be shown."""
    sentence = UNKNOWN_KEY.format(known=", ".join(known))
    return {
        key.encode(errors="replace").decode()[:SHOWN_KEY_LENGTH]: [sentence]
        for key in data
        if key not in known
    }


class Text(serializers.CharField):
    default_error_messages = {
        "invalid": "This must be a text.",
        "null": "This must be a text.",
        "blank": "This may not be blank.",
    }

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class Switch(serializers.BooleanField):
    default_error_messages = {
        "invalid": "This must be true or false.",
        "null": "This must be true or false.",
    }

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid")
        return data


class StatusField(serializers.ChoiceField):
    default_error_messages = {
        "invalid_choice": f"Choose one of these: {', '.join(Status.values)}.",
        "null": f"Choose one of these: {', '.join(Status.values)}.",
    }


class Values(serializers.DictField):
    """Secret and plain values by their API names -> by ours. Null clears a value."""

    child = Text(allow_null=True, trim_whitespace=False)
    default_error_messages = {
        "not_a_dict": "This must be an object of names and values.",
        "null": "This must be an object of names and values.",
    }

    def run_child_validation(self, data: Mapping[str, Any]) -> dict[str, str | None]:
        names = python_names(self.context["provider"])
        values: dict[str, str | None] = {}
        wrong: dict[str, Any] = dict(unknown_keys(data, names))
        for api_name, name in names.items():
            if api_name not in data:
                continue
            try:
                values[name] = self.child.run_validation(data[api_name])
            except ValidationError as error:
                wrong[api_name] = error.detail
        if wrong:
            raise ValidationError(wrong)
        return values


class Body(serializers.Serializer[Any]):
    # No docstring: those of the bodies are read in the OpenAPI document.

    def to_internal_value(self, data: dict[str, Any]) -> dict[str, Any]:
        wrong: dict[str, Any] = dict(unknown_keys(data, self.fields))
        try:
            values = super().to_internal_value(data)
        except ValidationError as error:
            wrong |= cast(dict[str, Any], error.detail)
        if wrong:
            raise ValidationError(wrong)
        return values


class TestRequest(Body):
    """Values to test in place of the saved ones. Without any, what is saved is tested."""

    config = Values(
        required=False,
        help_text="Laid over the saved values and tested; nothing is saved.",
    )
    authMethod = Text(required=False, help_text="The name of one of `methods`.")

    def changes(self) -> Changes | None:
        """None for a test of what is saved."""
        typed = self.validated_data
        if not typed.get("config") and "authMethod" not in typed:
            return None
        return Changes(config=typed.get("config", {}), auth_method=typed.get("authMethod"))


class RoleField(serializers.ChoiceField):
    default_error_messages = {
        "invalid_choice": f"Choose one of these: {', '.join(Role.values)}.",
        "null": f"Choose one of these: {', '.join(Role.values)}.",
    }


class OwnPassword(Text):
    def __init__(self) -> None:
        super().__init__(
            required=False,
            write_only=True,
            trim_whitespace=False,
            help_text="Your own, which the role `owner` takes. Left out for the others.",
        )


class InviteRequest(Body):
    """Whom to ask, as what: by mail, or by a link that is shown once."""

    role = RoleField(choices=Role.choices)
    email = Text(
        required=False,
        help_text="Where the link goes by mail. Left out, it is in the answer, once.",
    )
    note = Text(required=False, help_text="A word for the list of invitations.")
    password = OwnPassword()


class RoleRequest(Body):
    """What a member may do from now on."""

    role = RoleField(choices=Role.choices)
    password = OwnPassword()


class ChannelValues(serializers.DictField):
    """Secret and plain values by their API names. Null clears a value."""

    child = Text(allow_null=True, trim_whitespace=False)
    default_error_messages = Values.default_error_messages

    def run_child_validation(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """What nobody knows is told as that, whatever its value is."""
        names = self.context.get("names")
        wrong = dict(unknown_keys(data, names)) if names else {}
        known = {name: value for name, value in data.items() if name not in wrong}
        try:
            read: dict[str, Any] = super().run_child_validation(known)
        except ValidationError as error:
            raise ValidationError({**error.detail, **wrong}) from None  # type: ignore[dict-item]
        if wrong:
            raise ValidationError(wrong)
        return read


class ClockField(serializers.TimeField):
    default_error_messages = {"invalid": "This must be a time such as 22:00, or null."}

    def __init__(self, **more: Any) -> None:
        super().__init__(required=False, allow_null=True, input_formats=["%H:%M"], **more)


class ChannelRequest(Body):
    """What to change of a channel; every key may be left out."""

    name = Text(required=False, allow_blank=True, help_text="What your team calls it.")
    config = ChannelValues(
        required=False,
        help_text="The values of its kind. Left out keeps a value, null clears it.",
    )
    isEnabled = Switch(required=False)
    hears = Text(required=False, help_text="`all`, or `breaks` for breaks only.")
    platforms = serializers.ListField(
        child=Text(),
        required=False,
        help_text="The slugs of those that it is for; empty for all.",
    )
    tellsRecovery = Switch(
        required=False, help_text="Whether it also says when something works again."
    )
    tellsWeek = Switch(
        required=False,
        help_text="Whether it also says each Monday at 08:00 how the week was. New ones of kind "
        "`email` do.",
    )
    quietFrom = ClockField(help_text="When quiet hours begin, such as 22:00; null for none.")
    quietUntil = ClockField(help_text="When they end. What breaks then is told at their end.")
    timeZone = Text(
        required=False,
        help_text="Of quiet hours, Mondays and the times in messages: Europe/Madrid.",
    )


class AddChannelRequest(ChannelRequest):
    """A channel to add: of which kind, and the values that this takes."""

    kind = Text(help_text="`email`, `slack`, `teams`, `discord`, `telegram`, `ntfy`, `webhook`.")


class AddRequest(Body):
    """A connection to add: of which platform, and what is known of it by now."""

    provider = Text()
    name = Text(required=False, help_text="What people call it. Left out, the account's own name.")
    slug = Text(
        required=False,
        help_text="Its name in commands, after the platform and a slash. It keeps it for good. "
        "Left out, one is made of its name.",
    )
    authMethod = Text(required=False, help_text="The name of one of `methods`.")
    config = Values(required=False, help_text="By the names in `fields`.")
    credential = serializers.UUIDField(
        required=False,
        help_text="The id of a connection's `credential`: this one is let in by the same, "
        "without its secrets being sent once more.",
        error_messages={"invalid": "This must be the id of a credential."},
    )

    def changes(self) -> Changes:
        typed = self.validated_data
        return Changes(
            config=typed.get("config", {}),
            auth_method=typed.get("authMethod"),
            name=cleaned_name(typed.get("name", "")),
        )


class DisconnectRequest(Body):
    """How to disconnect; every key may be left out."""

    revoke = Switch(
        required=False,
        help_text="Whether to end the sign-in at the platform too. Left out it is ended, unless "
        "that may end the sign-in of another connection. A pasted token is never revoked.",
    )


class Seconds(serializers.IntegerField):
    default_error_messages = {
        "invalid": "This must be a whole number of seconds, or null.",
        "max_string_length": "This must be a whole number of seconds, or null.",
        "min_value": "This must be 60 or more: nothing is checked more often than once a minute.",
        "max_value": "This must be 2592000 or less, which is 30 days.",
    }

    def to_internal_value(self, data: Any) -> int:
        if not isinstance(data, int) or isinstance(data, bool):
            self.fail("invalid")
        return super().to_internal_value(data)


class Moment(serializers.DateTimeField):
    default_error_messages = {
        "invalid": "This must be a time with its zone, such as 2026-11-22T14:02:11Z, or null.",
        "date": "This must be a time with its zone, such as 2026-11-22T14:02:11Z, or null.",
        "make_aware": "This must be a time with its zone, such as 2026-11-22T14:02:11Z, or null.",
        "overflow": "This must be a time with its zone, such as 2026-11-22T14:02:11Z, or null.",
    }

    def to_internal_value(self, value: Any) -> datetime:
        if not isinstance(value, str):
            self.fail("invalid", format="ISO 8601")
        return super().to_internal_value(value)

    def enforce_timezone(self, value: datetime) -> datetime:
        if value.tzinfo is None:
            self.fail("invalid", format="ISO 8601")
        return super().enforce_timezone(value)


class ChangeRequest(Body):
    """What to change; every key may be left out."""

    config = Values(
        required=False,
        help_text="By the names in `fields`. Left out keeps a value, null clears it.",
    )
    authMethod = Text(required=False, help_text="The name of one of `methods`.")
    isEnabled = Switch(required=False)
    status = StatusField(
        required=False,
        choices=Status.choices,
        help_text="`connected` enables and clears errors, `disabled` disables, `error` reports "
        "one with `lastError`. For `not_connected` use disconnect.",
    )
    lastError = Text(
        required=False,
        allow_null=True,
        help_text="The text of a reported error; null clears the report.",
    )
    checksEverySeconds = Seconds(
        required=False,
        allow_null=True,
        min_value=int(wishes.SOONEST.total_seconds()),
        max_value=int(wishes.LATEST.total_seconds()),
        help_text="How often it is checked by schedule; null is the platform's own. More seldom "
        "where `budget` asks for it. Moves no `version`.",
    )
    mutedUntil = Moment(
        required=False,
        allow_null=True,
        help_text="Until when nobody is told that it broke; null ends that. Moves no `version`.",
    )

    def wishes(self) -> dict[str, Any]:
        """How it is to be watched, as far as that was sent."""
        names = {"checksEverySeconds": "every_seconds", "mutedUntil": "muted_until"}
        typed = self.validated_data
        return {ours: typed[name] for name, ours in names.items() if name in typed}

    def changes(self) -> Changes:
        typed = self.validated_data
        return Changes(
            config=typed.get("config", {}),
            auth_method=typed.get("authMethod"),
            is_enabled=typed.get("isEnabled"),
            status=typed.get("status"),
            reported_error=typed.get("lastError"),
            clears_reported_error="lastError" in typed and typed["lastError"] is None,
        )


class ConnectionChangeRequest(ChangeRequest):
    """What to change of a connection; every key may be left out."""

    name = Text(
        required=False,
        allow_null=True,
        help_text="What people call it. Null is the account's own name.",
    )
    isDefault = Switch(
        required=False,
        help_text="True makes it the one that /api/integrations/{provider} means.",
    )

    def validate_isDefault(self, value: bool) -> bool:  # noqa: N802 - as the key is called
        if not value:
            raise ValidationError(NOT_DEFAULT)
        return value

    def changes(self) -> Changes:
        typed = self.validated_data
        named = "name" in typed
        return replace(
            super().changes(),
            name=cleaned_name(typed["name"] or "") if named else None,
            is_default=typed.get("isDefault", False),
        )


class HandleRequest(Body):
    """What to say about an incident; every key may be left out."""

    acknowledged = Switch(required=False, help_text="True says that you have seen it.")
    owner = Text(
        required=False,
        allow_null=True,
        help_text="The user name of the member who takes it; null for nobody.",
    )
    note = Text(
        required=False,
        allow_null=True,
        allow_blank=True,
        help_text="A word for the others, up to 500 characters.",
    )
    mutedUntil = Moment(
        required=False,
        allow_null=True,
        help_text="Nobody is sent anything about it until then; null ends that.",
    )

    def handling(self) -> Handling:
        sent = {ours: self.validated_data.get(name, ...) for name, ours in HANDLED.items()}
        given = {name: value for name, value in sent.items() if value not in (..., None)}
        cleared = frozenset(name for name, value in sent.items() if value is None)
        return Handling(**given, clears=cleared)


HANDLED = {
    "acknowledged": "acknowledged",
    "owner": "owner",
    "note": "note",
    "mutedUntil": "muted_until",
}
