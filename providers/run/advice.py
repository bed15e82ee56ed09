"""What to do about an error after a sign-in: nobody pasted a token, so nobody has a new one."""

import re

from providers import errors

NEEDS_SIGN_IN = (errors.AuthInvalid.kind, errors.AuthExpired.kind)
OF_PASTED = re.compile(
    r"\bpaste|\b(new|make a) token|\b(token|key) may be fine|\buse a key|\brefresh token"
    r"|\brestricted key|\bsystem user|\brun as user|\bcredentials",
    re.IGNORECASE,
)


def may_be_renewed(error: errors.ProviderError | None) -> bool:
    """Whether another token, or what comes with it, may help."""
    return error is not None and (error.kind in NEEDS_SIGN_IN or error.renewal_may_help)


def advise_signed_in(error: errors.ProviderError, platform: str) -> None:
    """Put right the action of an error: a platform's file speaks of tokens to paste."""
    advice = f"Sign in to {platform} again."
    if error.kind not in NEEDS_SIGN_IN:
        if not OF_PASTED.search(error.action):
            return
        advice = _instead(error, platform)
    error.action, error.action_url = advice, None


def _instead(error: errors.ProviderError, platform: str) -> str:
    if isinstance(error, errors.PermissionMissing):
        return f"Sign in to {platform} again as somebody who may, and allow everything it asks."
    if isinstance(error, errors.AccountNotFound):
        return f"Check the account, or sign in to {platform} as somebody who has access to it."
    if isinstance(error, errors.Unanswered):
        return "Your sign-in may be fine: test again later."
    return f"Check what was entered, or sign in to {platform} again."
