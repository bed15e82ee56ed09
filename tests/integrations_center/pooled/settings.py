"""A site of four views, whose requests wait for a connection as long as a test can."""

from tests.settings import *  # noqa: F403
from tests.settings import DATABASES

ROOT_URLCONF = "tests.integrations_center.pooled.site"
DATABASES["default"]["OPTIONS"]["pool"] |= {"timeout": 0.5, "reconnect_timeout": 0.5}
DATABASE_CONNECTIONS = 10
