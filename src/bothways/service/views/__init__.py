"""What the service layer answers: frozen dataclasses that every face shows in its own way.

Apps are named, never sides. Times are seconds since 1970 (UTC). Ids of plans and runs are the strings
people see and type: ``p_12``, ``r_19``.
"""

from bothways.service.views.alerts import AlertsView, AlertView, SentView, TroubleView
from bothways.service.views.apps import AllowanceView, AppCheck, AppView, ConnectorView, KnownView, ObjectView
from bothways.service.views.common import Counted, plain
from bothways.service.views.issues import CandidateView, IssueView, PairHistory, PairView
from bothways.service.views.people import AccountView, DeedView
from bothways.service.views.plans import (
    ActionView,
    AppForecast,
    BrakeView,
    DuplicatesView,
    FieldView,
    ForecastView,
    PlanView,
)
from bothways.service.views.records import (
    Difference,
    Event,
    FieldStory,
    Finding,
    LastProof,
    Page,
    Proof,
    RecordView,
    WhyView,
)
from bothways.service.views.runs import BadRow, KeptView, LinkImportView, LinkView, RunView, SkippedView, UndoView
from bothways.service.views.suggestions import SuggestionsView, SuggestionView, TraitView
from bothways.service.views.syncs import (
    AssociationView,
    ChangeView,
    Counts,
    DeletedView,
    DraftView,
    MappingView,
    MatchView,
    NextView,
    ProblemView,
    RunSummary,
    SetView,
    StatusView,
    SyncView,
)

__all__ = [
    "AccountView",
    "ActionView",
    "AlertView",
    "AlertsView",
    "AllowanceView",
    "AppCheck",
    "AppForecast",
    "AppView",
    "AssociationView",
    "BadRow",
    "BrakeView",
    "CandidateView",
    "ChangeView",
    "ConnectorView",
    "Counted",
    "Counts",
    "DeedView",
    "DeletedView",
    "Difference",
    "DraftView",
    "DuplicatesView",
    "Event",
    "FieldStory",
    "FieldView",
    "Finding",
    "ForecastView",
    "IssueView",
    "KeptView",
    "KnownView",
    "LastProof",
    "LinkImportView",
    "LinkView",
    "MappingView",
    "MatchView",
    "NextView",
    "ObjectView",
    "Page",
    "PairHistory",
    "PairView",
    "PlanView",
    "ProblemView",
    "Proof",
    "RecordView",
    "RunSummary",
    "RunView",
    "SentView",
    "SetView",
    "SkippedView",
    "StatusView",
    "SuggestionView",
    "SuggestionsView",
    "SyncView",
    "TraitView",
    "TroubleView",
    "UndoView",
    "WhyView",
    "plain",
]
