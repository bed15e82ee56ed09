"""Channels and what was sent by them. To read: owners change them on pages of the workspace."""

from django.contrib import admin

from integrations.admin import words
from integrations.admin.reading import ReadOnly
from integrations.models import Channel, Delivery
from integrations.pages.sentences import MOMENTS
from integrations.services.telling import catalogue


@admin.register(Channel)
class ChannelAdmin(ReadOnly):
    """No value of a channel is shown: even its plain ones say who is told."""

    list_display = ("name", "workspace", "which", "is_on", "delivered", "failing")
    list_select_related = ("workspace",)
    search_fields = ("name", "workspace__name")
    fields = ("name", "workspace", "which", "is_on", "made", "delivered", "failing", "why")

    made = words.time_of("made_at", "made at")
    delivered = words.time_of("delivered_at", "last delivered")
    failing = words.time_of("failing_since", "takes nothing since")

    @admin.display(description="kind", ordering="kind")
    def which(self, channel: Channel) -> str:
        kind = catalogue.kinds().get(channel.kind)
        return kind.name if kind else channel.kind

    @admin.display(description="on", ordering="is_enabled")
    def is_on(self, channel: Channel) -> str:
        return words.yes_or_no(channel.is_enabled)

    @admin.display(description="what it says")
    def why(self, channel: Channel) -> str:
        return channel.problem or words.NOTHING


@admin.register(Delivery)
class DeliveryAdmin(ReadOnly):
    list_display = ("made", "workspace", "whereto", "about", "what", "became", "tries")
    list_select_related = ("workspace", "channel")
    list_filter = ("outcome",)
    show_full_result_count = False
    fields = (
        *("made", "workspace", "whereto", "about", "what", "became", "said"),
        *("tries", "status_code", "due", "delivered"),
    )

    made = words.time_of("made_at", "made at")
    due = words.time_of("due_at", "due at")
    delivered = words.time_of("delivered_at", "delivered at")

    @admin.display(description="channel")
    def whereto(self, delivery: Delivery) -> str:
        return delivery.channel.name if delivery.channel else "An owner, by mail"

    @admin.display
    def about(self, delivery: Delivery) -> str:
        return str(delivery.facts.get("about") or words.NOTHING)

    @admin.display(description="what it is", ordering="moment")
    def what(self, delivery: Delivery) -> str:
        return MOMENTS.get(delivery.moment, delivery.moment)

    @admin.display(description="became of it", ordering="outcome")
    def became(self, delivery: Delivery) -> str:
        return delivery.get_outcome_display()

    @admin.display(description="what was said")
    def said(self, delivery: Delivery) -> str:
        return delivery.sentence or words.NOTHING
