"""Changing the YAML file in place: the smallest change of its text, everything else as it was.

The changed text is read again and must say exactly what was meant; a layout for which that fails is
written by a round trip instead, which keeps comments and may move blanks. A text that could not be read as
settings is never written: what is wrong with it is raised, and the file stays as it was.
"""

import io
import json
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import YAMLError
from ruamel.yaml.scalarstring import SingleQuotedScalarString

from bothways.errors import DiskFull
from bothways.service.reading import document_of
from bothways.service.yaml_file import parse, read_text

_QUOTED = r"\"[^\"]*\"|'[^']*'"
_BRACES = re.compile(rf"\{{(?>{_QUOTED}|\{{(?>{_QUOTED}|\{{[^{{}}\n]*\}}|[^{{}}\n])*+\}}|[^{{}}\n])*+\}}")
"""A mapping in braces on one line, with at most two more inside. What was taken for quoted is not tried otherwise: in
one of many lines that would never end.
"""

_SCALAR = re.compile(r"\"[^\"]*\"|'[^']*'|[^\s,}#]+")


def set_value(path: Path, keys: Sequence[str | int], value: object) -> None:
    """Set one plain value, such as the state of a sync; a number among the keys is a place in a list, from 0."""
    _edit(path, keys, value, lambda text: _with_value(text, path.name, keys, value))


def add_entry(path: Path, section: str, name: str, entry: Mapping[str, Any]) -> None:
    """Add a mapping under a section of the file, after those that are there."""
    _edit(path, (section, name), dict(entry), lambda text: _with_entry(text, path.name, section, name, entry))


def remove_entry(path: Path, section: str, name: str) -> None:
    """Remove a mapping from a section of the file."""
    text = read_text(path)
    wanted = _yaml().load(text)
    del wanted[section][name]
    changed = _without_entry(text, path.name, section, name)
    if changed is None or (_yaml().load(changed) or {}) != wanted:
        out = io.StringIO()
        _yaml().dump(wanted, out)
        changed = out.getvalue()
    document_of(parse(changed, path.name))
    write_text(path, changed)


def entry(path: Path, section: str, name: str) -> dict[str, Any]:
    """Return a mapping under a section of the file as plain data."""
    node = parse(read_text(path), path.name).node(section)
    found: dict[str, Any] = json.loads(json.dumps(node.node(name).data))
    return found


def set_entry(path: Path, section: str, name: str, entry: Mapping[str, Any]) -> None:
    """Bring a mapping under a section of the file in line with ``entry``, key by key, and lists that stay as long item
    by item: what is equal stays as it is.
    """
    text = read_text(path)
    was = parse(text, path.name).node(section).node(name).data
    wanted = _yaml().load(text)
    held = wanted[section][name]
    _bring_in_line(held, was, entry)
    changed = _with_values(text, was, entry)
    if not _says(changed, wanted):
        changed = _with_block(text, path.name, section, name, was, entry)
    if changed is None or not _says(changed, wanted):
        out = io.StringIO()
        _yaml().dump(wanted, out)
        changed = out.getvalue()
    document_of(parse(changed, path.name))
    write_text(path, changed)


def _says(text: str | None, wanted: Any) -> bool:
    try:
        return text is not None and _yaml().load(text) == wanted
    except YAMLError:
        return False


def _bring_in_line(held: Any, was: Any, wanted: Any) -> None:
    """Change what is ``held`` in the file, and reads as ``was``, into what is ``wanted``."""
    if isinstance(wanted, Mapping):
        for key in [key for key in held if key not in wanted]:
            del held[key]
    for key, value in wanted.items() if isinstance(wanted, Mapping) else enumerate(wanted):
        if isinstance(wanted, Mapping) and key not in was:
            held[key] = _flowing(value)
        elif was[key] != value:
            if _goes_on(was[key], value):
                _bring_in_line(held[key], was[key], value)
            else:
                held[key] = _as_written(held[key], _flowing(value, isinstance(wanted, list | tuple)))


def _goes_on(was: Any, wanted: Any) -> bool:
    if isinstance(wanted, Mapping):
        return isinstance(was, Mapping) and bool(was)
    lists = isinstance(wanted, list | tuple) and isinstance(was, list)
    return lists and len(was) == len(wanted) > 0


