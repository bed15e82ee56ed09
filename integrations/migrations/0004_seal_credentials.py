"""Every secret moves into a row of the one kind, bound to what it is for.

What no key here opens stays as it is, under the id of its old row: it is sealed anew at the first
start at which its key is here again.
"""

from django.db import migrations

from integrations import crypto, platforms

FACTS = [
    "client_id",
    "scopes",
    "facts",
    "obtained_at",
    "renewed_at",
    "can_renew",
    "expires_at",
    "refresh_expires_at",
    "ends_at",
    "ends_is_estimate",
    "renew_at",
    "lease",
    "lease_until",
    "interrupted_at",
    "failures",
    "failed_at",
    "failure_kind",
    "failure_message",
    "failure_action",
    "is_ended",
]


def resealed(row, part, envelope):
    """The envelope bound to its new row, or as it was."""
    place = crypto.Place(
        row_id=row.pk,
        workspace_id=row.workspace_id,
        part=part,
        method=row.method,
        family=row.family,
        values=row.values,
        provider=row.provider,
        app=row.app,
    )
    try:
        return crypto.seal(crypto.unseal(envelope, place, crypto.OLD_VERSION), place)
    except crypto.Unreadable:
        return envelope


def keep(row, part, envelope):
    setattr(row, part, resealed(row, part, envelope))
    row.key_id = crypto.key_id_of(getattr(row, part))
    row.save(force_insert=True)
    return row


def family_of(slug):
    provider = platforms.catalogue().get(slug)
    return (provider.family or slug) if provider else slug


def bound(slug, method, config):
    provider = platforms.catalogue().get(slug)
    return provider.bound(method, config) if provider else {}


def forwards(apps, schema_editor):
    Credential = apps.get_model("integrations", "Credential")

    def row_of(old, workspace_id, slug, method, values, **more):
        return Credential(
            pk=old.pk,
            workspace_id=workspace_id,
            provider=slug,
            family=family_of(slug),
            method=method,
            values=values,
            **more,
        )

    for old in apps.get_model("integrations", "SignIn").objects.iterator():
        facts = {name: getattr(old, name) for name in FACTS}
        row = row_of(
            old, old.workspace_id, old.provider, "sign_in", old.values, app=old.app, **facts
        )
        keep(row, "tokens", old.tokens)
    connections = apps.get_model("integrations", "IntegrationConnection").objects
    for old in connections.exclude(credentials="").iterator():
        method = old.auth_method
        values = bound(old.provider, method, old.config)
        provider = platforms.catalogue().get(old.provider)
        renews = bool(provider and provider.obtains(method, old.config))
        more = {
            "hints": old.hints,
            "can_renew": renews,
            "obtained_at": old.credentials_at or old.created_at,
        }
        row = row_of(old, old.workspace_id, old.provider, method, values, **more)
        keep(row, "secrets", old.credentials)
        connections.filter(pk=old.pk).update(credential=row, key_id=row.key_id)
    for old in connections.exclude(sign_in=None).iterator():
        key_id = Credential.objects.get(pk=old.sign_in_id).key_id
        connections.filter(pk=old.pk).update(sign_in_key_id=key_id)
    registrations = apps.get_model("integrations", "AppRegistration").objects
    for old in registrations.iterator():
        row = Credential(
            pk=old.pk,
            workspace_id=old.workspace_id,
            method="app",
            family=old.app,
            app=old.app,
            client_id=old.client_id,
            values={"client_id": old.client_id},
            hints={"client_secret": old.hint or None},
        )
        registrations.filter(pk=old.pk).update(credential=keep(row, "secrets", old.client_secret))
    for kind, name, begun in (
        ("candidate", "Candidate", "created_at"),
        ("attempt", "SignInAttempt", "begun_at"),
    ):
        waiting = apps.get_model("integrations", name).objects
        for old in waiting.exclude(payload="").select_related("connection").iterator():
            connection = old.connection
            method = "sign_in" if kind == "attempt" else connection.auth_method
            values = bound(connection.provider, method, connection.config)
            row = row_of(old, connection.workspace_id, connection.provider, kind, values)
            row.obtained_at = getattr(old, begun)
            waiting.filter(pk=old.pk).update(credential=keep(row, "secrets", old.payload))


class Migration(migrations.Migration):
    dependencies = [("integrations", "0003_add_credential")]
    rewrites_sealed_rows = True

    operations = [migrations.RunPython(forwards)]
