"""Sign-ins to Google's platforms on loopback, as the pages make them."""

from django.contrib.auth.models import User

from integrations.models import Candidate, FixLink, IntegrationConnection, Workspace
from integrations.services import rows
from integrations.services.connecting import candidates, signing_in
from integrations.services.connecting.changes import Changes
from tests.integrations.conftest import SESSION, callback_of


def google_sign_in(workspace: Workspace, user: User, slug: str) -> IntegrationConnection:
    """The first account that it reaches is chosen."""
    connection = rows.find(workspace, slug)
    sign_in_to(connection, user)
    return rows.find(workspace, slug)


def sign_in_to(
    connection: IntegrationConnection,
    user: User | None,
    *,
    fix_link: FixLink | None = None,
    chosen: str = "",
) -> None:
    """As the person `healthy`; the first account counts where none is `chosen`."""
    url = signing_in.begin(
        connection,
        Changes(),
        user=user,
        session_key=SESSION,
        base_version=connection.version,
        fix_link=fix_link,
    )
    back = signing_in.come_back("google", callback_of(url), session_key=SESSION)
    assert back.candidate is not None, back.attempt.problem
    candidates.prove(back.candidate)
    kept = Candidate.objects.get(pk=back.candidate.pk)
    if kept.is_choosing and kept.accounts:
        candidates.choose_account(kept, chosen or kept.offered[0].id)
        candidates.prove(Candidate.objects.get(pk=kept.pk))
