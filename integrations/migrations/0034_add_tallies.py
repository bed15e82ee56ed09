from django.db import migrations, models


def count_from_now_on(apps, schema_editor):
    """What was tested before is not counted: of that much may be pruned already."""
    newest = apps.get_model("integrations", "ConnectionTest").objects.order_by("-id").first()
    until = apps.get_model("integrations", "TalliedUntil")
    until.objects.create(test_id=newest.pk if newest else 0)


class Migration(migrations.Migration):
    dependencies = [
        ("integrations", "0033_add_incidents"),
    ]

    operations = [
        migrations.CreateModel(
            name="TalliedUntil",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("test_id", models.BigIntegerField()),
                ("waiting", models.JSONField(default=list)),
            ],
        ),
        migrations.CreateModel(
            name="Tally",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("what", models.CharField(max_length=10)),
                ("subject", models.CharField(max_length=50)),
                ("outcome", models.CharField(max_length=20)),
                ("kind", models.CharField(blank=True, default="", max_length=30)),
                ("within_ms", models.PositiveIntegerField(default=0)),
                ("number", models.PositiveBigIntegerField(default=0)),
                ("took_ms", models.PositiveBigIntegerField(default=0)),
            ],
            options={
                "verbose_name_plural": "tallies",
                "constraints": [
                    models.UniqueConstraint(
                        fields=["what", "subject", "outcome", "kind", "within_ms"],
                        name="one_tally_of_what_is_counted",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Summary",
            fields=[
                ("name", models.CharField(max_length=20, primary_key=True, serialize=False)),
                ("at", models.DateTimeField()),
                ("took_ms", models.PositiveIntegerField(default=0)),
                ("facts", models.JSONField(default=list)),
            ],
            options={"verbose_name_plural": "summaries"},
        ),
        migrations.AddField(
            model_name="budget",
            name="limit",
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.RunPython(count_from_now_on, migrations.RunPython.noop),
    ]
