from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("integrations", "0019_runs_of_chosen"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="apitoken",
            options={"verbose_name": "API token"},
        ),
    ]
