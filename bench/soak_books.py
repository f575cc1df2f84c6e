"""The books of a soak: what both sides hold before the first sync, and what they hold later, read from the stores.

Every record has a number, which its key tells whatever it is renamed to, so that whoever looks needs nothing that
Bothways knows. Of ten numbers eight stand on both sides, one on each side alone.
"""

import re
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
import psycopg
import urllib3

from bothways.sandbox.hubspot import Admin

OBJECTS = ("companies", "contacts", "deals")
SIDES = ("hubspot", "erp")
Values = Mapping[str, str | None]

HUBSPOT = {
    "companies": {"key": "domain", "name": "name", "city": "city"},
    "contacts": {
        "key": "email",
        "firstname": "firstname",
        "lastname": "lastname",
        "phone": "phone",
        "title": "jobtitle",
    },
    "deals": {"key": "dealname", "amount": "amount", "stage": "dealstage"},
}
"""The mapped fields of each object, and what they are called in HubSpot."""

ERP = {
    "companies": {"key": "domain", "name": "name", "city": "city"},
    "contacts": {"key": "email", "firstname": "firstname", "lastname": "lastname", "phone": "phone", "title": "title"},
    "deals": {"key": "title", "amount": "amount", "stage": "stage"},
}
NOTE = {"companies": "description", "contacts": "message", "deals": "description"}
"""What people write in HubSpot and no sync maps; the tables have a column ``note``."""

PARENTS = {"contacts": {"company": "companies"}, "deals": {"company": "companies", "contact": "contacts"}}
"""To what a record belongs: in HubSpot by an association, in the tables by the foreign key ``..._id``."""

TYPES = {("contacts", "company"): 1, ("deals", "company"): 5, ("deals", "contact"): 3}
STAGES = ("appointmentscheduled", "qualifiedtobuy", "presentationscheduled", "contractsent", "closedwon")
TABLES = (
    """CREATE TABLE companies (
        id bigint GENERATED ALWAYS AS IDENTITY (START WITH 500001) PRIMARY KEY,
        domain text, name text, city text, note text)""",
    """CREATE TABLE contacts (
        id bigint GENERATED ALWAYS AS IDENTITY (START WITH 600001) PRIMARY KEY,
        email text, firstname text, lastname text, phone text, title text, note text,
        company_id bigint REFERENCES companies)""",
    """CREATE TABLE deals (
        id bigint GENERATED ALWAYS AS IDENTITY (START WITH 800001) PRIMARY KEY,
        title text, amount numeric(14, 2), stage text, note text,
        company_id bigint REFERENCES companies, contact_id bigint REFERENCES contacts)""",
    "CREATE INDEX ON contacts (company_id)",
    "CREATE INDEX ON deals (company_id)",
    "CREATE INDEX ON deals (contact_id)",
)
_NUMBERS = {
    "companies": re.compile(r"firm(\d+)(?:-\d+)?\.example"),
    "contacts": re.compile(r"person(\d+)(?:\.\d+)?@example\.com"),
    "deals": re.compile(r"Deal (\d+)(?: \(\d+\))?"),
}
SEEDED = 1000
JOINED = 2000
"""Records made by one call, and associations."""


def key_of(object: str, number: int, name: int = 0) -> str:
    """Return the key of a record: a domain, an address or a title. ``name``: which of its renamings, 0 for none."""
    if object == "companies":
        return f"firm{number}-{name}.example" if name else f"firm{number}.example"
    if object == "contacts":
        return f"person{number}.{name}@example.com" if name else f"person{number}@example.com"
    return f"Deal {number} ({name})" if name else f"Deal {number}"


def number_of(object: str, key: str | None) -> int | None:
    """Return the number that a key tells, None for the keys of others."""
    found = _NUMBERS[object].fullmatch(key or "")
    return int(found[1]) if found else None


def first(object: str, number: int) -> dict[str, str | None]:
    """Return what a record holds at first, whatever the side."""
    key = {"key": key_of(object, number)}
    if object == "companies":
        return {**key, "name": f"Firm {number}", "city": f"City {number % 211}"}
    if object == "contacts":
        names = {"firstname": f"Given{number % 997}", "lastname": f"Family{number}"}
        return {**key, **names, "phone": f"+4930{number:08}", "title": f"Buyer {number % 89}"}
    return {**key, "amount": f"{1000 + number % 9000}", "stage": STAGES[number % len(STAGES)]}


def is_lonely(number: int) -> bool:
    """Tell whether nothing belongs to a company or a contact: it can be deleted on either side."""
    return number % 10 == 0


