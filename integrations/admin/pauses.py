"""Pauses: which limits of platforms hold just now. To read; each ends by itself."""

from django.contrib import admin

from integrations import platforms
from integrations.admin import words
from integrations.admin.reading import ReadOnly
from integrations.models import Pause


@admin.register(Pause)
class PauseAdmin(ReadOnly):
    list_display = ("platform", "what", "of_which", "why", "lasts")
    ordering = ("-until",)
    fields = ("platform", "what", "of_which", "why", "lasts")

    lasts = words.time_of("until", "not asked until")

    @admin.display(ordering="provider")
    def platform(self, pause: Pause) -> str:
        provider = platforms.catalogue().get(pause.provider)
        return provider.name if provider else pause.provider

    @admin.display(description="counted by", ordering="counted_by")
    def what(self, pause: Pause) -> str:
        return pause.counted_by.capitalize()

    @admin.display(description="of which", ordering="name")
    def of_which(self, pause: Pause) -> str:
        return pause.name or words.NOTHING

    @admin.display(description="limit", ordering="kind")
    def why(self, pause: Pause) -> str:
        return words.KINDS.get(pause.kind, words.NOTHING)
