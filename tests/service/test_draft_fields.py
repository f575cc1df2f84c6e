"""The mappings of a draft: shown with what is wrong, changed one at a time, chosen among what fits."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from bothways.errors import (
    AppUnreachable,
    ConsentOfOne,
    DraftChanged,
    NotAllowed,
    UnknownApp,
    UnknownMapping,
    WrongType,
)
from bothways.records import Field
from bothways.records import FieldType as T
from bothways.service import draft_fields, drafts
from bothways.service.rights import Role
from bothways.service.views import DraftFields
from tests.drafting import EMAIL, HUBSPOT, LEDGER, NAME, PHONE, SINCE, STAGE, Drafting
from tests.memory_app import Clock, MemoryApp, MemoryConnector


def seen(here: Drafting) -> DraftFields:
    return draft_fields.fields(here.by(role=Role.VIEWER), here.id)


def problems(here: Drafting) -> list[str]:
    return [row.problem for row in seen(here).rows]


def mapped(here: Drafting) -> list[tuple[str, ...]]:
    return [(*row.fields.values(), row.direction) for row in seen(here).rows]


def edit(here: Drafting, number: int, **said: Any) -> None:
    draft_fields.set_mapping(here.by(), here.id, here.version, number, **said)


# --- what is shown ------------------------------------------------------------------------------------


def test_a_draft_that_names_no_mapping_shows_those_of_the_same_meaning(folder: Path) -> None:
    here = Drafting(folder)
    assert mapped(here) == [
        ("email", "Email", "both"),
        ("firstname", "GivenName", "both"),
        ("phone", "Tel", "both"),
    ]
    found = seen(here)
    assert (found.written, found.on, found.to_fix, found.suggested) == (False, 3, 0, ())
    assert found.rows[0].labels == {"HubSpot": "Email", "Ledger": "E-mail"}
    assert found.rows[0].kinds == {"HubSpot": "e-mail", "Ledger": "e-mail"}


def test_they_are_written_into_it_with_the_first_change(folder: Path) -> None:
    here = Drafting(folder)
    edit(here, 2, on=False)
    assert here.rows == [EMAIL, {**NAME, "enabled": False}, PHONE]
    found = seen(here)
    assert (found.written, found.on, len(found.rows)) == (True, 2, 3)


def test_a_draft_of_one_way_names_its_direction(folder: Path) -> None:
    here = Drafting(folder)
    here.set(send={"Ledger": "none"})
    edit(here, 1, on=False)
    assert here.rows is not None
    assert here.rows[1] == {**NAME, "direction": "to_Ledger"}


def test_a_row_shows_all_that_is_said_of_it(folder: Path) -> None:
    row = {**PHONE, "direction": "to_Ledger", "only_when_empty": True, "clean": ["trim"], "enabled": False}
    here = Drafting(folder, [EMAIL, row, {**STAGE, "other": "hold", "winner": "ask"}])
    _, phone, stage = seen(here).rows
    assert (phone.direction, phone.only, phone.clean, phone.enabled) == ("to_Ledger", "when empty", ("trim",), False)
    assert phone.cleaners == ("trim", "phone_e164")
    assert (stage.winner, stage.other, stage.paired) == ("ask", "hold", (1, 3))


def test_a_winner_that_is_named_elsewhere_is_shown_and_gives_way(folder: Path) -> None:
    here = Drafting(folder, [EMAIL, PHONE])
    here.set(conflicts={"default_app": "HubSpot", "per_field": {"phone": "Ledger", "Email": "ask"}})
    assert [row.winner for row in seen(here).rows] == ["ask", "Ledger"]
    draft_fields.set_options(here.by(), here.id, here.version, 2, winner="newest")
    assert here.draft.settings["conflicts"] == {"default_app": "HubSpot", "per_field": {"Email": "ask"}}
    assert here.rows == [EMAIL, {**PHONE, "winner": "newest"}]
    before = here.version
    draft_fields.set_options(here.by(), here.id, here.version, 1, winner="ask")
    assert here.version == before, "that was said already"


# --- what is wrong with a row ------------------------------------------------------------------------


def test_field_that_is_mapped_already_is_told_with_its_row(folder: Path) -> None:
    here = Drafting(folder, [EMAIL, NAME, {"HubSpot": "phone", "Ledger": "Email"}])
    assert problems(here) == ["", "", '"E-mail" of Ledger is mapped in row 1 already. Keep one of the two mappings.']
    assert seen(here).rows[2].wrong == ("Ledger",)


def test_types_that_do_not_fit_are_told(folder: Path) -> None:
    here = Drafting(folder, [{"HubSpot": "phone", "Ledger": "Since"}, EMAIL])
    [problem, _] = problems(here)
    assert problem.startswith('"Phone" (phone) and "Client since" (datetime) cannot be mapped to each other.')


@pytest.mark.parametrize("direction", ["both", "to_HubSpot"])
def test_read_only_field_is_told_with_the_direction_that_works(folder: Path, direction: str) -> None:
    here = Drafting(folder, [EMAIL, {**SINCE, "direction": direction}])
    words = '"Create date" is read-only in HubSpot. Change the direction to: HubSpot to Ledger.'
    assert problems(here) == ["", words]
    assert seen(here).rows[1].wrong == ("HubSpot",)
    edit(here, 2, direction="to_Ledger")
    assert problems(here) == ["", ""]


def test_several_values_do_not_go_into_one(folder: Path) -> None:
    here = Drafting(folder, [{"HubSpot": "addresses", "Ledger": "Email"}, NAME])
    [problem, _] = problems(here)
    assert problem.startswith(
        'The HubSpot field "All addresses" holds several values, and "E-mail" of Ledger holds one.'
    )


def test_associations_and_options_without_a_partner_name_the_page_where_they_are_seen_to(folder: Path) -> None:
    here = Drafting(folder, [{"HubSpot": "companies", "Ledger": "Note"}, STAGE, EMAIL])
    association, stage, _ = problems(here)
    assert "Keep it in step under Association mappings, and take it out here." in association
    assert stage.startswith('These choices of the Ledger field "Stage" have no partner in HubSpot: ')
    assert stage.endswith("Pair them under Values, or say there what becomes of them.")


def test_field_that_is_gone_is_told(folder: Path) -> None:
    here = Drafting(folder, [EMAIL, {"HubSpot": "firstname", "Ledger": "Forename"}])
    row = seen(here).rows[1]
    assert (row.gone, row.wrong, row.labels["Ledger"]) == (("Ledger",), ("Ledger",), "Forename")
    assert 'Ledger has no field "Forename"' in row.problem


def test_what_a_filter_lacks_is_not_told_here_and_hides_nothing(folder: Path) -> None:
    here = Drafting(folder, [EMAIL, STAGE])
    here.set(
        send={"HubSpot": {"filter": {"field": "nobody", "is": "x"}}}, match=[{"HubSpot": "nobody", "Ledger": "Email"}]
    )
    assert [bool(each) for each in problems(here)] == [False, True]
    assert seen(here).trouble is None


def test_match_rules_that_are_not_said_yet_hide_nothing(folder: Path) -> None:
    hubspot, ledger = ([each for each in fields if each.name.lower() != "email"] for fields in (HUBSPOT, LEDGER))
    here = Drafting(folder, [PHONE, STAGE], hubspot=hubspot, ledger=ledger)
    assert [bool(each) for each in problems(here)] == [False, True]


def test_rows_are_wrong_as_the_whole_draft_says_that_they_are(folder: Path) -> None:
    here = Drafting(folder, [EMAIL, SINCE, {**NAME, "direction": "sideways"}, NAME, STAGE, {}])
    told = {each.item for each in drafts.problems(here.by(), here.id) if each.part == "fields"}
    assert {row.number - 1 for row in seen(here).rows if row.problem} == told == {1, 2, 4, 5}


def test_required_field_that_nothing_writes_is_told_once_for_all(folder: Path) -> None:
    ledger = (*LEDGER, Field("Code", label="Code", required=True))
    here = Drafting(folder, [EMAIL], ledger=ledger)
    assert len(seen(here).lacking) == 1
    assert seen(here).to_fix == 0


def test_mappings_of_an_app_that_does_not_answer_are_shown_as_they_are(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = Drafting(folder, [EMAIL, NAME])

    def fails(*_: object) -> Sequence[Field]:
        raise AppUnreachable(app="Ledger", reason="it does not answer")

    monkeypatch.setattr(MemoryConnector, "fields", fails)
    found = seen(here)
    assert isinstance(found.trouble, AppUnreachable)
    assert [row.fields for row in found.rows] == [EMAIL, NAME]


# --- what is changed ----------------------------------------------------------------------------------


def test_row_gets_fields_direction_and_switch_and_keeps_the_rest(folder: Path) -> None:
    row = {**STAGE, "winner": "Ledger", "values": {"lead": "L"}, "other": "hold", "direction": "to_Ledger"}
    here = Drafting(folder, [EMAIL, row])
    edit(here, 2, fields={"Ledger": "Note"}, direction="both", on=False)
    assert here.rows == [EMAIL, {"HubSpot": "lifecyclestage", "Ledger": "Note", "winner": "Ledger", "enabled": False}]
    edit(here, 2, fields={"Ledger": ""})
    assert here.rows[1] == {"HubSpot": "lifecyclestage", "winner": "Ledger", "enabled": False}
    assert problems(here) == ["", "Choose a field of Ledger."]


def test_nothing_new_is_no_new_version(folder: Path) -> None:
    here = Drafting(folder, [EMAIL])
    edit(here, 1, fields={"Ledger": "Email"}, direction="both", on=True)
    assert here.version == 2


def test_options_are_said_and_unsaid(folder: Path) -> None:
    here = Drafting(folder, [{"HubSpot": "optout", "Ledger": "NoMail", "direction": "to_Ledger"}])

    def say(**said: Any) -> list[dict[str, Any]] | None:
        draft_fields.set_options(here.by(), here.id, here.version, 1, **said)
        return here.rows

    base = {"HubSpot": "optout", "Ledger": "NoMail", "direction": "to_Ledger"}
    assert say(consent={"HubSpot": "opt_out", "Ledger": "opt_out"}) == [{**base, "consent": "opt_out"}]
    different = {"HubSpot": "opt_in", "Ledger": "opt_out"}
    assert say(consent=different) == [{**base, "consent": different}]
    assert say(only="on create", when_empty="keep") == [{**base, "when_empty": "keep", "only_on_create": True}]
    assert say() == [base]
    with pytest.raises(ConsentOfOne):
        say(consent={"HubSpot": "opt_in", "Ledger": ""})
    assert here.rows == [base]


def test_row_is_added_and_taken_out(folder: Path) -> None:
    here = Drafting(folder, [EMAIL, {**NAME, "clean": ["trim"]}])
    draft_fields.add(here.by(), here.id, here.version)
    assert problems(here)[-1] == "Choose a field of HubSpot."
    edit(here, 3, fields={"HubSpot": "phone"})
    edit(here, 3, fields={"Ledger": "Tel"})
    draft_fields.remove(here.by(), here.id, here.version, 1)
    assert here.rows == [{**NAME, "clean": ["trim"]}, PHONE]
    assert problems(here) == ["", ""]


def test_suggested_are_the_pairs_of_the_same_meaning_that_are_not_mapped(folder: Path) -> None:
    here = Drafting(folder, [{"HubSpot": "firstname", "Ledger": "Note"}])
    assert [tuple(each.values()) for each in seen(here).suggested] == [("Email", "E-mail"), ("Phone", "Telephone")]
    draft_fields.add_suggested(here.by(), here.id, here.version)
    assert here.rows == [{"HubSpot": "firstname", "Ledger": "Note"}, EMAIL, PHONE]
    before = here.version
    draft_fields.add_suggested(here.by(), here.id, here.version)
    assert (here.version, seen(here).suggested) == (before, ())


def test_what_no_page_offers_is_refused(folder: Path) -> None:
    here = Drafting(folder, [EMAIL])
    for number in (0, 2):
        with pytest.raises(UnknownMapping):
            edit(here, number, on=False)
        with pytest.raises(UnknownMapping):
            draft_fields.remove(here.by(), here.id, here.version, number)
    with pytest.raises(WrongType):
        edit(here, 1, direction="to_Anna")
    with pytest.raises(UnknownApp):
        edit(here, 1, fields={"Anna": "email"})
    assert here.rows == [EMAIL]


def test_of_two_editors_the_second_is_told_even_if_the_row_is_gone(folder: Path) -> None:
    here = Drafting(folder, [EMAIL, NAME])
    old = here.version
    draft_fields.remove(here.by("Ben"), here.id, old, 2)
    for act in (
        lambda: draft_fields.set_mapping(here.by(), here.id, old, 2, on=False),
        lambda: draft_fields.set_options(here.by(), here.id, old, 2, winner="ask"),
        lambda: draft_fields.remove(here.by(), here.id, old, 1),
        lambda: draft_fields.add(here.by(), here.id, old),
        lambda: draft_fields.add_suggested(here.by(), here.id, old),
    ):
        with pytest.raises(DraftChanged, match="Ben"):
            act()
    assert here.rows == [EMAIL]


def test_who_is_no_editor_changes_nothing(folder: Path) -> None:
    here = Drafting(folder, [EMAIL])
    who = here.by("Olga", Role.OPERATOR)
    for act in (
        lambda: draft_fields.set_mapping(who, here.id, here.version, 1, on=False),
        lambda: draft_fields.set_options(who, here.id, here.version, 1),
        lambda: draft_fields.add(who, here.id, here.version),
        lambda: draft_fields.add_suggested(who, here.id, here.version),
        lambda: draft_fields.remove(who, here.id, here.version, 1),
    ):
        with pytest.raises(NotAllowed):
            act()


# --- what can be chosen -------------------------------------------------------------------------------


def reasons(here: Drafting, number: int, app: str, text: str = "") -> dict[str, str]:
    found = draft_fields.options(here.by(role=Role.VIEWER), here.id, number, app, text)
    return {each.name: each.reason for each in found.options}


def test_fields_that_do_not_fit_come_last_each_with_its_reason(folder: Path) -> None:
    here = Drafting(folder, [EMAIL, PHONE, {"HubSpot": "firstname"}])
    found = reasons(here, 2, "Ledger")
    assert {name for name, reason in found.items() if not reason} == {"Tel", "GivenName", "Note"}
    assert list(found)[:3] == ["GivenName", "Note", "Tel"]
    assert found["Email"] == "mapped in row 1"
    assert found["Since"] == "datetime, needs phone"
    assert found["Locked"] == "read-only: only as Ledger to HubSpot"
    assert found["Firm"] == "refers to other records: see Association mappings"


@pytest.mark.parametrize("app", ["HubSpot", "Ledger"])
def test_reasons_are_the_refusals_that_the_row_would_get(folder: Path, app: str) -> None:
    lists = (Field("mails", T.LABELLED, "Mails", multi_valued=True), Field("mails.work", T.EMAIL, part_of="mails"))
    rows = [EMAIL, PHONE, {"HubSpot": "mails", "Ledger": "mails"}]
    here = Drafting(folder, rows, hubspot=(*HUBSPOT, *lists), ledger=(*LEDGER, *lists))
    found = reasons(here, 2, app)
    assert found["mails.work"] == "its list or a part of it is mapped"
    assert found.get("addresses", "several values into one") == "several values into one"
    for name, reason in found.items():
        edit(here, 2, fields={app: name})
        problem = seen(here).rows[1].problem
        assert bool(problem) == bool(reason), (name, reason, problem)


def test_a_partner_that_is_read_only_is_no_fault_of_the_fields_that_could_be_chosen(folder: Path) -> None:
    here = Drafting(folder, [EMAIL, SINCE])
    assert reasons(here, 2, "Ledger", "since") == {"Since": ""}


def test_first_field_of_a_row_may_be_any_that_is_free(folder: Path) -> None:
    here = Drafting(folder, [EMAIL, {}])
    found = reasons(here, 2, "HubSpot")
    assert {name: found[name] for name in ("email", "phone", "score", "addresses", "createdate")} == {
        "email": "mapped in row 1",
        "phone": "",
        "score": "",
        "addresses": "",
        "createdate": "read-only: only as HubSpot to Ledger",
    }


def test_options_are_found_by_label_and_name_and_are_at_most_a_hundred(folder: Path) -> None:
    more = tuple(Field(f"x{number}", label=f"Extra {number}") for number in range(150))
    here = Drafting(folder, [EMAIL, {}], hubspot=(*HUBSPOT, *more))
    assert list(reasons(here, 2, "HubSpot", "  LIFE ")) == ["lifecyclestage"]
    assert list(reasons(here, 2, "HubSpot", "createdate")) == ["createdate"]
    found = draft_fields.options(here.by(), here.id, 2, "HubSpot")
    assert (len(found.options), found.more) == (100, 59)
    assert reasons(here, 2, "HubSpot", "nothing like it") == {}


def test_users_are_chosen_by_their_address_and_never_by_their_ids(folder: Path) -> None:
    for app, object in (("HubSpot", "owners"), ("Ledger", "staff")):
        MemoryApp(f"{app} {object}", Clock(), fields=(Field("mail", T.EMAIL, "E-mail"), Field("call")), object=object)
    owner = Field("owner", T.REFERENCE, "Owner", refers_to="owners")
    keeper = Field("Keeper", T.REFERENCE, "Keeper", refers_to="staff")
    hidden = Field("Boss", T.REFERENCE, "Boss", refers_to="nobody knows")
    rows = [EMAIL, {"HubSpot": "owner"}]
    here = Drafting(folder, rows, hubspot=(*HUBSPOT, owner), ledger=(*LEDGER, keeper, hidden))
    assert reasons(here, 2, "Ledger", "keep") == {
        "Keeper": "refers to other records: see Association mappings",
        "Keeper > mail": "a record by its name, needs reference",
    }
    edit(here, 2, fields={"Ledger": "Keeper"})
    assert "whose ids are not the same in both apps" in problems(here)[1]
    edit(here, 2, fields={"HubSpot": "owner > mail"})
    edit(here, 2, fields={"Ledger": "Keeper > mail"})
    row = seen(here).rows[1]
    assert (row.problem, row.labels) == ("", {"HubSpot": "Owner > E-mail", "Ledger": "Keeper > E-mail"})
    edit(here, 2, fields={"Ledger": "Note"})
    assert problems(here)[1] == ""


def test_two_names_as_one_can_be_typed(folder: Path) -> None:
    hubspot = (*HUBSPOT, Field("lastname", label="Last name"))
    here = Drafting(folder, [{"Ledger": "Note"}, EMAIL], hubspot=hubspot)
    assert reasons(here, 1, "HubSpot", "firstname + lastname") == {"firstname + lastname": ""}
    assert reasons(here, 1, "HubSpot", "firstname + nobody")["firstname + nobody"].startswith("HubSpot has no field")
    edit(here, 1, fields={"HubSpot": "firstname + lastname"})
    assert (problems(here), seen(here).rows[0].gone) == (["", ""], ())


def test_apps_are_asked_for_their_fields_once_for_all_changes(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = Drafting(folder, [EMAIL, NAME])
    seen(here)

    def asked(*_: object) -> Sequence[Field]:
        raise AssertionError("asked again")

    monkeypatch.setattr(MemoryConnector, "fields", asked)
    edit(here, 2, on=False)
    assert len(reasons(here, 2, "HubSpot")) == len(HUBSPOT)
    assert seen(here).on == 1
