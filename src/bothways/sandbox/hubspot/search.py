"""Search: filters and sorting as SQL over the index copy, with HubSpot's limits."""

import fnmatch
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from bothways.sandbox.hubspot.crm import Crm, shown
from bothways.sandbox.hubspot.joining import pair_of
from bothways.sandbox.hubspot.phones import SEARCHED, local_number
from bothways.sandbox.hubspot.problems import Refused
from bothways.sandbox.hubspot.schema import Definition, Kind
from bothways.sandbox.hubspot.store import Row, Store
from bothways.sandbox.hubspot.values import day_of, iso, millis_of

PAGE, DEFAULT_PAGE = 200, 10
LONGEST_BODY = 3000
GROUPS, FILTERS_PER_GROUP, FILTERS = 5, 6, 18

_COMPARE = {"EQ": "=", "GT": ">", "GTE": ">=", "LT": "<", "LTE": "<=", "NEQ": "<>"}
_ASSOCIATED = "associations."
_WORDLESS = ("number", "date", "datetime")
_SETS = {"IN": "IN", "NOT_IN": "NOT IN"}


@dataclass(frozen=True, slots=True)
class _Side:
    """The left side of a condition: SQL with parameters, and how operands are read for it."""

    sql: str
    params: tuple[Any, ...]
    operand: Callable[[str], Any]
    folded: bool = False

    def case_blind(self) -> "_Side":
        """Return this side for comparing texts without regard to case."""
        return _Side(f"folded({self.sql})", self.params, str.lower) if self.folded else self


def prepare(store: Store) -> None:
    """Teach the database what searching needs; of upper case it knows only the letters of English."""
    store.db.create_function("folded", 1, _folded, deterministic=True)
    store.db.create_function("has_words", 2, _has_words, deterministic=True)
    store.db.create_function("token", 2, _has_token, deterministic=True)
    store.db.create_function("local_number", 1, local_number, deterministic=True)


def search(crm: Crm, kind: Kind, body: Mapping[str, Any], raw: bytes, cap: int) -> dict[str, Any]:
    """Return the answer to a search; raise Refused if it goes beyond a limit or cannot be read."""
    if len(raw.decode("utf-8", "replace")) > LONGEST_BODY:
        raise Refused(400, f"The request body is longer than {LONGEST_BODY} characters")
    limit, offset = _number(body, "limit", DEFAULT_PAGE), _number(body, "after", 0)
    if not 0 <= limit <= PAGE or offset < 0:
        raise Refused(400, f"limit must be between 0 and {PAGE}, and after a place among the results")
    if offset >= cap:
        raise Refused(400, f"Paging beyond {cap} results is not supported; narrow the search")
    where, params = _where(crm, kind, body)
    order, order_params = _order(crm, kind, body.get("sorts") or [])
    crm.store.catch_up(crm.now)
    db = crm.store.db
    total = db.execute(f"SELECT count(*) FROM found WHERE {where}", params).fetchone()[0]
    rows = db.execute(
        f"SELECT id, props, created, modified FROM found WHERE {where} ORDER BY {order} LIMIT ? OFFSET ?",
        [*params, *order_params, min(limit, cap - offset), offset],
    ).fetchall()
    definitions = crm.properties[kind.name]
    names = body.get("properties") or kind.shown
    found = [Row(id, orjson.loads(props), created, modified) for id, props, created, modified in rows]
    answer: dict[str, Any] = {"total": total, "results": [shown(kind, row, names, definitions) for row in found]}
    if rows and offset + len(rows) < total:
        answer["paging"] = {"next": {"after": str(offset + len(rows))}}
    return answer


