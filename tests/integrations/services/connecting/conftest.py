import pytest

from integrations.services import rows
from integrations.services.connecting import saving
from integrations.services.connecting.changes import Changes
from integrations.services.refusals import InvalidChange


@pytest.fixture
def save(workspace):
    def change(provider="meta", by=None, expected_version=None, **changes):
        return saving.change_connection(
            rows.unread(workspace, provider),
            Changes(**changes),
            by=by,
            expected_version=expected_version,
        ).connection

    return change


@pytest.fixture
def errors_of(save):
    """The sentences with which changes are refused."""

    def change(**changes):
        with pytest.raises(InvalidChange) as refused:
            save(**changes)
        return refused.value.errors

    return change
