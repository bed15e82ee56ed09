"""Google's answers as its documents show them, for the tests of the four Google platforms."""

from providers.sandbox import google

TOKEN = "ya29.testTOKEN4321"
CLIENT = {
    "client_id": "1-a.apps.googleusercontent.com",
    "client_secret": "GOCSPX-test4321",
    "refresh_token": "1//testREFRESH4321",
}
KEY_FILE = google.service_account_json("healthy")
ROBOT = {"service_account_json": KEY_FILE}
PASTED = {"access_token": TOKEN}
NEW_TOKEN = (200, {"access_token": TOKEN, "expires_in": 3599, "token_type": "Bearer"})


def signed_in(*scopes):
    """What the host TOKEN answers to a sign-in that was granted these."""
    facts = {
        "azp": "1-a.apps.googleusercontent.com",
        "aud": "1-a.apps.googleusercontent.com",
        "scope": " ".join(f"https://www.googleapis.com/auth/{scope}" for scope in scopes),
        "exp": "1800000000",
        "expires_in": "3599",
        "access_type": "offline",
    }
    return {"/token": NEW_TOKEN, "/tokeninfo": (200, facts)}


def rpc(code, status, message="Refused.", *, info=None, reason=None, details=()):
    """An error of google.rpc; `reason` for the older list that some platforms add."""
    error = {"code": code, "status": status, "message": message}
    listed = [*details]
    if info:
        kind = "type.googleapis.com/google.rpc.ErrorInfo"
        listed.append({"@type": kind, "reason": info, "domain": "googleapis.com"})
    if listed:
        error["details"] = listed
    if reason:
        error["errors"] = [{"domain": "global", "reason": reason, "message": message}]
    return (code, {"error": error})


def ads(code, family, reason, **details):
    """A GoogleAdsFailure, which has one reason under the name of its family."""
    kind = "type.googleapis.com/google.ads.googleads.v26.errors.GoogleAdsFailure"
    errors = [{"errorCode": {family: reason}, "message": "Refused.", **details}]
    return rpc(code, "", details=[{"@type": kind, "errors": errors, "requestId": "r"}])


def oauth(code, description="", status=400):
    """An error of the token endpoint."""
    return (status, {"error": code, "error_description": description})


def outcomes(result):
    return [step.outcome for step in result.steps]


def detail(result, label):
    return {step.label: step.detail for step in result.steps}[label]


def paths(requests_seen):
    return [request.path for request in requests_seen]
