"""Issues by their causes: one group for what is the same, mended in place, tried again, ignored, taken back."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bothways.errors import (
    DraftInTheWay,
    NotAllowed,
    NotForThat,
    NothingChosen,
    PairingAmbiguous,
    SettingsMoved,
    UnknownChoice,
    UnknownIssue,
)
from bothways.ledger import due
from bothways.ledger.models import Draft, Revision
from bothways.service import drafts, issue_groups, mending, syncs
from bothways.service.database import used
from bothways.service.in_force import Touched, touched
from bothways.service.resolution import row_of
from bothways.service.revisions import latest_revision
from bothways.service.rights import Actor, Role
from bothways.service.views import GroupView
from tests.lands import ANNAS, BERTS, SETTINGS, land, refuse_closed
from tests.memory_app import PEOPLE, Traits
from tests.office import SYNC, Office


@pytest.fixture
def world(folder: Path) -> Office:
    """Two apps whose people come from countries that each calls otherwise: two from the UK, one from Holland."""
    office = Office(
        folder,
        SETTINGS,
        fields=(*PEOPLE, ANNAS),
        bert=Traits(refuses=refuse_closed),
        bert_fields=(*PEOPLE, BERTS),
    )
    for name, country in (("Una", "uk"), ("Uri", "uk"), ("Hans", "holland"), ("Fay", "fr")):
        office.anna.add(email=f"{name}@x.test", name=name, land=country)
    office.rest()
    return office


def groups(office: Office, **more: bool) -> Sequence[GroupView]:
    return issue_groups.groups(office.open(), **more).rows


def the_group(office: Office) -> GroupView:
    (found,) = groups(office)
    return found


def countries(office: Office) -> dict[str, object]:
    return {str(item.values["name"]): item.values.get("country") for item in office.bert.live()}


def test_values_without_a_partner_are_one_group_with_suggestions(world: Office) -> None:
    group = the_group(world)
    assert (group.cause, group.need, group.count, group.title) == (
        "unpaired",
        "fix",
        3,
        "Country is not a value Bert accepts",
    )
    assert [(each.label, each.count, each.suggestion) for each in group.values] == [
        ("UK", 2, "gb"),
        ("Holland", 1, "nl"),
    ]
    assert [(each.label, each.taken_by) for each in group.choices] == [
        ("United Kingdom", ""),
        ("Netherlands", ""),
        ("France", "France"),
    ]
    assert countries(world) == {"Una": None, "Uri": None, "Hans": None, "Fay": "fr"}, "all else is there"


def test_values_are_paired_in_the_file_and_exactly_their_records_sent_again(world: Office) -> None:
    world.anna.add(email="cleo@x.test", name="Closed Cleo", land="fr")
    world.run()
    world.clock.advance(86_400)
    world.run()
    group = next(each for each in groups(world) if each.cause == "unpaired")
    done = mending.pair_values(world.open(), group.id, group.revision, {"uk": "gb", "holland": "Netherlands"})
    assert (done.count, done.is_on) == (3, True)
    workspace = world.open()
    with used(workspace.database):
        sync = row_of(workspace, "people")
        assert due.count(sync) == 3
        latest = Revision.objects.filter(sync=sync).order_by("-number")[0]
        assert latest.document["settings"]["fields"][2]["values"]["uk"] == "gb"
    text = world.file.read_text(encoding="utf-8")
    line = "      - {Anna: land, Bert: country, other: hold, values: {fr: fr, uk: gb, holland: nl}}   # as agreed"
    assert text == SETTINGS.replace("      - {Anna: land, Bert: country, other: hold}   # as agreed", line)
    assert issue_groups.show_group(world.open(), group.id).mend.waiting == 3
    run = world.run()
    assert run.updated["Bert"] == 3
    assert countries(world) == {"Una": "gb", "Uri": "gb", "Hans": "nl", "Fay": "fr"}
    assert [each.cause for each in groups(world)] == ["refused"]
    (mend,) = issue_groups.solved(world.open())
    assert (mend.title, mend.how, mend.total, mend.solved, mend.waiting) == (
        "Country is not a value Bert accepts",
        "pairing",
        3,
        3,
        0,
    )


def test_more_pairs_touch_what_is_held_by_the_field_alone_and_anything_else_everything(world: Office) -> None:
    def applied() -> dict[str, Any]:
        workspace = world.open()
        with used(workspace.database):
            return dict(latest_revision(row_of(workspace, "people")).document["applied"])

    before, group = applied(), the_group(world)
    mending.pair_values(world.open(), group.id, group.revision, {"uk": "gb"})
    world.run()
    after = applied()
    assert touched(before, after) is Touched.PAIRED
    assert touched(after, before) is Touched.EVERYTHING, "a pair that goes is another thing"
    world.change("uk: gb", "uk: nl")
    world.run()
    assert touched(after, applied()) is Touched.EVERYTHING


def test_a_group_that_is_mended_in_part_says_so(world: Office) -> None:
    group = the_group(world)
    assert mending.pair_values(world.open(), group.id, group.revision, {"uk": "gb", "holland": ""}).count == 2
    world.run()
    left = the_group(world)
    assert (left.id, left.count, left.mend) == (group.id, 1, None)
    assert [each.value for each in left.values] == ["holland"]
    assert issue_groups.solved(world.open())[0].solved == 2


def test_other_mappings_stay_paired_and_come_back(world: Office) -> None:
    group = the_group(world)
    mending.pair_values(world.open(), group.id, group.revision, {"uk": "gb"})
    world.rest()
    una = next(item for item in world.bert.live() if item.values["name"] == "Una")
    world.bert.edit(una.id, country="fr")
    world.rest()
    assert next(item for item in world.anna.live() if item.values["name"] == "Una").values["land"] == "fr"


def test_defaults_are_written_out_when_the_file_names_no_mappings(folder: Path) -> None:
    office = Office(folder, SYNC, fields=(*PEOPLE, ANNAS), bert_fields=(*PEOPLE, replace(BERTS, name="land")))
    office.write(SYNC)
    office.anna.fields = (*PEOPLE, land("land", ("fr", "France"), ("gb", "United Kingdom"), ("nl", "Netherlands")))
    office.anna.add(email="f@x.test", name="Fay", land="fr")
    office.rest()
    office.anna.fields = (*PEOPLE, land("land", ("fr", "France"), ("uk", "UK"), ("nl", "Netherlands")))
    office.clock.advance(7 * 86_400)
    office.anna.add(email="u@x.test", name="Una", land="uk")
    office.rest()
    group = the_group(office)
    mending.pair_values(office.open(), group.id, group.revision, {"uk": "gb"})
    office.rest()
    assert {item.values["name"]: item.values["land"] for item in office.bert.live()} == {"Fay": "fr", "Una": "gb"}
    assert [each.fields["Anna"] for each in syncs.show_sync(office.open(), "people").mappings] == [
        "email",
        "name",
        "phone",
        "land",
    ]


def test_a_pair_that_cannot_be_is_refused_and_nothing_is_saved(world: Office) -> None:
    group, before = the_group(world), world.file.read_bytes()
    for choices, error in (
        ({"uk": ""}, NothingChosen),
        ({"uk": "Atlantis"}, UnknownChoice),
        ({"uk": "fr"}, PairingAmbiguous),
        ({"uk": "gb", "holland": "gb"}, PairingAmbiguous),
    ):
        with pytest.raises(error):
            mending.pair_values(world.open(), group.id, group.revision, choices)
    assert world.file.read_bytes() == before
    assert the_group(world).count == 3


def test_who_has_looked_at_older_settings_sees_both_versions(world: Office) -> None:
    group = the_group(world)
    world.change("guards:", "match: [{Anna: email, Bert: email, compare: email}]\n    guards:")
    with pytest.raises(SettingsMoved) as moved:
        mending.pair_values(world.open(), group.id, group.revision, {"uk": "gb"})
    assert "match 1" in str(moved.value)
    assert "uk is gb" in str(moved.value)
    again = the_group(world)
    assert again.revision > group.revision
    mending.pair_values(world.open(), again.id, again.revision, {"uk": "gb"})


def test_turned_off_and_on_meanwhile_is_no_other_version(world: Office) -> None:
    group = the_group(world)
    syncs.turn_off(world.open(), "people")
    assert mending.pair_values(world.open(), group.id, group.revision, {"uk": "gb"}).is_on is False
    assert countries(world)["Una"] is None


def test_what_a_draft_says_otherwise_is_not_overwritten(world: Office) -> None:
    group, workspace = the_group(world), world.open()
    draft = drafts.edit(workspace, "people")
    rows = [*draft.settings["fields"][:2], {**draft.settings["fields"][2], "values": {"uk": "fr"}}]
    drafts.change(workspace, draft.id, draft.version, fields=rows)
    before = world.file.read_bytes()
    with pytest.raises(DraftInTheWay) as refused:
        mending.pair_values(world.open(), group.id, group.revision, {"uk": "gb"})
    assert '"uk": "fr"' in str(refused.value)
    assert world.file.read_bytes() == before


def test_a_draft_that_says_the_same_gets_the_pairs_too_and_can_be_saved(world: Office) -> None:
    group, workspace = the_group(world), world.open()
    draft = drafts.edit(workspace, "people")
    rows = [draft.settings["fields"][0], {**draft.settings["fields"][1], "only_when_empty": True}]
    drafts.change(workspace, draft.id, draft.version, fields=[*rows, draft.settings["fields"][2]])
    mending.pair_values(world.open(), group.id, group.revision, {"uk": "gb"})
    with used(workspace.database):
        row = Draft.objects.get(pk=draft.id)
    assert row.version == draft.version + 2, "whoever has the draft open is told"
    drafts.save(world.open(), draft.id, row.version)
    text = world.file.read_text(encoding="utf-8")
    assert "only_when_empty" in text
    assert "uk: gb" in text


# --- tried again, ignored -----------------------------------------------------------------------------


def test_what_an_app_refuses_is_one_group_and_tried_again_at_once(world: Office) -> None:
    for name in ("Closed Cleo", "Closed Carl"):
        world.anna.add(email=f"{name[-4:]}@x.test", name=name)
    world.run()
    world.clock.advance(86_400)
    world.run()
    group = next(each for each in groups(world) if each.cause == "refused")
    assert (group.need, group.count, group.said, group.title) == (
        "in_app",
        2,
        "Period closed",
        "Bert refused the change",
    )
    assert group.next_try is not None
    world.bert.traits = Traits()
    assert mending.retry(world.open(), group.id).count == 2
    world.run()
    assert [each.cause for each in groups(world)] == ["unpaired"]
    assert {"Closed Cleo", "Closed Carl"} <= countries(world).keys()


def test_retry_that_is_in_vain_is_told(world: Office) -> None:
    world.anna.add(email="cleo@x.test", name="Closed Cleo")
    world.run()
    world.clock.advance(86_400)
    world.run()
    group = next(each for each in groups(world) if each.cause == "refused")
    mending.retry(world.open(), group.id)
    world.run()
    mend = issue_groups.show_group(world.open(), group.id).mend
    assert mend is not None
    assert (mend.total, mend.solved, mend.waiting) == (1, 0, 0)


def test_ignored_group_is_listed_apart_and_taken_back(world: Office) -> None:
    group = the_group(world)
    assert mending.ignore(world.open(), group.id) == 3
    assert (groups(world), issue_groups.counts(world.open()).need, issue_groups.counts(world.open()).ignored) == (
        (),
        0,
        3,
    )
    (ignored,) = groups(world, ignored=True)
    assert (ignored.id, ignored.ignored) == (group.id, True)
    world.rest()
    assert groups(world) == (), "runs ask nobody anew"
    assert mending.take_back(world.open(), group.id) == 3
    assert the_group(world).count == 3


def test_ignored_record_that_is_edited_again_comes_back(world: Office) -> None:
    group = the_group(world)
    mending.ignore(world.open(), group.id)
    una = next(item for item in world.anna.live() if item.values["name"] == "Una")
    world.anna.edit(una.id, name="Una May")
    world.run()
    assert (the_group(world).count, groups(world, ignored=True)[0].count) == (1, 2)


def test_one_issue_of_a_group_is_ignored_alone(world: Office) -> None:
    group = the_group(world)
    issue = issue_groups.group_issues(world.open(), group.id)[0]
    assert mending.ignore(world.open(), issue.id) == 1
    assert the_group(world).count == 2
    assert mending.take_back(world.open(), issue.id) == 1


def test_issues_of_a_group_are_paged(world: Office) -> None:
    group = the_group(world)
    first = issue_groups.group_issues(world.open(), group.id, size=2)
    rest = issue_groups.group_issues(world.open(), group.id, after=first[-1].id, size=2)
    assert [each.name for each in (*first, *rest)] == ["Una", "Uri", "Hans"]


def test_what_needs_a_decision_is_not_tried_again(office: Office) -> None:
    office.anna.add(email="eve@x.test", name="Eve")
    for name in ("Eve", "E."):
        office.bert.add(email="eve@x.test", name=name)
    office.run()
    office.clock.advance(86_400)
    office.run()
    group = the_group(office)
    assert (group.cause, group.need, group.can_retry) == ("match", "decide", False)
    with pytest.raises(NotForThat):
        mending.retry(office.open(), group.id)
    with pytest.raises(NotForThat):
        mending.pair_values(office.open(), group.id, group.revision, {"x": "y"})


@pytest.mark.parametrize("id", ["g_1_000000000000", "g_77_000000000000", "h_999", "nonsense", "g_1_\0"])
def test_unknown_group_is_refused(world: Office, id: str) -> None:
    for deed in (mending.retry, mending.ignore, mending.take_back, issue_groups.show_group):
        with pytest.raises(UnknownIssue):
            deed(world.open(), id)


def test_roles(world: Office) -> None:
    group = the_group(world)

    def acting(role: Role) -> object:
        return replace(world.open(), actor=Actor("Vera", role))

    with pytest.raises(NotAllowed):
        mending.ignore(acting(Role.VIEWER), group.id)
    with pytest.raises(NotAllowed):
        mending.pair_values(acting(Role.OPERATOR), group.id, group.revision, {"uk": "gb"})
    assert mending.retry(acting(Role.OPERATOR), group.id).count == 3
