"""Which sign-ins came of one grant, told by a digest of what the grant gave first.

Of those that were made before it stays empty: nobody knows, since nothing is opened here.
"""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("integrations", "0014_add_team")]

    operations = [
        migrations.AddField(
            model_name="credential",
            name="grant",
            field=models.CharField(
                blank=True, db_index=True, default="", editable=False, max_length=64
            ),
        ),
    ]
