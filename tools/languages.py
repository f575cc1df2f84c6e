"""Bring the catalogues of the pages up to date: ``python tools/languages.py``; ``--check`` only tells what lacks.

All texts of templates and of the pages' code are gathered, and the templates of what the layers below say (context
"said", see ``web/said.py``). What a catalogue has translated stays, what is in the code no more goes, what is new stays
empty until somebody translates it. The files come out the same whoever makes them: sorted, without dates and lines.
"""

import ast
import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from string import Formatter

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.conf import settings
from django.utils.translation.template import templatize

from bothways.web.said import FIXED, FIXED_AFTER, SAID

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "bothways"
WEB = SOURCE / "web"
LANGUAGES = ("de",)
"""All but English, which is what stands in the code."""

KEYWORDS = {
    **dict.fromkeys(("_", "gettext", "gettext_lazy", "later"), None),
    **dict.fromkeys(("ngettext", "ngettext_lazy"), (1, 2)),
    **dict.fromkeys(("pgettext", "pgettext_lazy"), ((1, "c"), 2)),
    "npgettext": ((1, "c"), 2, 3),
}

BELOW = (
    "errors.py",
    "engine/*.py",
    "records/*.py",
    "sync/*.py",
    "service/*.py",
    "connectors/**/*.py",
    "jobs/doing.py",
    "jobs/now.py",
    "ledger/left_out.py",
    "ledger/links.py",
)
"""Where what the pages show of the layers below is said."""

NOT_SHOWN = (
    "connectors/testing.py",
    "connectors/hubspot/documented.py",
    "connectors/hubspot/unverified.py",
    "connectors/hubspot/checks*.py",
    "connectors/hubspot/deep.py",
    "connectors/hubspot/trial.py",
    "connectors/sql/__main__.py",
    "service/schema.py",
    "service/answers.py",
    "service/alert_*.py",
    "service/link_file.py",
    "service/export.py",
    "service/traced.py",
)
"""What no page shows: the command line, files, mails."""

FORMATTED = ("errors.py", "engine/rules.py", "engine/filters.py", "connectors/hubspot/rules.py")
"""Where texts are templates as they stand; elsewhere braces in them are braces."""

WORDS = (
    *("Draft", "On", "Off", "Deleted", "viewer", "operator", "editor", "admin", "none", "all", "yes", "no", "(empty)"),
    *("running", "done", "stopped", "failed", "waiting", "interrupted", "record", "records", "always", "created"),
    *("deleted", "archived", "tagged", "updated", "linked", "ignored", "written", "merged", "held", "undone", "both"),
    *(
        "boolean",
        "number",
        "text",
        "choice",
        "choices",
        "date",
        "datetime",
        "reference",
        "references",
        "email",
        "phone",
    ),
    *("url", "money", "list", "name", "nothing", "company", "domain", "automatic", "created_or_updated", "mailbox"),
    *("CRM", "Database"),
    *("full name", "first name", "related names", "legal form", "e-mail address", "email, phone", "exact", "address"),
    *("Two-way", "archived here", "deleted here", "tagged here", "archived here too", "deleted here too"),
    *("tagged here too", "added", "changed", "removed", "renamed", ", and ", ", or "),
    *(
        "e-mail",
        "SKU",
        "archive",
        "delete",
        "keep",
        "tag",
        "{first} to {second}",
        "property",
        "lists",
        "several values",
    ),
    *("a domain", "capitals", "Password"),
    *("1 day", "1 hour", "1 minute", "{count} days", "{count} hours", "{count} minutes"),
    "This must be {expected}, but is {got}.",
    "rejected by rule ({words}): {message}",
    "The app did not take it.",
    "yet",
)
"""Words of the layers below that are too short to be told from names by their looks."""

_CODE = re.compile(
    r"\b(SELECT|INSERT|UPDATE|DELETE|WHERE|JOIN|SAVEPOINT|PRAGMA|CREATE TABLE|DROP|EXISTS|NOT|AND|LIMIT|CASE|TEXT|IN"
    r"|ORDINALITY|IMMEDIATE|ANALYZE|VACUUM|TEMPORARY TABLE)\b"
    r"|%s|::|</|=\"|^--|\\|\(\?|charset=|^application/|^text/|_id\b|_id_|^[a-z_]+='|^SET |\w\["
    r"|^(Basic|Bearer) |^python -m|^\(writes_|^[a-z_]+: \{\{|^\{\{|^ISO, "
)
_NAMES = frozenset(
    (
        *("read one", "associations read one", "associations labels", "associations {replace}", "list members"),
        *("read archived", "read histories", "webhook settings", "webhook settings set", "webhook resume"),
        *("webhook unsubscribe", "webhook subscribe", "webhook subscriptions", "permission denied", "Taking note"),
        *("app chronicle", "check write", "journal file", "journal subscribe", "journal subscriptions"),
        *("journal unsubscribe", "make property", "sign in itself"),
        *("to left", "to right", "when empty", "on create", "leave out", "security: none", "when_empty: clear"),
        *(
            "the last row of the field table fits everything",
            "text (in quotes)",
            "Exists has four values; compare it with one of them",
        ),
        *("({key} not known)", "{name} of {person}", "since {moment}", "{fromtimestamp} UTC"),
    )
)
"""What looks like words for people and is not: names of calls, marks, what nobody can meet."""

