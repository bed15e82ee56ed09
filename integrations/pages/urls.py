from django.urls import URLPattern, URLResolver, include, path

from integrations.pages import accounts as account_views
from integrations.pages import changes as change_views
from integrations.pages import dialog as dialog_views
from integrations.pages import fix_links as fix_views
from integrations.pages import settings as views
from integrations.pages import sign_in as sign_in_views
from integrations.pages import sign_in_apps as app_views
from integrations.pages import waiting as waiting_views
from integrations.pages.door import views as door

Urls = list[URLPattern | URLResolver]

candidate_urls = [
    path("", waiting_views.candidate, name="candidate"),
    path("save/", waiting_views.save_candidate, name="save-candidate"),
    path("account/", waiting_views.choose_account, name="choose-account"),
    path("discard/", waiting_views.discard_candidate, name="discard-candidate"),
]

connection_urls: Urls = [
    path("", dialog_views.connection, name="connection"),
    path("accounts/", dialog_views.accounts, name="accounts"),
    path("sign-in/", dialog_views.sign_in, name="sign-in"),
    path("sign-in/<uuid:attempt_id>/", dialog_views.attempt, name="sign-in-attempt"),
    path("fix-link/", fix_views.send_fix_link, name="send-fix-link"),
    path("card/", views.card, name="card"),
    path("test/", views.test, name="test"),
    path("enable/", views.enable, name="enable"),
    path("disable/", views.disable, name="disable"),
    path("clear-report/", views.clear_report, name="clear-report"),
    path("disconnect/", views.disconnect, name="disconnect"),
    path("history/", views.history, name="history"),
    path("candidate/<uuid:candidate_id>/", include(candidate_urls)),
]

settings_urls: Urls = [
    path("", views.settings_page, name="settings"),
    path("test-all/", views.test_all, name="test-all"),
    path("test-all/stop/", views.stop_all, name="stop-all"),
    path("changes/", change_views.changes, name="changes"),
    path("test-all/progress/", views.run, name="run"),
    path("integrations/<slug:slug>/", include(connection_urls)),
    path("api-access/", account_views.api_access, name="api-access"),
    path("api-access/revoke/", account_views.revoke_token, name="revoke-token"),
    path("profile/", account_views.profile, name="profile"),
    path("sign-in-apps/", app_views.app_list, name="sign-in-apps"),
    path("sign-in-apps/<slug:app>/", app_views.app, name="sign-in-app"),
    path("sign-in-apps/<slug:app>/remove/", app_views.remove_app, name="remove-sign-in-app"),
]

fix_urls = [
    path("", fix_views.fix_page, name="fix-page"),
    path("sign-in/", fix_views.fix_sign_in, name="fix-sign-in"),
    path("account/", fix_views.fix_account, name="fix-account"),
    path("<str:token>/", fix_views.open_fix_link, name="fix"),
]

account_urls = [
    path("login/", door.SignIn.as_view(), name="login"),
    path("logout/", door.SignOut.as_view(), name="logout"),
    path("password/", door.PasswordChange.as_view(), name="password_change"),
    path("password/reset/", door.PasswordReset.as_view(), name="password_reset"),
    path("password/reset/sent/", door.PasswordResetSent.as_view(), name="password_reset_done"),
    path("password/reset/complete/", door.PasswordSaved.as_view(), name="password_reset_complete"),
    # django-allauth looks for these two by names of its own.
    path("login/", door.SignIn.as_view(), name="account_login"),
    path(
        "password/reset/<str:uidb36>/<str:key>/",
        door.NewPassword.as_view(),
        name="account_reset_password_from_key",
    ),
]

urlpatterns = [
    path("api/", include("integrations.api.urls")),
    path("", views.home, name="home"),
    path("dashboard/", views.home, name="dashboard"),
    path("dashboard/settings/", views.home, {"page": "settings"}, name="home-settings"),
    path("w/<slug:workspace>/dashboard/", views.overview, name="overview"),
    path("w/<slug:workspace>/dashboard/settings/", include(settings_urls)),
    path("oauth/<slug:app>/callback/", sign_in_views.callback, name="sign-in-callback"),
    path("fix/", include(fix_urls)),
    path("welcome/<str:token>/", account_views.welcome, name="welcome"),
    path("accounts/", include(account_urls)),
]
