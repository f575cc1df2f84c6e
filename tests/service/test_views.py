"""Views told as plain data, as for ``--json``, are the same ones again."""

import json
from dataclasses import replace

import pytest

from bothways.service import Progress
from bothways.service.requests import KINDS, ToApply, ToPlan, ToRun, ToUndo
from bothways.service.views import (
    AppForecast,
    BrakeView,
    DuplicatesView,
    ForecastView,
    KeptView,
    SkippedView,
    UndoView,
    plain,
)
from bothways.service.views.common import from_plain
from tests.cli.views import PLAN, RUN, UNDO

SKIPPED = (SkippedView("Dana", {"hubspot": "50121", "ledger": None}, "changed since"),)
VIEWS = [
    RUN,
    replace(RUN, skipped_records=SKIPPED, deleted={"hubspot": 1}, next_at=None),
    UNDO,
    UndoView("r_20", "r_19", 1, 0, (KeptView("hubspot", "Dana", "edited since", "50121"),)),
    PLAN,
    replace(
        PLAN,
        brakes=(BrakeView("max_emptied", "Phone would be emptied in 230 records", "--yes"),),
        duplicates=(DuplicatesView("ledger", "email", 2, 4, (("1", "2"), ("3", "4"))),),
        forecast=ForecastView(
            True, {"hubspot": AppForecast(12, 0.5, None, 3.0), "ledger": AppForecast(3, None, 1, None)}, 9.5
        ),
    ),
    ToPlan("people"),
    ToRun("people", approved=True),
    ToApply("p_12", 10, 2.5),
    ToUndo("r_19", field="Name"),
    Progress("Reading", "hubspot", 400),
]


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: type(view).__name__)
def test_view_told_as_plain_data_is_the_same_one_again(view: object) -> None:
    assert from_plain(type(view), json.loads(json.dumps(plain(view)))) == view


def test_whatever_can_be_asked_for_or_answered_is_tried_here() -> None:
    tried = {type(view) for view in VIEWS}
    assert {kind for pair in KINDS.values() for kind in pair} <= tried
