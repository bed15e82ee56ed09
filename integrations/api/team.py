"""How members and invitations read in the API's JSON, and in a command's."""

from django.contrib.auth.models import User

from integrations.api.presentation import Json, moment
from integrations.models import Invitation, Membership


def member(row: Membership, you: User | None = None) -> Json:
    user = row.user
    return {
        "id": row.pk,
        "username": user.get_username(),
        "name": user.get_full_name() or None,
        "email": user.email or None,
        "role": row.role,
        "isActive": user.is_active,
        "isYou": you is not None and row.user_id == you.pk,
        "since": moment(row.since),
        "signedInAt": moment(user.last_login),
    }


def invitation(row: Invitation) -> Json:
    """Never its link: that is in the one answer that made it."""
    return {
        "id": str(row.pk),
        "role": row.role,
        "email": row.email or None,
        "note": row.note or None,
        "invitedBy": row.invited_by.get_username() if row.invited_by else None,
        "invitedAt": moment(row.invited_at),
        "mailedAt": moment(row.mailed_at),
        "expiresAt": moment(row.expires_at),
        "isOpen": row.is_open,
    }
