"""Meta's answers as its documents show them, for the tests of its tester."""

TOKEN = "EAAtestTOKEN4321"
APP_SECRET = "00112233445566778899aabbccddeeff"
VALUES = {"access_token": TOKEN, "account_id": "act_1001"}
APP = {"app_id": "555", "app_secret": APP_SECRET}
ME = (200, {"id": "90010", "name": "Ads Robot"})
GRANTED = (200, {"data": [{"permission": "ads_read", "status": "granted"}]})
ACCOUNT = {
    "id": "act_1001",
    "account_id": "1001",
    "name": "Acme Shop",
    "account_status": 1,
    "currency": "EUR",
    "timezone_name": "Europe/Berlin",
}
ROW = {"spend": "12.34", "impressions": "500", "clicks": "7", "date_start": "2026-11-21"}
HEALTHY = {
    "/v26.0/me": ME,
    "/v26.0/me/permissions": GRANTED,
    "/v26.0/act_1001": (200, ACCOUNT),
    "/v26.0/act_1001/insights": (200, {"data": [ROW]}),
}
PIXEL = {"id": "2001", "name": "acme.example", "last_fired_time": "2026-11-21T09:30:00+0200"}
TOKEN_FACTS = {
    "app_id": "555",
    "type": "SYSTEM_USER",
    "is_valid": True,
    "expires_at": 0,
    "data_access_expires_at": 0,
    "scopes": ["ads_read", "business_management"],
}
MISSING_OBJECT = (
    "Unsupported get request. Object with ID '1001' does not exist, cannot be loaded due to "
    "missing permissions, or does not support this operation."
)
NO_ACCESS = "(#200) Ad account owner has NOT grant ads_management or ads_read permission"


def error(code, subcode=None, message="Ein Fehler ist aufgetreten.", **more):
    body = {"message": message, "type": "OAuthException", "code": code, **more}
    return {"error": body | ({"error_subcode": subcode} if subcode else {})}


def inspected(**changes):
    return HEALTHY | {"/v26.0/debug_token": (200, {"data": TOKEN_FACTS | changes})}


def outcomes(result):
    return [step.outcome for step in result.steps]


def detail(result, label):
    return {step.label: step.detail for step in result.steps}[label]
