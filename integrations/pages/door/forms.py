"""The forms of the door, with the names that their fields had from the first day."""

from typing import Any, ClassVar

from allauth.account import forms as allauth
from django import forms
from django.contrib.auth import password_validation
from django.contrib.auth.models import User
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from integrations.pages.door.adapter import WRONG, WRONG_OLD
from integrations.services.people import devices, guesses, passwords


class Plain(forms.Form):
    """Labels and names of our own, and no text inside of fields."""

    sent_as: ClassVar[dict[str, str]] = {}
    labels: ClassVar[dict[str, str]] = {}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            field.widget.attrs.pop("placeholder", None)
            field.label = self.labels.get(name, field.label)
        first = next(iter(self.fields.values()))
        first.widget.attrs["autofocus"] = True

    def add_prefix(self, field_name: str) -> str:
        return super().add_prefix(self.sent_as.get(field_name, field_name))


class SignInForm(Plain, allauth.LoginForm):
    sent_as = {"login": "username"}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password"].help_text = ""  # the page has the link to a new one below
        self.fields["login"].widget.attrs |= {"autocapitalize": "none"}

    def clean_login(self) -> str:
        """As names are kept: one letter with an accent, however a keyboard makes it."""
        return str(User.normalize_username(super().clean_login()))

    def clean(self) -> Any:
        """Whoever has few tries left is told, whether anybody has the name or not."""
        try:
            return super().clean()
        except forms.ValidationError:
            name, address = self.cleaned_data["login"], self.request.META.get("REMOTE_ADDR", "")
            keys = guesses.at_sign_in(name, address, devices.of(self.request, name))
            if warning := guesses.warning(*keys):
                raise forms.ValidationError(f"{WRONG} {warning}") from None
            raise


class Ticked(forms.CheckboxInput):
    """Ticked for whoever did not see it: only its own page can say that it was not."""

    def render(self, name: str, *args: Any, **kwargs: Any) -> SafeString:
        box = super().render(name, *args, **kwargs)
        return format_html('{}<input type="hidden" name="{}-shown" value="yes">', box, name)

    def value_from_datadict(self, data: Any, files: Any, name: str) -> bool:
        return f"{name}-shown" not in data or super().value_from_datadict(data, files, name)


NEW_TWICE = {"password1": "new_password1", "password2": "new_password2"}
NEW_LABELS = {"password1": "New password", "password2": "New password, once more"}


class ChangeForm(Plain, allauth.ChangePasswordForm):
    sent_as = NEW_TWICE | {"oldpassword": "old_password"}
    labels = NEW_LABELS | {"oldpassword": "Old password"}

    end_tokens = forms.BooleanField(
        required=False,
        initial=True,
        widget=Ticked,
        label="End my API tokens too",
        help_text="Whatever uses one stops until it gets a new one.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.order_fields(["oldpassword", "password1", "password2", "end_tokens"])
        self.fields["oldpassword"].help_text = ""
        rules = password_validation.get_default_password_validators()
        others = [rule for rule in rules if not isinstance(rule, passwords.TokensEnd)]
        help_text = password_validation.password_validators_help_text_html(others)
        self.fields["password1"].help_text = help_text

    def clean_oldpassword(self) -> str:
        """Whoever sits at somebody's open session may not try for long."""
        key = (guesses.OLD_PASSWORD, str(self.user.pk))
        guess = guesses.begin(key)
        try:
            typed: str = super().clean_oldpassword()
        except forms.ValidationError:
            guess.was_wrong()
            if warning := guesses.warning(key):
                raise forms.ValidationError(f"{WRONG_OLD} {warning}") from None
            raise
        guess.was_right()
        return typed

    def save(self) -> None:
        new, ends = self.cleaned_data["password1"], self.cleaned_data["end_tokens"]
        passwords.change(self.user, new, ends_tokens=ends)


class LinkForm(Plain, allauth.ResetPasswordForm):
    def clean_email(self) -> str:
        """Whose it is, is not asked before it is counted how often somebody asks."""
        return str(self.cleaned_data["email"])

    def save(self, request: HttpRequest, **kwargs: Any) -> str:
        email: str = self.cleaned_data["email"]
        passwords.ask_for_link(email, request.META.get("REMOTE_ADDR", ""))
        return email


class NewPasswordForm(Plain, allauth.ResetPasswordKeyForm):
    sent_as = NEW_TWICE
    labels = NEW_LABELS
