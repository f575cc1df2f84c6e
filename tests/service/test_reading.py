"""What the settings file may say: every refusal has the place of its cause, by line and column."""

import json
from datetime import time

import pytest

from bothways import errors
from bothways.engine.sides import Side
from bothways.service.document import Document, SecretPlace
from bothways.service.reading import document_of
from bothways.service.schedule_document import QuietHours, Schedule, Timing
from bothways.service.sync_settings import settings_of
from bothways.service.yaml_edit import dumped
from bothways.service.yaml_file import parse
from tests.office import plug_in

HEAD = """\
version: 1
apps:
  Anna: {connector: memory}
  Bert: {connector: memory}
syncs:
  people:
    objects: {Anna: people, Bert: people}
"""


def read(text: str) -> Document:
    return document_of(parse(text, "bothways.yaml"))


@pytest.fixture(autouse=True)
def plugged_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the connectors of the tests be known."""
    plug_in(monkeypatch)


def test_associations_are_read_and_written_back_as_they_were() -> None:
    lines = "    associations:\n      - {Anna: firm, Bert: firm_id}\n"
    lines += "      - {Anna: kin, Bert: kin_id, sync: people, direction: to_Bert, enabled: false}\n"
    sync = read(HEAD + lines).syncs["people"]
    assert [(each.sync, each.to, each.enabled) for each in sync.associations or ()] == [
        (None, None, True),
        ("people", Side.RIGHT, False),
    ]
    assert settings_of(sync)["associations"] == [
        {"Anna": "firm", "Bert": "firm_id"},
        {"Anna": "kin", "Bert": "kin_id", "sync": "people", "direction": "to_Bert", "enabled": False},
    ]
    assert read(HEAD + "    associations: []\n").syncs["people"].associations == ()
    assert read(HEAD).syncs["people"].associations is None


def test_a_whole_sync_is_read() -> None:
    document = read(
        HEAD
        + """\
    state: on
    send: {Anna: all, Bert: none}
    match:
      - {Anna: email, Bert: email, compare: email}
      - {Anna: phone, Bert: phone}
    conflicts: {default_app: Bert, when_empty: clear, per_field: {name: Anna}}
    fields:
      - {Anna: email, Bert: email}
      - {Anna: name, Bert: name, direction: to_Bert, when_empty: keep, enabled: false}
    guards: {first_run: 5, max_change: 12.5%, max_emptied: 7}
    schedule: {every: 5m}
