"""Sessions stand in their table under a digest of their key. Who is signed in stays so.

Back again they are unknown, and people sign in anew.
"""

import hashlib

from django.db import migrations


def digest_keys(apps, schema_editor):
    sessions = apps.get_model("sessions", "Session").objects
    for key in list(sessions.values_list("session_key", flat=True)):
        digest = hashlib.sha256(key.encode()).hexdigest()[:40]
        sessions.filter(session_key=key).update(session_key=digest)


class Migration(migrations.Migration):
    dependencies = [
        ("integrations", "0005_remove_sign_in"),
        ("sessions", "0001_initial"),
    ]

    operations = [migrations.RunPython(digest_keys, migrations.RunPython.noop)]
