"""What django-allauth asks the site: here are closed the doors that it leaves open by itself."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme

WRONG = "The username or the password is wrong."
WRONG_OLD = "This is not your old password."


class Adapter(DefaultAccountAdapter):
    """Named in the setting ACCOUNT_ADAPTER."""

    error_messages = DefaultAccountAdapter.error_messages | {
        "username_password_mismatch": f"{WRONG} Capital letters matter in both.",
        "enter_current_password": f"{WRONG_OLD} Type it again.",
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Nobody makes an account without being let in."""
        return False

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Tries are counted by our backend, which every way to sign in passes."""

    def is_ajax(self, request: HttpRequest) -> bool:
        """Its answers to scripts repeat what was typed, passwords too."""
        return False

    def is_safe_url(self, url: str | None) -> bool:
        """Whoever signed in goes to a page of this site, by whatever name it was asked."""
        return url_has_allowed_host_and_scheme(url, allowed_hosts=None)

    def add_message(self, *args: Any, **kwargs: Any) -> None:
        """Our pages say themselves what was done."""
