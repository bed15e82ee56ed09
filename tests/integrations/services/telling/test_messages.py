"""Times in messages: by the clock of whoever reads them, with a name that people know."""

import json
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from integrations.models import IntegrationConnection
from integrations.services.telling import messages, notices, owed
from tests.integrations.receivers import NOW, look
from tests.integrations.services.watching.world import connected

AT = datetime(2026, 11, 27, 9, 14, tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "said"),
    [
        ("Europe/Madrid", "Fri 27 Nov, 10:14 CET"),
        ("UTC", "Fri 27 Nov, 09:14 UTC"),
        ("America/Sao_Paulo", "Fri 27 Nov, 06:14 in Sao Paulo"),
        ("America/Argentina/Buenos_Aires", "Fri 27 Nov, 06:14 in Buenos Aires"),
    ],
)
def test_a_zone_has_a_name_that_people_know(zone, said):
    assert messages.clock(AT, ZoneInfo(zone), AT) == said


def test_an_end_is_told_in_the_channels_zone(workspace, channel, receiver):
    channel("webhook")
    channel("ntfy", time_zone="America/Sao_Paulo")
    connected(workspace)
    IntegrationConnection.objects.update(expires_at=NOW + timedelta(hours=20))
    notices.give_due(NOW)
    owed.catch_up(workspace.pk, NOW)
    look(NOW)

    sent = [json.loads(asked.body) for asked in receiver.seen]
    (pushed,) = (one["message"] for one in sent if "message" in one)
    (posted,) = (one["data"] for one in sent if "data" in one)
    assert "When it ends: Sat 28 Nov, 02:14 in Sao Paulo" in pushed
    assert posted["endsAt"] == "2026-11-28T05:14:00Z"
