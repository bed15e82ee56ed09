"""Who asks: the holder of a token, or a person who is signed in."""

import re

from django.contrib.auth.models import AbstractBaseUser
from knox.auth import TokenAuthentication as KnoxTokenAuthentication
from rest_framework.exceptions import AuthenticationFailed

from integrations.models import ApiToken

TOKEN = re.compile(rb"[0-9A-Za-z]+")
REFUSED = "This token is not valid, or not any more. Make a new one under API access."


class TokenAuthentication(KnoxTokenAuthentication):
    """`Authorization: Token …`. What cannot be a token is refused before it is looked up."""

    def authenticate_credentials(self, token: bytes) -> tuple[AbstractBaseUser, ApiToken]:
        if not TOKEN.fullmatch(token):
            raise AuthenticationFailed(REFUSED)
        try:
            return super().authenticate_credentials(token)
        except AuthenticationFailed:
            raise AuthenticationFailed(REFUSED) from None
