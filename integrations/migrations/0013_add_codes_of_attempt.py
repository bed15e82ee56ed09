"""An attempt to sign in remembers which codes were exchanged, as digests: each is used once."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("integrations", "0012_add_refused_since")]

    operations = [
        migrations.AddField(
            model_name="signinattempt",
            name="codes",
            field=models.JSONField(default=list),
        ),
    ]
