"""The fields of a contact, as data: what each means, and where it stands in a card.

``email``, ``url`` and ``address.*`` are the preferred or first one, whatever its label; ``email.work`` and
the like only look at lines of that label, ``email.1`` and the like at the line of that position, the preferred
ones first. ``emails`` and ``phones`` are lists of all of them, each with its label. ``phone`` is the preferred or
first number that is no mobile, fax or pager number, so that it never shows the same number as ``phone.cell`` or
``phone.fax``.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from bothways.connectors.carddav.codecs import DATE, PHONE, TEXT, URL, Codec
from bothways.connectors.carddav.places import ANY, Entries, Entry, Label, Place, Words
from bothways.records import Field, FieldType

FULL_NAME = "full name"

MOBILE = frozenset({"cell", "mobile", "iphone"})
NO_VOICE = MOBILE | {"fax", "pager"}


@dataclass(frozen=True, slots=True)
class Slot:
    """A field and its place."""

    field: Field
    place: Place


def _label(*has: str, hasnt: frozenset[str] = frozenset(), v3: str = "", v4: str = "") -> Label:
    return Label(frozenset(has), hasnt, {"3.0": v3, "4.0": v4})


EMAIL_LABELS = {
    "": _label(v3="INTERNET"),
    "home": _label("home", v3="INTERNET,HOME", v4="home"),
    "work": _label("work", v3="INTERNET,WORK", v4="work"),
    "other": _label("other", v3="INTERNET,OTHER", v4="other"),
}
PHONE_LABELS = {
    "": _label(hasnt=NO_VOICE, v3="VOICE", v4="voice"),
    "cell": _label(*MOBILE, hasnt=frozenset({"fax"}), v3="CELL", v4="cell"),
    "home": _label("home", hasnt=NO_VOICE, v3="HOME,VOICE", v4='"home,voice"'),
    "work": _label("work", hasnt=NO_VOICE, v3="WORK,VOICE", v4='"work,voice"'),
    "fax": _label("fax", v3="FAX", v4="fax"),
}
PLAIN_PHONE = _label(v3="VOICE", v4="voice")
"""Any number, a mobile or fax number as well."""

PLACE_LABELS = {
    "": ANY,
    "home": _label("home", v3="HOME", v4="home"),
    "work": _label("work", v3="WORK", v4="work"),
}
POSITIONS = (1, 2, 3)
"""Which addresses and numbers of a card can be named by their position."""

LISTS = {"email": "emails", "phone": "phones"}
"""The lists of which these fields are parts."""

PHONE_MEANINGS = {"": "telephone", "cell": "mobile", "fax": "faxNumber"}

NAME_PARTS = {
    "family name": ("familyName", "Family name"),
    "given name": ("givenName", "Given name"),
    "additional name": ("additionalName", "Additional name"),
    "name prefix": ("honorificPrefix", "Name prefix"),
    "name suffix": ("honorificSuffix", "Name suffix"),
}
"""The parts of N, in their order."""

ADDRESS_PARTS = {
    "street": (2, "streetAddress", "street"),
    "city": (3, "addressLocality", "city"),
    "region": (4, "addressRegion", "region"),
    "postcode": (5, "postalCode", "postcode"),
    "country": (6, "addressCountry", "country"),
}
"""The parts of ADR. Its first two (post office box, extended address) are left as they are."""


def _names() -> Iterator[Slot]:
    yield Slot(Field(FULL_NAME, label="Full name", meaning="name"), Entry("FN"))
    for part, (name, (meaning, label)) in enumerate(NAME_PARTS.items()):
        yield Slot(Field(name, label=label, meaning=meaning), Entry("N", part=part, parts=5, kept=True))
    yield Slot(Field("nickname", label="Nickname"), Entry("NICKNAME"))


def _work() -> Iterator[Slot]:
    yield Slot(Field("organisation", label="Organisation", meaning="worksFor"), Entry("ORG", part=0, parts=1))
    yield Slot(Field("department", label="Department"), Entry("ORG", part=1, parts=2))
    yield Slot(Field("title", label="Title", meaning="jobTitle"), Entry("TITLE"))
    yield Slot(Field("role", label="Role"), Entry("ROLE"))


def _entries(
    name: str, kind: FieldType, property: str, codec: Codec, labels: Mapping[str, Label], meanings: Mapping[str, str]
) -> Iterator[Slot]:
    title = {"email": "E-mail", "phone": "Phone", "url": "Website"}[name]
    for word, label in labels.items():
        full = f"{name}.{word}" if word else name
        shown = f"{title} ({'mobile' if word == 'cell' else word})" if word else title
        field = Field(full, kind, shown, meanings.get(word), part_of=LISTS.get(name))
        yield Slot(field, Entry(property, codec, label))


def _several(name: str, kind: FieldType, property: str, codec: Codec, labels: Mapping[str, Label]) -> Iterator[Slot]:
    """Yield the fields by position, and the list of all."""
    title, whole = {"email": ("E-mail", "E-mails"), "phone": ("Phone", "Phones")}[name]
    for position in POSITIONS:
        field = Field(f"{name}.{position}", kind, f"{title} ({position})", part_of=LISTS[name], position=position)
        yield Slot(field, Entry(property, codec, labels[""] if name == "email" else PLAIN_PHONE, position=position))
    field = Field(LISTS[name], FieldType.LABELLED, whole, multi_valued=True, items=kind)
    yield Slot(field, Entries(field, property, codec, labels))


def _addresses() -> Iterator[Slot]:
    for word, label in PLACE_LABELS.items():
        for part, (index, meaning, shown) in ADDRESS_PARTS.items():
            name = ".".join(filter(None, ("address", word, part)))
            title = f"Address ({word}): {shown}" if word else f"Address: {shown}"
            field = Field(name, label=title, meaning=None if word else f"address.{meaning}")
            yield Slot(field, Entry("ADR", label=label, part=index, parts=7))


def _slots() -> Iterator[Slot]:
    yield from _names()
    yield from _work()
    yield from _entries("email", FieldType.EMAIL, "EMAIL", TEXT, EMAIL_LABELS, {"": "email"})
    yield from _several("email", FieldType.EMAIL, "EMAIL", TEXT, EMAIL_LABELS)
    yield from _entries("phone", FieldType.PHONE, "TEL", PHONE, PHONE_LABELS, PHONE_MEANINGS)
    yield from _several("phone", FieldType.PHONE, "TEL", PHONE, PHONE_LABELS)
    yield from _entries("url", FieldType.URL, "URL", URL, PLACE_LABELS, {"": "url"})
    yield from _addresses()
    yield Slot(Field("birthday", FieldType.DATE, "Birthday", "birthDate"), Entry("BDAY", DATE))
    yield Slot(Field("note", label="Note", meaning="description"), Entry("NOTE"))
    yield Slot(Field("categories", FieldType.MULTI_CHOICE, "Categories", multi_valued=True), Words("CATEGORIES"))
    yield Slot(Field("uid", label="UID", meaning="identifier", read_only=True), Entry("UID"))


SLOTS: Mapping[str, Slot] = {slot.field.name: slot for slot in _slots()}
"""Every field of a contact by its name, in the order in which a new card is filled."""
