"""The forms of the members page. Whether values are right is checked by the services alone."""

from typing import Any

from django import forms
from django.conf import settings

from integrations.models import After, Membership, Role
from integrations.pages.questions import PasswordForm
from integrations.services.people.invitations import full_name

ROLES = [(role.value, role.value.capitalize()) for role in Role]


class InviteForm(forms.Form):
    email = forms.CharField(
        required=False,
        label="E-mail address",
        widget=forms.EmailInput({"autocomplete": "off", "placeholder": "name@company.example"}),
    )
    note = forms.CharField(
        required=False,
        label="Who is it for?",
        help_text="A word for this list, such as “the new analyst”.",
        widget=forms.TextInput({"autocomplete": "off"}),
    )
    role = forms.ChoiceField(choices=ROLES, initial=Role.EDITOR.value)

    def __init__(self, data: Any = None) -> None:
        super().__init__(data)
        if not settings.EMAIL_IS_CONFIGURED:
            del self.fields["email"]


class RoleForm(forms.Form):
    role = forms.ChoiceField(choices=ROLES)


class HandOverForm(PasswordForm):
    member = forms.TypedChoiceField(coerce=int, label="New owner")
    after = forms.ChoiceField(choices=After, initial=After.OWNER, widget=forms.RadioSelect)

    field_order = ("member", "after", "password")

    def __init__(self, others: list[Membership], data: Any = None) -> None:
        super().__init__(data)
        choices = [(one.pk, f"{full_name(one.user)}, {one.role}") for one in others]
        self.fields["member"].choices = choices  # type: ignore[attr-defined]
        self.fields["after"].label = "And you"
