"""Questions before something is lost: in the dialog, and without script as a page of their own."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.http import HttpResponse
from django.shortcuts import render

from integrations.pages.parts import Request, is_partial
from integrations.services.people import own
from integrations.services.refusals import InvalidChange

QUESTION = "integrations/partials/question.html"


class PasswordForm(forms.Form):
    password = forms.CharField(
        strip=False,
        label="Your password",
        widget=forms.PasswordInput({"autocomplete": "current-password"}),
    )


def password_asked(data: Any = None) -> PasswordForm:
    """For a question, which may stand in a page that asks for the password elsewhere too."""
    return PasswordForm(data, auto_id="question_%s")


def proves_to_be(user: User, form: forms.Form) -> bool:
    """Whether the password is the person's own: who sits at an open session has not got it."""
    if not form.is_valid():
        return False
    try:
        own.check_password(user, form.cleaned_data["password"])
    except InvalidChange as invalid:
        form.add_error("password", invalid.errors["password"])
        return False
    return True


@dataclass(frozen=True)
class Question:
    """`action` is where yes is posted to, `back` where no leads, `hidden` goes along,
    `base` is the template around it.

    `password` is for what takes more than an open session.
    """

    title: str
    sentences: Sequence[str]
    action: str
    yes: str
    back: str
    section: str
    no: str = "Cancel"
    is_loss: bool = False
    hidden: Mapping[str, str] = field(default_factory=dict)
    password: PasswordForm | None = None
    base: str = "integrations/settings_base.html"


def ask(request: Request, question: Question) -> HttpResponse:
    context: dict[str, Any] = {"question": question}
    if question.password:
        question.password.fields["password"].widget.attrs["autofocus"] = True
    if is_partial(request):
        return render(request, QUESTION, context)
    context |= {"page": "settings", "section": question.section, "content": QUESTION}
    status = 422 if question.password and question.password.is_bound else 200
    return render(request, "integrations/question_page.html", context, status=status)
