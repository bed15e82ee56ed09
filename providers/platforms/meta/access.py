"""How a request to Meta's Graph API is let in, with the proof that some apps demand."""

import hashlib
import hmac

from providers.declare.access import Bearer, Known
from providers.outbound.draft import Draft
from providers.outbound.secrets import Placeholder

VERSION = "v26.0"


def proof_of(token: str, app_secret: str) -> str:
    """The `appsecret_proof` that Meta demands of some apps with every call.

    https://developers.facebook.com/docs/graph-api/guides/secure-requests (read 2026-11-22)
    """
    return hmac.new(app_secret.encode(), token.encode(), hashlib.sha256).hexdigest()


class GraphToken(Bearer):
    """A token beside the proof of the app secret, where that is known."""

    def place(self, draft: Draft, known: Known) -> None:
        super().place(draft, known)
        if known.get("app_secret"):
            draft.params["appsecret_proof"] = Placeholder("appsecret_proof")

    def fill(self, known: Known) -> dict[str, str]:
        """The proof, and the token with which an app asks about the tokens it made."""
        token, app_id, app_secret = (
            known.get(name, "") for name in (self.field, "app_id", "app_secret")
        )
        if not app_secret:
            return {}
        return {
            "appsecret_proof": proof_of(token, app_secret),
            "app_token": f"{app_id}|{app_secret}",
        }

    def tells(self, known: Known) -> dict[str, str]:
        """The app that a test is made with, which a sign-in brings along."""
        return {"app_id": known.get("app_id", "")}
