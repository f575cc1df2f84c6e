"""Every address of the pages. Who may see what stands at the views; ``tests/web`` holds the table of it."""

from django.urls import path

from bothways.web.pages import activity, apps, draft_fields, failures, issues, people, syncs

urlpatterns = [
    path("welcome", people.welcome),
    path("login", people.sign_in),
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
    path("drafts/<int:id>/fields", draft_fields.fields),
    path("drafts/<int:id>/fields/add", draft_fields.add),
    path("drafts/<int:id>/fields/suggest", draft_fields.suggest),
    path("drafts/<int:id>/fields/<int:number>", draft_fields.row),
    path("drafts/<int:id>/fields/<int:number>/remove", draft_fields.remove),
    path("drafts/<int:id>/options", draft_fields.options),
    path("drafts/<int:id>/values/<int:number>", draft_fields.values),
    path("drafts/<int:id>/associations", draft_fields.associations),
    path("drafts/<int:id>/associations/<int:number>/switch", draft_fields.switch_association),
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