def _where(crm: Crm, kind: Kind, body: Mapping[str, Any]) -> tuple[str, list[Any]]:
    groups = [group.get("filters") or [] for group in body.get("filterGroups") or []]
    if body.get("filters"):
        groups.append(body["filters"])
    if len(groups) > GROUPS or any(len(group) > FILTERS_PER_GROUP for group in groups):
        raise Refused(400, f"A search has at most {GROUPS} groups of {FILTERS_PER_GROUP} filters")
    if sum(map(len, groups)) > FILTERS:
        raise Refused(400, f"A search has at most {FILTERS} filters")
    where, params = ["object=?"], [kind.name]
    alternatives = []
    for group in filter(None, groups):
        conditions = [_condition(crm, kind, each) for each in group]
        alternatives.append(" AND ".join(sql for sql, _ in conditions))
        params += [param for _, more in conditions for param in more]
    if alternatives:
        where.append("(" + " OR ".join(alternatives) + ")")
    if body.get("query"):
        texts = [f"coalesce({_text(name)}, '')" for name in kind.searched]
        where.append("has_words(" + " || ' ' || ".join(texts) + ", ?)")
        params.append(str(body["query"]))
    return " AND ".join(where), params


def _text(name: str) -> str:
    """Return the SQL of what words are looked for in; of a phone number, without its country and signs."""
    text = f"json_extract(props, '$.{name}')"
    return f"local_number({text})" if name in SEARCHED.values() else text


def _condition(crm: Crm, kind: Kind, filter: Mapping[str, Any]) -> tuple[str, list[Any]]:
    """Return one filter as SQL. Records without a value match no operator but NOT_HAS_PROPERTY [K]."""
    operator, name = str(filter.get("operator") or ""), str(filter.get("propertyName"))
    if name.startswith(_ASSOCIATED):
        return _associated(crm, kind, name.removeprefix(_ASSOCIATED), operator, filter)
    definition = _definition(crm, kind, filter.get("propertyName"))
    side = _side(kind, definition)
    if operator == "HAS_PROPERTY":
        return f"{side.sql} IS NOT NULL", [*side.params]
    if operator == "NOT_HAS_PROPERTY":
        return f"{side.sql} IS NULL", [*side.params]
    if operator in _COMPARE:
        side = side.case_blind()
        return f"{side.sql} {_COMPARE[operator]} ?", [*side.params, _operand(side, filter, "value")]
    if operator == "BETWEEN":
        side = side.case_blind()
        ends = [_operand(side, filter, name) for name in ("value", "highValue")]
        return f"{side.sql} BETWEEN ? AND ?", [*side.params, *ends]
    if operator in _SETS:
        values = filter.get("values")
        if not isinstance(values, list) or not values:
            raise Refused(400, f"{operator} needs values")
        left = f"folded({side.sql})" if side.folded else side.sql  # the values are taken as they are
        marks = ", ".join("?" * len(values))
        return f"{left} {_SETS[operator]} ({marks})", [*side.params, *(_read(side, each) for each in values)]
    if operator in ("CONTAINS_TOKEN", "NOT_CONTAINS_TOKEN"):
        if definition["type"] in _WORDLESS:
            raise Refused(400, f"{operator} looks for words, and there are none in {name}")  # [K]
        wanted = int(operator == "CONTAINS_TOKEN")
        return f"token({side.sql}, ?) = {wanted}", [*side.params, _operand(side, filter, "value")]
    raise Refused(400, f'"{operator}" is not an operator of search')


def _associated(crm: Crm, kind: Kind, name: str, operator: str, filter: Mapping[str, Any]) -> tuple[str, list[Any]]:
    """Return a filter by what records are associated with, whose ids are compared, as SQL [K: with EQ and IN alone]."""
    other = crm.kind_of(name)
    ids = [filter.get("value")] if operator == "EQ" else filter.get("values")
    if other is None or operator not in ("EQ", "IN") or not isinstance(ids, list) or not ids:
        raise Refused(400, f"{_ASSOCIATED}{name} is compared by EQ or IN with ids of records")
    pair_of(crm, kind, other)
    marks, params = ", ".join("?" * len(ids)), [kind.name, other.name, *(str(each) for each in ids)]
    there = f"SELECT id FROM associations WHERE object=? AND other=? AND CAST(other_id AS TEXT) IN ({marks})"
    back = f"SELECT other_id FROM associations WHERE other=? AND object=? AND CAST(id AS TEXT) IN ({marks})"
    return f"id IN ({there} UNION {back})", params * 2


