"""Asking for a token with what was entered: the grants without a person of RFC 6749 and 7523."""

from collections.abc import Mapping
from urllib.parse import quote_plus

from providers import errors
from providers.access.replies import tokens_in
from providers.declare.access import ClientCredentials, Obtained
from providers.declare.oauth import Tokens
from providers.declare.provider import Provider
from providers.outbound.api import Api
from providers.outbound.basic import pair_of

SECRET_PARTS = ("assertion", "refresh_token")


def ask(provider: Provider, access: Obtained, known: Mapping[str, str], api: Api) -> Tokens:
    """A new token, by one request to the token endpoint.

    `known` are all values by field name; `api` masks what is got from now on. Raises
    ProviderError.
    """
    host, path = provider.place_of(access.token_url, "TOKEN", known)
    form = access.form(known)
    headers = dict(access.headers(known)) if access.headers else {}
    for part in SECRET_PARTS:
        if part in form:
            api.add_secret(form[part])
    if isinstance(access, ClientCredentials):
        client_id, client_secret = known[access.client_id], known[access.client_secret]
        if access.client_authentication == "client_secret_basic":
            # Encoded as in a form before they are joined, RFC 6749 section 2.3.1.
            pair = pair_of(quote_plus(client_id), quote_plus(client_secret))
            api.add_secret(pair)
            headers["Authorization"] = f"Basic {pair}"
        else:
            form |= {"client_id": client_id, "client_secret": client_secret}
    reply = api.request("POST", path, host=host, headers=headers, data=form, anonymous=True)
    try:
        provider.judge(reply)
    except errors.ProviderError as error:
        rules = (rule for kind, rule in access.instead.items() if isinstance(error, kind))
        raise next((rule.meant() for rule in rules), error) from None
    body = reply.json_or_none()
    if not isinstance(body, dict) or not isinstance(body.get("access_token"), str):
        raise errors.UnexpectedReply
    tokens = tokens_in(body, access.keeps, lives=access.lifetime)
    for secret in (tokens.access_token, tokens.refresh_token, body.get("id_token")):
        if secret:
            api.add_secret(str(secret))
    return tokens
