"""What the refusals of a data service mean, and of the tools that such services are made with."""

from providers.declare import WEB_PAGE, codes, rule
from providers.errors import AuthInvalid, InvalidConfig, PermissionMissing

ERRORS = (
    rule(InvalidConfig, status=204).says(
        "This address answered without data.", "Let your service answer with JSON."
    ),
    # What Make says for a scenario that gives nothing back.
    rule(InvalidConfig, status=codes(200, 202), text=r"^\s*accepted\s*$").says(
        "This address takes data in and gives none back.",
        "In Make, add a Webhook response with JSON to the scenario.",
    ),
    rule(AuthInvalid, status=401).says(
        "Your data service refused the key.",
        "Paste a new key, or check how it is sent and the header's name.",
    ),
    rule(InvalidConfig, status=codes(404, 410)).says(
        "Nothing answers at this address.",
        "Check the path: automation tools give a new address when a flow is rebuilt.",
    ),
    rule(InvalidConfig, status=405).says(
        "The address exists but does not accept a read (GET).",
        "Switch the webhook to GET, or enter a path to test.",
    ),
    rule(InvalidConfig, status=codes(range(200, 300), 403), text=WEB_PAGE).says(
        "The address shows a web page, not data.",
        "It may be a login page or an editor's link: enter the production address.",
    ),
    rule(PermissionMissing, status=403).says(
        "Your data service knows the key but does not allow this address.",
        "Let the key read it in your service, or enter another path to test.",
    ),
    rule(InvalidConfig, status=codes(range(300, 400))).says(
        "The address forwards elsewhere.", "Enter the final address."
    ),
)
