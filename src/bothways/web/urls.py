"""Every address of the pages. Who may see what stands at the views; ``tests/web`` holds the table of it."""

from django.urls import path

from bothways.web.pages import activity, apps, drafts, failures, issues, new_sync, people, starting, syncs

urlpatterns = [
    path("welcome", people.welcome),
    path("login", people.sign_in),
    path("logout", people.sign_out),
    path("", syncs.home),
    path("syncs/new", new_sync.new),
    path("syncs/<str:name>", syncs.overview),
    path("syncs/<str:name>/edit", drafts.edit),
    path("syncs/<str:name>/start", starting.start),
    path("syncs/<str:name>/on", syncs.turn_on),
    path("syncs/<str:name>/off", syncs.turn_off),
    path("syncs/<str:name>/run", syncs.sync_now),
    path("syncs/<str:name>/fields", syncs.fields),
    path("syncs/<str:name>/yaml", syncs.yaml),
    path("syncs/<str:name>/records", syncs.listed),
    path("syncs/<str:name>/records/<path:key>", syncs.record),
    path("drafts/<int:id>/records", drafts.records),
    path("drafts/<int:id>/matching", drafts.match),
    path("drafts/<int:id>/conflicts", drafts.differences),
    path("drafts/<int:id>/fields", drafts.fields),
    path("drafts/<int:id>/review", drafts.review),
    path("drafts/<int:id>/discard", drafts.discard),
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
]
handler404 = failures.missing
handler500 = failures.ours
