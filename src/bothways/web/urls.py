"""Every address of the pages. Who may see what stands at the views; ``tests/web`` holds the table of it."""

from django.urls import path

from bothways.web.pages import activity, apps, failures, issues, me, people, syncs

urlpatterns = [
    path("welcome", people.welcome),
    path("login", people.sign_in),
    path("login/code", people.code),
    path("logout", people.sign_out),
    path("", syncs.home),
    path("syncs/<str:name>", syncs.overview),
    path("syncs/<str:name>/on", syncs.turn_on),
    path("syncs/<str:name>/off", syncs.turn_off),
    path("syncs/<str:name>/run", syncs.sync_now),
    path("syncs/<str:name>/fields", syncs.fields),
    path("syncs/<str:name>/yaml", syncs.yaml),
    path("syncs/<str:name>/records", syncs.listed),
    path("syncs/<str:name>/records/<path:key>", syncs.record),
    path("pause", syncs.pause),
    path("resume", syncs.resume),
    path("apps", apps.listed),
    path("apps/<str:name>/check", apps.check),
    path("issues", issues.inbox),
    path("issues/<str:issue>/link", issues.link),
    path("issues/<str:issue>/create", issues.create),
    path("issues/<str:issue>/apart", issues.apart),
    path("issues/<str:issue>/choose", issues.choose),
    path("issues/<str:issue>/withdraw", issues.withdraw),
    path("activity", activity.activity),
    path("runs/<str:run>/undo", activity.to_undo),
    path("runs/<str:run>/undo/do", activity.undo_run),
    path("settings/people", people.people),
    path("settings/people/invite", people.invite),
    path("settings/people/role", people.set_role),
    path("settings/people/off", people.switch_off),
    path("settings/people/reset", people.reset),
    path("settings/me", me.me),
    path("settings/me/password", me.change_password),
    path("settings/me/sessions/end", me.end_session),
    path("settings/me/sessions/end-others", me.end_others),
    path("settings/me/second-factor", me.second_factor_begun),
    path("settings/me/second-factor/begin", me.begin_second_factor),
    path("settings/me/second-factor/confirm", me.confirm_second_factor),
    path("settings/me/second-factor/off", me.turn_off_second_factor),
    path("settings/me/tokens/make", me.make_token),
    path("settings/me/tokens/revoke", me.revoke_token),
]
handler404 = failures.missing
handler500 = failures.ours
