"""What the answers of a CRM that nobody knows mean."""

from providers.declare.rules import codes, rule
from providers.errors import AuthInvalid, InvalidConfig, PermissionMissing, ProviderUnavailable

CHECK = "Check the address and the path to test."
ERRORS = (
    rule(AuthInvalid, status=401).says(
        "Your CRM does not accept this key.", "Copy the key again, and check how it is sent."
    ),
    rule(PermissionMissing, status=codes(402, 403)).says(
        "Your CRM says that this key may not read the path to test.",
        "Let the key read it in your CRM, or enter another path.",
    ),
    rule(InvalidConfig, status=codes(404, 405, 410)).says(
        "There is nothing to read at this address.", CHECK
    ),
    rule(InvalidConfig, status=407).says(
        "A proxy in front of this address asks for a password.",
        "Enter an address that answers without one.",
    ),
    rule(ProviderUnavailable, status=425).says("Your CRM is not ready to answer yet."),
    rule(InvalidConfig, status=codes(400, 406, 409, range(411, 425), 426, 428, 431, 451)).says(
        "This address does not accept the request of a test.", CHECK
    ),
)
