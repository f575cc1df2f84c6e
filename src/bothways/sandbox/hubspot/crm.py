"""What the account does with records: the rules for saving, archiving and merging them.

Callers hold the sandbox's lock and an open transaction. [K] in a comment marks what HubSpot's
documentation does not promise.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import orjson

from bothways.sandbox.hubspot.changes import PERSON, Change
from bothways.sandbox.hubspot.histories import Histories, changed
from bothways.sandbox.hubspot.otherwise import LATE
from bothways.sandbox.hubspot.phones import value_of
from bothways.sandbox.hubspot.problems import PORTAL, BadValue, Refused, conflict, invalid_values, not_found
from bothways.sandbox.hubspot.rules import Rules
from bothways.sandbox.hubspot.schema import (
    KINDS,
    PAIRS,
    STAGES,
    Definition,
    Kind,
    Pair,
    custom_kind,
    first_properties,
    kind_of,
)
from bothways.sandbox.hubspot.stages import FIRST, Pipeline, add, options, pipelines, placed
from bothways.sandbox.hubspot.store import Row, Store
from bothways.sandbox.hubspot.users import owns
from bothways.sandbox.hubspot.values import Invalid, bad_value, is_whole, iso, millis_of, normal

Sent = Mapping[str, Any]

BIN_KEEPS = 90 * 86_400_000
"""Milliseconds for which an archived record can be restored, and is known at all."""


class Crm:
    """One account. ``now`` is milliseconds since 1970, ``lag`` milliseconds until a save can be searched.

    ``by`` is who writes now, ``told`` what has happened since it was last emptied. ``rules`` are those of the account;
    ``strict``: those of whole records hold for what is written now. ``otherwise`` are the switches that are set
    (``otherwise.OTHERWISE``). ``joined`` says when records were associated.
    """

    def __init__(self, store: Store) -> None:
        self.store = store
        self.now = 0
        self.lag = 0
        self.by = PERSON
        self.told: list[Change] = []
        self.touches = True
        self.labels_stay = True
        self.keeps_ids = False
        self.otherwise: frozenset[str] = frozenset()
        self.properties: dict[str, dict[str, Definition]] = {}
        self.kinds: dict[str, Kind] = {kind.name: kind for kind in KINDS}
        self.pairs: dict[tuple[str, str], Pair] = dict(PAIRS)
        self.pipelines: dict[str, list[Pipeline]] = {}
        self._unique: dict[str, list[str]] = {}
        self.histories = Histories()
        self.joined: dict[tuple[str, int, str, int], int] = {}
        self.rules, self.strict = Rules(), False
        with store.transaction():
            for kind in KINDS:
                if kind.name in FIRST and not pipelines(store, kind.name):
                    add(store, kind.name, FIRST[kind.name])
            self.learn_kinds()

    def learn_kinds(self) -> None:
        """Take over the kinds that the account has made, what can be associated with what, and all properties."""
        rows = self.store.db.execute("SELECT number, name, definition FROM kinds ORDER BY number")
        made = [(number, name, orjson.loads(text)) for number, name, text in rows]
        customs = [custom_kind(*each) for each in made if "archived" not in each[2]]
        self.kinds = {kind.name: kind for kind in (*KINDS, *customs)}
        rows = self.store.db.execute("SELECT number, object, other FROM labels WHERE label IS NULL ORDER BY number")
        own = {(object, other): Pair((2 * n - 1, 2 * n), category="USER_DEFINED") for n, object, other in rows}
        self.pairs = {**PAIRS, **own}  # [K] that they count as the account's own
        for kind in self.kinds.values():
            known = self.store.definitions(kind.name)
            for definition in first_properties(kind):
                if not known or (kind not in KINDS and definition["name"] not in known):
                    self.store.define(kind.name, definition)
            self.learn(kind)

    def kind_of(self, name: str) -> Kind | None:
        """Return the kind of this name or type id, None if there is none; "p_" is short for the number of the account.

        The bare name of a custom one is none to HubSpot [C].
        """
        wanted = re.sub("^p_", f"p{PORTAL}_", name.lower())
        own = (each for each in self.kinds.values() if wanted in (each.type_id, each.name))
        return kind_of(wanted) or next(own, None)

    def kind_called(self, name: str) -> Kind | None:
        """Return the kind that people call so, by its bare name as well."""
        return self.kind_of(name) or self.kind_of(f"p_{name}")

    def learn(self, kind: Kind) -> None:
        """Take over the definitions of properties as they are stored, and the pipelines as options of theirs."""
        self.pipelines[kind.name] = pipelines(self.store, kind.name) if kind.stage else []
        self._offer(kind)
        self.properties[kind.name] = self.store.definitions(kind.name)
        self._unique[kind.name] = [name for name, each in self.properties[kind.name].items() if each["hasUniqueValue"]]

    def _offer(self, kind: Kind) -> None:
        """Have the properties with a record's place offer the pipelines and stages that there are."""
        known = self.pipelines[kind.name]
        stages = [(stage.id, stage.label) for each in known for stage in each.stages]
        definitions = self.store.definitions(kind.name) if kind.stage else {}
        for name, made in ((kind.pipeline, [(each.id, each.label) for each in known]), (kind.stage, stages)):
            if name in definitions and definitions[name]["options"] != options(made):
                self.store.define(kind.name, {**definitions[name], "options": options(made)})

    # --- finding --------------------------------------------------------------------------------------

    def one(self, kind: Kind, id: str, id_property: str | None = None, *, archived: bool | None = False) -> Row | None:
        """Return the record with this id, or with this value of a unique property; ``archived`` None: any."""
        if id_property in (None, "", "hs_object_id"):
            number = int(id) if is_whole(id) else None
        else:
            self.require_unique(kind, str(id_property))
            number = self.store.holder(kind.name, str(id_property), key_of(str(id_property), id))
            if id_property == "email" and number is not None and "others-not-found" in self.otherwise:
                held = self.store.get(kind.name, number)
                own = key_of("email", held.props.get("email", "")) if held else ""
                number = number if own == key_of("email", id) else None
        row = self.store.get(kind.name, number) if number is not None else None
        if row is None or (row.archived_at is not None and row.archived_at <= self.now - BIN_KEEPS):
            return None
        return row if archived in (None, row.archived_at is not None) else None

    def read(self, kind: Kind, row: Row) -> Row:
        """Return a record as batches and listings show it."""
        return self.histories.then(kind, row, self.now - LATE) if "reads-late" in self.otherwise else row

    def require_unique(self, kind: Kind, name: str) -> None:
        """Raise Refused if a property does not identify records."""
        if not name:
            raise Refused(400, "idProperty is needed")
        definition = self.properties[kind.name].get(name)
        if definition is None or definition["archived"] or not definition["hasUniqueValue"]:
            raise Refused(400, f"{name} is not a unique property of {kind.type_id}")

    # --- saving ---------------------------------------------------------------------------------------

    def create(self, kind: Kind, sent: Sent, *, trusted: bool = False) -> Row:
        """Make a record and return it; raise Refused. ``trusted``: read-only properties may be given."""
        values = self._checked(kind, sent, {}, trusted)
        values = {**values, **placed(kind, self.pipelines[kind.name], values, {})}
        if kind.needs and not trusted and not any(values.get(name) for name in kind.needs):
            raise Refused(400, f"A new {kind.label} needs one of: {', '.join(kind.needs)}")
        row = self._new(kind, self.store.next_ids(kind.name, 1)[0], values)
        keys = self._keys(kind, row.props)
        self._refuse_taken(kind, keys, None)
        missing = [name for name in kind.demands if not trusted and not values.get(name)]
        if missing:
            raise Refused(400, f"A new {kind.label} needs {', '.join(missing)}")
        self._store(kind, [row])
        self.store.add_keys(kind.name, keys, row.id)
        self.histories.made(kind, row, self.by)
        self.tell("creation", kind, row.id, changeFlag="CREATED")
        self._tell_values(kind, Row(row.id), row)  # [K] a new record's values count as changed
        return row

    def update(self, kind: Kind, row: Row, sent: Sent, *, trusted: bool = False) -> Row:
        """Change a record and return what it is now; raise Refused. It counts as modified in any case."""
        values = self._checked(kind, sent, row.props, trusted)
        values = {**values, **placed(kind, self.pipelines[kind.name], values, row.props)}
        props = {name: value for name, value in {**row.props, **values}.items() if value is not None}
        if "email" in values and kind.more_emails in props:  # [K] the main address leaves the further ones
            others = [each for each in props[str(kind.more_emails)].split(";") if each != props.get("email")]
            props[str(kind.more_emails)] = ";".join(others)
        after = Row(row.id, _derived(kind, props), row.created, _moment(values.get(kind.modified), self.now))
        held, keys = self._keys(kind, row.props), self._keys(kind, after.props)
        if held != keys:
            self._refuse_taken(kind, keys - held, row.id)
            self.store.set_keys(kind.name, row.id, keys)
        self._store(kind, [after])
        self.histories.note(kind, row, after, self.now, self.by)
        self._tell_values(kind, row, after)
        return after

    def archive(self, kind: Kind, row: Row) -> None:
        """Put a record into the recycle bin. Its unique values are free from then on [K]."""
        self._put_away(kind, row, frees="bin-keeps-addresses" not in self.otherwise)
        self.tell("deletion", kind, row.id, changeFlag="DELETED")

    def restore(self, kind: Kind, row: Row) -> None:
        """Take a record out of the recycle bin; raise Refused if its unique values are taken meanwhile."""
        keys = self._keys(kind, row.props)
        self._refuse_taken(kind, keys, row.id)
        self._store(kind, [replace(row, archived_at=None, modified=self.now)])
        self.store.set_keys(kind.name, row.id, keys)
        self.tell("restore", kind, row.id)

    def forget(self, kind: Kind, row: Row) -> None:
        """Delete a record for good, as privacy laws want it."""
        if row.archived_at is None:
            self.archive(kind, row)
        self.store.remove(kind.name, row.id)
        self.tell("privacyDeletion", kind, row.id)

    def _put_away(self, kind: Kind, row: Row, *, frees: bool = True) -> None:
        self._store(kind, [replace(row, archived_at=self.now)])
        if frees:
            self.store.set_keys(kind.name, row.id, ())

    def merge(self, kind: Kind, primary: Row, other: Row) -> Row:
        """Merge two records into a new one with a new id, to which both old ids lead from then on.

        In an account that ``keeps_ids`` it has the id of ``primary``. The values of ``primary`` win where both have
        one; further addresses of contacts are kept.
        """
        if primary.id == other.id:
            raise Refused(400, "A record cannot be merged with itself")
        id = primary.id if self.keeps_ids else self.store.next_ids(kind.name, 1)[0]
        gone = [row for row in (primary, other) if row.id != id]
        props = {**other.props, **primary.props}
        absorbed = [
            *_listed(primary.props.get("hs_merged_object_ids")),
            *_listed(other.props.get("hs_merged_object_ids")),
        ]
        parted = "," if "merged-by-comma" in self.otherwise else ";"
        props["hs_merged_object_ids"] = parted.join([*absorbed, *(str(row.id) for row in gone)])
        if kind.more_emails:
            emails = [value for row in (primary, other) for value in self._emails(kind, row.props)]
            more = ";".join(each for each in dict.fromkeys(emails) if each != props.get("email"))
            props = {**props, kind.more_emails: more} if more else props
        merged = Row(id, _derived(kind, props), min(primary.created, other.created), self.now)
        for row in gone:
            self._put_away(kind, row)
            self.store.remove(kind.name, row.id)
        self.store.lead(kind.name, [row.id for row in gone], id)
        self.store.hand_over(kind.name, [row.id for row in gone], id)
        self._store(kind, [merged])
        self.store.set_keys(kind.name, id, self._keys(kind, merged.props))
        self.histories.merge(kind, primary, other, merged)
        moved = len(other.props.keys() - primary.props.keys())
        facts = {"primaryObjectId": primary.id, "mergedObjectIds": [other.id], "newObjectId": id}
        self.tell("merge", kind, id, **facts, numberOfPropertiesMoved=moved)  # [K] which id is the objectId
        return merged

    def touch(self, *ends: tuple[Kind, Row]) -> None:
        """Let records count as modified, in accounts where an association does that [K]."""
        for kind, row in ends if self.touches else ():
            now = self.store.get(kind.name, row.id) or row
            self._store(kind, [replace(now, modified=self.now)])

    def seed(self, kind: Kind, rows: Sequence[Sent]) -> list[str]:
        """Make many records at once, indexed at once, and return their ids; raise Refused.

        Read-only properties may be given, the dates of creation and modification among them.
        """
        made = []
        for id, sent in zip(self.store.next_ids(kind.name, len(rows)), rows, strict=True):
            values = self._checked(kind, sent, {}, True)
            row = self._new(kind, id, {**values, **placed(kind, self.pipelines[kind.name], values, {})})
            keys = self._keys(kind, row.props)
            self._refuse_taken(kind, keys, None)
            self.store.add_keys(kind.name, keys, id)
            made.append(row)
        self.store.save(kind.name, made, self.now)
        return [str(row.id) for row in made]

    # --- telling --------------------------------------------------------------------------------------

    def tell(self, event: str, kind: Kind, id: int, **facts: Any) -> None:
        """Have webhooks tell of something that has happened to a record now."""
        self.told.append(Change(event, kind, self.now, self.by, {"objectId": id, **facts}))

    def _tell_values(self, kind: Kind, before: Row, after: Row) -> None:
        for name, now in changed(before, after):
            self.tell("propertyChange", kind, after.id, propertyName=name, propertyValue=now)

    # --- rules ----------------------------------------------------------------------------------------

    def _new(self, kind: Kind, id: int, values: Mapping[str, str | None]) -> Row:
        props = {name: value for name, value in values.items() if value is not None}
        created = _moment(props.pop(kind.created, None), self.now)
        return Row(id, _derived(kind, props), created, _moment(props.pop(kind.modified, None), self.now))

    def _store(self, kind: Kind, rows: Sequence[Row]) -> None:
        self.store.save(kind.name, rows, self.now + self.lag)

    def _checked(self, kind: Kind, sent: Sent, held: Mapping[str, str], trusted: bool) -> dict[str, str | None]:
        """Return the values to be stored; raise Refused naming every one that is not accepted."""
        definitions, values, bad = self.properties[kind.name], {}, []
        for name, raw in sent.items():
            definition = definitions.get(name)
            if definition is None or definition["archived"]:
                bad.append(BadValue(name, "PROPERTY_DOESNT_EXIST", f'Property "{name}" does not exist'))
            elif definition["modificationMetadata"]["readOnlyValue"] and not trusted:
                bad.append(BadValue(name, "READ_ONLY_VALUE", f'"{name}" is a read only property'))
            elif raw is not None and not (raw == "" and "blank-is-nothing" in self.otherwise):
                try:
                    value = normal(definition, raw, held.get(name), self.otherwise)
                    values[name] = self._owner(definition, value)
                    if value is not None and not trusted:
                        self.rules.check_value(kind.name, name, value)
                except Invalid as error:
                    bad.append(bad_value(name, error))
        if bad:
            raise invalid_values(bad, named="bad-values-unnamed" not in self.otherwise)
        if not trusted and not held and kind.name in self.rules.most:
            self.rules.check_room(kind.name, self.store.count(kind.name))
        if not trusted and self.strict:
            self.rules.check_record(kind.name, values, held, new=not held)
        if self._goes_back(values.get("lifecyclestage"), held.get("lifecyclestage")):
            del values["lifecyclestage"]  # [K] the call succeeds, the stage stays
        return values

    def _goes_back(self, new: str | None, held: str | None) -> bool:
        if "stage-goes-back" in self.otherwise:
            return False
        if "stage-is-stuck" in self.otherwise and held is None:
            return new == STAGES[0]
        return new in STAGES and held in STAGES and STAGES.index(str(new)) < STAGES.index(str(held))

    def _owner(self, definition: Definition, value: str | None) -> str | None:
        """Return a value of a property that holds an owner, and every other one; raise Invalid for who is none."""
        is_owner = definition.get("referencedObjectType") == "OWNER"
        if is_owner and value is not None and not owns(self.store, value):
            raise Invalid("INVALID_OWNER_ID", f"{value} is not the id of an owner.")  # [K] the code
        return value

    def _refuse_taken(self, kind: Kind, keys: Iterable[tuple[str, str]], own: int | None) -> None:
        """Raise Refused if another live record holds one of these unique values."""
        for name, value in keys:
            holder = self.store.holder(kind.name, name, value)
            if holder in (None, own):
                continue
            if name == "email":
                raise conflict(kind.label, 0 if "conflicts-unnumbered" in self.otherwise else int(holder or 0))
            code = "DUPLICATE_VALUE" if "taken-by-other-code" in self.otherwise else "CONFLICTING_UNIQUE_VALUE"
            raise invalid_values([BadValue(name, code, f"{holder} already has that value.")])

    def _keys(self, kind: Kind, props: Mapping[str, str]) -> set[tuple[str, str]]:
        keys = {(name, key_of(name, props[name])) for name in self._unique[kind.name] if name in props}
        return keys | {("email", each) for each in self._emails(kind, props)}

    def _emails(self, kind: Kind, props: Mapping[str, str]) -> list[str]:
        if kind.more_emails is None:
            return []
        own = [props["email"]] if "email" in props else []
        return [*own, *_listed(props.get(kind.more_emails))]


