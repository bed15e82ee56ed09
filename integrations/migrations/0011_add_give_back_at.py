"""When a sign-in that nobody uses any more is ended at its platform."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("integrations", "0010_add_events")]

    operations = [
        migrations.AddField(
            model_name="credential",
            name="give_back_at",
            field=models.DateTimeField(blank=True, db_index=True, null=True),
        ),
    ]
