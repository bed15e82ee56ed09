"""What each app may ask for."""

from typing import Any

from oauth2_provider.scopes import SettingsScopes  # type: ignore[import-untyped]

from tests.authorization_server.apps import NARROW


class ScopesOfTheApp(SettingsScopes):
    """One app was registered without the last scope, as a person may forget to tick it."""

    def get_available_scopes(
        self, application: Any = None, request: Any = None, *args: Any, **kwargs: Any
    ) -> list[str]:
        scopes = list(self.get_all_scopes())
        return scopes[:-1] if application and application.client_id == NARROW.client_id else scopes