@dataclass(frozen=True, slots=True)
class Sizes:
    """How many of each object there are at first."""

    companies: int
    contacts: int
    deals: int

    def of(self, object: str) -> int:
        """Return how many of an object there are."""
        return int(getattr(self, object))

    def parent(self, object: str, number: int, parent: str) -> int:
        """Return the number of the company or contact to which a record belongs at first; never a lonely one."""
        there = number * 7 % self.of(PARENTS[object][parent])
        return there + 1 if is_lonely(there) else there


def stands(number: int, side: str) -> bool:
    """Tell whether a record stands on a side at first."""
    return number % 10 != (9 if side == "hubspot" else 8)


def is_listed(number: int) -> bool:
    """Tell whether a deal is in the list at first."""
    return number % 10 != 7


def belongs(sizes: Sizes, object: str, number: int, side: str) -> dict[str, int | None]:
    """Return to what a record of one side belongs there at first."""
    return {
        name: there if stands(there := sizes.parent(object, number, name), side) else None
        for name in PARENTS.get(object, {})
    }


# --- filling -------------------------------------------------------------------------------------------------------


def fill(sizes: Sizes, hubspot: Admin, erp: str, title: str) -> None:
    """Fill both sides; the list of deals is called ``title``."""
    ids: dict[str, dict[int, str]] = {}
    then = str(round((hubspot.now() - 86_400) * 1000))
    for object in OBJECTS:
        stamp = {"lastmodifieddate" if object == "contacts" else "hs_lastmodifieddate": then}
        numbers = [number for number in range(sizes.of(object)) if stands(number, "hubspot")]
        more = {"pipeline": "default"} if object == "deals" else {}
        ids[object] = {}
        for part in _parts(numbers, SEEDED):
            rows = [named(HUBSPOT[object], first(object, number)) | stamp | more for number in part]
            ids[object] |= zip(part, hubspot.seed(object, rows), strict=True)
    hubspot.change(touches=False)  # what belongs to what is as old as the records
    for (object, parent), type in TYPES.items():
        there = ids[PARENTS[object][parent]]
        found = ((id, belongs(sizes, object, number, "hubspot")[parent]) for number, id in ids[object].items())
        _join(
            hubspot, object, PARENTS[object][parent], type, [(id, there[far]) for id, far in found if far is not None]
        )
    hubspot.change(touches=True)
    hubspot.set_list("deals", title, [id for number, id in ids["deals"].items() if is_listed(number)])
    hubspot.indexed()
    with psycopg.connect(erp) as link:
        _fill_tables(sizes, link)


def named(names: Mapping[str, str], values: Values) -> dict[str, str]:
    """Return values by the names of an app, "" for none."""
    return {names[field]: value or "" for field, value in values.items()}


def _join(hubspot: Admin, object: str, other: str, type: int, pairs: Sequence[tuple[str, str]]) -> None:
    """Associate records as a program does over the API."""
    pool = urllib3.PoolManager(
        retries=urllib3.Retry(20, status_forcelist=[429], backoff_factor=0.5, allowed_methods=None)
    )
    types = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": type}]
    url = f"{hubspot.url}/crm/associations/2026-09/{object}/{other}/batch/create"
    headers = {"Authorization": f"Bearer {hubspot.token}", "Content-Type": "application/json"}
    for part in _parts(pairs, JOINED):
        inputs = [{"from": {"id": id}, "to": {"id": far}, "types": types} for id, far in part]
        answer = pool.request("POST", url, body=orjson.dumps({"inputs": inputs}), headers=headers)
        if answer.status != 201:
            raise SystemExit(f"no associations were made: {answer.status} {answer.data[:500]!r}")


def _fill_tables(sizes: Sizes, link: "psycopg.Connection[tuple[object, ...]]") -> None:
    ids: dict[str, dict[int, int]] = {}
    for object in OBJECTS:
        parents = PARENTS.get(object, {})
        numbers = [number for number in range(sizes.of(object)) if stands(number, "erp")]
        columns = [*ERP[object].values(), *(f"{name}_id" for name in parents)]
        with link.cursor() as cursor, cursor.copy(f"COPY {object} ({', '.join(columns)}) FROM STDIN".encode()) as copy:
            for number in numbers:
                held = belongs(sizes, object, number, "erp")
                far = [None if each is None else ids[parents[name]][each] for name, each in held.items()]
                copy.write_row([*first(object, number).values(), *far])
        found = link.execute(f"SELECT id FROM {object} ORDER BY id".encode()).fetchall()
        ids[object] = {number: int(str(row[0])) for number, row in zip(numbers, found, strict=True)}
    link.commit()


