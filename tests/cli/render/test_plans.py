"""A plan reads as designed."""

from dataclasses import replace

from bothways.cli.render.plans import action, cost, foot, head, warnings
from bothways.service.views import ActionView, AppForecast, BrakeView, DuplicatesView, FieldView, ForecastView
from tests.cli.views import APPS, CREATE, HOLD, PLAN, UPDATE


def test_a_plan_reads_as_designed():
    lines = [*head(PLAN), *action(UPDATE, APPS), *action(CREATE, APPS), *action(HOLD, APPS), *foot(PLAN, more=1629)]
    assert lines == [
        "contacts  hubspot ⇄ ledger   12,004 records compared, nothing written",
        "  ~ Dana Novak        hubspot 50121 ⇄ ledger P-8842",
        "      firstname  ledger   David → Dave     both changed; hubspot wins",
        "      jobtitle   hubspot  (empty) → Buyer  hubspot was empty",
        "  + Chen Wei          → ledger, 6 fields",
        "  ? Eve Park          held: 2 possible matches (P-104, P-977)",
        "    … 1,629 more. See all: bothways plan contacts --show all",
        "! Phone in hubspot would be emptied in 230 records. Stop that: when_empty: keep",
        "Plan p_12   hubspot   ledger          Apply exactly this plan: bothways apply p_12",
        "+ create         96      412",
        "~ update        540      568",
        "? held           16",
    ]


def test_nothing_would_change():
    view = replace(PLAN, created={}, updated={}, held=0, changes=0, emptied={})
    assert foot(view, more=0) == ["Nothing would change. (p_12)"]


def test_only_held_records_need_no_apply():
    view = replace(PLAN, created={}, updated={}, changes=0, emptied={})
    assert foot(view, more=0) == ["Plan p_12   hubspot   ledger", "? held           16"]


def test_every_total_that_is_not_zero_is_told():
    view = replace(PLAN, linked=1, left_out=2, failing=3, waiting=4, conflicts=5, unlinked=6, emptied={})
    text = "\n".join(foot(view, more=0))
    for words in ("~ link", "· left out", "× failing", "· waiting", "! conflicts", "× unlink"):
        assert words in text


def test_a_difference_that_waits_for_a_person_is_shown_with_both_values_and_counted():
    why = "they differ; say which value is right"
    field = FieldView("ledger", "job", "Job", None, None, "FK", why, hold=why, between={"hubspot": "A", "ledger": None})
    row = replace(HOLD, fields=(field,))
    assert action(row, APPS)[1:] == [f"      Job    hubspot A ≠ ledger (empty)  to decide: {why}"]
    assert "? to decide         3" in foot(replace(PLAN, to_decide=3), more=0)


def test_who_enters_and_who_leaves_is_told_with_the_reasons():
    why = "outside the filter of hubspot (Country is DE)"
    view = replace(PLAN, emptied={}, entering=1, leaving={why: 2}, left_out_why={"no valid e-mail address": 380})
    assert foot(view, more=0)[:3] == [
        "· 1 pair takes part again",
        f"· 2 pairs leave: {why}",
        "· 380 records left out: no valid e-mail address",
    ]


def test_advice_is_told_before_the_brakes():
    view = replace(PLAN, emptied={}, advice="Begin with a few.", brakes=(BrakeView("max_change", "many", "--yes"),))
    assert warnings(view) == ["! Begin with a few.", "! Many. --yes"]


def test_brakes_are_told_with_what_releases_them():
    view = replace(
        PLAN,
        emptied={},
        brakes=(BrakeView("max_change", "900 linked records would change", "bothways run contacts --yes"),),
    )
    assert warnings(view) == ["! 900 linked records would change. bothways run contacts --yes"]


def test_links_and_endings_give_their_reason():
    link = replace(UPDATE, kind="link", reason="linked: same e-mail")
    assert action(link, APPS)[0].endswith("hubspot 50121 ⇄ ledger P-8842   linked: same e-mail")
    gone = replace(UPDATE, kind="unlink", reason="deleted in ledger", fields=())
    assert action(gone, APPS) == ["  × Dana Novak        hubspot 50121 ⇄ ledger P-8842   unlinked: deleted in ledger"]
    out = replace(CREATE, kind="leave out", reason="ledger does not take new records", fields=())
    assert action(out, APPS) == ["  · Chen Wei          left out: ledger does not take new records"]


def test_a_create_without_fields_still_names_the_app():
    assert action(replace(CREATE, fields=()), APPS) == ["  + Chen Wei          → ledger, 0 fields"]


def test_held_and_shortened_fields_say_so():
    row = replace(
        UPDATE,
        fields=(
            FieldView("ledger", "Stage", "", "a", "b", "F6", "x", hold="not one of its options"),
            FieldView("ledger", "Memo", "Memo", "a", "b", "F3", "hubspot changed", lost="4 characters"),
        ),
    )
    lines = action(row, APPS)
    assert lines[1].endswith("held: not one of its options")
    assert lines[1].split()[0] == "Stage"
    assert lines[2].endswith("hubspot changed; loses 4 characters")


def test_a_record_without_a_name_and_one_with_an_evil_name():
    assert "(no name)" in action(replace(CREATE, name=""), APPS)[0]
    evil = ActionView(0, "hold", "R7", "x", "a\x1b[2J\nb", {"hubspot": "1", "ledger": None}, ())
    assert action(evil, APPS)[0].startswith("  ? a\\x1b[2J\\nb")


def test_duplicates_inside_one_app_are_told_with_examples():
    found = DuplicatesView("hubspot", "e-mail", 2, 5, (("1", "2"), ("3", "4", "5")))
    (line,) = warnings(replace(PLAN, emptied={}, duplicates=(found,)))
    assert line == (
        "! 5 records in hubspot share their e-mail with another one there, such as 1 and 2, 3 and 4 and 5. "
        "Merge them there if they are the same."
    )


def test_cost_is_foreseen_in_words():
    apps = {"hubspot": AppForecast(243, 3.2, 100, 1_770_000_000.0), "ledger": AppForecast(1, None, None, None)}
    first, warning = cost(replace(PLAN, forecast=ForecastView(True, apps, 41.3)))
    assert (
        first
        == "A first run takes about 240 calls of hubspot (3 % of today's quota) and 1 call of ledger, and about 41 s."
    )
    assert warning.startswith("! hubspot leaves us 100 calls today; what is over waits until ")
    small = {"hubspot": AppForecast(9, 0.01, 100, 1_770_000_000.0)}
    assert cost(replace(PLAN, forecast=ForecastView(False, small, 9000.0))) == [
        "Applying it takes about 9 calls of hubspot (less than 1 % of today's quota), and about 2 h."
    ]
    assert cost(PLAN) == []