def _with_values(text: str, was: Any, wanted: Mapping[str, Any]) -> str | None:
    """Return the text with some plain values changed, and items of lists that are mappings in braces on one line; None
    where more changes.
    """
    lines = text.splitlines(keepends=True)
    changes = list(_changes(lines, was, wanted))
    if None in changes:
        return None
    for line, start, end, new in sorted(filter(None, changes), reverse=True):
        lines[line] = f"{lines[line][:start]}{new}{lines[line][end:]}"
    return "".join(lines)


def _changes(lines: Sequence[str], was: Any, wanted: Mapping[str, Any]) -> Iterator[tuple[int, int, int, str] | None]:
    """Yield what is to stand where: line, start and end of what stands there now; None for what is no such change."""
    if list(was) != list(wanted):
        yield None
        return
    for key, value in wanted.items():
        old = was[key]
        if old == value:
            continue
        if isinstance(value, list | tuple) and _goes_on(old, value):
            for number, (before, after) in enumerate(zip(old, value, strict=True)):
                if before != after:
                    yield _change(lines, old.lc.item(number), _BRACES, after) if isinstance(after, Mapping) else None
        elif isinstance(value, Mapping) and _goes_on(old, value):
            yield from _changes(lines, old, value)
        elif isinstance(old, Mapping | list | None) or isinstance(value, Mapping | list | tuple | None):
            yield None
        else:
            yield _change(lines, was.lc.value(key), _SCALAR, value)


def _change(
    lines: Sequence[str], place: tuple[int, int], pattern: re.Pattern[str], value: Any
) -> tuple[int, int, int, str] | None:
    line, column = place
    found = pattern.match(lines[line], column)
    return (line, column, found.end(), _on_one_line({"k": value})[len("{k: ") : -1]) if found is not None else None


def _with_block(text: str, file: str, section: str, name: str, was: Any, wanted: Mapping[str, Any]) -> str | None:
    """Return the text with a mapping written anew, all around it as it was; None where it does not stand by itself."""
    lines = text.splitlines(keepends=True)
    place = _block(text, file, section, name)
    if place is None:
        return None
    start, end = place
    column = len(lines[start]) - len(lines[start].lstrip())
    block = [line[column:] if line.strip() else line for line in lines[start:end]]
    if any(lines[start + number][:column].strip() for number in range(len(block))):
        return None
    try:
        held = _yaml().load("".join(block))
    except YAMLError:  # it goes by something that stands elsewhere in the file
        return None
    _bring_in_line(held[name], was, wanted)
    out = io.StringIO()
    _yaml().dump(held, out)
    written = out.getvalue().replace("\r\n", "\n").replace("\n", "\r\n" if lines[start].endswith("\r\n") else "\n")
    made = [f"{' ' * column}{line}" if line.strip() else line for line in written.splitlines(keepends=True)]
    return "".join([*lines[:start], *made, *lines[end:]])


def _on_one_line(data: Mapping[str, Any]) -> str:
    out = io.StringIO()
    _yaml().dump(_flowing(data, True), out)
    return out.getvalue().strip()


def dumped(data: object) -> str:
    """Return plain data as YAML text in block style, the innermost mappings of lists on one line."""
    yaml, out = _yaml(), io.StringIO()
    yaml.indent(mapping=2, sequence=4, offset=2)
    yaml.dump(_flowing(data), out)
    return out.getvalue()


def _edit(path: Path, keys: Sequence[str | int], value: object, change: Callable[[str], str | None]) -> None:
    text = read_text(path)
    wanted = _yaml().load(text) or CommentedMap()
    parent = wanted
    for key in keys[:-1]:
        if isinstance(key, str) and parent.get(key) is None:
            parent[key] = CommentedMap()
        parent = parent[key]
    parent[keys[-1]] = value
    changed = change(text)
    if changed is None or (_yaml().load(changed) or {}) != wanted:
        out = io.StringIO()
        _yaml().dump(wanted, out)
        changed = out.getvalue()
    document_of(parse(changed, path.name))
    write_text(path, changed)


def _yaml() -> YAML:
    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = 4096
    return yaml


def _flowing(data: Any, inside_list: bool = False) -> Any:
    if isinstance(data, Mapping):
        made = CommentedMap({_quoted(key): _flowing(value) for key, value in data.items()})
        if inside_list or (len(made) <= 3 and not any(isinstance(each, Mapping | list) for each in made.values())):
            made.fa.set_flow_style()
        return made
    if isinstance(data, list | tuple):
        return [_flowing(each, True) for each in data]
    return _quoted(data)


