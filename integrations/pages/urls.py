from django.urls import URLPattern, URLResolver, include, path

from integrations.pages import accounts as account_views
from integrations.pages import badges as badge_views
from integrations.pages import calendars as calendar_views
from integrations.pages import changes as change_views
from integrations.pages import channels as channel_views
from integrations.pages import choosing as choosing_views
from integrations.pages import chosen_runs as chosen_run_views
from integrations.pages import connections as one_views
from integrations.pages import dialog as dialog_views
from integrations.pages import drills as drill_views
from integrations.pages import feeds as feed_views
from integrations.pages import fix_links as fix_views
from integrations.pages import guides as guide_views
from integrations.pages import hand_over as hand_over_views
from integrations.pages import incidents as incident_views
from integrations.pages import invitations as invitation_views
from integrations.pages import inviting as inviting_views
from integrations.pages import lending as lending_views
from integrations.pages import members as member_views
from integrations.pages import overview as overview_views
from integrations.pages import own as own_views
from integrations.pages import portfolio as portfolio_views
from integrations.pages import settings as views
from integrations.pages import several as several_views
from integrations.pages import sign_in as sign_in_views
from integrations.pages import sign_in_apps as app_views
from integrations.pages import spreading as spreading_views
from integrations.pages import spreads as spread_views
from integrations.pages import unsubscribing as unsubscribing_views
from integrations.pages import waiting as waiting_views
from integrations.pages import workspaces as workspace_views
from integrations.pages.desks import of_installation, of_workspace
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
    path("discard/", several_views.discard_draft, name="discard-draft"),
    path("rename/", several_views.rename, name="rename"),
    path("default/", several_views.make_default, name="make-default"),
    path("remove/", several_views.remove, name="remove"),
    path("candidate/<uuid:candidate_id>/", include(candidate_urls)),
]

settings_urls: Urls = [
    path("", views.settings_page, name="settings"),
    path("test-all/", views.test_all, name="test-all"),
    path("test-all/stop/", views.stop_all, name="stop-all"),
    path("greeting/dismiss/", views.dismiss_greeting, name="dismiss-greeting"),
    path("changes/", change_views.changes, name="changes"),
    path("test-all/progress/", views.run, name="run"),
    path("integrations/<slug:slug>/add/", several_views.add_another, name="add-another"),
    path("integrations/<slug:slug>/test-these/", several_views.test_these, name="test-these"),
    path("integrations/<slug:slug>/", include(connection_urls)),
    path("connections/<uuid:connection_id>/", include((connection_urls, "one"))),
    path("api-access/", account_views.api_access, name="api-access"),
    path("api-access/revoke/", account_views.revoke_token, name="revoke-token"),
    path("profile/", own_views.page, name="profile"),
    path("profile/email/", own_views.change_email, name="change-email"),
    path("profile/email/keep/", own_views.keep_old_email, name="keep-old-email"),
    path("feeds/", feed_views.page, name="feeds"),
    path("feeds/<uuid:feed_id>/end/", feed_views.end, name="end-feed"),
    path("sign-in-apps/", app_views.app_list, name="sign-in-apps"),
    path("sign-in-apps/<slug:app>/", app_views.app, name="sign-in-app"),
    path("sign-in-apps/<slug:app>/remove/", app_views.remove_app, name="remove-sign-in-app"),
]

one_urls: Urls = [
    path("", one_views.page, name="connection-page"),
    path("watch/", one_views.watch, name="watch-connection"),
    path("changes/", one_views.changes, name="connection-changes"),
    path("uptime.csv", one_views.report, name="uptime"),
    path("drill/", drill_views.progress, name="drill-progress"),
    path("drill/start/", drill_views.start, name="start-drill"),
    path("drill/stop/", drill_views.stop, name="stop-drill"),
    path("drill/monthly/", drill_views.monthly, name="monthly-drill"),
]

chosen_run_urls: Urls = [
    path("", chosen_run_views.page, name="chosen-run"),
    path("again/", chosen_run_views.again, name="chosen-run-again"),
    path("remove/<uuid:chosen_id>/", chosen_run_views.remove, name="remove-chosen"),
]

spreading_urls: Urls = [
    path("", spreading_views.spread, name="spread"),
    path("accounts.csv", spreading_views.table, name="spread-table"),
]

spread_urls: Urls = [
    path("", spread_views.page, name="spread-progress"),
    path("go-on/", spread_views.go_on, name="spread-go-on"),
]

guide_urls: Urls = [
    path("", guide_views.guides, name="guides"),
    path("<slug:method>/", guide_views.guide, name="guide"),
]

CHANNEL_VIEWS = (
    ("", channel_views.page, "channels"),
    ("new/", channel_views.choose, "choose-channel"),
    ("new/<slug:kind>/", channel_views.add, "add-channel"),
    ("<uuid:channel_id>/", channel_views.one, "channel"),
    ("<uuid:channel_id>/test/", channel_views.send_test, "test-channel"),
    ("<uuid:channel_id>/switch/", channel_views.switch, "switch-channel"),
    ("<uuid:channel_id>/new-secret/", channel_views.new_secret, "new-secret"),
    ("<uuid:channel_id>/remove/", channel_views.remove, "remove-channel"),
    ("<uuid:channel_id>/deliveries/<uuid:delivery_id>/resend/", channel_views.resend, "resend"),
)
channel_urls: Urls = [
    path(route, of_workspace(view), name=name) for route, view, name in CHANNEL_VIEWS
]
operators_urls: Urls = [
    path(route, of_installation(view), name=name) for route, view, name in CHANNEL_VIEWS
]

