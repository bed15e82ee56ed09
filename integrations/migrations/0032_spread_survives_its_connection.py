"""A spread knows its workspace and platform itself, as its connection may be removed meanwhile."""

from django.db import migrations, models
from django.db.models import OuterRef, Subquery


def fill(apps, _editor):
    lent = apps.get_model("integrations", "IntegrationConnection").objects
    of = lent.filter(pk=OuterRef("connection")).values
    apps.get_model("integrations", "Spread").objects.update(
        workspace=Subquery(of("workspace")), provider=Subquery(of("provider"))
    )


class Migration(migrations.Migration):
    dependencies = [("integrations", "0031_add_connection_day")]

    operations = [
        migrations.AddField(
            model_name="runitem",
            name="chain",
            field=models.UUIDField(blank=True, db_index=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name="spread",
            name="provider",
            field=models.CharField(default="", max_length=50),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="spread",
            name="workspace",
            field=models.ForeignKey(
                null=True,
                on_delete=models.deletion.CASCADE,
                related_name="+",
                to="integrations.workspace",
            ),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.AlterField(
            model_name="spread",
            name="workspace",
            field=models.ForeignKey(
                on_delete=models.deletion.CASCADE, related_name="+", to="integrations.workspace"
            ),
        ),
        migrations.AlterField(
            model_name="spread",
            name="connection",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=models.deletion.SET_NULL,
                related_name="+",
                to="integrations.integrationconnection",
            ),
        ),
        migrations.AlterField(
            model_name="spreadpart",
            name="run",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=models.deletion.SET_NULL,
                related_name="parts",
                to="integrations.testrun",
            ),
        ),
    ]