_WORDS = re.compile(r"[^\W\d_]{2,}\S* +\S*[^\W\d_]{2,}")


def pages() -> Iterator[tuple[str | None, str | tuple[str, str]]]:
    """Yield context and text of all that the pages say themselves; with its plural, where it has one."""
    for path in sorted(WEB.rglob("*.py")):
        yield from _texts(path.read_bytes())
    if not settings.configured:
        settings.configure()
    for path in sorted(WEB.rglob("templates/**/*.html")):
        yield from _texts(templatize(path.read_text("utf-8"), origin=str(path)).encode())


def _texts(code: bytes) -> Iterator[tuple[str | None, str | tuple[str, str]]]:
    for _line, found, _comments, context in extract("python", BytesIO(code), KEYWORDS, (), {"encoding": "utf-8"}):
        yield context, found if isinstance(found, str) else (found[0], found[1])


def below() -> Iterator[str]:
    """Yield the templates of what the layers below say."""
    hidden = {path for pattern in NOT_SHOWN for path in SOURCE.glob(pattern)}
    yield from WORDS
    for path in sorted({path for pattern in BELOW for path in SOURCE.glob(pattern)} - hidden):
        yield from said_in(path.read_text("utf-8"), str(path.relative_to(SOURCE)) in FORMATTED)


def said_in(code: str, formatted: bool = False) -> Iterator[str]:
    """Yield what looks like words for people in a module: no docstrings, no SQL, nothing without a blank."""
    tree = ast.parse(code)
    parts = {
        id(node)
        for each in ast.walk(tree)
        if isinstance(each, ast.JoinedStr)
        for node in ast.walk(each)
        if node is not each
    }
    notes = {id(each.value) for each in ast.walk(tree) if isinstance(each, ast.Expr)}
    rules = [each for each in ast.walk(tree) if isinstance(each, ast.Call) and ast.unparse(each.func) == "Rule"]
    notes |= {id(each) for rule in rules for each in rule.args[:3]}
    for node in ast.walk(tree):
        if id(node) in notes or id(node) in parts:
            continue
        if isinstance(node, ast.JoinedStr):
            text = _template(node)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            text = node.value if formatted else _escaped(node.value)
        else:
            continue
        if _is_said(text.strip(), formatted):
            yield text.strip()


def _is_said(text: str, formatted: bool) -> bool:
    told = re.sub(r"(?<!\{)\{\w+\}", "xx", text)
    alone = formatted and re.fullmatch(r"[A-Z][a-z]+\.", text)
    if text in _NAMES or "\n" in text or not (alone or _WORDS.search(told)) or (not formatted and _CODE.search(told)):
        return False
    fixed = len(re.sub(r"\{\w*\}|[\W\d_]", "", text))
    return formatted or fixed >= (FIXED if text.startswith("{") else FIXED_AFTER)


def _template(node: ast.JoinedStr) -> str:
    names: list[str] = []
    text = ""
    for each in node.values:
        if isinstance(each, ast.Constant):
            text += _escaped(str(each.value))
        elif isinstance(each, ast.FormattedValue):
            name = _name(each.value)
            count = sum(other.rstrip("0123456789") == name for other in names)
            names.append(f"{name}{count + 1}" if count else name)
            text += "{" + names[-1] + "}"
    return text