"""
    )
    sync = document.syncs["people"]
    assert (sync.state, sync.pair, sync.default, sync.every) == ("on", ("Anna", "Bert"), Side.RIGHT, 300.0)
    assert sync.sends == {Side.LEFT: True, Side.RIGHT: False}
    assert isinstance(sync.match, tuple)
    assert [rule.compare for rule in sync.match] == [("email",), None]
    assert [(each.to, each.when_empty, each.enabled) for each in sync.fields or ()] == [
        (None, None, True),
        (Side.RIGHT, "keep", False),
    ]
    assert (sync.winners["name"].who, sync.when_empty) == (Side.LEFT, "clear")
    assert (sync.guards.first_run, sync.guards.max_change, sync.guards.max_emptied) == (5, 12.5, 7)


def test_small_groups_come_out_of_the_file_as_they_went_in() -> None:
    assert settings_of(read(HEAD + "    small_groups: link_one\n").syncs["people"])["small_groups"] == "link_one"
    assert "small_groups" not in settings_of(read(HEAD).syncs["people"])


@pytest.mark.parametrize(
    "match",
    [
        "none",
        "as_hubspot",
        [{"Anna": "email", "Bert": "mail"}],
        [{"Anna": "id", "Bert": "id", "compare": "exact"}, "usual"],
        [{"Anna": ["phone", ["first", "last"]], "Bert": ["tel", "name"], "compare": ["phone", "name"]}],
        [{"Anna": [["first", "last"]], "Bert": "name", "compare": "name"}],
    ],
)
def test_match_rules_come_out_of_the_file_as_they_went_in(match: object) -> None:
    sync = read(HEAD + f"    match: {json.dumps(match)}\n").syncs["people"]
    assert settings_of(sync)["match"] == match


def test_what_is_left_out_has_its_defaults() -> None:
    sync = read(HEAD).syncs["people"]
    assert (sync.state, sync.default, sync.every, sync.match, sync.fields) == ("draft", Side.LEFT, 60.0, None, None)
    assert (sync.guards.first_run, sync.guards.max_change, sync.guards.max_emptied) == (25, 10.0, 50)


def test_on_and_off_and_no_are_text() -> None:
    text = HEAD.replace("Anna: people, Bert: people", "Anna: NO, Bert: off") + "    state: on\n"
    assert dict(read(text).syncs["people"].objects) == {Side.LEFT: "NO", Side.RIGHT: "off"}


DOUBLED = "x0: &x0 [a]\n" + "".join(f"x{n}: &x{n} [*x{n - 1}, *x{n - 1}]\n" for n in range(1, 20))
"""A list of two of what was before, again and again: a million of the first in the end."""

REFUSED = {
    "unknown key at the top": (HEAD + "sincs: {}\n", errors.UnknownKey, "8:1", "Did you mean syncs?"),
    "users come later": (HEAD + "users: {}\n", errors.NotAvailableYet, "8:1", ""),
    "unknown key of a sync": (HEAD + "    stat: on\n", errors.UnknownKey, "8:5", "Did you mean state"),
    "unknown guard": (HEAD + "    guards: {max_chang: 1}\n", errors.UnknownKey, "8:14", "max_change"),
    "a filter belongs under send": (HEAD + "    filter: {}\n", errors.UnknownKey, "8:5", "send"),
    "association without a field": (HEAD + "    associations: [{Anna: firm}]\n", errors.MissingKey, "8:20", ""),
    "association with a policy": (
        HEAD + "    associations: [{Anna: firm, Bert: firm, when_empty: clear}]\n",
        errors.UnknownKey,
        "8:45",
        "",
    ),
    "association to nowhere": (
        HEAD + "    associations: [{Anna: firm, Bert: firm, direction: to_Carl}]\n",
        errors.WrongType,
        "8:56",
        "",
    ),
    "tag says no field": (HEAD + "    deletes: {Anna: tag}\n", errors.WrongType, "8:21", ""),
    "tag without a field": (HEAD + "    deletes: {Anna: {tag: {value: x}}}\n", errors.MissingKey, "8:27", ""),
    "unknown removal": (HEAD + "    deletes: {Anna: burn}\n", errors.WrongType, "8:21", "keep"),
    "deletes of no app": (HEAD + "    deletes: {Carl: keep}\n", errors.UnknownKey, "8:15", "Anna, Bert, grace"),
    "grace too long": (HEAD + "    deletes: {Anna: delete, grace: 91d}\n", errors.WrongType, "8:36", "90d"),
    "deletes against the direction": (
        HEAD + "    send: {Bert: none}\n    deletes: {Anna: delete}\n",
        errors.DeletesAgainstDirection,
        "9:21",
        "Bert sends nothing",
    ),
    "winner that is none": (
        HEAD + "    fields:\n      - {Anna: email, Bert: email, winner: oldest}\n",
        errors.WrongType,
        "9:44",
        "newest",
    ),
    "two default apps": (
        HEAD + "    conflicts: {default_app: Anna, default: Bert}\n",
        errors.SettingsContradict,
        "8:36",
        "default_app",
    ),
    "consent of no known kind": (
        HEAD + "    fields:\n      - {Anna: out, Bert: out, consent: maybe}\n",
        errors.WrongType,
        "9:41",
        "opt_out",
    ),
    "consent and paired options": (
        HEAD + "    fields:\n      - {Anna: out, Bert: out, consent: opt_out, values: {a: b}}\n",
        errors.SettingsContradict,
        "9:32",
        "values",
    ),
    "an unknown way to clean": (
        HEAD + "    fields:\n      - {Anna: email, Bert: email, clean: [phone]}\n",
        errors.WrongType,
        "9:43",
        "a list of trim, lower, upper, title, phone_e164, date",
    ),
    "two ways to write letters": (
        HEAD + "    fields:\n      - {Anna: email, Bert: email, clean: [lower, trim, title]}\n",
        errors.SettingsContradict,
        "9:43",
        '"title" and "lower" contradict each other',
    ),
    "cleaning what is paired": (
        HEAD + "    fields:\n      - {Anna: a, Bert: b, values: {x: y}, clean: [trim]}\n",
        errors.SettingsContradict,
        "9:44",
        '"clean" and "values"',
    ),
    "a choice that looks like a number": (
        HEAD + "    fields:\n      - {Anna: a, Bert: b, values: {1: one}}\n",
        errors.WrongType,
        "9:37",
        "must be text (in quotes), but is a number",
    ),
    "an unknown word for the unpaired": (
        HEAD + "    fields:\n      - {Anna: a, Bert: b, other: drop}\n",
        errors.WrongType,
        "9:35",
        "hold, leave_out or {default: {Bert: an option}}",
    ),
    "a default of no app": (
        HEAD + "    fields:\n      - {Anna: a, Bert: b, other: {default: {Cleo: x}}}\n",
        errors.UnknownKey,
        "9:46",
        "Anna",
    ),
    "a constant for no app of the sync": (
        HEAD + "    set: {Cleo: [{field: a, value: b}]}\n",
        errors.UnknownApp,
        "8:11",
        "Cleo",
    ),
    "a constant without a value": (
        HEAD + "    set: {Bert: [{field: a}]}\n",
        errors.MissingKey,
        "8:18",
        '"value"',
    ),
    "a constant that is empty": (
        HEAD + "    set: {Bert: [{field: a, value: ' '}]}\n",
        errors.WrongType,
        "8:36",
        "text, a number, true or false",
    ),
    "a constant at an unknown time": (
        HEAD + "    set: {Bert: [{field: a, value: b, when: always}]}\n",
        errors.WrongType,
        "8:45",
        "created or created_or_updated",
    ),
    "both policies of one field": (
        HEAD + "    fields:\n      - {Anna: a, Bert: b, only_when_empty: true, only_on_create: true}\n",
        errors.SettingsContradict,
        "9:51",
        '"only_on_create" and "only_when_empty" contradict each other',
    ),
    "clearing what is only filled": (
        HEAD + "    fields:\n      - {Anna: a, Bert: b, only_when_empty: true, when_empty: clear}\n",
        errors.SettingsContradict,
        "9:51",
        '"when_empty: clear" and "only_when_empty"',
    ),
    "a key of two fields and of one": (
        HEAD + "    match:\n      - {Anna: [a, b], Bert: c}\n",
        errors.SettingsError,
        "9:9",
        "the same number of fields",
    ),
    "one word for two fields": (
        HEAD + "    match:\n      - {Anna: [a, b], Bert: [a, b], compare: phone}\n",
        errors.SettingsError,
        "9:47",
        "one word under compare for each",
    ),
    "a number for a field": (
        HEAD + "    match:\n      - {Anna: [a, 1], Bert: [a, b]}\n",
        errors.WrongType,
        "9:16",
        "a field, or a list of fields",
    ),
    "no field at all": (HEAD + "    match:\n      - {Anna: [], Bert: []}\n", errors.WrongType, "9:16", "a field, or"),
    "another word for match": (HEAD + "    match: all\n", errors.WrongType, "8:12", 'none or as_hubspot, but is "all"'),
    "another way with small groups": (
        HEAD + "    small_groups: link_all\n",
        errors.WrongType,
        "8:19",
        "hold or link_one",
    ),
    "another word in the list": (HEAD + "    match: [standard]\n", errors.WrongType, "8:13", "keys with values"),
    "match as a number": (HEAD + "    match: 5\n", errors.WrongType, "8:12", "a list"),
    "version missing": ("apps: {}\n", errors.MissingKey, "1:1", '"version"'),
    "another version": ("version: 2\n", errors.WrongType, "1:10", "must be the number 1, but is 2"),
    "version as text": ("version: '1'\n", errors.WrongType, "1:10", 'must be the number 1, but is the text "1"'),
    "apps as a list": ("version: 1\napps: [a]\n", errors.WrongType, "2:7", "keys with values, but is a list"),
    "app without a connector": ("version: 1\napps:\n  a: {}\n", errors.MissingKey, "3:6", '"connector"'),
    "empty app": ("version: 1\napps:\n  a:\n", errors.MissingKey, "3:3", "Such as: connector: hubspot"),
    "unknown connector": (
        "version: 1\napps:\n  a: {connector: memery}\n",
        errors.UnknownConnector,
        "3:18",
        "Did you mean memory?",
    ),
    "unknown setting": (
        "version: 1\napps:\n  a: {connector: locked, uri: x}\n",
        errors.UnknownKey,
        "3:26",
        "Did you mean url?",
    ),
    "missing setting": ("version: 1\napps:\n  a: {connector: locked}\n", errors.MissingKey, "3:6", '"url"'),
    "missing secret": (
        "version: 1\napps:\n  a: {connector: locked, url: https://x, auth: {user: ana}}\n",
        errors.MissingKey,
        "3:48",
        "password: {env: NAME}",
    ),
    "secret from nowhere": (
        "version: 1\napps:\n  a: {connector: locked, url: https://x, auth: {user: ana, password: {vault: y}}}\n",
        errors.UnknownKey,
        "3:71",
        "",
    ),
    "secret from two places": (
        "version: 1\napps:\n  a: {connector: locked, url: https://x, auth: {user: ana, password: {env: A, file: B}}}\n",
        errors.WrongType,
        "3:70",
        "one of env: NAME and file: PATH",
    ),
    "address without a scheme": (
        "version: 1\napps:\n  a: {connector: locked, url: nonsense, auth: {user: ana, password: {env: A}}}\n",
        errors.WrongType,
        "3:31",
        "must be a web address such as https://",
    ),
    "address of another scheme": (
        "version: 1\napps:\n  a: {connector: locked, url: ftp://x.example, auth: {user: ana, password: {env: A}}}\n",
        errors.WrongType,
        "3:31",
        "must be a web address",
    ),
    "address with a user name": (
        "version: 1\napps:\n  a: {connector: locked, url: https://ana@x, auth: {user: ana, password: {env: A}}}\n",
        errors.WrongType,
        "3:31",
        "without a user name",
    ),
    "count in words": (
        "version: 1\napps:\n  a: {connector: locked, url: https://x, port: fast, auth: {user: a, password: {env: A}}}",
        errors.WrongType,
        "3:48",
        'a whole number above 0, but is the text "fast"',
    ),
    "half a count": (
        "version: 1\napps:\n  a: {connector: locked, url: https://x, port: 0.5, auth: {user: a, password: {env: A}}}",
        errors.WrongType,
        "3:48",
        "a whole number above 0, but is 0.5",
    ),
    "app name with a colon": ('version: 1\napps:\n  "a:b": {connector: memory}\n', errors.WrongType, "3:3", ""),
    "app named like a key": ("version: 1\napps:\n  compare: {connector: memory}\n", errors.WrongType, "3:3", ""),
    "number as a name": ("version: 1\napps:\n  7: {connector: memory}\n", errors.WrongType, "3:3", ""),
    "objects of an unknown app": (
        HEAD.replace("Bert: people}", "Bart: people}"),
        errors.UnknownApp,
        "7:29",
        "Did you mean Bert?",
    ),
    "one app only": (HEAD.replace(", Bert: people", ""), errors.WrongType, "7:14", "two apps, but is 1"),
    "no objects": ("version: 1\nsyncs:\n  people: {state: on}\n", errors.MissingKey, "3:11", '"objects"'),
    "empty sync": ("version: 1\nsyncs:\n  people:\n", errors.MissingKey, "3:3", "Such as: objects: {"),
    "another state": (HEAD + "    state: true\n", errors.WrongType, "8:12", "on, off or draft, but is true"),
    "another compare": (
        HEAD + "    match:\n      - {Anna: a, Bert: b, compare: soundex}\n",
        errors.WrongType,
        "9:37",
        'but is "soundex"',
    ),
    "another direction": (
        HEAD + "    fields:\n      - {Anna: a, Bert: b, direction: to_left}\n",
        errors.WrongType,
        "9:39",
        "both, to_Anna or to_Bert",
    ),
    "enabled as text": (
        HEAD + "    fields:\n      - {Anna: a, Bert: b, enabled: on}\n",
        errors.WrongType,
        "9:37",
        "true or false, but is text",
    ),
    "a constant with an empty value": (
        HEAD + '    set: {Anna: [{field: city, value: ""}]}\n',
        errors.WrongType,
        "8:39",
        "must be text, a number, true or false, but is an empty text",
    ),
    "a mapping of one field": (
        HEAD + "    fields:\n      - {Anna: a}\n",
        errors.MissingKey,
        "9:9",
        '"Bert"',
    ),
    "a mapping as text": (HEAD + "    fields: [email]\n", errors.WrongType, "8:14", "but is text"),
    "fields as text": (HEAD + "    fields: email\n", errors.WrongType, "8:13", "a list, but is text"),
    "default app of nobody": (
        HEAD + "    conflicts: {default_app: Cleo}\n",
        errors.WrongType,
        "8:30",
        "Anna or Bert",
    ),
    "negative limit": (HEAD + "    guards: {first_run: -1}\n", errors.WrongType, "8:25", "from 0 on"),
    "limit as truth": (HEAD + "    guards: {first_run: true}\n", errors.WrongType, "8:25", "but is true"),
    "too many percent": (HEAD + "    guards: {max_change: 101%}\n", errors.WrongType, "8:26", "percentage"),
    "interval in words": (HEAD + "    schedule: {every: often}\n", errors.WrongType, "8:23", "60s, 5m or 1h"),
    "interval of nothing": (HEAD + "    schedule: {every: 0}\n", errors.WrongType, "8:23", "but is 0"),
    "interval that is no number": (
        HEAD + "    schedule: {every: .nan}\n",
        errors.WrongType,
        "8:23",
        'but is the text ".nan"',
    ),
    "interval without end": (
        HEAD + "    schedule: {every: .inf}\n",
        errors.WrongType,
        "8:23",
        'but is the text ".inf"',
    ),
    "interval of a lifetime": (HEAD + "    schedule: {every: 32d}\n", errors.WrongType, "8:23", "10s to 31d"),
    "interval too short": (HEAD + "    schedule: {every: 9s}\n", errors.WrongType, "8:23", "10s to 31d"),
    "webhooks in words": (HEAD + "    schedule: {webhooks: often}\n", errors.WrongType, "8:26", "true or false"),
    "burst too long": (HEAD + "    schedule: {burst_window: 61s}\n", errors.WrongType, "8:30", "0s to 60s"),
    "unknown key of the schedule": (HEAD + "    schedule: {evry: 60s}\n", errors.UnknownKey, "8:16", "every"),
    "quiet hours without an end": (
        HEAD + '    schedule: {quiet_hours: {from: "22:00"}}\n',
        errors.MissingKey,
        "8:29",
        "to: 06:00",
    ),
    "quiet hours that never end": (
        HEAD + "    schedule: {quiet_hours: {from: 22:00, to: 22:00}}\n",
        errors.WrongType,
        "8:47",
        "turned off",
    ),
    "hour that is none": (
        HEAD + "    schedule: {quiet_hours: {from: 22:00, to: 24:00}}\n",
        errors.WrongType,
        "8:47",
        "a time of day",
    ),
    "hour as a number": (
        HEAD + "    schedule: {quiet_hours: {from: 22, to: 06:00}}\n",
        errors.WrongType,
        "8:36",
        "a time of day",
    ),
    "zone that is none": (
        HEAD + "    schedule: {quiet_hours: {from: 22:00, to: 06:00, time_zone: Europe/Berln}}\n",
        errors.WrongType,
        "8:65",
        "Did you mean Europe/Berlin",
    ),
    "zone that is a folder": (
        HEAD + "    schedule: {quiet_hours: {from: 22:00, to: 06:00, time_zone: Europe}}\n",
        errors.WrongType,
        "8:65",
        "a time zone",
    ),
    "quiet hours in words": (HEAD + "    schedule: {quiet_hours: nights}\n", errors.WrongType, "8:29", "keys with"),
    "proof every hour": (HEAD + "    proof: {every: 1h}\n", errors.WrongType, "8:20", "whole days"),
    "proof every half day": (HEAD + "    proof: {every: 36h}\n", errors.WrongType, "8:20", "whole days"),
    "proof at noon in words": (HEAD + "    proof: {at: noon}\n", errors.WrongType, "8:17", "a time of day"),
    "repair without end": (HEAD + "    proof: {repair: 1001}\n", errors.WrongType, "8:21", "1000"),
    "unknown key of the proof": (HEAD + "    proof: {heal: 3}\n", errors.UnknownKey, "8:13", "repair"),
    "nothing flows": (HEAD + "    send: {Anna: none, Bert: none}\n", errors.NothingFlows, "8:5", "send: all"),
    "send of a stranger": (HEAD + "    send: {Carl: all}\n", errors.UnknownApp, "8:12", ""),
    "database of another kind": ("version: 1\ndatabase: mysql://x/y\n", errors.WrongType, "2:11", ""),
    "database by a relative path": ("version: 1\ndatabase: sqlite:rel.db\n", errors.WrongType, "2:11", "absolute"),
    "database by a folder for a host": ("version: 1\ndatabase: sqlite://rel.db\n", errors.WrongType, "2:11", ""),
    "database from nowhere": ("version: 1\ndatabase: {}\n", errors.WrongType, "2:11", "env: NAME"),
    "database with a bad port": ("version: 1\ndatabase: postgresql://h:x/y\n", errors.WrongType, "2:11", ""),
    "hosts as text": ("version: 1\nallow_hosts: localhost\n", errors.WrongType, "2:14", "a list"),
    "no YAML": ("version: 1\napps: {a: [}\n", errors.YamlUnreadable, "2:12", ""),
    "a tab": ("version: 1\napps:\n\ta: b\n", errors.YamlUnreadable, "3:1", "a tab stands here"),
    "a line out of line": ("version: 1\n  apps: {}\n", errors.YamlUnreadable, "2:7", "a colon stands here"),
    "a key out of line": (
        "version: 1\napps:\n    a: {}\n  b: {}\n",
        errors.YamlUnreadable,
        "4:3",
        "does not begin where",
    ),
    "an open bracket": ("version: 1\napps: {a: {}\n", errors.YamlUnreadable, "3:1", "bracket is closed"),
    "an open quote": ('version: 1\napps: "a\n', errors.YamlUnreadable, "3:1", "a quote is missing"),
    "a key twice": ("version: 1\napps: {}\napps: {}\n", errors.YamlUnreadable, "3:1", "second time"),
    "an unknown alias": ("version: 1\napps: *x\n", errors.YamlUnreadable, "2:7", ""),
    "aliases of aliases": (f"version: 1\n{DOUBLED}", errors.YamlUnreadable, "1:1", "too long"),
    "a list": ("- a\n", errors.WrongType, "1:1", "keys with values, but is a list"),
    "only text": ("hello\n", errors.WrongType, "1:1", "but is text"),
    "nothing": ("", errors.MissingKey, "1:1", '"version"'),
}


@pytest.mark.parametrize("case", REFUSED, ids=list(REFUSED))
def test_refusals_name_the_place(case: str) -> None:
    text, kind, place, words = REFUSED[case]
    with pytest.raises(kind) as caught:
        read(text)
    assert type(caught.value) is kind
    assert caught.value.where == f"bothways.yaml:{place}"
    assert words in str(caught.value)
    assert caught.value.exit_code == 65


@pytest.mark.parametrize("line", ["password: hunter2", "password: 'hunter2'", "password: 12345678"])
def test_a_plain_secret_is_refused_and_not_repeated(line: str) -> None:
    with pytest.raises(errors.SecretInFile) as caught:
        read(f"version: 1\napps:\n  a: {{connector: locked, url: https://x, auth: {{user: ana, {line}}}}}\n")
    assert caught.value.where.startswith("bothways.yaml:3:")
    assert "hunter2" not in str(caught.value)
    assert "12345678" not in str(caught.value)
    assert "password: {env: NAME}" in str(caught.value)


def test_a_password_in_the_database_url_is_refused() -> None:
    with pytest.raises(errors.SecretInFile) as caught:
        read("version: 1\ndatabase: postgresql://u:hunter2@h/d\n")
    assert "hunter2" not in str(caught.value)
    assert "database: {env: NAME} or database: {file: PATH}" in caught.value.advice


@pytest.mark.parametrize("kind", ["env", "file"])
def test_the_database_may_be_named_like_any_secret(kind: str) -> None:
    assert read(f"version: 1\ndatabase: {{{kind}: DB}}\n").database == SecretPlace(kind, "DB")


@pytest.mark.parametrize(
    "address", ["http://demo:hunter2@127.0.0.1/", "https://:hunter2@x", "https://demo:@x", "'https://a:hunter2/3@x'"]
)
def test_a_password_in_an_address_is_refused_and_not_repeated(address: str) -> None:
    with pytest.raises(errors.SettingsError) as caught:
        read(f"version: 1\napps:\n  a: {{connector: locked, url: {address}, auth: {{user: ana}}}}\n")
    assert caught.value.where == "bothways.yaml:3:31"
    assert "hunter2" not in str(caught.value)


def test_a_password_in_an_address_is_told_where_to_go() -> None:
    with pytest.raises(errors.SecretInFile) as caught:
        read("version: 1\napps:\n  a: {connector: locked, url: https://demo:hunter2@x, auth: {user: ana}}\n")
    assert 'under "url"' in caught.value.message
    assert "under auth, as password: {env: NAME} or password: {file: PATH}" in caught.value.advice


RING = """\
version: 1
apps:
  Anna: {connector: memory}
  Bert: {connector: memory}
  Cleo: {connector: memory}
