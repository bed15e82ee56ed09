"""LinkedIn's answers as its documents show them, for the tests of its tester."""

TOKEN = "AQtestTOKEN4321"
RENEWED = "AQrenewedTOKEN99"
REFRESH = "AQRtestREFRESH88"
SECRET = "app-secret-7777"
APP = {"client_id": "77abc", "client_secret": SECRET}
VALUES = {"access_token": TOKEN, "account_id": "1001"}
REFRESHING = {"refresh_token": REFRESH, "account_id": "1001"} | APP

ACCESS_TOKEN = "/oauth/v2/accessToken"
INTROSPECT = "/oauth/v2/introspectToken"
USERINFO = "/v2/userinfo"
ACLS = "/rest/organizationAcls"
PAGE = "/rest/organizations/1001"
FOLLOWERS = "/rest/networkSizes/urn%3Ali%3Aorganization%3A1001"
ADS = "/rest/adAccounts"

SCOPES = (
    "openid,profile,w_member_social,rw_organization_admin,"
    "r_organization_social,r_ads,r_marketing_leadgen_automation"
)
FACTS = {
    "active": True,
    "status": "active",
    "auth_type": "3L",
    "client_id": "77abc",
    "scope": SCOPES,
    "expires_at": 1800000000,
}


def acls(*rows, count=100):
    elements = [
        {"organization": f"urn:li:organization:{page}", "role": role, "state": "APPROVED"}
        for page, role in rows
    ]
    return {"paging": {"start": 0, "count": count, "links": []}, "elements": elements}


HEALTHY = {
    USERINFO: (200, {"sub": "p1", "name": "Ada Page", "email": "ada@acme.example"}),
    ACLS: (200, acls(("1001", "ADMINISTRATOR"))),
    PAGE: (200, {"id": 1001, "localizedName": "Acme Shop", "vanityName": "acme"}),
    FOLLOWERS: (200, {"firstDegreeSize": 5120}),
    ADS: (200, {"elements": [{"id": 5001, "name": "Acme Ads"}]}),
}
GRANT = {"access_token": RENEWED, "expires_in": 5184000, "refresh_token_expires_in": 86400}


def inspected(**changes):
    return HEALTHY | {INTROSPECT: (200, FACTS | changes)}


def error(code=None, number=None, status=0):
    found = {"status": status, "message": "Words that change."}
    found |= {"code": code} if code else {}
    return found | ({"serviceErrorCode": number} if number is not None else {})
