"""Links brought along from another tool: every row checked, all or none, looked at before, and taken back."""

from dataclasses import replace
from pathlib import Path

import pytest

from bothways.errors import FileUnreadable
from bothways.jobs.now import undo_run
from bothways.service import conflicts, issues
from bothways.service.link_file import export_links, import_links
from bothways.service.rights import Actor, Role
from bothways.service.syncs import show_sync
from bothways.service.undo import preview_undo
from bothways.service.views import LinkImportView
from tests.office import SYNC, Office

UNMATCHED = SYNC.replace("state: on", "state: on\n    match: none")


def given(office: Office, text: str, *, look: bool = False, skip_bad: bool = False) -> LinkImportView:
    """Import a file with this text."""
    file = office.folder / "links.csv"
    file.write_bytes(text.encode())
    return import_links(office.open(), "people", file, look=look, skip_bad=skip_bad)


def strangers(folder: Path, count: int = 1) -> tuple[Office, list[tuple[str, str]]]:
    """Return an office with pairs that no rule matches, their names in Anna and their phones in Bert."""
    office = Office(folder, UNMATCHED)
    ids = [
        (office.anna.add(email=f"{n}@a.test", name=f"A{n}"), office.bert.add(email=f"{n}@a.test", phone=str(n)))
        for n in range(count)
    ]
    return office, ids


def linked(office: Office) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    after = 0
    while page := export_links(office.open(), "people", after):
        after = page[-1].number
        found += [(each.ids["Anna"], each.ids["Bert"]) for each in page]
    return found


def test_pairs_of_a_file_are_linked_without_matching_and_merged_by_the_next_run(folder: Path) -> None:
    office, ((left, right),) = strangers(folder)
    view = given(office, f"{left},{right}\n")
    assert (view.rows, view.new, view.bad, view.done) == (1, 1, (), True)
    assert office.writes == 0
    office.rest()
    assert office.anna.values(left) == office.bert.values(right) == {"email": "0@a.test", "name": "A0", "phone": "0"}


@pytest.mark.parametrize(
    "text",
    ["{left},{right}\n", "\ufeffBert;Anna\r\n{right};{left}\r\n\r\n", "note\tanna\tbert\n x \t{left}\t {right}"],
)
def test_columns_go_by_the_names_of_the_apps_or_by_their_order(folder: Path, text: str) -> None:
    office, [pair] = strangers(folder)
    assert given(office, text.format(left=pair[0], right=pair[1])).new == 1
    assert linked(office) == [pair]


def test_thousands_of_rows_are_linked(folder: Path) -> None:
    office, ids = strangers(folder, 1500)
    assert given(office, "".join(f"{left},{right}\n" for left, right in ids)).new == 1500
    assert sorted(linked(office)) == sorted(ids)


def bad_rows(folder: Path) -> tuple[Office, str]:
    """Return an office and a file of one sound row and one of every kind of bad ones."""
    office, ids = strangers(folder, 7)
    (a0, b0), (a1, b1), (a2, b2), (a3, b3), (a4, b4), (a5, b5), (a6, _) = ids
    given(office, f"{a4},{b4}\n")
    issues.unlink(office.open(), "people", f"Anna:{a4}", f"Bert:{b4}")
    given(office, f"{a1},{b1}\n{a5},{b5}\n")
    office.bert.delete(b2)
    return office, f"{a0},{b0}\n{a1},{b3}\n{a2},{b2}\n{a0},{b3}\n{a3},{b0}\nnobody,{b3}\n{a6}\n{a4},{b4}\n{a5},{b5}\n"


def test_every_row_is_checked_and_one_that_is_bad_stops_all(folder: Path) -> None:
    office, text = bad_rows(folder)
    before = linked(office)
    view = given(office, text)
    a, b = ([f"{app}{n:05}" for n in range(7)] for app in "ab")
    assert [(each.line, each.problem) for each in view.bad] == [
        (2, f"Anna {a[2]} is linked to {b[2]}"),
        (3, f"Bert has no record {b[3]}"),
        (4, f"Anna {a[1]} stands in line 1 already"),
        (5, f"Bert {b[1]} stands in line 1 already"),
        (6, "Anna has no record nobody"),
        (7, "no id for Bert"),
        (8, "a person has kept the two apart"),
    ]
    assert (view.rows, view.new, view.there, view.done) == (9, 1, 1, False)
    assert linked(office) == before


def test_the_sound_rows_alone_are_linked_where_that_is_asked_for(folder: Path) -> None:
    office, text = bad_rows(folder)
    assert given(office, text, skip_bad=True).done
    assert len(linked(office)) == 3


def test_nobody_is_asked_any_more_about_what_was_brought_along(folder: Path) -> None:
    office = Office(folder)
    left, right, _ = (app.add(email="a@x.test", name="Ann") for app in (office.anna, office.bert, office.bert))
    office.run()
    given(office, f"{left},{right}\n")
    assert {each.record for each in issues.list_issues(office.open(), "people")}.isdisjoint({left, right})


def test_what_a_person_has_chosen_goes_before_what_is_brought_along(folder: Path) -> None:
    office, ((left, right), (other, _)) = strangers(folder, 2)
    given(office, f"{left},{right}\n", look=True)
    issues.link(office.open(), "people", left, right)
    assert [each.problem for each in given(office, f"{other},{right}\n").bad] == [f"Bert {right} is linked to {left}"]
    assert given(office, f"{left},{right}\n").new == 1


def test_a_look_links_nothing(folder: Path) -> None:
    office, ((left, right),) = strangers(folder)
    view = given(office, f"{left},{right}\n", look=True)
    assert (view.new, view.done, linked(office)) == (1, False, [])


