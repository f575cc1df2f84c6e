"""A plan as a file: every row with its reason, and nothing in it that a spreadsheet would carry out."""

import csv
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bothways.errors import OutputFailed, UsageError
from bothways.service.export import export, safe
from bothways.service.preview import plan_actions
from bothways.service.views import PlanView, plain
from tests.office import Office

FORMULA = "=cmd|' /C calc'!A0"


def planned(office: Office) -> PlanView:
    office.pair("Dana")
    office.anna.add(email="eve@x.test", name=FORMULA, phone="+49 30 123")
    office.bert.add(email="none", name="No address")
    office.plan()
    return office.plan()


def test_every_row_of_a_plan_is_exported_with_its_reason(office: Office, tmp_path: Path) -> None:
    view, path = planned(office), tmp_path / "plan.csv"
    actions = plan_actions(office.open(), view.id, show="everything")
    export(path, view, actions)
    with path.open(encoding="utf-8-sig", newline="") as file:
        head, *rows = csv.reader(file)
    assert head[:4] == ["id in Anna", "id in Bert", "record", "action"]
    table = [dict(zip(head, row, strict=True)) for row in rows]
    assert {row["action"] for row in table} == {action.kind for action in actions} >= {"create"}
    assert all(row["reason"] and row["rule"] for row in table)
    assert len(table) == sum(max(len(action.fields), 1) for action in actions)


def test_no_exported_cell_is_a_formula(office: Office, tmp_path: Path) -> None:
    view, path = planned(office), tmp_path / "plan.csv"
    export(path, view, plan_actions(office.open(), view.id, show="everything"))
    with path.open(encoding="utf-8-sig", newline="") as file:
        cells = [cell for row in csv.reader(file) for cell in row]
    assert {f"'{FORMULA}", "'+49 30 123"} <= set(cells)
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))]


@given(
    st.text().filter(lambda text: not set(text) & set(";\t\r\n")), st.sampled_from(("=", "+", "-", "@", "\tx", "\rx"))
)
def test_a_text_that_begins_like_a_formula_is_put_behind_an_apostrophe(text: str, beginning: str) -> None:
    assert safe(f"{beginning}{text}") == f"'{beginning}{text}"
    assert safe(f"  {beginning}{text}") == f"'  {beginning}{text}"
    assert safe(f"x{text}") == f"x{text}"


@pytest.mark.parametrize("between", [";", "; ", ';"', "\t", "\n", '\r\n" '])
def test_nothing_within_a_cell_is_a_formula_where_columns_are_parted_otherwise(between: str) -> None:
    assert safe(f"x{between}{FORMULA};y") == f"x{between}'{FORMULA};y"
    assert safe(f"a{between}b - c = d") == f"a{between}b - c = d"


def test_a_plan_exported_as_json_is_the_document_that_is_printed(office: Office, tmp_path: Path) -> None:
    view, path = planned(office), tmp_path / "plan.json"
    actions = plan_actions(office.open(), view.id, show="everything")
    export(path, view, actions)
    body = json.loads(path.read_text(encoding="utf-8"))
    assert (body["format"], body["id"]) == ("bothways.plan/1", view.id)
    assert body["actions"] == json.loads(json.dumps([plain(action) for action in actions], default=str))


def test_another_kind_of_file_or_a_folder_that_is_not_there_is_refused(office: Office, tmp_path: Path) -> None:
    view = office.plan()
    with pytest.raises(UsageError, match=r"\.csv or \.json, not as plan.xlsx"):
        export(tmp_path / "plan.xlsx", view, [])
    with pytest.raises(OutputFailed, match=r"nowhere/plan\.csv: No such file"):
        export(tmp_path / "nowhere" / "plan.csv", view, [])


def test_an_export_that_breaks_off_leaves_no_file(office: Office, tmp_path: Path) -> None:
    def broken() -> object:
        yield from ()
        raise RuntimeError

    with pytest.raises(RuntimeError):
        export(tmp_path / "plan.csv", office.plan(), broken())  # type: ignore[arg-type]
    assert not list(tmp_path.glob("*plan.csv*"))
