from django.apps import AppConfig


class IntegrationsConfig(AppConfig):
    name = "integrations"
    verbose_name = "Integrations"

    def ready(self) -> None:
        from integrations import checks, signals  # noqa: F401
        from integrations.work import tasks  # noqa: F401 - the queue learns what names mean
