"""Passwords: what ends with an old one, and the mail with a link to a new one."""

from typing import Any

from django.conf import settings
from django.contrib.auth.forms import PasswordResetForm
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import User
from django.contrib.auth.tokens import default_token_generator
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.utils.http import int_to_base36

from integrations import queue
from integrations.models import ApiToken
from integrations.services.people import guesses
from integrations_center import public_url

NOBODY = 0  # no account has this number
SUBJECT, BODY = "registration/password_reset_subject.txt", "registration/password_reset_email.txt"


class TokensEnd:
    """One of AUTH_PASSWORD_VALIDATORS: Django tells these of each new password, whoever set it."""

    def validate(self, password: str, user: Any = None) -> None:
        """Any will do."""

    def password_changed(self, password: str, user: User) -> None:
        ApiToken.objects.filter(user=user).delete()

    def get_help_text(self) -> str:
        return "API tokens of this account end with its old password."


def change(user: User, password: str, *, ends_tokens: bool) -> None:
    """What a person does, who may keep the tokens."""
    if ends_tokens:
        user.set_password(password)
    else:
        user.password = make_password(password)  # of which no validator is told
    user.save(update_fields=["password"])


def ask_for_link(email: str, address: str) -> None:
    """Have a link mailed to whose address this is. The same is done if it is nobody's.

    Raises TooManyGuesses: nobody gets more than a few mails an hour.
    """
    guesses.begin(*guesses.at_reset(email, address))
    ids = sorted(user.pk for user in PasswordResetForm().get_users(email))
    queue.enqueue("people.mail_link", *(ids or [NOBODY]))


def mail_link(user_id: int) -> None:
    """The token is made here: what waits in the queue opens nothing."""
    user = User.objects.filter(pk=user_id, is_active=True).first()
    if user is None or not user.has_usable_password():
        return
    token = default_token_generator.make_token(user)
    context = {
        "username": user.get_username(),
        "site": settings.PUBLIC_URL,
        "link": public_url.link("account_reset_password_from_key", int_to_base36(user.pk), token),
    }
    subject = render_to_string(SUBJECT).strip()
    EmailMessage(subject, render_to_string(BODY, context), to=[user.email]).send()
