"""Who asks: the holder of a token, or a person who is signed in."""

import re

from django.contrib.auth.models import AbstractBaseUser
from knox.auth import TokenAuthentication as KnoxTokenAuthentication
from rest_framework.exceptions import APIException, AuthenticationFailed
from rest_framework.request import Request

from integrations.models import ApiToken
from integrations.services.people import guesses
from integrations.services.refusals import TooManyGuesses

TOKEN = re.compile(rb"[0-9A-Za-z]+")
REFUSED = "This token is not valid, or not any more. Make a new one under API access."


class UnknownToken(AuthenticationFailed):
    """Nobody has this token, or not any more."""


class TooManyTokens(APIException):
    """The wait in seconds becomes the header Retry-After."""

    status_code = 429
    default_code = "throttled"

    def __init__(self, refusal: TooManyGuesses) -> None:
        self.wait = refusal.retry_after_seconds
        super().__init__(f"{refusal.sentence} {refusal.wait}")


class TokenAuthentication(KnoxTokenAuthentication):
    """`Authorization: Token …`. What cannot be a token is refused before it is looked up.

    Tokens that nobody has are counted by address. One that is valid costs no statement more, and
    passes whatever else comes from there: another script's old token must not stop this one.
    """

    def authenticate(self, request: Request) -> tuple[AbstractBaseUser, ApiToken] | None:
        try:
            return super().authenticate(request)
        except UnknownToken:
            place = guesses.network(request.META.get("REMOTE_ADDR", ""))
            try:
                guesses.begin((guesses.TOKEN, place))
            except TooManyGuesses as refusal:
                raise TooManyTokens(refusal) from None
            raise

    def authenticate_credentials(self, token: bytes) -> tuple[AbstractBaseUser, ApiToken]:
        if not TOKEN.fullmatch(token):
            raise AuthenticationFailed(REFUSED)
        try:
            return super().authenticate_credentials(token)
        except AuthenticationFailed:
            raise UnknownToken(REFUSED) from None
