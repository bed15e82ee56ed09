import django.db.models.deletion
from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("integrations", "0004_seal_credentials")]

    operations = [
        migrations.RemoveConstraint("integrationconnection", "credentials_name_their_key"),
        migrations.RemoveField("integrationconnection", "credentials"),
        migrations.AlterField(
            "integrationconnection",
            "sign_in",
            models.ForeignKey(
                "integrations.credential",
                blank=True,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="signed_in",
            ),
        ),
        migrations.AlterField(
            "candidate",
            "sign_in",
            models.ForeignKey(
                "integrations.credential",
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="candidates",
            ),
        ),
        migrations.RemoveField("candidate", "payload"),
        migrations.RemoveField("signinattempt", "payload"),
        migrations.RemoveField("appregistration", "client_secret"),
        migrations.RemoveField("appregistration", "key_id"),
        migrations.RemoveField("appregistration", "hint"),
        migrations.AlterField(
            "appregistration",
            "credential",
            models.OneToOneField(
                "integrations.credential",
                editable=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="registration",
            ),
        ),
        migrations.DeleteModel("SignIn"),
        migrations.AddConstraint(
            "credential",
            models.CheckConstraint(
                condition=Q(lease=None, lease_until=None)
                | Q(lease__isnull=False, lease_until__isnull=False),
                name="lease_has_an_end",
            ),
        ),
        migrations.AddConstraint(
            "credential",
            models.CheckConstraint(
                condition=Q(is_ended=False) | ~Q(failure_kind=""), name="ended_says_why"
            ),
        ),
        migrations.AddConstraint(
            "credential",
            models.CheckConstraint(
                condition=Q(secrets="", tokens="", key_id="")
                | (~Q(key_id="") & (~Q(secrets="") | ~Q(tokens=""))),
                name="sealed_names_its_key",
            ),
        ),
    ]
