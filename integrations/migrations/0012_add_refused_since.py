"""Since when renewals of a sign-in are refused in words that nobody here knows."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("integrations", "0011_add_give_back_at")]

    operations = [
        migrations.AddField(
            model_name="credential",
            name="refused_since",
            field=models.DateTimeField(blank=True, null=True),
        ),
    ]
