import uuid

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


def credential(**more):
    return models.OneToOneField("integrations.credential", editable=False, null=True, **more)


class Migration(migrations.Migration):
    dependencies = [("integrations", "0002_add_sign_in")]

    operations = [
        migrations.CreateModel(
            name="Credential",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("method", models.CharField(max_length=50)),
                ("family", models.CharField(max_length=50)),
                ("provider", models.CharField(blank=True, default="", max_length=50)),
                ("app", models.CharField(blank=True, default="", max_length=50)),
                ("client_id", models.CharField(blank=True, default="", max_length=255)),
                ("values", models.JSONField(blank=True, default=dict)),
                ("secrets", models.TextField(blank=True, default="", editable=False)),
                ("tokens", models.TextField(blank=True, default="", editable=False)),
                ("key_id", models.CharField(blank=True, default="", editable=False, max_length=12)),
                ("hints", models.JSONField(blank=True, default=dict, editable=False)),
                ("scopes", models.JSONField(blank=True, null=True)),
                ("facts", models.JSONField(blank=True, default=dict)),
                ("obtained_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("renewed_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("can_renew", models.BooleanField(default=False)),
                ("expires_at", models.DateTimeField(blank=True, null=True)),
                ("refresh_expires_at", models.DateTimeField(blank=True, null=True)),
                ("ends_at", models.DateTimeField(blank=True, null=True)),
                ("ends_is_estimate", models.BooleanField(default=False)),
                ("renew_at", models.DateTimeField(blank=True, db_index=True, null=True)),
                ("lease", models.UUIDField(blank=True, editable=False, null=True)),
                ("lease_until", models.DateTimeField(blank=True, null=True)),
                ("interrupted_at", models.DateTimeField(blank=True, null=True)),
                ("failures", models.PositiveIntegerField(default=0)),
                ("failed_at", models.DateTimeField(blank=True, null=True)),
                ("failure_kind", models.CharField(blank=True, default="", max_length=30)),
                ("failure_message", models.TextField(blank=True, default="")),
                ("failure_action", models.TextField(blank=True, default="")),
                ("failure_url", models.URLField(blank=True, default="", max_length=500)),
                ("is_ended", models.BooleanField(default=False)),
                (
                    "workspace",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="credentials",
                        to="integrations.workspace",
                    ),
                ),
            ],
        ),
        migrations.AddField(
            "integrationconnection",
            "credential",
            models.ForeignKey(
                "integrations.credential",
                blank=True,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="connections",
            ),
        ),
        migrations.AddField(
            "appregistration",
            "credential",
            credential(on_delete=django.db.models.deletion.CASCADE, related_name="registration"),
        ),
        migrations.AddField(
            "candidate",
            "credential",
            credential(on_delete=django.db.models.deletion.SET_NULL, related_name="candidate"),
        ),
        migrations.AddField(
            "signinattempt",
            "credential",
            credential(on_delete=django.db.models.deletion.SET_NULL, related_name="attempt"),
        ),
    ]
