"""The people of a soak: what they do on both sides, at random and at the pace of a team."""

import heapq
import time
from collections.abc import Mapping

import psycopg

from bench.soak_books import ERP, HUBSPOT, PARENTS, first, is_lonely, key_of, number_of
from bench.soak_hands import Hands
from bench.soak_site import LIST
from bench.soak_story import Edit, Life
from bothways.sandbox.hubspot import Refused

WEIGHTS: Mapping[str, float] = {
    "edit": 60,
    "edit_both": 5,
    "note": 6,
    "rename": 3,
    "clear": 2,
    "move": 6,
    "add_company": 1,
    "make": 8,
    "make_both": 1.5,
    "make_without_key": 0.7,
    "make_twin": 1,
    "delete": 4,
    "delete_and_edit": 1,
    "remake": 0.7,
    "restore": 1.5,
    "merge": 2.5,
    "list": 2,
    "bulk": 0.4,
}
"""How often people do what, as parts of all."""


class People(Hands):
    """Everybody who works on either side."""

    def act(self) -> None:
        """Do something at random, or what was put off until now."""
        if self._later and self._later[0][0] <= time.time():
            deed = heapq.heappop(self._later)[2]
        else:
            name = self.chance.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
            deed = getattr(self, f"_{name}")
        try:
            deed()
        except (Refused, psycopg.Error) as refusal:
            self.refused += 1
            self.story.tell("refused", "people", "", why=str(refusal)[:200])

    def finish(self) -> None:
        """Do all that was put off."""
        while self._later:
            self._later[0] = (0.0, *self._later[0][1:])
            self.act()

    def look(self) -> None:
        """See what is new on both sides."""
        self.account.look()
        self.tables.look()

    # --- edits --------------------------------------------------------------------------------------------

    def _edit(self) -> None:
        object = self._object()
        number = self._some(object)
        if number is not None:
            names = self.chance.sample(self._fields(object), self.chance.choice((1, 1, 1, 2)))
            self._save(self._side(), object, number, names)

    def _edit_both(self) -> None:
        """The same field is edited on both sides within seconds."""
        object = self._object()
        number = self._some(object)
        if number is not None:
            name, sides = self.chance.choice(self._fields(object)), ["hubspot", "erp"]
            self.chance.shuffle(sides)
            self._save(sides[0], object, number, [name])
            self._put_off(self.chance.uniform(0.0, 20.0), lambda: self._again(sides[1], object, number, name))

    def _again(self, side: str, object: str, number: int, name: str) -> None:
        self._save(side, object, number, [name])

    def _rename(self) -> None:
        object = self._object()
        number = self._some(object, known=True)
        if number is not None:
            self._save(self._side(), object, number, ["key"])

    def _bulk(self) -> None:
        """Somebody edits fifty records at once."""
        object, side = self._object(), self._side()
        numbers = sorted({number for _ in range(50) if (number := self._some(object)) is not None})
        name = self._fields(object)[0]
        if side == "hubspot":
            for number in numbers:
                self._save(side, object, number, [name])
            return
        values = [self._value(object, number, name, None) for number in numbers]
        held = self.tables.bulk(object, numbers, name, values)
        for number, value, over in zip(numbers, values, held, strict=True):
            if over is not None:
                at = self.story.tell("bulk edit", side, object, number, values={name: value}, over={name: over})
                self.story.of(object, number).edit(name, Edit(at, side, value, over or None))

    def _clear(self) -> None:
        object = self.chance.choice(("companies", "contacts"))
        number = self._some(object)
        if number is not None:
            self._write("clear", self._side(), object, number, {"title" if object == "contacts" else "city": None})

    def _note(self) -> None:
        """Somebody writes a note, which is not mapped."""
        object, side = self._object(), self._side()
        number = self._some(object)
        if number is not None:
            self.count += 1
            text = f"Note no. {self.count}"
            if self._write("note", side, object, number, {"note": text}):
                self.story.of(object, number).notes[side] = text

    # --- what belongs to what -----------------------------------------------------------------------------

    def _move(self) -> None:
        """A contact or a deal gets another company, or a deal another contact; now and then none."""
        object, side = self.chance.choice(("contacts", "contacts", "deals")), self._side()
        number = self._some(object, deals_in_list=True)
        if number is None or is_lonely(number):
            return
        name = self.chance.choice(list(PARENTS[object]))
        to = None if self.chance.random() < 0.1 else self._parent(object, name, side)
        if to is None and len(self.account.parents(object, number, name)) > 1:
            return
        if side == "erp":
            self._move_row(object, number, name, to)
        else:
            self._move_record(object, number, name, to)

    def _move_row(self, object: str, number: int, name: str, to: int | None) -> None:
        other = PARENTS[object][name]
        far = None if to is None else self.tables.ids[other][to]
        held = self.tables.save(object, number, {name: None if far is None else str(far)})
        if held is not None:
            numbers = {str(id): there for there, id in self.tables.ids[other].items()}
            over = None if held[name] is None else numbers.get(str(held[name]))
            self._moved("erp", object, number, name, to, over)

    def _move_record(self, object: str, number: int, name: str, to: int | None) -> None:
        other = PARENTS[object][name]
        before = self.account.parents(object, number, name)
        id = self.account.ids[object][number]
        if to is not None:
            primary = name == "company"
            self.account.admin.associate(object, id, other, self.account.ids[other][to], primary=primary)
        if before and (to is None or before[0] != self.account.ids[other][to]):
            self.account.admin.dissociate(object, id, other, before[0])
        over = self.account.number(other, before[0]) if before else None
        self._moved("hubspot", object, number, name, to, over)

    def _add_company(self) -> None:
        """A contact gets one more company in HubSpot, beside the primary one."""
        number = self._some("contacts")
        to = self._parent("contacts", "company", "hubspot")
        if number is None or to is None or is_lonely(number):
            return
        far = self.account.ids["companies"][to]
        before = self.account.parents("contacts", number, "company")
        if before and far not in before:
            self.account.admin.associate("contacts", self.account.ids["contacts"][number], "companies", far)
            at = self.story.tell("add company", "hubspot", "contacts", number, to=to)
            self.story.of("companies", to).touched.append(at)

    # --- new records --------------------------------------------------------------------------------------

    def _make(self) -> None:
        self._make_on(self._object(), [self._side()])

    def _make_both(self) -> None:
        """Both sides get the same new record at the same moment."""
        self._make_on(self.chance.choice(("companies", "contacts")), ["hubspot", "erp"])

    def _make_on(self, object: str, sides: list[str]) -> None:
        number = self.next[object]
        self.next[object] += 1
        life = Life(dict(first(object, number)) | dict.fromkeys(PARENTS.get(object, {})))
        self.story.born(object, number, life)
        for side in sides:
            values = dict(life.start if len(sides) == 1 else {**life.start, **self._own(object, number)})
            values = {name: values[name] for name in HUBSPOT[object]}
            if side == "hubspot":
                self.account.make(object, number, values)
            else:
                self.tables.make(object, number, values)
            at = self.story.tell("make", side, object, number, values=values)
            life.made[side] = at
            for name in values if len(sides) > 1 else ():
                if values[name] != life.start[name]:
                    life.edit(name, Edit(at, side, values[name], None))
        if object == "deals":
            listed = sides == ["hubspot"] and self.chance.random() < 0.8
            life.listed.append((time.time(), listed))
            life.alone = "" if listed else sides[0]
            if listed:
                self._list_anew()

    def _own(self, object: str, number: int) -> dict[str, str | None]:
        name = self._fields(object)[0]
        return {name: self._value(object, number, name, None)}

    def _make_without_key(self) -> None:
        """A contact without an address, which takes no part."""
        self.count += 1
        names = {"firstname": "No", "lastname": f"Address {self.count}"}
        if self._side() == "hubspot":
            self.account.admin.create("contacts", names)
            self.story.tell("make without key", "hubspot", "contacts", values=names)
        else:
            self.tables.rows("INSERT INTO contacts (firstname, lastname) VALUES (%s, %s)", *names.values())
            self.story.tell("make without key", "erp", "contacts", values=names)

    def _make_twin(self) -> None:
        """Somebody makes a row for a contact that is there already."""
        number = self._some("contacts", quiet=True)
        if number is not None:
            life = self.story.of("contacts", number)
            held = self.account.held("contacts", number) or {}
            values = {name: held[name] for name in ERP["contacts"]}
            life.kept = True
            life.twins.add(self.tables.make("contacts", number, values, twin=True))
            self.story.tell("make twin", "erp", "contacts", number, values=values)

    # --- ends ---------------------------------------------------------------------------------------------

    def _delete(self) -> None:
        self._end(self._object(), self._side())

    def _end(self, object: str, side: str) -> int | None:
        """Delete a record on a side, one to which nothing belongs; return its number."""
        number = self._some(object, quiet=True, lonely=True, deals_in_list=True)
        if number is None:
            return None
        life = self.story.of(object, number)
        if side == "hubspot":
            self.account.admin.archive(object, self.account.ids[object][number])
        elif not self.tables.delete(object, number):
            return None
        life.gone[side], life.kept = self.story.tell("delete", side, object, number), True
        return number

    def _delete_and_edit(self) -> None:
        """A record is deleted on one side, and edited on the other at the same moment."""
        object, side = self._object(), self._side()
        number = self._end(object, side)
        if number is not None:
            name, other = self._fields(object)[0], "erp" if side == "hubspot" else "hubspot"
            self._write("edit", other, object, number, {name: self._value(object, number, name, None)})

    def _remake(self) -> None:
        """A row is deleted, and made again a while later."""
        object = self.chance.choice(("companies", "contacts"))
        number = self._end(object, "erp")
        if number is not None:
            self._put_off(self.chance.uniform(5.0, 200.0), lambda: self._make_again(object, number))

    def _make_again(self, object: str, number: int) -> None:
        life = self.story.of(object, number)
        values = {name: (life.last(name, "hubspot") or life.last(name, "erp")) for name in HUBSPOT[object]}
        now = {name: edit.value if edit else life.start[name] for name, edit in values.items()}
        name = self._fields(object)[0]
        now["key"] = key_of(object, number)
        now[name] = self._value(object, number, name, None)
        self.tables.make(object, number, now)
        at = self.story.tell("make again", "erp", object, number, values=now)
        del life.gone["erp"]
        life.remade = True
        for each, value in {**now, **dict.fromkeys(PARENTS.get(object, {}))}.items():
            life.edit(each, Edit(at, "erp", value, None))

    def _restore(self) -> None:
        """A record is archived in HubSpot, and restored a while later."""
        object = self._object()
        number = self._end(object, "hubspot")
        if number is not None:
            id = self.account.ids[object][number]
            self._put_off(self.chance.uniform(5.0, 200.0), lambda: self._bring_back(object, number, id))

    def _bring_back(self, object: str, number: int, id: str) -> None:
        self.account.admin.restore(object, id)
        life = self.story.of(object, number)
        del life.gone["hubspot"]
        life.restored = True
        self.story.tell("restore", "hubspot", object, number)

    def _merge(self) -> None:
        """Two records of HubSpot are merged; of the two rows, one is to be deleted once it is held."""
        object = self.chance.choice(("companies", "contacts", "contacts"))
        numbers = {self._some(object, quiet=True), self._some(object, quiet=True)} - {None}
        if len(numbers) < 2 or any(is_lonely(each) for each in numbers if each is not None):
            return
        primary, other = (each for each in numbers if each is not None)
        children = self.account.children(object, other)
        if any(count > 1 for *_, count in children):
            return
        company = self._company_of(primary) if object == "contacts" else None
        ids = self.account.ids[object]
        id = self.account.admin.merge(object, ids[primary], ids.pop(other))
        ids[primary] = id
        at = self.story.tell("merge", "hubspot", object, primary, other=other)
        survivor, absorbed = self.story.of(object, primary), self.story.of(object, other)
        survivor.grew = survivor.kept = absorbed.absorbed = absorbed.kept = True
        absorbed.touched.append(at)
        self.merged[object, primary] = other
        for child, number, name, _ in children:
            self.story.of(child, number).edit(name, Edit(at, "hubspot", str(primary), str(other)))
            self.story.of(child, number).touched.append(at)
        if object == "contacts" and (now := self._company_of(primary)) != company:
            edit = Edit(at, "hubspot", *(None if each is None else str(each) for each in (now, company)))
            survivor.edit("company", edit)

    def _company_of(self, number: int) -> int | None:
        found = self.account.parents("contacts", number, "company")
        return self.account.number("companies", found[0]) if found else None

    def tidy_up(self, object: str, held: str) -> bool:
        """Delete the row that a merge has left over, by its id; who belonged to it goes to the other one first."""
        rows = self.tables.ids[object]
        for (kind, primary), other in list(self.merged.items()):
            pair = {str(rows.get(primary)): primary, str(rows.get(other)): other}
            if kind != object or held not in pair:
                continue
            stays = rows[other if pair[held] == primary else primary]
            for child, name, key in self.tables.move(object, int(held), stays):
                self._child_moved(child, name, key, primary, other)
            self.tables.rows(f"DELETE FROM {object} WHERE id=%s", int(held))
            rows[primary] = stays
            rows.pop(other, None)
            del self.merged[kind, primary]
            self.story.tell("tidy up", "erp", object, primary, other=other, row=held)
            self.story.of(object, primary).kept = False
            return True
        return False

    def _child_moved(self, object: str, name: str, key: str | None, primary: int, other: int) -> None:
        if (number := number_of(object, key)) is not None:
            self._moved("erp", object, number, name, primary, other)

    # --- lists, and what is put off -----------------------------------------------------------------------

    def _list(self) -> None:
        """Some deals come into the list, and some leave it."""
        for _ in range(self.chance.choice((1, 1, 2, 5))):
            number = self.chance.randrange(self.next["deals"])
            life = self.story.lives["deals"].get(number)
            if life is None or life.kept or not life.is_whole or number not in self.account.ids["deals"]:
                continue
            is_in = life.listed[-1][1]
            if not is_in and not any(each for _, each in life.listed):
                if life.edits:
                    continue
                life.kept = True  # the two have not met yet
            if is_in and number not in self.tables.ids["deals"]:
                continue
            at = self.story.tell("leave list" if is_in else "come into list", "hubspot", "deals", number)
            life.listed.append((at, not is_in))
        self._list_anew()

    def _list_anew(self) -> None:
        lives, ids = self.story.lives["deals"], self.account.ids["deals"]
        members = [ids[number] for number, life in lives.items() if life.listed[-1][1] and number in ids]
        self.account.admin.set_list("deals", LIST, members)
