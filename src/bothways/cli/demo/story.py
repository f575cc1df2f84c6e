"""What is shown, step by step. Every step checks what it shows by reading both servers itself."""

from collections.abc import Callable, Mapping, Sequence

from bothways.cli.demo.people import Person, Snapshot, compared
from bothways.cli.demo.stage import Stage, id_in, number_in
from bothways.sandbox.people.build import AMBIGUOUS, CARDS, COMMON, CONTACTS

NEW_CARDS = CONTACTS - COMMON - AMBIGUOUS
NEW_CONTACTS = CARDS - COMMON - 2 * AMBIGUOUS
HELD = 3 * AMBIGUOUS
"""A contact and two cards for each address that two cards hold."""

FIRST_RUN = 25
READS = ("/search", "/batch/read")

IN_STEP = (0, 4)
"""Exit codes: done; done, and some records are held for a person."""


def two_books(stage: Stage) -> None:
    """Show what is there to begin with."""
    stage.title("Two books of people")
    stage.tell(
        f"A stand-in for HubSpot at {stage.hubspot.url} and Radicale, a real CardDAV server, at {stage.book.url}.",
        "The people are synthetic; their overlaps and mistakes are those of real books.",
    )
    before = stage.look()
    stage.check(f"HubSpot holds {CONTACTS} contacts", len(before.contacts) == CONTACTS, len(before.contacts))
    stage.check(f"The address book holds {CARDS} cards", len(before.cards) == CARDS, len(before.cards))
    found = compared(before)
    stage.check(f"{COMMON} people are in both", found.pairs == COMMON, found.pairs)
    differing = {line.partition(": ")[0] for line in found.differences}
    stage.check("All of these are written differently in the two", len(differing) == COMMON, len(differing))
    stage.check(f"{AMBIGUOUS} addresses are held by two cards", len(found.unclear) == AMBIGUOUS, len(found.unclear))


def connected(stage: Stage) -> None:
    """Show the workspace and that both apps answer."""
    stage.title("A workspace: one file")
    stage.tell(f"{stage.folder / 'bothways.yaml'}:", *(stage.folder / "bothways.yaml").read_text().splitlines())
    stage.bothways("validate")
    for app in ("hubspot", "addressbook"):
        said = stage.bothways(f"app check {app}")
        stage.check(f"{app} answers", f"✓ {app}" in said)


def planned(stage: Stage) -> None:
    """Show what a run would do, and that looking changes nothing."""
    stage.title("What would happen")
    before, calls = stage.look(), len(stage.hubspot.log)
    said = stage.bothways("plan contacts")
    stage.check(
        f"It would make {NEW_CONTACTS} contacts and {NEW_CARDS} cards",
        bool(number_in(rf"^\+ create +{NEW_CONTACTS} +({NEW_CARDS})$", said)),
    )
    stage.check(f"{HELD} records are held: their partner is not clear", number_in(r"^\? held +(\d+)$", said) == HELD)
    written = [each for each in stage.hubspot.log[calls:] if each[0] != "GET" and not each[1].endswith(READS)]
    stage.check("Nothing was written to HubSpot", not written, written[:1])
    stage.check("Both books are as they were", stage.look() == before)


def first_run(stage: Stage) -> None:
    """Show that the first run stops to be looked at."""
    stage.title(f"The first run stops after {FIRST_RUN} records, to be looked at")
    before = stage.look()
    stage.bothways("run contacts", ends_with=(0, 4, 5))
    touched = stage.look().touched_since(before)
    stage.check(f"{FIRST_RUN} people were written, no more", len(touched) == FIRST_RUN, len(touched))


def all_of_it(stage: Stage) -> None:
    """Show the rest of the first run."""
    stage.title("It looks right, so it may go on")
    before = stage.look()
    stage.bothways("run contacts --yes", ends_with=IN_STEP)
    now = stage.look()
    _check_sizes(stage, now)
    _check_equal(stage, now)
    lost = [uid for uid, lines in before.own_lines.items() if now.own_lines.get(uid) != lines]
    stage.check("Every card kept the lines that no other app knows", not lost, lost[:3])
    stage.bothways("records contacts --state held --limit 6")
    stage.bothways("run contacts", ends_with=IN_STEP)
    stage.check("Another run writes nothing", stage.look() == now)


