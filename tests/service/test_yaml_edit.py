"""Edits of the settings file change what was meant and nothing else."""

import time
from pathlib import Path

import pytest

from bothways.errors import DiskFull, SettingsError
from bothways.service import yaml_edit
from bothways.service.yaml_file import parse

FILE = """\
# our settings
version: 1
apps:
  hubspot:  {connector: hubspot, auth: {token: {env: T}}}   # the big one
  dav: {connector: carddav, url: https://y/, auth: {username: ana, password: {env: Q}}}   # ours

# two syncs
syncs:
  contacts:
    state: draft     # not yet
    objects: {hubspot: contacts, dav: people}   # both

  more: {state: off, objects: {hubspot: companies, dav: groups}}
"""


def edited(tmp_path: Path, text: str, keys: tuple[str, ...], value: object) -> str:
    path = tmp_path / "bothways.yaml"
    path.write_text(text)
    yaml_edit.set_value(path, keys, value)
    return path.read_text()


def test_a_state_is_changed_and_not_a_blank_besides(tmp_path: Path) -> None:
    assert edited(tmp_path, FILE, ("syncs", "contacts", "state"), "on") == FILE.replace("state: draft", "state: on")


def test_a_state_in_a_flow_mapping_is_changed(tmp_path: Path) -> None:
    assert edited(tmp_path, FILE, ("syncs", "more", "state"), "on") == FILE.replace("{state: off", "{state: on")


def test_a_quoted_state_is_changed(tmp_path: Path) -> None:
    text = FILE.replace("state: draft", 'state: "draft"')
    assert edited(tmp_path, text, ("syncs", "contacts", "state"), "on") == FILE.replace("state: draft", "state: on")


def test_a_missing_state_is_added(tmp_path: Path) -> None:
    text = FILE.replace("    state: draft     # not yet\n", "")
    assert "  contacts:\n    state: on\n    objects:" in edited(tmp_path, text, ("syncs", "contacts", "state"), "on")


def test_a_missing_state_of_a_flow_mapping_is_added_with_all_comments_kept(tmp_path: Path) -> None:
    after = edited(tmp_path, FILE.replace("state: off, ", ""), ("syncs", "more", "state"), "on")
    assert parse(after, "f").node("syncs").node("more").text("state") == "on"
    assert [line for line in ("# our settings", "# the big one", "# two syncs", "# both") if line not in after] == []


def test_a_value_of_a_section_that_is_not_there_is_added_at_the_end(tmp_path: Path) -> None:
    assert edited(tmp_path, FILE, ("history", "keep"), "365d") == f"{FILE}\nhistory: {{keep: 365d}}\n"
    assert edited(tmp_path, FILE.rstrip("\n"), ("history", "keep"), "365d") == f"{FILE}\nhistory: {{keep: 365d}}\n"


@pytest.mark.parametrize("held", ["history:   # how long\n", "history: {}\n"])
def test_a_value_of_a_section_that_holds_nothing_is_added(tmp_path: Path, held: str) -> None:
    after = edited(tmp_path, held + FILE, ("history", "keep"), "365d")
    assert (after.count("history:"), parse(after, "f").node("history").text("keep")) == (1, "365d")
    assert [line for line in ("# our settings", "# the big one", "# two syncs", "# both") if line not in after] == []


def test_line_ends_of_windows_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "bothways.yaml"
    path.write_bytes(FILE.replace("\n", "\r\n").encode())
    yaml_edit.set_value(path, ("syncs", "contacts", "state"), "on")
    assert path.read_bytes() == FILE.replace("state: draft", "state: on").replace("\n", "\r\n").encode()


ENTRY = {"connector": "carddav", "url": "https://x/", "auth": {"username": "ana", "password": {"env": "P"}}}


@pytest.mark.parametrize(
    "text",
    [
        FILE,
        "version: 1\napps: {}\nsyncs: {}\n",
        "version: 1\napps: {}   # none yet\n\nsyncs: {}\n",
        "version: 1\napps:\nsyncs: {}\n",
        "version: 1\n",
        "version: 1\napps: {a: {connector: hubspot, auth: {token: {env: T}}}}  # short\n",
        "version: 1\nsyncs: {}\napps:\n    a:\n        connector: hubspot\n        auth: {token: {env: T}}",
    ],
)
def test_an_app_is_added_and_all_else_is_kept(tmp_path: Path, text: str) -> None:
    path = tmp_path / "bothways.yaml"
    path.write_text(text)
    before = parse(text, "f")
    yaml_edit.add_entry(path, "apps", "cards", ENTRY)
    after = parse(path.read_text(), "f")
    assert after.data["apps"]["cards"] == ENTRY
    assert {key: value for key, value in after.data.items() if key != "apps"} == {
        key: value for key, value in before.data.items() if key != "apps"
    }
    assert set(after.node("apps")) == {*before.node("apps"), "cards"}
    assert [each for each in text.splitlines() if "#" in each and each.partition("#")[2] not in path.read_text()] == []