def _as_written(before: Any, after: Any) -> Any:
    """Write a list on one line if the one before it was."""
    if isinstance(after, list) and isinstance(before, CommentedSeq) and before.fa.flow_style():
        made = CommentedSeq(after)
        made.fa.set_flow_style()
        return made
    return after


def _quoted(data: Any) -> Any:
    """Quote what the library would write plain and cannot read so within braces."""
    return SingleQuotedScalarString(data) if isinstance(data, str) and data.startswith(("?", ":")) else data


def _with_value(text: str, file: str, keys: Sequence[str | int], value: object) -> str | None:
    node, names = parse(text, file), [key for key in keys if isinstance(key, str)]
    if len(names) < len(keys):
        return None
    for key in names[:-1]:
        node = node.node(key)
    lines = text.splitlines(keepends=True)
    if keys[-1] in node:
        line, column = node.data.lc.value(keys[-1])
        found = _SCALAR.match(lines[line], column)
        if found is None:
            return None
        lines[line] = f"{lines[line][:column]}{value}{lines[line][found.end() :]}"
        return "".join(lines)
    if len(names) == 2 and names[0] not in parse(text, file):
        ends = "" if text.endswith("\n") else "\n"
        return f"{text}{ends}\n{dumped({names[0]: {names[1]: value}})}"
    if node.data.fa.flow_style() or not node.data:
        return None
    line, column = node.data.lc.key(next(iter(node)))
    lines.insert(line, f"{' ' * column}{keys[-1]}: {value}\n")
    return "".join(lines)


def _with_entry(text: str, file: str, section: str, name: str, entry: Mapping[str, Any]) -> str | None:
    root = parse(text, file)
    lines = text.splitlines(keepends=True)
    if lines and not lines[-1].endswith("\n"):
        lines[-1] += "\n"
    if section not in root:
        return "".join(lines) + f"\n{section}:\n" + _indented({name: entry}, 2)
    line, _ = root.data.lc.key(section)
    held = root.node(section).data
    if not held:
        lines[line] = re.sub(r":[ \t]*(\{\s*\}|~|null)?", ":", lines[line], count=1)
        lines.insert(line + 1, _indented({name: entry}, 2))
        return "".join(lines)
    if held.fa.flow_style():
        return None
    following = [root.data.lc.key(each)[0] for each in root if root.data.lc.key(each)[0] > line]
    end = min(following, default=len(lines))
    while end > line + 1 and (not lines[end - 1].strip() or lines[end - 1].lstrip().startswith("#")):
        end -= 1
    lines.insert(end, _indented({name: entry}, held.lc.key(next(iter(held)))[1]))
    return "".join(lines)


def _without_entry(text: str, file: str, section: str, name: str) -> str | None:
    place = _block(text, file, section, name)
    if place is None:
        return None
    lines, root = text.splitlines(keepends=True), parse(text, file)
    start, end = place
    if len(root.node(section).data) == 1:
        line = root.data.lc.key(section)[0]
        lines[line] = re.sub(r":[ \t]*", ": {} ", lines[line], count=1).replace(" \n", "\n")
    return "".join([*lines[:start], *lines[end:]])


def _block(text: str, file: str, section: str, name: str) -> tuple[int, int] | None:
    """Return from which line up to which a mapping stands, without the comments behind it; None if not by itself."""
    root = parse(text, file)
    held = root.node(section).data
    lines = text.splitlines(keepends=True)
    if held.fa.flow_style():
        return None
    start = held.lc.key(name)[0]
    after = [held.lc.key(each)[0] for each in held] + [root.data.lc.key(each)[0] for each in root]
    end = min((line for line in after if line > start), default=len(lines))
    while end > start + 1 and (not lines[end - 1].strip() or lines[end - 1].lstrip().startswith("#")):
        end -= 1
    return start, end


def _indented(data: Mapping[str, Any], column: int) -> str:
    return "".join(f"{' ' * column}{line}" for line in dumped(data).splitlines(keepends=True))


def write_text(path: Path, text: str) -> None:
    """Replace a file by a whole new one, so that no reader ever meets half of it."""
    target = path.resolve()
    try:
        handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
        try:
            with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            if target.exists():
                shutil.copymode(target, name)
            os.replace(name, target)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise DiskFull(reason=f"{path.name}: {error.strerror}") from error