def _order(crm: Crm, kind: Kind, sorts: Sequence[Any]) -> tuple[str, list[Any]]:
    """Return the order as SQL. Records that sort equal come in an order of no meaning, but always the same."""
    if len(sorts) > 1:
        raise Refused(400, "A search has at most one sort")
    if not sorts:
        return "created, id", []
    sort = sorts[0] if isinstance(sorts[0], Mapping) else _sort(str(sorts[0]))
    direction = str(sort.get("direction") or "ASCENDING")
    if direction not in ("ASCENDING", "DESCENDING"):
        raise Refused(400, f'"{direction}" is not a direction')
    side = _side(kind, _definition(crm, kind, sort.get("propertyName"))).case_blind()
    order = f"{side.sql} {direction.removesuffix('ENDING')}"
    if side.sql == "id" and "sort-passed-over" in crm.otherwise:
        return "created, id DESC", []
    return (order if side.sql == "id" else f"{order}, (id * 2654435761) % 4294967296"), [*side.params]


def _sort(text: str) -> dict[str, str]:
    """Return a sort that was sent as a text; a minus before the name turns it around [K]."""
    return {"propertyName": text.removeprefix("-"), "direction": "DESCENDING" if text[:1] == "-" else "ASCENDING"}


def _definition(crm: Crm, kind: Kind, name: Any) -> Definition:
    definition = crm.properties[kind.name].get(str(name))
    if definition is None or definition["archived"]:
        raise Refused(400, f'There was a problem with the request: property "{name}" does not exist')
    return definition


def _side(kind: Kind, definition: Definition) -> _Side:
    name, type_ = definition["name"], definition["type"]
    columns: dict[str, tuple[str, Callable[[str], Any]]] = {
        "hs_object_id": ("id", float),
        kind.created: ("created", millis_of),
        kind.modified: ("modified", millis_of),
    }
    if name in columns:
        column, operand = columns[name]
        return _Side(column, (), operand)
    if name in SEARCHED:
        return _Side("local_number(json_extract(props, ?))", (f"$.{SEARCHED[name]}",), str)
    sql, params = "json_extract(props, ?)", (f'$."{name}"',)
    if type_ == "number":
        return _Side(f"CAST({sql} AS REAL)", params, float)
    if type_ == "datetime":
        return _Side(sql, params, lambda text: iso(millis_of(text)))
    if type_ == "date":
        return _Side(sql, params, day_of)
    return _Side(sql, params, str, folded=type_ in ("string", "phone_number"))


def _operand(side: _Side, filter: Mapping[str, Any], name: str) -> Any:
    if filter.get(name) in (None, ""):
        raise Refused(400, f"{filter.get('operator')} needs {name}")
    return _read(side, filter[name])


def _read(side: _Side, value: Any) -> Any:
    try:
        return side.operand(str(value))
    except (ValueError, OverflowError) as error:
        raise Refused(400, f'"{value}" cannot be compared with this property') from error


def _number(body: Mapping[str, Any], name: str, default: int) -> int:
    sent = body.get(name)
    try:
        return default if sent in (None, "") else int(sent)
    except (TypeError, ValueError) as error:
        raise Refused(400, f"{name} must be a number") from error


def _folded(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


def _has_words(text: str, query: str) -> bool:
    """Tell whether every word of a query is somewhere in a text, whatever its case."""
    lowered = text.lower()
    return all(word in lowered for word in query.lower().split())


def _has_token(value: str | None, pattern: str) -> int | None:
    """Tell whether a text has every word of a pattern among its words; "*" stands for any characters."""
    if value is None:
        return None
    text = value.lower()
    words = {text, *text.split(), *re.findall(r"\w+", text)}
    wanted = [each.replace("[", "[[]").replace("?", "[?]") for each in pattern.lower().split()]
    return int(bool(wanted) and all(any(fnmatch.fnmatchcase(word, each) for word in words) for each in wanted))
