"""Keeps what a next page says once, in a cookie with a name of this installation's own."""

from typing import Any

from django.conf import settings
from django.contrib.messages.storage.cookie import CookieStorage
from django.contrib.messages.storage.fallback import FallbackStorage
from django.contrib.messages.storage.session import SessionStorage
from django.http.response import HttpResponseBase


class OwnCookieStorage(CookieStorage):
    cookie_name = settings.MESSAGES_COOKIE_NAME


class MessageStorage(FallbackStorage):
    storage_classes = (OwnCookieStorage, SessionStorage)

    def update(self, response: HttpResponseBase) -> list[Any] | None:
        """Django lays the cookie at the root of the host, where another installation may be."""
        left: list[Any] | None = super().update(response)
        if cookie := response.cookies.get(settings.MESSAGES_COOKIE_NAME):
            cookie["path"] = settings.SESSION_COOKIE_PATH
        return left
