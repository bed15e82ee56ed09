from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("integrations", "0021_lend_credentials"),
    ]

    operations = [
        migrations.CreateModel(
            name="Pause",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("provider", models.CharField(max_length=50)),
                (
                    "counted_by",
                    models.CharField(max_length=10),
                ),
                ("name", models.CharField(blank=True, default="", max_length=500)),
                ("obtained_at", models.DateTimeField(blank=True, null=True)),
                (
                    "kind",
                    models.CharField(max_length=30),
                ),
                ("until", models.DateTimeField(db_index=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("provider", "counted_by", "name", "kind"),
                        name="one_pause_of_a_kind",
                    )
                ],
            },
        ),
    ]
