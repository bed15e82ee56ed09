"""The paths of the platform that this stands for, with django-oauth-toolkit's views behind them."""

from django.contrib.auth.views import LoginView
from django.urls import path
from oauth2_provider import views  # type: ignore[import-untyped]

urlpatterns = [
    path("accounts/login/", LoginView.as_view(), name="login"),
    path("oauth/authorize", views.AuthorizationView.as_view()),
    path("oauth/token", views.TokenView.as_view()),
    path("oauth/revoke", views.RevokeTokenView.as_view()),
    path("oauth/introspect", views.IntrospectTokenView.as_view()),
]