def shown(kind: Kind, row: Row, names: Iterable[str], definitions: Mapping[str, Any]) -> dict[str, Any]:
    """Return a record as answers show it, with these properties and those that are always shown.

    A property that there is none of, or no longer, is passed over.
    """
    live = [name for name in names if name in definitions and not definitions[name]["archived"]]
    props: dict[str, str | None] = {name: value_of(row.props, name) for name in live}
    props[kind.created], props[kind.modified] = iso(row.created), iso(row.modified)
    props["hs_object_id"] = str(row.id)
    body: dict[str, Any] = {
        "id": str(row.id),
        "properties": props,
        "createdAt": props[kind.created],
        "updatedAt": props[kind.modified],
        "archived": row.archived_at is not None,
    }
    if row.archived_at is not None:
        body["archivedAt"] = iso(row.archived_at)
    return body


def found(row: Row | None) -> Row:
    """Return a record that must be there; raise Refused if it is not."""
    if row is None:
        raise not_found()
    return row


def key_of(name: str, value: str) -> str:
    """Return a unique value as it is compared: addresses without regard to case."""
    return value.strip().lower() if name == "email" else value


def _listed(text: str | None) -> list[str]:
    return [each for each in (text or "").split(";") if each]


def _moment(text: str | None, now: int) -> int:
    return now if text is None else millis_of(text)


def _derived(kind: Kind, props: dict[str, str]) -> dict[str, str]:
    """Return a record's properties with the calculated ones made anew, and without empty ones."""
    if kind.more_emails:
        email = props.get("email", "")
        name = " ".join(props[each] for each in ("firstname", "lastname") if each in props)
        props = {**props, "hs_email_domain": email.partition("@")[2], "hs_full_name_or_email": name or email}
    dates = (kind.created, kind.modified)
    return {name: value for name, value in props.items() if value and name not in dates}