syncs:
  first: {state: on, objects: {Anna: people, Bert: people}}
  second: {state: on, objects: {Bert: people, Cleo: people}}
  third: {state: on, objects: {Cleo: people, Anna: people}}
"""


def test_a_ring_of_syncs_that_are_on_is_refused_at_the_one_that_closes_it() -> None:
    with pytest.raises(errors.SettingsError, match=r"first, second.* ring") as caught:
        read(RING)
    assert caught.value.where == "bothways.yaml:9:3"


def test_of_many_syncs_those_of_the_ring_alone_are_named() -> None:
    others = (
        "  aside: {state: on, objects: {Anna: companies, Cleo: companies}}\n"
        "  last: {state: on, objects: {Cleo: people, Bert: companies}}\n"
    )
    with pytest.raises(errors.SettingsError, match=r"which are on \(first, second\) it would form a ring"):
        read(RING.replace("  third:", others + "  third:"))


def test_two_syncs_between_the_same_objects_are_a_ring() -> None:
    with pytest.raises(errors.SettingsError, match=r"\(first\) it would form a ring"):
        read(RING.replace("{Bert: people, Cleo: people}", "{Bert: people, Anna: people}"))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("second: {state: on", "second: {state: off"),
        ("third: {state: on", "third: {state: draft"),
        ("{Cleo: people, Anna: people}", "{Cleo: people, Anna: companies}"),
    ],
)
def test_syncs_that_form_no_ring_or_not_yet_are_read(old: str, new: str) -> None:
    assert len(read(RING.replace(old, new)).syncs) == 3


def test_settings_and_secrets_of_an_app_are_read() -> None:
    app = read(
        "version: 1\napps:\n  a: {connector: locked, url: https://x, port: 8443, "
        "auth: {user: ana, password: {file: p}}}\n"
    ).apps["a"]
    assert app.settings == {"url": "https://x", "port": "8443", "user": "ana"}
    assert app.secrets == {"password": SecretPlace("file", "p")}


@pytest.mark.parametrize(
    ("text", "seconds"), [("90", 90.0), ("90s", 90.0), ("5m", 300.0), ("1h", 3600.0), ("1d", 86400)]
)
def test_intervals_are_read(text: str, seconds: float) -> None:
    assert read(HEAD + f"    schedule: {{every: {text}}}\n").syncs["people"].every == seconds


def test_schedule_is_read_with_what_is_usual_where_it_says_nothing() -> None:
    assert read(HEAD).syncs["people"].timing == Timing()
    text = '    schedule: {webhooks: false, burst_window: 2s, quiet_hours: {from: 22:00, to: "6:00"}}\n'
    timing = read(HEAD + text + "    proof: {every: never}\n").syncs["people"].timing
    assert timing.schedule == Schedule(60.0, False, 2.0, QuietHours(time(22), time(6), "UTC"))
    assert timing.proof.days == 0


def test_the_longest_interval_is_a_month() -> None:
    assert read(HEAD + "    schedule: {every: 31d}\n").syncs["people"].every == 31 * 86_400


@pytest.mark.parametrize("line", ["winner: ask", "winner: newest", "winner: Bert", "consent: opt_in"])
@pytest.mark.parametrize("default", ["newest", "ask"])
def test_winners_and_consent_come_back_as_they_were_written(line: str, default: str) -> None:
    text = HEAD + f"    conflicts: {{default: {default}, per_field: {{job: ask}}}}\n"
    text += f"    fields:\n      - {{Anna: out, Bert: out, {line}}}\n      - {{Anna: job, Bert: job}}\n"
    first = read(text).syncs["people"]
    data = settings_of(first)
    apps = {app: {"connector": "memory"} for app in ("Anna", "Bert")}
    again = read(dumped({"version": 1, "apps": apps, "syncs": {"people": data}})).syncs["people"]
    assert settings_of(again) == data
    key, _, word = line.partition(": ")
    assert data["fields"][0][key] == word  # type: ignore[index]
    assert data["conflicts"]["default"] == default  # type: ignore[index, call-overload]