def edits(stage: Stage) -> None:
    """Show one edit on each side arriving on the other."""
    stage.title("Somebody edits a contact, somebody else edits a card")
    before = stage.look()
    here, there = _two_pairs(before)
    contact_id, contact = _find(before.contacts, here)
    uid, card = _find(before.cards, there)
    stage.tell(
        f"In HubSpot the job title of {contact.given} {contact.family} becomes Head of Research.",
        f"In the address book {card.given} {card.family} gets another telephone number, +61 2 5550 9999.",
    )
    stage.hubspot.edit("contacts", contact_id, {"jobtitle": "Head of Research"})
    _edit_card(stage, uid, "TEL", "+61 2 5550 9999")
    stage.bothways("run contacts", ends_with=IN_STEP)
    now = stage.look()
    arrived = _find(now.cards, here)[1].title
    stage.check("The new job title is in the address book", arrived == "Head of Research", arrived)
    arrived = _find(now.contacts, there)[1].comparable[3]
    stage.check("The new number is in HubSpot", arrived == "61255509999", arrived)
    stage.check("Nobody else was touched", now.touched_since(before) == {here, there})
    said = stage.bothways(f"why contacts {here} jobtitle")
    stage.check("It can say why", "Head of Research" in said and "hubspot" in said)


def undone(stage: Stage) -> None:
    """Show that a run can be undone, and that what was undone does not come back."""
    stage.title("A mistake spreads, and is undone")
    before = stage.look()
    wrong = _some(before, 3)
    stage.tell('In HubSpot the last names of three contacts become "Delete Me". The sync does what it must:')
    for key in wrong:
        stage.hubspot.edit("contacts", _find(before.contacts, key)[0], {"lastname": "Delete Me"})
    said = stage.bothways("run contacts", ends_with=IN_STEP)
    spread = [_find(stage.look().cards, key)[1].family for key in wrong]
    stage.check("The mistake reached three cards", spread == ["Delete Me"] * 3, spread)
    stage.bothways(f"undo {id_in('r', said)} --yes")
    undone = stage.look()
    stage.check("The cards are as they were before", undone.cards == before.cards)
    stage.bothways("run contacts", ends_with=IN_STEP)
    stage.check("The next run does not do it again", stage.look() == undone)
    stage.tell("The names are put right in HubSpot as well.")
    for key in wrong:
        id, person = _find(before.contacts, key)
        stage.hubspot.edit("contacts", id, {"lastname": person.family})
    stage.bothways("run contacts", ends_with=IN_STEP)
    stage.check("Both books are as they were before the mistake", stage.look() == before)


def proof(stage: Stage) -> None:
    """Show that both sides are equal: once by the product, once without it."""
    stage.title("Is that true? Both servers are read again")
    said = stage.bothways("compare contacts")
    pairs = COMMON + NEW_CARDS + NEW_CONTACTS
    found = number_in(r"^contacts: ([\d,]+) pairs .* equal in every field", said)
    stage.check(f"Bothways finds {pairs} pairs", found == pairs, found)
    stage.check("and all of them equal", number_in(r", ([\d,]+) equal in every field", said) == pairs)
    stage.tell("", "And without Bothways, straight from what the two servers hold:")
    now = stage.look()
    _check_sizes(stage, now)
    _check_equal(stage, now)


STEPS: Sequence[Callable[[Stage], None]] = (
    two_books,
    connected,
    planned,
    first_run,
    all_of_it,
    edits,
    undone,
    proof,
)


# --- checks that come twice, and people to act with ---------------------------------------------------


def _check_sizes(stage: Stage, now: Snapshot) -> None:
    contacts, cards = CONTACTS + NEW_CONTACTS, CARDS + NEW_CARDS
    sizes = (len(now.contacts), len(now.cards))
    stage.check(f"There are {contacts} contacts and {cards} cards, nobody twice", sizes == (contacts, cards), sizes)


def _check_equal(stage: Stage, now: Snapshot) -> None:
    found = compared(now)
    pairs = COMMON + NEW_CARDS + NEW_CONTACTS
    stage.check(f"{pairs} people are in both", found.pairs == pairs, found.pairs)
    stage.check("and equal in every field", not found.differences, "; ".join(found.differences[:3]))
    stage.check("Nobody is in one book alone", not found.alone, found.alone[:3])
    stage.check(f"Only the {AMBIGUOUS} unclear addresses wait for a person", len(found.unclear) == AMBIGUOUS)


def _some(now: Snapshot, count: int) -> list[str]:
    """Return the keys of some people who are in both books, each once."""
    unclear = set(compared(now).unclear)
    cards = {person.key for person in now.cards.values()}
    keys = [person.key for person in now.contacts.values() if "@" in person.key]
    return [key for key in keys if key in cards and key not in unclear][:count]


def _two_pairs(now: Snapshot) -> tuple[str, str]:
    *_, here, there = _some(now, 12)
    return here, there


def _find(people: Mapping[str, Person], key: str) -> tuple[str, Person]:
    return next((id, person) for id, person in people.items() if person.key == key)


def _edit_card(stage: Stage, uid: str, name: str, value: str) -> None:
    """Change one line of a card, as the telephone that keeps it would: all other lines stay."""
    file = f"{uid}.vcf"
    etag, text = stage.book.get(file)
    rows = text.splitlines()
    place = next(place for place, row in enumerate(rows) if row.upper().startswith(name))
    rows[place] = f"{rows[place].partition(':')[0]}:{value}"
    stage.book.put(file, "\r\n".join([*rows, ""]), etag)
