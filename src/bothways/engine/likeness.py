"""By what two records may be alike: traits that both apps know of people or companies, in comparable form.

They are for suggestions alone. What is certain enough to link by itself stands in the match rules.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations

from bothways.engine.cascade import ORGANIZATION, PERSON, kind_of
from bothways.engine.keys import own_country, texts_of
from bothways.engine.sides import SIDES, Side
from bothways.engine.spec import FieldMap
from bothways.records import Field, FieldType, Value
from bothways.records.normal import company_domain, company_name, normal_email, normal_phone, person_name
from bothways.records.normal.text import words


class Likeness(StrEnum):
    """How far two texts of a trait may be from each other and still be alike."""

    NAME = "name"
    DATE = "date"
    EXACT = "exact"


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of trait: its name, the meanings of the fields that hold it, its normal form, how it is compared.

    ``telling``: sharing it alone is worth a look. ``naming``: it names the record. ``common``: many different records
    share it, such as colleagues their company and its city.
    """

    name: str
    meanings: tuple[str, ...]
    form: Callable[[str, str | None], str | None]
    likeness: Likeness
    telling: bool = False
    naming: bool = False
    common: bool = False


@dataclass(frozen=True, slots=True)
class Trait:
    """A trait that both apps know: its kind, and per side the fields that hold it, the primary first."""

    kind: Kind
    held: Mapping[Side, tuple[Field, ...]]

    @property
    def name(self) -> str:
        return self.kind.name

    def text(self, side: Side, values: Mapping[str, Value]) -> str | None:
        """Return what a record of one side holds of it, in normal form; None where it holds nothing that compares."""
        for field in self.held[side]:
            region = own_country(field.countries, values) or field.region
            for text in texts_of((field.name,), values):
                if form := self.kind.form(text, region):
                    return form
        return None


def _words(text: str, region: str | None) -> str | None:
    return " ".join(words(text)) or None


def _company(text: str, region: str | None) -> str | None:
    found = company_name(text)
    return found.key if found else None


_EMAIL = Kind("e-mail", ("email",), lambda text, region: normal_email(text), Likeness.EXACT, telling=True)
_PHONE = Kind("phone", ("telephone", "mobile"), normal_phone, Likeness.EXACT, telling=True)
_PLACE = (
    Kind("street", ("address.streetAddress",), _words, Likeness.NAME, common=True),
    Kind("postal code", ("address.postalCode",), _words, Likeness.EXACT, common=True),
    Kind("city", ("address.addressLocality",), _words, Likeness.NAME, common=True),
)
GIVEN, FAMILY, FULL = "given name", "family name", "name"
_MAILBOX, _FIRST, _LAST = "mailbox", "first word", "last word"

KINDS: Mapping[str, tuple[Kind, ...]] = {
    PERSON: (
        _EMAIL,
        _PHONE,
        Kind(GIVEN, ("givenName",), _words, Likeness.NAME, naming=True),
        Kind(FAMILY, ("familyName",), _words, Likeness.NAME, naming=True),
        Kind(FULL, ("name",), lambda text, region: person_name(text), Likeness.NAME, telling=True, naming=True),
        Kind("birth date", ("birthDate",), _words, Likeness.DATE),
        Kind("company", ("worksFor",), _company, Likeness.NAME, common=True),
        *_PLACE,
    ),
    ORGANIZATION: (
        Kind(FULL, ("name", "legalName"), _company, Likeness.NAME, telling=True, naming=True),
        Kind("domain", ("domain", "url"), lambda text, region: company_domain(text), Likeness.EXACT, telling=True),
        _EMAIL,
        _PHONE,
        *_PLACE,
    ),
}
"""The traits of each kind of record. Leads are people."""


def traits_of(maps: Iterable[FieldMap]) -> tuple[Trait, ...]:
    """Return the traits that mapped fields hold, by the meaning that either app gives them; none for other kinds.

    A person's whole name counts only where its parts are not mapped: it would say the same twice.
    """
    mapped = [each for each in maps if not each.through]
    kind = kind_of([each.on(side) for each in mapped for side in SIDES])
    found = [trait for each in KINDS.get(kind or "", ()) if (trait := _trait(each, mapped))]
    names = {trait.name for trait in found}
    return tuple(trait for trait in found if not (trait.name == FULL and {GIVEN, FAMILY} <= names))


def _trait(kind: Kind, maps: Iterable[FieldMap]) -> Trait | None:
    held = sorted(
        (rank, place, each)
        for place, each in enumerate(maps)
        if (rank := min(_rank(kind, each, side) for side in SIDES)) < len(kind.meanings)
    )
    if not held:
        return None
    return Trait(kind, {side: tuple(each.on(side) for _, _, each in held) for side in SIDES})


def _rank(kind: Kind, mapping: FieldMap, side: Side) -> int:
    """Return the place of a field's meaning among those of a kind; beyond them where it has none of them."""
    field = mapping.on(side)
    if field.meaning in kind.meanings:
        return kind.meanings.index(field.meaning)
    is_email = kind is _EMAIL and field.type is FieldType.EMAIL
    return 0 if is_email else len(kind.meanings)


Block = tuple[str, ...]
"""What two records must share to be compared at all: names of what ``shared_by`` yields."""


def shared_by(kind: Kind, text: str) -> Iterator[tuple[str, str]]:
    """Yield what another record may share with a text of a trait: all of it, or what a slip of the pen leaves."""
    yield kind.name, text
    if kind is _EMAIL:
        yield _MAILBOX, text.rpartition("@")[0]
    if kind.name == FULL:
        first, *more = text.split()
        yield _FIRST, first
        yield _LAST, more[-1] if more else first


def blocks_of(traits: Iterable[Trait]) -> tuple[Block, ...]:
    """Return what records must share to be compared: something telling, or two things that not many share both."""
    kinds = [trait.kind for trait in traits]
    alone = [name for kind in kinds if kind.telling for name in (kind.name, *([_MAILBOX] if kind is _EMAIL else ()))]
    pairs = [
        (name, other)
        for kind, second in combinations(kinds, 2)
        if not (kind.common and second.common)
        for name in _less_telling(kind)
        for other in _less_telling(second)
    ]
    return (*((name,) for name in alone), *pairs)


def _less_telling(kind: Kind) -> tuple[str, ...]:
    """Return what of a trait says something only beside another one."""
    if kind.name == FULL:
        return _FIRST, _LAST
    return () if kind.telling else (kind.name,)