def test_an_added_app_stands_after_the_others(tmp_path: Path) -> None:
    path = tmp_path / "bothways.yaml"
    path.write_text(FILE)
    yaml_edit.add_entry(path, "apps", "cards", ENTRY)
    added = (
        "  cards:\n    connector: carddav\n    url: https://x/\n"
        "    auth:\n      username: ana\n      password: {env: P}\n"
    )
    assert path.read_text() == FILE.replace("# ours\n", f"# ours\n{added}")


@pytest.mark.parametrize(
    ("section", "name", "entry"),
    [
        ("apps", "a/b", ENTRY),
        ("apps", "enabled", ENTRY),
        ("apps", "cards", {"connector": "carddav"}),
        ("syncs", "third", {"state": "on"}),
    ],
)
def test_what_the_file_could_not_be_read_with_is_never_written(
    tmp_path: Path, section: str, name: str, entry: dict[str, object]
) -> None:
    path = tmp_path / "bothways.yaml"
    path.write_text(FILE)
    with pytest.raises(SettingsError):
        yaml_edit.add_entry(path, section, name, entry)
    assert path.read_text() == FILE


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(**_: object) -> None:
        raise OSError(28, "No space left on device")

    path = tmp_path / "bothways.yaml"
    path.write_text(FILE)
    monkeypatch.setattr(yaml_edit.tempfile, "mkstemp", full)
    with pytest.raises(DiskFull, match="No space left"):
        yaml_edit.set_value(path, ("syncs", "contacts", "state"), "on")
    assert path.read_text() == FILE


def test_a_write_that_breaks_off_leaves_the_file_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise OSError(5, "Input/output error")

    path = tmp_path / "bothways.yaml"
    path.write_text(FILE)
    monkeypatch.setattr(yaml_edit.os, "fsync", broken)
    with pytest.raises(DiskFull):
        yaml_edit.set_value(path, ("syncs", "contacts", "state"), "on")
    assert [each.name for each in tmp_path.iterdir()] == ["bothways.yaml"]
    assert path.read_text() == FILE


# --- whole entries ------------------------------------------------------------------------------------


def test_entry_is_brought_in_line_key_by_key_and_what_is_equal_keeps_its_comments(tmp_path: Path) -> None:
    path = tmp_path / "bothways.yaml"
    path.write_text(FILE.replace("# both\n", "# both\n    guards: {first_run: 7}\n    require: [email]\n"))
    entry = yaml_edit.entry(path, "syncs", "contacts")
    assert entry["guards"] == {"first_run": 7}
    del entry["require"]
    entry |= {"guards": {"first_run": 8}, "fields": [{"hubspot": "010", "dav": "no"}]}
    yaml_edit.set_entry(path, "syncs", "contacts", entry)
    text = path.read_text()
    for comment in ("# our settings", "# the big one", "# not yet", "# both"):
        assert comment in text
    assert "require" not in text
    assert yaml_edit.entry(path, "syncs", "contacts") == entry


def test_entry_that_could_not_be_read_is_not_written(tmp_path: Path) -> None:
    path = tmp_path / "bothways.yaml"
    path.write_text(FILE)
    entry = yaml_edit.entry(path, "syncs", "contacts")
    with pytest.raises(SettingsError):
        yaml_edit.set_entry(path, "syncs", "contacts", {**entry, "guard": {}})
    assert path.read_text() == FILE


ROWS = """\
version: 1
apps: {Anna: {connector: hubspot, auth: {token: {env: A}}}, Bert: {connector: hubspot, auth: {token: {env: B}}}}
syncs:
  people:
    objects: {Anna: people, Bert: people}
    fields:
      - {Anna: email, Bert: email}   # who
      # where
      - {Anna: "a}b", Bert: land, values: {"x}": y}}   # as agreed
      - Anna: name   # in lines
        Bert: name
"""


def test_item_of_a_list_is_changed_in_its_line_and_every_comment_stays(tmp_path: Path) -> None:
    file = tmp_path / "bothways.yaml"
    file.write_text(ROWS, encoding="utf-8")
    entry = yaml_edit.entry(file, "syncs", "people")
    entry["fields"][1]["values"]["z"] = "w"
    yaml_edit.set_entry(file, "syncs", "people", entry)
    assert file.read_text(encoding="utf-8") == ROWS.replace(
        '{Anna: "a}b", Bert: land, values: {"x}": y}}', "{Anna: 'a}b', Bert: land, values: {'x}': y, z: w}}"
    )


