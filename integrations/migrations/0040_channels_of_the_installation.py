"""Channels of the installation, and ends that outlive their connections.

A former signing secret has an end, and a channel that takes nothing is an incident.
"""

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import F, OuterRef, Subquery

SCOPES = [
    ("installation", "This installation"),
    ("key", "An encryption key"),
    ("family", "A platform"),
    ("app", "A sign-in app"),
    ("credential", "What lets connections in"),
    ("account", "An account"),
    ("connection", "One connection"),
    ("channel", "A channel"),
]
ENDINGS = [
    ("proven", "Proven again"),
    ("cleared", "The report was cleared"),
    ("readable", "Its credentials can be read again"),
    ("delivered", "Messages arrive again"),
    ("changed", "Connected in another way"),
    ("moved", "It has another cause"),
    ("disabled", "Disabled"),
    ("disconnected", "Disconnected"),
    ("removed", "Removed"),
    ("archived", "The workspace was archived"),
    ("stopped", "The drill ended before it worked again"),
]
EVENTS = [
    ("connection.failing", "Failing"),
    ("connection.recovered", "Recovered"),
    ("connection.changed", "Changed"),
    ("member.changed", "Member Changed"),
    ("expiry.near", "Expiry Near"),
    ("channel.failing", "Channel Failing"),
    ("channel.recovered", "Channel Recovered"),
    ("incident.opened", "Incident Opened"),
    ("incident.updated", "Incident Updated"),
    ("incident.closed", "Incident Closed"),
    ("drill.changed", "Drill Changed"),
]


def fill(apps, editor):
    """What each end knows by its connection, it knows itself. Titles come with the next round."""
    connections = apps.get_model("integrations", "IntegrationConnection").objects
    of = connections.filter(pk=OuterRef("pk")).values
    ends = apps.get_model("integrations", "End").objects
    ends.update(
        connection_id=F("pk"),
        workspace=Subquery(of("workspace")),
        provider=Subquery(of("provider")),
    )
    if editor.connection.vendor == "postgresql":  # else the table waits for its own checks
        editor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def choices(model, name, of, **more):
    field = models.CharField(choices=of, **more)
    return migrations.AlterField(model_name=model, name=name, field=field)


def workspace(related_name, **more):
    return models.ForeignKey(
        on_delete=django.db.models.deletion.CASCADE,
        related_name=related_name,
        to="integrations.workspace",
        **more,
    )


class Migration(migrations.Migration):
    dependencies = [("integrations", "0039_add_turns")]

    operations = [
        migrations.AlterField("channel", "workspace", workspace("channels", blank=True, null=True)),
        migrations.AlterField("delivery", "workspace", workspace("+", blank=True, null=True)),
        migrations.AddField("channel", "former_until", models.DateTimeField(blank=True, null=True)),
        choices("cause", "scope", SCOPES, max_length=20),
        choices("incident", "ended_by", ENDINGS, blank=True, default="", max_length=20),
        choices("incidentconnection", "left_by", ENDINGS, blank=True, default="", max_length=20),
        choices("event", "type", EVENTS, max_length=40),
        migrations.RenameField("end", "connection", "id"),
        migrations.AlterField(
            "end", "id", models.UUIDField(editable=False, primary_key=True, serialize=False)
        ),
        migrations.AddField(
            "end",
            "connection",
            models.OneToOneField(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="end",
                to="integrations.integrationconnection",
            ),
        ),
        migrations.AddField("end", "workspace", workspace("+", null=True)),
        migrations.AddField(
            "end",
            "provider",
            models.CharField(default="", max_length=50),
            preserve_default=False,
        ),
        migrations.AddField(
            "end", "title", models.CharField(blank=True, default="", max_length=500)
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.AlterField("end", "workspace", workspace("+")),
    ]
