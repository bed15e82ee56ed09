"""What whoever saved a candidate has to know of the sign-in that it replaced."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("integrations", "0015_add_grant")]

    operations = [
        migrations.AddField(
            model_name="candidate",
            name="farewell",
            field=models.TextField(blank=True, default=""),
        ),
    ]