def _escaped(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")


def _name(node: ast.expr) -> str:
    """Return what a fact of a template is called, by the expression that it comes from."""
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name.strip("_").rstrip("0123456789")
        case (
            ast.Subscript(value=value)
            | ast.BinOp(left=value)
            | ast.BoolOp(values=[value, *_])
            | ast.Starred(value=value)
        ):
            return _name(value)
        case ast.Call(func=ast.Attribute(attr="join"), args=[value, *_]):
            return _name(value)
        case ast.Call(func=ast.Name(id="str" | "len" | "sorted" | "round" | "max" | "min" | "map"), args=[*_, value]):
            return _name(value)
        case ast.Call(func=ast.Attribute(attr="quote"), args=[value]):
            return _name(value)
        case ast.Call(func=func):
            return _name(func)
        case ast.IfExp(body=ast.Constant()):
            return "words"
        case ast.IfExp(body=value):
            return _name(value)
        case ast.GeneratorExp(generators=[first, *_]) | ast.ListComp(generators=[first, *_]):
            return _name(first.iter)
    return "fact"


def gathered() -> Catalog:
    """Return all texts, without translations."""
    found = Catalog()
    for context, text in pages():
        found.add(text, context=context)
    for text in below():
        found.add(text, context=SAID)
    return found


def place(language: str) -> Path:
    """Return where the catalogue of a language is."""
    return WEB / "locale" / language / "LC_MESSAGES" / "django.po"


def held(language: str) -> tuple[str, Catalog]:
    """Return the head of a catalogue as it is written, and the catalogue."""
    text = place(language).read_text("utf-8")
    return text.partition("\n\n")[0], read_po(BytesIO(text.encode()), locale=language)


def merged(language: str, texts: Catalog) -> Catalog:
    """Return a catalogue with all texts there are, and the translations that it has of them."""
    _head, before = held(language)
    after = Catalog(locale=language, fuzzy=False, creation_date=_ANY, revision_date=_ANY)
    for each in texts:
        if each.id:
            old = before.get(_id(each), each.context)
            kept = old.string if old is not None and isinstance(old.id, str) == isinstance(each.id, str) else None
            after.add(each.id, kept, context=each.context, flags=old.flags & {"fuzzy"} if old is not None else ())
    return after


_ANY = datetime(2026, 1, 1, tzinfo=UTC)


def _id(message: Message) -> str:
    return message.id if isinstance(message.id, str) else message.id[0]


def written(head: str, catalogue: Catalog) -> str:
    """Return a catalogue as its file."""
    out = BytesIO()
    write_po(out, catalogue, width=0, no_location=True, omit_header=True, sort_output=True)
    return f"{head}\n\n{out.getvalue().decode().strip()}\n"


def compiled(catalogue: Catalog) -> bytes:
    """Return a catalogue as programs read it."""
    catalogue.creation_date = catalogue.revision_date = _ANY
    out = BytesIO()
    write_mo(out, catalogue)
    return out.getvalue()


def faults(catalogue: Catalog) -> list[str]:
    """Return what is wrong with a catalogue: what lacks, is not sure, or has lost a fact."""
    found = []
    for each in catalogue:
        if not each.id:
            continue
        strings = list(each.string) if isinstance(each.string, list | tuple) else [each.string or ""]
        if not all(strings) or (not isinstance(each.id, str) and len(strings) != catalogue.num_plurals):
            found.append(f"not translated: {each.context or 'page'}: {_id(each)!r}")
        elif each.fuzzy:
            found.append(f"fuzzy: {_id(each)!r}")
        else:
            ids = [each.id] * len(strings) if isinstance(each.id, str) else [each.id[0], *[each.id[1]] * len(strings)]
            wanted = [_facts(id, each.context) for id in ids]
            got = [_facts(string, each.context) for string in strings]
            plural = not isinstance(each.id, str)
            wrong = (
                any(one != other for one, other in zip(got, wanted, strict=False))
                if not plural
                else any(not facts <= wanted[-1] or wanted[-1] - facts - {"%(count)d", "%(count)s"} for facts in got)
            )
            if wrong:
                found.append(f"other facts: {_id(each)!r} -> {strings!r}")
    return found


def _facts(text: str, context: str | None) -> set[str]:
    """Return the places in a text that are filled."""
    if context == SAID:
        return {name for _fixed, name, _spec, _conversion in Formatter().parse(text) if name}
    return set(re.findall(r"%\(\w+\)[sd]|\{\w*\}|<[^>]*>|%%", text))


def main() -> int:
    """Bring all catalogues up to date, and tell what lacks."""
    texts, wrong = gathered(), 0
    for language in LANGUAGES:
        head, _before = held(language)
        catalogue = merged(language, texts)
        if "--check" not in sys.argv:
            place(language).write_text(written(head, catalogue), "utf-8")
            place(language).with_suffix(".mo").write_bytes(compiled(catalogue))
        found = faults(catalogue)
        wrong += len(found)
        told = [*found, f"{language}: {len(list(catalogue)) - 1} texts, {len(found)} to do"]
        sys.stdout.write("\n".join(told) + "\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