def test_item_that_goes_over_lines_keeps_its_comments(tmp_path: Path) -> None:
    file = tmp_path / "bothways.yaml"
    file.write_text(ROWS, encoding="utf-8")
    entry = yaml_edit.entry(file, "syncs", "people")
    entry["fields"][2]["winner"] = "Bert"
    yaml_edit.set_entry(file, "syncs", "people", entry)
    assert yaml_edit.entry(file, "syncs", "people") == entry
    text = file.read_text(encoding="utf-8")
    assert [word in text for word in ("# who", "# in lines", "# as agreed")] == [True, True, True]


def test_item_of_many_quoted_texts_that_goes_over_lines_is_changed_in_no_time(tmp_path: Path) -> None:
    file = tmp_path / "bothways.yaml"
    pairs = [f'"Land {number}": "C{number}"' for number in range(9)]
    item = f"{{Anna: land, Bert: country, values: {{{', '.join(pairs)},\n          more: M}}}}   # as agreed"
    file.write_text(ROWS.replace("{Anna: email, Bert: email}   # who", item), encoding="utf-8")
    entry = yaml_edit.entry(file, "syncs", "people")
    entry["fields"][0]["values"]["more"] = "N"
    begun = time.process_time()
    yaml_edit.set_entry(file, "syncs", "people", entry)
    assert time.process_time() - begun < 3, "of this process alone; twenty times as long with each further pair"
    assert yaml_edit.entry(file, "syncs", "people") == entry
    assert "# as agreed" in file.read_text(encoding="utf-8")


WIDE = """\
version: 1
apps: {Anna: {connector: hubspot, auth: {token: {env: A}}}, Bert: {connector: hubspot, auth: {token: {env: B}}}}
syncs:
    # the first
    people:   # who we know
        objects: {Anna: people, Bert: people}
        guards: {first_run: 7, max_change: "10%", max_emptied: 3}   # careful
        fields:
          - {Anna: email,   Bert: email}   # who

    # the second
    more:
        state:   off   # still
        objects: {Anna: companies, Bert:   companies}
        fields:
          - {Anna: name,   Bert: name}
    # the end
alerts:   {}
"""


def test_plain_values_are_changed_in_their_place_and_nothing_else_is(tmp_path: Path) -> None:
    file = tmp_path / "bothways.yaml"
    file.write_text(WIDE, encoding="utf-8")
    entry = yaml_edit.entry(file, "syncs", "people")
    entry["guards"] = {"first_run": 1000, "max_change": "5%", "max_emptied": 3}
    entry["objects"]["Bert"] = "a, b"
    yaml_edit.set_entry(file, "syncs", "people", entry)
    assert file.read_text(encoding="utf-8") == (
        WIDE.replace("first_run: 7", "first_run: 1000").replace('"10%"', "5%").replace("Bert: people", "Bert: 'a, b'")
    )


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_entry_that_gets_another_key_is_written_anew_and_all_around_it_is_as_it_was(tmp_path: Path, ends: str) -> None:
    file = tmp_path / "bothways.yaml"
    file.write_bytes(WIDE.replace("\n", ends).encode())
    entry = yaml_edit.entry(file, "syncs", "people")
    entry |= {"require": [], "fields": [*entry["fields"], {"Anna": "name", "Bert": "name"}]}
    yaml_edit.set_entry(file, "syncs", "people", entry)
    assert yaml_edit.entry(file, "syncs", "people") == entry
    text = file.read_bytes().decode()
    before, after = (WIDE.replace("\n", ends).partition(word)[::2] for word in ("    people:", "\n    # the second"))
    assert text.startswith(before[0])
    assert text.endswith(after[1].partition("more:")[2])
    assert "more:" in text
    assert [word in text for word in ("# who we know", "# careful", "# who", "# the second")] == [True] * 4
    assert text.count("\r") == (text.count("\n") if ends == "\r\n" else 0)


def test_entry_that_goes_by_what_stands_elsewhere_is_changed_too(tmp_path: Path) -> None:
    file = tmp_path / "bothways.yaml"
    file.write_text(
        WIDE.replace("guards: {", "guards: &same {").replace(
            "        state:   off", "        guards: *same\n        state: off"
        ),
        encoding="utf-8",
    )
    entry = yaml_edit.entry(file, "syncs", "more")
    entry["require"] = []
    yaml_edit.set_entry(file, "syncs", "more", entry)
    assert yaml_edit.entry(file, "syncs", "more") == entry
    assert "# careful" in file.read_text(encoding="utf-8")
