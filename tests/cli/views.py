"""Views as the service layer gives them, made by hand."""

from dataclasses import replace

from bothways.connectors.base import Setting
from bothways.records import Field, FieldType, Option
from bothways.service import views
from bothways.service.rights import Role

APPS = ("hubspot", "ledger")

RECORD = views.RecordView(
    name="Dana Novak", ids={"hubspot": "50121", "ledger": "P-8842"}, state="in_sync", reason="", since=1000.0
)
HELD = views.RecordView(
    name="Eve Park", ids={"hubspot": None, "ledger": "P-104"}, state="held", reason="2 possible matches", since=None
)
UNSENT = views.TroubleView(
    kind="channel",
    name="mail",
    code="BW-193",
    words="Alerts cannot be sent by mail: mx.example.com: no answer in time.",
    to_do="Correct it.",
    since=1000.0,
    told=False,
    settling=False,
)
ALERTS = views.AlertsView(
    (
        views.TroubleView(
            kind="sync",
            name="contacts",
            code="BW-400",
            words="contacts stopped before writing: hubspot looks empty, but had 4 records.",
            to_do="If that is right: bothways run contacts --yes",
            since=1000.0,
            told=True,
            settling=False,
        ),
    ),
    (
        views.AlertView("a1", "mail", "trouble", "contacts has stopped (BW-400)", 1000.0, None, 2, "421 busy"),
        views.AlertView("a1", "webhook", "trouble", "contacts has stopped (BW-400)", 1000.0, 1001.0, 1, "HTTP 200, ok"),
    ),
)
SUMMARY = views.RunSummary(
    id="r_19",
    sync="contacts",
    kind="sync",
    state="done",
    reason="",
    started_at=1000.0,
    ended_at=1004.0,
    created={"hubspot": 1, "ledger": 2},
    updated={"hubspot": 1004},
    bill={"search": 2},
    undoes=None,
)
SYNC = views.SyncView(
    name="contacts",
    state="on",
    state_word="Up to date",
    apps=APPS,
    objects={"hubspot": "contacts", "ledger": "people"},
    direction="two-way",
    default_app="hubspot",
    mappings=(
        views.MappingView(
            {"hubspot": "email", "ledger": "Email"}, {"hubspot": "Email", "ledger": "E-mail"}, "both", "", "keep", True
        ),
        views.MappingView(
            {"hubspot": "createdate", "ledger": "ClientSince"},
            {"hubspot": "Create date", "ledger": "Client since"},
            "to_ledger",
            "ledger",
            "clear",
            False,
        ),
    ),
    match=(views.MatchView({"hubspot": "email", "ledger": "Email"}, "email"),),
    guards={"first_run": 25, "max_change": "10%"},
    every=60.0,
    revision=3,
    counts=views.Counts(in_sync=11985, left_out=380, failing=3, held=16, waiting=2),
    last_run=SUMMARY,
    sends={"hubspot": "Country is DE or FR", "ledger": "all"},
    when_leaving="freeze",
    requires={"hubspot": "email", "ledger": "Email"},
)
ALLOWANCE = views.AllowanceView("hubspot", 200_000, 250_000, 50_000, 12_500, 1_770_000_000.0, None, "")
IMPORT = views.ImportView(
    (
        views.ImportedSync("contacts", True, "draft", "on", {"hubspot": "contacts", "ledger": "people"}, ()),
        views.ImportedSync(
            "leads 2",
            False,
            "on",
            "",
            {"hubspot": "leads", "ledger": "people"},
            (views.ChangeView("leads 2", "", "guards", "", "first_run", 25, 5),),
        ),
    ),
    apps=("ledger",),
)
PLAN = views.PlanView(
    id="p_12",
    sync="contacts",
    apps=APPS,
    compared=12004,
    created={"hubspot": 96, "ledger": 412},
    updated={"hubspot": 540, "ledger": 568},
    linked=0,
    held=16,
    left_out=0,
    failing=0,
    waiting=0,
    conflicts=0,
    emptied={"Phone in hubspot": 230},
    brakes=(),
    changes=1616,
    revision=3,
)
UPDATE = views.ActionView(
    seq=0,
    kind="update",
    rule="F4",
    reason="",
    name="Dana Novak",
    ids={"hubspot": "50121", "ledger": "P-8842"},
    fields=(
        views.FieldView(
            "ledger", "GivenName", "firstname", "David", "Dave", "F4", "both changed; hubspot wins", conflict=True
        ),
        views.FieldView("hubspot", "jobtitle", "jobtitle", None, "Buyer", "F3", "hubspot was empty"),
    ),
)
CREATE = views.ActionView(
    seq=1,
    kind="create",
    rule="R8",
    reason="no match in ledger",
    name="Chen Wei",
    ids={"hubspot": "50122", "ledger": None},
    fields=tuple(views.FieldView("ledger", f"f{n}", f"f{n}", None, "x", "R8", "") for n in range(6)),
)
HOLD = views.ActionView(
    seq=2,
    kind="hold",
    rule="R7",
    reason="2 possible matches (P-104, P-977)",
    name="Eve Park",
    ids={"hubspot": "50123", "ledger": None},
    fields=(),
)
RUN = views.RunView(
    id="r_19",
    sync="contacts",
    state="done",
    reason="",
    created={"hubspot": 96, "ledger": 412},
    updated={"hubspot": 540, "ledger": 565},
    failing=3,
    held=16,
    waiting=0,
    skipped=0,
    remaining=0,
    next_at=None,
    bill={"batch update": 12},
    seconds=192.0,
    exit_code=3,
)
QUIET = replace(RUN, created={}, updated={}, failing=0, held=0, seconds=0.4, exit_code=0)
UNDO = views.UndoView(
    id="",
    run="r_19",
    restored=1096,
    removed=506,
    kept=(views.KeptView("hubspot", "Dana Novak", "changed since", "50121"),),
)
WHY = views.WhyView(
    RECORD,
    (
        views.FieldStory(
            {"hubspot": "First name", "ledger": "Given name"},
            {"hubspot": "Dave", "ledger": "Dave"},
            "Written to ledger by run r_19: both changed; hubspot wins.",
            (views.Event(1000.0, "ledger", "written", "David", "Dave", "r_19", "F4", "both changed; hubspot wins"),),
        ),
    ),
)
DIFFERENCE = views.Difference("Dana Novak", {"hubspot": "Dave", "ledger": "David"}, "firstname", "both kept")
PROOF = views.Proof(
    pairs=11985, equal=11984, explained=(DIFFERENCE,), different=(), unlinked={"hubspot": 412, "ledger": 0}
)
LAST_PROOF = views.LastProof(
    at=1000.0,
    seconds=192.0,
    pairs=12004,
    differ=0,
    explained=7,
    waiting=2,
    marked=0,
    lasting=0,
    held=0,
    calls={"hubspot search": 120, "ledger changes": 120},
    differences=(),
)
NOT_EQUAL = replace(
    LAST_PROOF,
    differ=3,
    marked=1,
    lasting=1,
    held=1,
    differences=(views.Difference("Dana Novak", {}, "firstname", "hubspot changed; it waits for you"),),
)
ISSUE = views.IssueView(
    id="h_12",
    sync="contacts",
    kind="match",
    app="hubspot",
    record="50121",
    name="Eve Park",
    field="",
    reason="2 possible matches by e-mail",
    since=1000.0,
    candidates=(views.CandidateView("ledger", "P-104", "Eve Park"), views.CandidateView("ledger", "P-977", "E. Park")),
)
CONFLICT = views.IssueView(
    id="h_13",
    sync="contacts",
    kind="conflict",
    app="hubspot",
    record="50121",
    name="Eve Park",
    field="jobtitle=title",
    reason="they differ; say which value is right",
    since=1000.0,
    decided="you typed it",
    values={"hubspot": "Buyer", "ledger": "Cook"},
)
SUGGESTION = views.SuggestionView(
    ids={"hubspot": "50121", "ledger": "P-104"},
    names={"hubspot": "Eve Park", "ledger": "E. Park"},
    probability=0.987,
    likely=True,
    against="",
    traits=(
        views.TraitView("e-mail", "missing", {"hubspot": "eve@park.example", "ledger": None}),
        views.TraitView("given name", "similar", {"hubspot": "eve", "ledger": "e"}),
        views.TraitView("family name", "same", {"hubspot": "park", "ledger": "park"}),
        views.TraitView("city", "different", {"hubspot": "salem", "ledger": "dover"}),
    ),
    overwrites=(views.FieldView("ledger", "City", "City", "Dover", "Salem", "F4", "both differ; hubspot wins"),),
)
SUGGESTIONS = views.SuggestionsView(
    "contacts", {"hubspot": 1200, "ledger": 900}, {"hubspot": 0, "ledger": 0}, 1, 0, (SUGGESTION,)
)
WINNER = views.WinnerView(
    "contacts", "firstname=GivenName", {"hubspot": "First name", "ledger": "Given name"}, "ledger", "hubspot", 2
)
PAIR = views.PairView("contacts", {"hubspot": "50121", "ledger": "P-104"})
CHECK = views.AppCheck(
    name="crm",
    title="HubSpot",
    account_id="123",
    account_label="Novak Ltd",
    notes=("Companies cannot be changed.",),
    objects=(
        views.ObjectView("contacts", "Contacts", True, True, 12004),
        views.ObjectView("companies", "Companies", True, False),
    ),
)
CONNECTOR = views.ConnectorView(
    name="hubspot",
    title="HubSpot",
    category="CRM",
    settings=(
        Setting("token", "Token of a private app", auth=True, secret=True),
        Setting("base_url", "Address", required=False, default="https://api.example"),
    ),
)
APP = views.AppView("crm", "hubspot", "HubSpot", "CRM", ("contacts",))
FOUND = {
    verdict: views.DeepFindingView(
        verdict,
        "HubSpot keeps addresses in lower case.",
        verdict,
        "A@x.test is kept",
        "Safe.",
        "hubspot/values.email_key",
    )
    for verdict in ("as_thought", "otherwise", "unchecked")
}
DEEP = views.DeepCheckView("crm", "HubSpot", "HubSpot account 7", False, (FOUND["as_thought"],), (), 0)
FIELDS = [
    Field("email", FieldType.EMAIL, "E-mail", unique=True, required=True),
    Field(
        "stage",
        FieldType.CHOICE,
        "Stage",
        options=tuple(Option(str(n), f"Stage {n}") for n in range(6)),
        read_only=True,
    ),
    Field("phone", FieldType.PHONE, "Phone", max_length=1200),
]
FINDINGS = [
    views.Finding("ok", "Python 3.11"),
    views.Finding("warning", "Little disk is free.", "Make room.", "BW-301"),
    views.Finding("problem", "The secret for crm is missing.", "Set it.", "BW-116"),
]

ACCOUNT = views.AccountView(1, "Ana Ruiz", Role.ADMIN, 1_770_000_000.0, 0.0, True)
LINK = views.OneTimeLinkView("l_3", Role.ADMIN, "Ana Ruiz", "Eve", 1_770_000_000.0)
TOKEN = views.TokenView("t_3", "reports", "Ana Ruiz", Role.VIEWER, 1_770_000_000.0, 0.0, None)

GROUP = views.GroupView(
    "g_1_0123456789ab",
    "contacts",
    "unpaired",
    "fix",
    9,
    "Country is not a value ledger accepts",
    "This field waits.",
    "Say which choice each value means.",
    '"uk" is paired with none of the choices of Country',
    "Country",
    "ledger",
    "hubspot",
    "country=Country",
    1000.0,
    None,
    ignored=False,
    can_retry=True,
    is_on=True,
    values=(views.ValueView("uk", "UK", 7, "gb"), views.ValueView("nl", "Holland", 2, "")),
    choices=(views.ChoiceView("gb", "United Kingdom", ""),),
    revision=3,
)
FAILING_APP = views.TroubleIssue(
    "t_app_1", "app", "ledger", "retrying", "BW-204", "ledger is busy.", "", 1000.0, 1060.0, 40, ""
)
