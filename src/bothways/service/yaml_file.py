"""The YAML file as text: read by the rules of YAML 1.2, with the place of everything, never guessed at."""

import codecs
import difflib
import math
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.constructor import DuplicateKeyError, RoundTripConstructor
from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.nodes import ScalarNode
from ruamel.yaml.reader import ReaderError

from bothways.errors import MissingKey, NotAvailableYet, SettingsUnreadable, UnknownKey, WrongType, YamlUnreadable

LENGTH = r"(\d+(?:\.\d+)?)\s*(s|m|h|d)?"
"""A length of time as text."""
_LENGTH = re.compile(LENGTH)
_SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}

BIGGEST = 2_000_000
"""Bytes: no settings are that long."""

MOST_REPEATED = 10_000
"""Lists and mappings that a file may say again by aliases: what stands for many of what stands for many has no end."""


class _Constructor(RoundTripConstructor):
    """Takes for a number only what a number is written like; 010, 1e3, 10.50 and dates stay the text they are."""

    def as_written(self, node: ScalarNode) -> str | int | float:
        text = str(node.value)
        for kind in (int, float):
            with suppress(ValueError):
                if math.isfinite(number := kind(text)) and repr(number) == text:
                    return number
        return text


for _kind in ("int", "float", "timestamp", "value"):
    _Constructor.add_constructor(f"tag:yaml.org,2002:{_kind}", _Constructor.as_written)


def read_text(path: Path) -> str:
    """Return the text of a file; raise SettingsUnreadable, or YamlUnreadable where it is no UTF-8."""
    try:
        with path.open("rb") as file:
            content = file.read(BIGGEST + 1).removeprefix(codecs.BOM_UTF8)
    except OSError as error:
        raise SettingsUnreadable(where=path.name, reason=error.strerror or type(error).__name__) from error
    if len(content) > BIGGEST:
        raise YamlUnreadable(where=path.name, reason="it is too long to be settings")
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        where = _place_after(content[: error.start].decode(), path.name)
        raise YamlUnreadable(where=where, reason="it is not UTF-8 text") from error


_PLAIN = (
    (r"'\\t'", "a tab stands here, where YAML allows blanks alone"),
    (r"expected\s<block\send>", "this line does not begin where those above it do"),
    (r"mapping\svalues", "a colon stands here that belongs to no key; put a text with a colon in quotes"),
    (r"end\sof\sstream", "the settings end in the middle of a text; a quote is missing"),
    (r"<stream\send>", "the settings end before a bracket is closed"),
)
"""What is wrong in words for people, by what the library says, which speaks of its own parts."""


def parse(text: str, file: str) -> "Node":
    """Return the root of a YAML text; raise YamlUnreadable with line and column."""
    yaml = YAML()
    yaml.Constructor = _Constructor
    try:
        data = yaml.load(text)
    except DuplicateKeyError as error:
        raise YamlUnreadable(where=_mark(error, file), reason="a key stands here for the second time") from error
    except MarkedYAMLError as error:
        problem = error.problem or "it cannot be read"
        reason = next((plain for pattern, plain in _PLAIN if re.search(pattern, problem)), problem)
        raise YamlUnreadable(where=_mark(error, file), reason=reason) from error
    except ReaderError as error:
        where = _place_after(text[: error.position], file)
        raise YamlUnreadable(where=where, reason="a character stands here that YAML does not allow") from error
    except Exception as error:  # the library fails on odd texts in many ways, with TypeError among them
        raise YamlUnreadable(where=f"{file}:1:1", reason="it holds something that YAML does not allow") from error
    if data is None:
        data = CommentedMap()
    known: dict[int, float] = {}
    if _count(data, known) - len(known) > MOST_REPEATED:
        raise YamlUnreadable(where=f"{file}:1:1", reason="it is too long to be settings")
    if not isinstance(data, CommentedMap):
        raise WrongType(where=f"{file}:1:1", key="the file", expected="keys with values", got=kind_of(data))
    return Node(file, data, f"{file}:1:1")