members_urls: Urls = [
    path("", member_views.page, name="members"),
    path("invite/", inviting_views.invite, name="invite"),
    path("leave/", member_views.leave, name="leave"),
    path("hand-over/", hand_over_views.ask_to_take_over, name="hand-over"),
    path("hand-over/accept/", hand_over_views.take_over, name="take-over"),
    path("hand-over/end/", hand_over_views.end_hand_over, name="end-hand-over"),
    path("<int:member_id>/role/", member_views.role, name="member-role"),
    path("<int:member_id>/remove/", member_views.remove, name="remove-member"),
    path("invitations/<uuid:invitation_id>/renew/", inviting_views.renew, name="renew-invitation"),
    path(
        "invitations/<uuid:invitation_id>/withdraw/",
        inviting_views.withdraw,
        name="withdraw-invitation",
    ),
]

workspace_urls: Urls = [
    path("", workspace_views.workspace, name="workspace"),
    path("take-back/", lending_views.take_back, name="take-back"),
    path("archive/", workspace_views.archive, name="archive-workspace"),
    path("default/", workspace_views.make_default, name="make-default-workspace"),
]

workspaces_urls: Urls = [
    path("", workspace_views.listed, name="workspaces"),
    path("new/", workspace_views.make, name="make-workspace"),
    path("<slug:slug>/bring-back/", workspace_views.bring_back, name="bring-back-workspace"),
]

invitation_urls: Urls = [
    path("", invitation_views.opened, name="opened-invitation"),
    path("accept/", invitation_views.accept, name="accept-invitation"),
    path("join/", invitation_views.join, name="join"),
    path("<str:token>/", invitation_views.open_link, name="invitation"),
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
    path("email/<str:token>/", own_views.confirm_email, name="confirm-email"),
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
    path("", portfolio_views.home, name="home"),
    path("dashboard/", portfolio_views.portfolio, name="dashboard"),
    path("dashboard/changes/", portfolio_views.changes, name="portfolio-changes"),
    path("dashboard/operations/", incident_views.operations, name="operations"),
    path("dashboard/operations/channels/", include((operators_urls, "operators"))),
    path("dashboard/settings/", portfolio_views.home, {"page": "settings"}, name="home-settings"),
    path("w/<slug:workspace>/dashboard/", overview_views.overview, name="overview"),
    path("w/<slug:workspace>/dashboard/settings/", include(settings_urls)),
    path("w/<slug:workspace>/incidents/", incident_views.page, name="incidents"),
    path("w/<slug:workspace>/incidents/changes/", incident_views.changes, name="incident-changes"),
    path(
        "w/<slug:workspace>/incidents/<int:incident_id>/",
        incident_views.handle,
        name="handle-incident",
    ),
    path("w/<slug:workspace>/integrations/<slug:slug>/", several_views.platform, name="platform"),
    path("w/<slug:workspace>/integrations/<slug:slug>/guide/", include(guide_urls)),
    path("w/<slug:workspace>/connections/<uuid:connection_id>/", include(one_urls)),
    path(
        "w/<slug:workspace>/integrations/<slug:slug>/accounts/<uuid:source_id>/",
        choosing_views.choose,
        name="choose-accounts",
    ),
    path(
        "w/<slug:workspace>/integrations/<slug:slug>/spread/<uuid:source_id>/",
        include(spreading_urls),
    ),
    path("w/<slug:workspace>/spreads/<int:spread_id>/", include(spread_urls)),
    path(
        "w/<slug:workspace>/integrations/<slug:slug>/lend/<uuid:source_id>/",
        lending_views.lend,
        name="lend",
    ),
    path("w/<slug:workspace>/runs/<int:run_id>/", include(chosen_run_urls)),
    path("w/<slug:workspace>/channels/", include(channel_urls)),
    path("w/<slug:workspace>/members/", include(members_urls)),
    path("w/<slug:workspace>/workspace/", include(workspace_urls)),
    path("workspaces/", include(workspaces_urls)),
    path("invitation/", include(invitation_urls)),
    path("oauth/<slug:app>/callback/", sign_in_views.callback, name="sign-in-callback"),
    path("fix/", include(fix_urls)),
    path("badge/<str:token>.svg", badge_views.svg, name="badge"),
    path("badge/<str:token>.json", badge_views.facts, name="badge-facts"),
    path("expiries/<str:token>.ics", calendar_views.calendar, name="expiries"),
    path("unsubscribe/<str:token>/", unsubscribing_views.page, name="unsubscribe"),
    path("welcome/<str:token>/", account_views.welcome, name="welcome"),
    path("accounts/", include(account_urls)),
]
