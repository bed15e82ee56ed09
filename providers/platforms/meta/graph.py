"""What every request to Meta's Graph API has in common."""

import hashlib
import hmac

VERSION = "v26.0"


def proof_of(token: str, app_secret: str) -> str:
    """The `appsecret_proof` that Meta demands of some apps with every call.

    https://developers.facebook.com/docs/graph-api/guides/secure-requests (read 2026-11-22)
    """
    return hmac.new(app_secret.encode(), token.encode(), hashlib.sha256).hexdigest()