def _count(data: object, known: dict[int, float]) -> float:
    """Return how many lists and mappings there are in what was read, each as often as it is named; infinite for one in
    itself. ``known``: how many are in each.
    """
    if not isinstance(data, CommentedMap | CommentedSeq):
        return 0
    if id(data) not in known:
        known[id(data)] = math.inf
        inside = data.values() if isinstance(data, CommentedMap) else data
        known[id(data)] = 1 + sum(_count(each, known) for each in inside)
    return known[id(data)]


def _place_after(before: str, file: str) -> str:
    """Return the place of what follows the first part of a file."""
    return f"{file}:{before.count(chr(10)) + 1}:{len(before) - before.rfind(chr(10))}"


def _mark(error: MarkedYAMLError, file: str) -> str:
    mark = error.problem_mark or error.context_mark
    return f"{file}:{mark.line + 1}:{mark.column + 1}" if mark else file


def kind_of(value: object) -> str:
    """Return in words what a YAML value is."""
    if value is None:
        return "empty"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, CommentedMap):
        return "keys with values"
    if isinstance(value, CommentedSeq):
        return "a list"
    if isinstance(value, int | float):
        return "a number"
    if isinstance(value, str):
        return "text" if value.strip() else "an empty text"
    return "something else"


def shown(value: object) -> str:
    """Return a short value as it can be shown in a message; what is neither text nor a number by its kind."""
    if isinstance(value, str):
        return f'the text "{value}"'
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else kind_of(value)


def nearest(name: str, known: Collection[str]) -> str:
    """Return a hint: the nearest known words, or all of them."""
    near = difflib.get_close_matches(name.lower(), {each.lower(): each for each in known}, n=3, cutoff=0.6)
    by_lower = {each.lower(): each for each in known}
    if near:
        return f"Did you mean {' or '.join(by_lower[each] for each in near)}?"
    names = sorted(known)
    shown = ", ".join(names[:12]) + (", ..." if len(names) > 12 else "")
    return f"There are: {shown}." if names else "There is none."


def node_of(data: Mapping[str, Any], file: str) -> "Node":
    """Return plain data as if it had been read from a file in which each key and each item has a line of its own."""
    return Node(file, _placed(data, count()), f"{file}:1:1")


def _placed(data: Any, lines: Iterator[int]) -> Any:
    if isinstance(data, Mapping):
        keys = CommentedMap()
        for key, value in data.items():
            line = next(lines)
            keys[key] = _placed(value, lines)
            keys._yaml_set_kv_line_col(key, [line, 0, line, 0])
        return keys
    if isinstance(data, list | tuple):
        items = CommentedSeq()
        for place, value in enumerate(data):
            line = next(lines)
            items.append(_placed(value, lines))
            items._yaml_set_idx_line_col(place, [line, 0])
        return items
    return data


