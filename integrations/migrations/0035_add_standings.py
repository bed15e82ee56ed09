"""How each workspace stands, counted where something changed; and weeks told by channels."""

import django.db.models.deletion
from django.db import migrations, models

MARK_ALL = """
INSERT INTO integrations_standingmark (workspace_id)
SELECT DISTINCT workspace_id FROM integrations_integrationconnection
"""
MAILS_TELL = "UPDATE integrations_channel SET tells_week = TRUE WHERE kind = 'email'"


class Migration(migrations.Migration):
    dependencies = [("integrations", "0034_add_tallies")]

    operations = [
        migrations.CreateModel(
            name="Standing",
            fields=[
                (
                    "workspace",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="standing",
                        serialize=False,
                        to="integrations.workspace",
                    ),
                ),
                (
                    "state",
                    models.PositiveSmallIntegerField(
                        choices=[
                            (0, "Needs someone now"),
                            (1, "No clear answer"),
                            (2, "Will need someone"),
                            (3, "Works"),
                            (4, "Nothing connected"),
                        ],
                        default=4,
                    ),
                ),
                ("broken", models.PositiveIntegerField(default=0)),
                ("silent", models.PositiveIntegerField(default=0)),
                ("soon", models.PositiveIntegerField(default=0)),
                ("well", models.PositiveIntegerField(default=0)),
                ("since", models.DateTimeField(blank=True, null=True)),
                ("turns_at", models.DateTimeField(blank=True, db_index=True, null=True)),
                ("made_with", models.CharField(default="", max_length=16)),
            ],
        ),
        migrations.CreateModel(
            name="StandingMark",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "workspace",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="integrations.workspace",
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="channel",
            name="tells_week",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.RunSQL(MARK_ALL, migrations.RunSQL.noop),
        migrations.RunSQL(MAILS_TELL, migrations.RunSQL.noop),
    ]
