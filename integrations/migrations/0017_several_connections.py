"""A workspace may have several connections of a platform: one of them is the default.

All that were made by the application itself had no name: they become the defaults. A row with a
name can only have been put there by hand; it gets a slug of that name.
"""

from django.db import migrations, models
from django.utils.text import slugify


def name_others(apps, _editor):
    rows = apps.get_model("integrations", "IntegrationConnection").objects
    for row in rows.exclude(name="").order_by("created_at"):
        siblings = rows.filter(workspace=row.workspace_id, provider=row.provider)
        row.is_default = not siblings.filter(name="").exists() and (
            siblings.order_by("created_at").first() == row
        )
        taken = {"main", *siblings.exclude(pk=row.pk).values_list("slug", flat=True)}
        stem = slugify(row.name)[:40] or "other"
        names = (f"{stem}-{number}" for number in range(2, len(taken) + 3))
        row.slug = next(name for name in (stem, *names) if name not in taken)
        row.save(update_fields=["slug", "is_default"])


class Migration(migrations.Migration):
    dependencies = [("integrations", "0016_add_farewell")]

    operations = [
        migrations.AddField(
            model_name="integrationconnection",
            name="is_default",
            field=models.BooleanField(db_default=True, default=True, editable=False),
        ),
        migrations.AddField(
            model_name="integrationconnection",
            name="slug",
            field=models.SlugField(
                db_default="main", db_index=False, default="main", editable=False
            ),
        ),
        migrations.RunPython(name_others, migrations.RunPython.noop),
        migrations.RemoveConstraint(
            model_name="integrationconnection", name="one_connection_of_a_name"
        ),
        migrations.AddConstraint(
            model_name="integrationconnection",
            constraint=models.UniqueConstraint(
                fields=("workspace", "provider", "slug"), name="one_connection_of_a_slug"
            ),
        ),
        migrations.AddConstraint(
            model_name="integrationconnection",
            constraint=models.UniqueConstraint(
                condition=models.Q(("is_default", True)),
                fields=("workspace", "provider"),
                name="one_default_connection",
            ),
        ),
    ]