@dataclass(frozen=True, slots=True)
class Node:
    """A mapping in the file, which knows where it stands. ``place`` is ``file:line:column``, from 1."""

    file: str
    data: CommentedMap
    place: str

    def __contains__(self, key: object) -> bool:
        return key in self.data

    def __iter__(self) -> Iterator[str]:
        return iter(self.data)

    def key_place(self, key: str) -> str:
        """Return where a key stands."""
        return self._at(self.data.lc.key, key)

    def value_place(self, key: str) -> str:
        """Return where the value of a key stands."""
        return self._at(self.data.lc.value, key)

    def _at(self, ask: Callable[[str], tuple[int, int]], key: str) -> str:
        try:
            line, column = ask(key)
        except (KeyError, TypeError):
            return self.place
        return f"{self.file}:{line + 1}:{column + 1}"

    def only(self, known: Collection[str], later: Collection[str] = ()) -> None:
        """Refuse every key that is not known here; those of ``later`` as not available yet."""
        for key in self.data:
            if not isinstance(key, str):
                raise WrongType(where=self.key_place(key), key=str(key), expected="text", got=kind_of(key))
            if key in later and key not in known:
                raise NotAvailableYet(where=self.key_place(key), key=key)
            if key not in known:
                raise UnknownKey(where=self.key_place(key), key=key, hint=nearest(key, known))

    def wrong(self, key: str, expected: str) -> WrongType:
        """Return the error that a value is of the wrong kind."""
        return WrongType(where=self.value_place(key), key=key, expected=expected, got=kind_of(self.data[key]))

    def need(self, key: str, hint: str = "") -> None:
        """Refuse to go on without a key."""
        if self.data.get(key) is None:
            raise MissingKey(where=self.place, key=key, hint=hint)

    def length(self, key: str, default: float, least: float, most: float, expected: str) -> float:
        """Return a length of time in seconds: a number of them, or a text such as 60s, 5m, 1h, 3d."""
        value = given = self.data.get(key, default)
        found = _LENGTH.fullmatch(given.strip()) if isinstance(given, str) else None
        if found:
            value = float(found[1]) * _SECONDS[found[2] or "s"]
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if not number or not least <= value <= most:
            raise WrongType(where=self.value_place(key), key=key, expected=expected, got=shown(given))
        return float(value)

    def text(self, key: str, default: str = "") -> str:
        """Return a text."""
        value = self.data.get(key, default)
        if not isinstance(value, str) or (key in self.data and not value.strip()):
            raise self.wrong(key, "text")
        return str(value)

    def choice(self, key: str, choices: Sequence[str], default: str) -> str:
        """Return one of several words."""
        value = self.data.get(key, default)
        if not isinstance(value, str) or value not in choices:
            got = f'"{value}"' if isinstance(value, str) else kind_of(value)
            expected = f"{', '.join(choices[:-1])} or {choices[-1]}"
            raise WrongType(where=self.value_place(key), key=key, expected=expected, got=got)
        return str(value)

    def truth(self, key: str, default: bool) -> bool:
        """Return true or false."""
        value = self.data.get(key, default)
        if not isinstance(value, bool):
            raise self.wrong(key, "true or false")
        return value

    def whole(self, key: str, default: int) -> int:
        """Return a whole number, not negative."""
        value = self.data.get(key, default)
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            raise self.wrong(key, "a whole number from 0 on")
        return int(value)

    def percent(self, key: str, default: float) -> float:
        """Return a percentage: a number from 0 to 100, or a text such as 10%."""
        value = self.data.get(key, default)
        if isinstance(value, str) and re.fullmatch(r"\d+(\.\d+)?\s*%?", value.strip()):
            value = float(value.strip().rstrip("% "))
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 100:
            raise self.wrong(key, "a percentage such as 10%")
        return float(value)

    def node(self, key: str) -> "Node":
        """Return the mapping under a key; an empty one where the key is absent or holds nothing."""
        value = self.data.get(key)
        if value is None:
            return Node(self.file, CommentedMap(), self.key_place(key))
        if not isinstance(value, CommentedMap):
            raise self.wrong(key, "keys with values")
        return Node(self.file, value, self.value_place(key))

    def list(self, key: str) -> Sequence[Any]:
        """Return the list under a key."""
        value = self.data.get(key)
        if not isinstance(value, CommentedSeq):
            raise self.wrong(key, "a list")
        return value

    def nodes(self, key: str) -> "Sequence[Node]":
        """Return the mappings in the list under a key."""
        return [node for _, node in self.nodes_or(key) if node is not None]

    def nodes_or(self, key: str, word: str | None = None) -> "Sequence[tuple[str, Node | None]]":
        """Return the mappings in the list under a key with their places; None for each item that is the ``word``."""
        found: list[tuple[str, Node | None]] = []
        items = self.list(key)
        for index, item in enumerate(items):
            line, column = items.lc.item(index)  # type: ignore[attr-defined]
            place = f"{self.file}:{line + 1}:{column + 1}"
            is_word = word is not None and item == word
            if not isinstance(item, CommentedMap) and not is_word:
                raise WrongType(where=place, key=key, expected="a list of keys with values", got=kind_of(item))
            found.append((place, None if is_word else Node(self.file, item, place)))
        return found
