"""What became of a message: counted once it settles, and each try a line of the journal."""

from integrations.models import Channel, Delivery
from integrations.services import journal, tallies
from integrations.services.telling.catalogue import MAIL
from integrations.services.telling.told import Moment

RETRYING = "retrying"


def note(
    delivery: Delivery, channel: Channel | None, outcome: str, status: int | None = None
) -> None:
    """In the transaction that writes it down. With the outcome `waiting` it is tried again."""
    kind = channel.kind if channel else MAIL
    is_settled = outcome in tallies.SETTLED
    if is_settled and delivery.moment != Moment.TEST:  # by which a person tries a channel
        tallies.count_message(kind, outcome)
    journal.write(
        "message",
        channel=kind,
        delivery=str(delivery.pk),
        moment=delivery.moment,
        outcome=str(outcome) if is_settled else RETRYING,
        tries=delivery.tries,
        status=status,
    )
