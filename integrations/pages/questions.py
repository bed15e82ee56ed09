"""Questions before something is lost: in the dialog, and without script as a page of their own."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.http import HttpResponse
from django.shortcuts import render

from integrations.pages.parts import Request, is_partial

QUESTION = "integrations/partials/question.html"


@dataclass(frozen=True)
class Question:
    """`action` is where yes is posted to, `back` where no leads, `hidden` goes along."""

    title: str
    sentences: Sequence[str]
    action: str
    yes: str
    back: str
    section: str
    no: str = "Cancel"
    is_loss: bool = False
    hidden: Mapping[str, str] = field(default_factory=dict)


class PasswordForm(forms.Form):
    password = forms.CharField(
        strip=False,
        label="Your password",
        widget=forms.PasswordInput({"autocomplete": "current-password"}),
    )


def ask(request: Request, question: Question) -> HttpResponse:
    context: dict[str, Any] = {"question": question}
    if is_partial(request):
        return render(request, QUESTION, context)
    context |= {"page": "settings", "section": question.section, "content": QUESTION}
    return render(request, "integrations/question_page.html", context)
