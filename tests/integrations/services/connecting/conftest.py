import pytest
from django.contrib.auth.models import User

from integrations import platforms
from integrations.models import Membership, Role, Workspace
from integrations.services import rows
from integrations.services.connecting import saving
from integrations.services.connecting.changes import Changes
from integrations.services.refusals import InvalidChange
from providers import registry
from providers.declare import App
from providers.sandbox import ga4 as ga4_sandbox
from providers.sandbox import google as google_sandbox
from providers.sandbox import search_console as search_console_sandbox
from providers.sandbox.server import Server
from tests.integrations.services.connecting.agency import connect


@pytest.fixture
def save(workspace):
    def change(provider="meta", by=None, expected_version=None, **changes):
        return saving.change_connection(
            rows.unread(workspace, provider),
            Changes(**changes),
            by=by,
            expected_version=expected_version,
        ).connection

    return change


@pytest.fixture
def errors_of(save):
    """The sentences with which changes are refused."""

    def change(**changes):
        with pytest.raises(InvalidChange) as refused:
            save(**changes)
        return refused.value.errors

    return change


@pytest.fixture
def google(settings):
    """Two of Google's platforms on loopback."""
    stand_ins = {"ga4": ga4_sandbox, "search_console": search_console_sandbox}
    servers = {slug: Server(stand_in.PLATFORM.answer) for slug, stand_in in stand_ins.items()}
    with servers["ga4"], servers["search_console"]:
        settings.PROVIDER_ORIGINS = {
            slug: dict.fromkeys(registry.get(slug).hosts, server.url)
            for slug, server in servers.items()
        }
        known = google_sandbox.SIGN_IN
        settings.APPS = {"google": App(known.client_id, known.client_secret)}
        settings.PUBLIC_URL = "http://testserver"
        platforms.catalogue.cache_clear()
        yield servers["ga4"]
    platforms.catalogue.cache_clear()


# --- An agency and its client --------------------------------------------------------------------


@pytest.fixture
def agency(workspace, meta):
    """A token that reaches 312 accounts, used for one of them."""
    return connect(workspace)


@pytest.fixture
def client_of(db):
    """The workspace of a client."""
    return Workspace.objects.create(slug="north", name="North")


@pytest.fixture
def both(transactional_db, meta):
    """The agency's connection and a client's workspace, where rows are really locked."""
    main, _ = Workspace.objects.get_or_create(slug="main", defaults={"name": "Main"})
    return connect(main), Workspace.objects.create(slug="north", name="North")


@pytest.fixture
def boss(workspace, client_of):
    """Who owns both."""
    user = User.objects.create_user("boss")
    for place in (workspace, client_of):
        Membership.objects.update_or_create(
            user=user, workspace=place, defaults={"role": Role.OWNER}
        )
    return user
