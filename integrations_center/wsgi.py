"""What gunicorn serves, unless the environment has a setting that would go unnoticed."""

import os

from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "integrations_center.settings")
application = get_wsgi_application()

from integrations.checks import ENVIRONMENT  # noqa: E402 - it needs the settings

for message in run_checks(tags=[ENVIRONMENT]):
    if message.is_serious():
        raise ImproperlyConfigured(str(message))
