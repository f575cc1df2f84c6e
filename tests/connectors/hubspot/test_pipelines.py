"""Stages of several pipelines: what they are called, and what is said of one that is not of the record's pipeline."""

from collections.abc import Mapping

import pytest

from bothways.connectors.base import Outcome, WriteItem, WriteKind, WriteResult
from bothways.records import Field, Option, Ref, Value
from tests.connectors.hubspot.account import Account


@pytest.fixture
def renewals(account: Account) -> Mapping[str, str]:
    return account.hubspot.make_pipeline("deals", "Renewals", ["Asked", "Closed won"])


def field(account: Account, object: str, name: str) -> Field:
    return next(each for each in account.connector.fields(object) if each.name == name)


def update(account: Account, id: str, values: dict[str, Value]) -> WriteResult:
    (result,) = account.connector.write("deals", [WriteItem("u", WriteKind.UPDATE, values, Ref(id))])
    return result


def test_stages_of_one_pipeline_are_called_as_they_are_and_cost_no_call(account: Account):
    labels = [each.label for each in field(account, "deals", "dealstage").options]
    assert labels[-2:] == ["Closed won", "Closed lost"]
    assert "pipelines" not in account.bill()


@pytest.mark.parametrize("several", [False, True])
def test_stages_that_no_property_offers_are_those_of_the_pipelines(account: Account, several: bool):
    if several:
        account.hubspot.make_pipeline("deals", "Renewals", ["Asked"])
    told = [field(account, "deals", name).options for name in ("dealstage", "pipeline")]
    account.hubspot.change(otherwise=["stages-apart"])
    assert [field(account, "deals", name).options for name in ("dealstage", "pipeline")] == told
    assert len(told[1]) == 1 + several


def test_stages_of_one_label_have_their_pipeline_in_front(account: Account, renewals: Mapping[str, str]):
    options = field(account, "deals", "dealstage").options
    assert options[5:] == (
        Option("closedwon", "Sales pipeline: Closed won"),
        Option("closedlost", "Closed lost"),
        Option(renewals["Asked"], "Asked"),
        Option(renewals["Closed won"], "Renewals: Closed won"),
    )
    assert len({each.label.casefold() for each in options}) == len(options)
    assert [each.label for each in field(account, "deals", "pipeline").options] == ["Sales pipeline", "Renewals"]
    assert account.bill()["pipelines"] == 2


def test_pipelines_that_may_not_be_read_leave_the_labels_as_they_are(account: Account, renewals: Mapping[str, str]):
    account.hubspot.fault("403", match="pipelines")
    labels = [each.label for each in field(account, "deals", "dealstage").options]
    assert labels.count("Closed won") == 2


def test_stage_of_another_pipeline_is_refused_in_words_with_both_fields(account: Account, renewals: Mapping[str, str]):
    id = account.hubspot.create("deals", {"dealname": "D", "dealstage": "closedwon"})
    result = update(account, id, {"dealstage": renewals["Asked"]})
    assert (result.outcome, result.fields) == (Outcome.REFUSED, ("dealstage", "pipeline"))
    assert result.message == (
        'the stage "Asked" belongs to the pipeline "Renewals", and the record to "Sales pipeline": '
        "dealstage and pipeline must change together"
    )
    assert update(account, id, {"pipeline": renewals["Renewals"]}).fields == ("dealstage", "pipeline")
    both = {"pipeline": renewals["Renewals"], "dealstage": renewals["Closed won"]}
    assert update(account, id, dict(both)).outcome is Outcome.DONE
    assert account.hubspot.records("deals")[id]["dealstage"] == renewals["Closed won"]


def test_new_record_in_a_stage_of_another_pipeline_is_refused_so(account: Account, renewals: Mapping[str, str]):
    rows: list[dict[str, Value]] = [
        {"dealname": "A", "dealstage": renewals["Asked"]},
        {"dealname": "B", "dealstage": renewals["Asked"], "pipeline": "default"},
        {"dealname": "C", "dealstage": "nowhere"},
        {"dealname": "D", "dealstage": "closedlost"},
    ]
    items = [WriteItem(f"c{number}", WriteKind.CREATE, row) for number, row in enumerate(rows)]
    account.bill()
    results = account.connector.write("deals", items)
    assert [each.outcome for each in results] == [Outcome.REFUSED] * 3 + [Outcome.DONE]
    assert [each.fields for each in results[:3]] == [("dealstage", "pipeline")] * 2 + [("dealstage",)]
    assert account.bill() == {"create": 1, "pipelines": 1, "rules": 1}


def test_refusal_of_anything_else_asks_for_no_pipeline(account: Account):
    id = account.hubspot.create("deals", {"dealname": "D", "dealstage": "closedwon"})
    account.bill()
    assert update(account, id, {"amount": "much"}).fields == ("amount",)
    assert account.bill() == {"update": 1, "rules": 1}


def test_refusal_stays_as_it_is_where_pipelines_cannot_be_read(account: Account, renewals: Mapping[str, str]):
    id = account.hubspot.create("deals", {"dealname": "D", "dealstage": "closedwon"})
    account.hubspot.fault("500", times=20, match="pipelines")
    result = update(account, id, {"dealstage": renewals["Asked"]})
    assert (result.outcome, result.fields) == (Outcome.REFUSED, ("dealstage",))
    assert "is not a stage of the pipeline" in result.message
