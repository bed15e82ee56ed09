"""Jobs that a load tool gives the whole server, for comparing it with others on one machine.

The rows are the same for all that are compared: thirteen connections to list, one of them to
change, and connections to test at a stand-in for a platform.
"""

import json
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User

from integrations import platforms
from integrations.benchmarks import data
from integrations.models import Membership, Workspace
from integrations_center import cookies
from providers.declare import Provider
from providers.sandbox.__main__ import PLATFORMS

Json = dict[str, Any]

TESTED = 256  # workspaces, so that no test joins another's
# A platform that may be at any address, and asks nothing of it but JSON.
ANYWHERE = next(slug for slug, one in PLATFORMS.items() if one.anywhere)
CSRF = "abcdefghijklmnopqrstuvwxyzABCDEF"


def jobs(ports: dict[str, int], public_url: str = "") -> Json:
    """Fill the database and tell what to ask: `{"list": {"method": "GET", "paths": […], …}, …}`.

    `ports` tells where on loopback each of the test jobs finds its platform: `{"test0": 18900}`.
    `public_url` is the server's own, which names its cookies: that of the settings, if left out.
    The load tool puts a running number in place of `__N__`, and looks for `expect` in replies.
    """
    user = User.objects.filter(username=data.OWNER).first() or data.owner()
    home = Membership.objects.get(user=user, is_default=True).workspace
    if not home.connections.exists():
        data.connect(home, list(platforms.catalogue()))
    session = data.session_of(data.signed_in(user))
    headers = _headers(session, public_url or settings.PUBLIC_URL)
    first, *_, last = platforms.catalogue().values()
    account = first.field("account_id").example
    found = {
        "list": {
            "method": "GET",
            "paths": ["/api/integrations"],
            "expect": f'"provider":"{last.slug}"',
        },
        "patch": {
            "method": "PATCH",
            "paths": [f"/api/integrations/{first.slug}"],
            "bodies": [_change(first)],
            "expect": f'"accountId":"{account}',
            "mark": f"{account}__N__",
        },
    } | {
        name: {
            "method": "POST",
            "paths": [
                f"/api/integrations/{ANYWHERE}/test?workspace={workspace.slug}"
                for workspace in _tested(name, port, user)
            ],
            "bodies": ["{}"],
            "expect": '"outcome":"passed"',
        }
        for name, port in ports.items()
    }
    return {name: job | {"headers": headers} for name, job in found.items()}


def _change(provider: Provider) -> str:
    """A body with another token and account each time."""
    fields = map(provider.field, ("access_token", "account_id"))
    config = {field.api_name: f"{field.example}__N__" for field in fields}
    return json.dumps({"config": config}, separators=(",", ":"))


def _tested(name: str, port: int, user: User) -> Iterator[Workspace]:
    """Each has a platform of which any address may be asked, at this port."""
    values = {**PLATFORMS[ANYWHERE].anywhere, "base_url": f"http://127.0.0.1:{port}"}
    for number in range(TESTED):
        slug = f"bench-{name}-{number}"
        workspace, made = Workspace.objects.get_or_create(slug=slug, defaults={"name": slug})
        if made:
            data.save(workspace, ANYWHERE, values, by=user)
        yield workspace


def _headers(session_key: str, public_url: str) -> dict[str, str]:
    session, csrf = (cookies.name(use, public_url) for use in ("session", "csrf"))
    return {
        "Cookie": f"{session}={session_key}; {csrf}={CSRF}",
        "X-CSRFToken": CSRF,
        "Content-Type": "application/json",
        "Accept": "application/json",
    }
