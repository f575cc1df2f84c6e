"""Every address of the pages. Who may see what stands at the views; ``tests/web`` holds the table of it."""

from django.urls import path

from bothways.web.pages import activity, apps, failures, issues, life, people, preview, runs, syncs

urlpatterns = [
    path("welcome", people.welcome),
    path("login", people.sign_in),
    path("logout", people.sign_out),
    path("", syncs.home),
    path("syncs/<str:name>", syncs.overview),
    path("syncs/<str:name>/on", life.turn_on),
    path("syncs/<str:name>/off", life.turn_off),
    path("syncs/<str:name>/delete", life.delete),
    path("syncs/<str:name>/restore", life.restore),
    path("syncs/<str:name>/run", syncs.sync_now),
    path("syncs/<str:name>/now", runs.now),
    path("syncs/<str:name>/continue", runs.go_on),
    path("syncs/<str:name>/preview", preview.preview),
    path("syncs/<str:name>/preview/write", preview.write),
    path("syncs/<str:name>/preview/csv", preview.csv),
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
    path("runs/<str:run>", runs.run),
    path("runs/<str:run>/undo", activity.to_undo),
    path("runs/<str:run>/undo/do", activity.undo_run),
    path("settings/people", people.people),
    path("settings/people/invite", people.invite),
    path("settings/people/role", people.set_role),
    path("settings/people/off", people.switch_off),
]
handler404 = failures.missing
handler500 = failures.ours