def test_an_import_is_taken_back_as_if_it_had_never_been(folder: Path) -> None:
    office, ((left, right),) = strangers(folder)
    view = given(office, f"{left},{right}\n")
    assert preview_undo(office.open(), view.id).unlinked == 1
    assert linked(office) == [(left, right)]
    assert undo_run(office.open(), view.id).unlinked == 1
    assert linked(office) == []
    assert given(office, f"{left},{right}\n").new == 1


def test_a_pair_that_was_written_to_stays_linked_when_an_import_is_taken_back(folder: Path) -> None:
    office, ((left, right),) = strangers(folder)
    view = given(office, f"{left},{right}\n")
    office.rest()
    report = undo_run(office.open(), view.id)
    assert (report.unlinked, [each.reason for each in report.kept]) == (0, ["was written to since it was linked"])
    assert linked(office) == [(left, right)]


def test_links_given_back_are_read_again(folder: Path) -> None:
    office, ids = strangers(folder, 3)
    given(office, "".join(f"{left},{right}\n" for left, right in ids))
    again = given(office, "".join(f"{left},{right}\n" for left, right in linked(office)))
    assert (again.new, again.there, again.bad) == (0, 3, ())


@pytest.mark.parametrize("data", [b"\xff\xfe1,2\n", b'"a,b\n', None])
def test_a_file_that_cannot_be_read_is_refused_and_links_nothing(office: Office, data: bytes | None) -> None:
    file = office.folder / "links.csv"
    if data is not None:
        file.write_bytes(data)
    with pytest.raises(FileUnreadable):
        import_links(office.open(), "people", file)
    assert show_sync(office.open(), "people").counts.in_sync == 0


def test_record_that_a_person_has_left_out_is_linked_by_no_file(folder: Path) -> None:
    office = Office(folder)
    left, right, _ = (app.add(email="a@x.test", name="Ann") for app in (office.anna, office.bert, office.bert))
    office.run()
    (issue,) = (each for each in issues.list_issues(office.open(), "people") if each.record == right)
    issues.leave_out(replace(office.open(), actor=Actor("Ana Ruiz", Role.OPERATOR)), issue.id)
    view = given(office, f"{left},{right}\n")
    assert [each.problem for each in view.bad] == [f"Bert {right} takes no part: Ana Ruiz left it out"]
    assert linked(office) == []


def test_an_import_of_a_pair_of_which_a_person_has_decided_since_is_not_taken_back(folder: Path) -> None:
    office = Office(folder)
    left, right, _ = (app.add(email="a@x.test", name="Ann") for app in (office.anna, office.bert, office.bert))
    office.run()
    view = given(office, f"{left},{right}\n")
    issues.pause(office.open(), "people", f"Anna:{left}")
    looked, undone = preview_undo(office.open(), view.id), undo_run(office.open(), view.id)
    for report in (looked, undone):
        assert (report.unlinked, [each.reason for each in report.kept]) == (0, ["was paused since it was linked"])
    assert linked(office) == [(left, right)]
    office.anna.edit(left, name="Anna")
    office.rest()
    assert office.bert.values(right)["name"] == "Ann"
    issues.resume(office.open(), "people", f"Anna:{left}")
    assert undo_run(office.open(), view.id).unlinked == 1


def test_what_a_person_has_decided_about_a_field_of_what_was_brought_along_is_not_taken_back(folder: Path) -> None:
    office = Office(folder, UNMATCHED + "    conflicts: {default: ask}\n")
    left = office.anna.add(email="a@x.test", name="Ann", phone="1")
    right = office.bert.add(email="a@x.test", name="Anna", phone="1")
    view = given(office, f"{left},{right}\n")
    office.run()
    [issue] = issues.list_issues(office.open(), "people")
    assert preview_undo(office.open(), view.id).unlinked == 1
    conflicts.choose_app(office.open(), issue.id, "Bert")
    report = undo_run(office.open(), view.id)
    why = "what its fields hold was decided since it was linked"
    assert (report.unlinked, [each.reason for each in report.kept]) == (0, [why])
    office.run()
    assert office.anna.values(left)["name"] == "Anna"


def test_nobody_is_asked_any_more_what_the_fields_hold_of_what_was_taken_back(folder: Path) -> None:
    office = Office(folder, UNMATCHED + "    conflicts: {default: ask}\n")
    left = office.anna.add(email="a@x.test", name="Ann", phone="1")
    right = office.bert.add(email="a@x.test", name="Anna", phone="1")
    view = given(office, f"{left},{right}\n")
    office.run()
    assert undo_run(office.open(), view.id).unlinked == 1
    assert issues.list_issues(office.open(), "people") == []


def test_what_a_person_had_chosen_is_so_again_when_an_import_is_taken_back(folder: Path) -> None:
    office, [(left, right)] = strangers(folder)
    given(office, f"{left},{right}\n", look=True)
    issues.link(office.open(), "people", left, right)
    view = given(office, f"{left},{right}\n")
    assert linked(office) == [(left, right)]
    assert undo_run(office.open(), view.id).unlinked == 1
    office.run()
    assert (left, right) in linked(office)


def test_record_that_a_person_has_declared_new_is_linked_by_no_file(folder: Path) -> None:
    office = Office(folder)
    left, right, _ = (app.add(email="a@x.test", name="Ann") for app in (office.anna, office.bert, office.bert))
    office.run()
    (issue,) = (each for each in issues.list_issues(office.open(), "people") if each.record == right)
    issues.create_issue(office.open(), issue.id)
    view = given(office, f"{left},{right}\n")
    assert [each.problem for each in view.bad] == [f"a person has said that Bert {right} is nobody in Anna"]
    assert linked(office) == []
