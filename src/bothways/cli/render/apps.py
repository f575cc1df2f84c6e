"""Apps as text: the workspace's, the connectors there are, what an app offers."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from bothways.cli.text import clean, columns, listed, number
from bothways.records import Field

if TYPE_CHECKING:
    from bothways.service.views import AppCheck, AppView, ConnectorView, ObjectView, OwnFieldView


def apps(views: Sequence["AppView"]) -> list[str]:
    """Return the list of apps."""
    if not views:
        return ["No app yet. Find yours with: bothways app search"]
    rows = [(view.name, view.title or view.connector, view.category, listed(view.syncs, "(none)")) for view in views]
    return columns([("App", "Kind", "Category", "Syncs"), *rows])


def check(view: "AppCheck") -> list[str]:
    """Return what a check of the connection found."""
    number = f"account {view.account_id}" if view.account_id and view.account_id not in view.account_label else ""
    account = listed([view.account_label, number])
    lines = [clean(f"✓ {view.name}: {view.title} answers. {account}".rstrip())]
    lines += [f"  {note}" for note in view.notes]
    lines += [f"! {warning}" for warning in view.warnings]
    return lines + [f"  {line}" for line in objects(view.objects)] if view.objects else lines


def own_field(view: "OwnFieldView") -> list[str]:
    """Return in which objects the field of our own is."""
    labels = listed([each.label for each in view.objects if each.there], "nothing that may be written")
    return [f"{view.app} keeps our marks in {view.field}, on: {labels}."]


def objects(views: Sequence["ObjectView"]) -> list[str]:
    """Return the list of kinds of record."""
    rows = [(view.name, view.label, may(view), number(view.count) if view.count is not None else "?") for view in views]
    return columns([("Object", "Name", "May be", "Records"), *rows], right=(3,))


def may(view: "ObjectView") -> str:
    """Return what the connection's permissions allow with an object."""
    return listed(["read" if view.readable else "", "changed" if view.writable else ""], "nothing")


def fields(views: Sequence[Field], rules: Mapping[str, str]) -> list[str]:
    """Return the list of fields, with what rules demand of them."""
    rows = [(view.name, view.label, str(view.type), _notes(view, rules.get(view.name, ""))) for view in views]
    return columns([("Field", "Name", "Type", "Notes"), *rows])


def _notes(view: Field, rule: str) -> str:
    size = f"at most {number(view.max_length)} characters" if view.max_length else ""
    options = [option.label or option.key for option in view.options if not option.hidden]
    choices = f"{listed(options[:4])}{', …' if len(options) > 4 else ''}" if options else ""
    flags = (
        ("read-only", view.read_only),
        ("required", view.required),
        ("unique", view.unique),
        ("several values", view.multi_valued),
    )
    label = f"label of {view.label_of}" if view.label_of else ""
    return listed(
        [
            *(word for word, true in flags if true),
            size,
            f"one of: {choices}" if choices else "",
            label,
            f"by a rule: {rule}" if rule else "",
        ]
    )


def connectors(views: Sequence["ConnectorView"], words: str) -> list[str]:
    """Return the connectors there are and what each wants to be told."""
    if not views:
        return [
            f'No connector has "{words}" in its name. See all: bothways app search   or build one: bothways app new'
        ]
    lines: list[str] = []
    for view in views:
        lines.append(f"{view.name}   {view.title} · {view.category}")
        rows = [
            (
                f"{'--secret' if each.secret else '--set'} {each.name}={'env:NAME' if each.secret else '...'}",
                each.label,
                listed(
                    [
                        "" if each.required else "may be left out",
                        f"default {each.default}" if each.default else "",
                        f"such as {each.example}" if each.example else "",
                    ]
                ),
            )
            for each in view.settings
        ]
        lines += columns(rows, indent="  ")
        if view.by_oauth:
            lines.append(
                f"  or by OAuth, without {view.instead_of}: --set client_id=... --secret client_secret=env:NAME"
            )
    return lines