def _parts(rows: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
    for start in range(0, len(rows), size):
        yield rows[start : start + size]


# --- reading -------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Held:
    """What one side holds as a record: its id there, its fields, the note, and to which numbers it belongs.

    ``others``: the ids of further parents, beside the primary company.
    """

    id: str
    values: dict[str, str | None]
    note: str | None = None
    parents: dict[str, int | None] = field(default_factory=dict)
    others: int = 0


@dataclass
class Books:
    """All that one side holds, by object and number. ``strange``: ids of records whose key tells no number."""

    held: dict[str, dict[int, list[Held]]] = field(default_factory=lambda: {object: {} for object in OBJECTS})
    strange: dict[str, list[str]] = field(default_factory=lambda: {object: [] for object in OBJECTS})

    def add(self, object: str, number: int | None, record: Held) -> None:
        """Take up a record."""
        if number is None:
            self.strange[object].append(record.id)
        else:
            self.held[object].setdefault(number, []).append(record)

    def of(self, object: str, number: int) -> list[Held]:
        """Return the records of a number: one, unless something is wrong or was made twice."""
        return self.held[object].get(number, [])


def read_account(file: Path) -> Books:
    """Return what HubSpot holds, from the stand-in's own store."""
    books, numbers = Books(), dict[str, dict[int, int]]()
    with _store(file) as store:
        parents = _parents(store)
        for object in OBJECTS:
            numbers[object] = {}
            query = "SELECT id, props FROM records WHERE object=? AND archived_at IS NULL"
            for id, text in store.execute(query, (object,)).fetchall():
                props = orjson.loads(text)
                number = number_of(object, props.get(HUBSPOT[object]["key"]))
                numbers[object][id] = -1 if number is None else number
                values = {name: props.get(theirs) for name, theirs in HUBSPOT[object].items()}
                record = Held(str(id), values, props.get(NOTE[object]))
                for name, other in PARENTS.get(object, {}).items():
                    there = [far for far, _ in sorted(parents[object, other][id], key=lambda row: (not row[1], row[0]))]
                    live = [numbers[other][far] for far in there if far in numbers[other]]
                    record.parents[name] = live[0] if live else None
                    record.others += max(0, len(live) - 1)
                books.add(object, number, record)
    return books


def _parents(store: sqlite3.Connection) -> dict[tuple[str, str], dict[int, list[tuple[int, int]]]]:
    found: dict[tuple[str, str], dict[int, list[tuple[int, int]]]] = defaultdict(lambda: defaultdict(list))
    for object, id, other, far, main in store.execute("SELECT object, id, other, other_id, main FROM associations"):
        found[object, other][id].append((far, main))
    return found


def read_tables(erp: str) -> Books:
    """Return what the tables hold."""
    books, numbers = Books(), dict[str, dict[int, int]]()
    with psycopg.connect(erp) as link:
        for object in OBJECTS:
            numbers[object] = {}
            parents = PARENTS.get(object, {})
            columns = ["id", "note", *ERP[object].values(), *(f"{name}_id" for name in parents)]
            for row in link.execute(f"SELECT {', '.join(columns)} FROM {object}".encode()).fetchall():
                id, note, *rest = row
                texts = [None if each is None else str(each) for each in rest[: len(ERP[object])]]
                values = dict(zip(ERP[object], texts, strict=True))
                number = number_of(object, values["key"])
                numbers[object][id] = -1 if number is None else number
                far = {
                    name: None if there is None else numbers[other].get(there)
                    for (name, other), there in zip(parents.items(), rest[len(ERP[object]) :], strict=True)
                }
                books.add(object, number, Held(str(id), values, note, far))
    return books


def same(field: str, one: str | None, other: str | None) -> bool:
    """Tell whether two values are the same, as the mapping of this field has it: amounts by what they are worth."""
    if field == "amount" and one and other:
        return float(one) == float(other)
    return (one or "") == (other or "")


def _store(file: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=60)


def live_ids(file: Path, object: str, after: int) -> Iterable[tuple[int, int | None]]:
    """Return the live records of HubSpot with higher ids, and the numbers that they have."""
    query = "SELECT id, props FROM records WHERE object=? AND id>? AND archived_at IS NULL ORDER BY id"
    with _store(file) as store:
        rows = store.execute(query, (object, after)).fetchall()
    return [(id, number_of(object, orjson.loads(text).get(HUBSPOT[object]["key"]))) for id, text in rows]
