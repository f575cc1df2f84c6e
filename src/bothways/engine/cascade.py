"""The cascade: by which keys the records of each kind are recognised, in which order, unless the settings say else."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import product

from bothways.engine.keys import Key, part_of
from bothways.engine.sides import SIDES, Side
from bothways.engine.spec import Finding, MatchRule, Roles
from bothways.records import Field, FieldType

PERSON, ORGANIZATION, DEAL, PRODUCT = "Person", "Organization", "Deal", "Product"

MEANINGS: Mapping[str, tuple[str, ...]] = {
    "given name": ("givenName",),
    "family name": ("familyName",),
    "name": ("name",),
    "birth date": ("birthDate",),
    "phone": ("telephone", "mobile"),
    "employer": ("worksFor",),
    "company": ("name", "legalName"),
    "domain": ("domain", "url"),
    "country": ("address.addressCountry",),
    "sku": ("sku",),
    "price": ("price",),
    "currency": ("priceCurrency",),
}
"""The meanings of the fields that play each role, the primary first."""

MOST = 3
"""An address or number that more records of one app hold belongs to nobody in particular."""


_TELLING = (
    (PRODUCT, frozenset({"sku"})),
    (DEAL, frozenset({"price"})),
    (PERSON, frozenset({"givenName", "familyName"})),
    (ORGANIZATION, frozenset({"domain", "legalName", "numberOfEmployees"})),
)
"""Meanings that only fields of one kind of record have."""

Schema = Mapping[Side, Mapping[str, Field]]
"""The fields of the two objects, by name."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step: the parts of its key (a normal form and the role that holds it), and what it is good for.

    ``copies``: its guards tell copies of one record from different ones, so that it may link in small groups.
    """

    name: str
    parts: tuple[tuple[str, str], ...]
    finding: Finding = Finding.LINK
    guards: tuple[str, ...] = ()
    most: int | None = None
    tells_apart: bool = True
    copies: bool = False


_PEOPLE = (
    Step("e-mail", (("email", "email"),), guards=("first name", "shared mailbox"), most=MOST, copies=True),
    Step("phone and full name", (("phone", "phone"), ("name", "full name")), Finding.HOLD, most=MOST),
    Step("mailbox by another spelling of its e-mail", (("mailbox", "email"),), Finding.HOLD, most=MOST),
    Step("full name and company", (("name", "full name"), ("company", "employer")), Finding.HOLD),
)
CASCADES: Mapping[str, tuple[Step, ...]] = {
    PERSON: _PEOPLE,
    ORGANIZATION: (
        Step("domain", (("domain", "domain"),), guards=("related names",)),
        Step("e-mail", (("company email", "email"),), guards=("related names",), most=MOST, tells_apart=False),
        Step("name", (("company", "company"),), guards=("legal form", "country")),
        Step(
            "name but for a letter or two",
            (("consonants", "company"),),
            Finding.HOLD,
            ("related names", "a domain missing"),
            MOST,
        ),
    ),
    DEAL: (Step("name and amount", (("text", "name"), ("amount", "price")), Finding.HOLD, ("currency",)),),
    PRODUCT: (Step("SKU", (("sku", "sku"),)), Step("name", (("text", "name"),), Finding.HOLD)),
}
"""The steps for each kind of record. Leads are people."""

AS_HUBSPOT: Mapping[str, tuple[Step, ...]] = {
    PERSON: (Step("e-mail", (("email", "email"),)),),
    ORGANIZATION: (
        Step("domain", (("domain", "domain"),), tells_apart=False),
        Step("name", (("text", "company"),), tells_apart=False),
    ),
    PRODUCT: (Step("SKU", (("sku", "sku"),), tells_apart=False), Step("name", (("text", "name"),), tells_apart=False)),
}
"""What HubSpot's own data sync compares, without any guard.

Source: HubSpot's help centre, "Connect and use HubSpot data sync" (2025): contacts by e-mail, companies by name
or domain, products by SKU or name.
"""


def roles_of(fields: Iterable[Field]) -> Roles:
    """Return which fields of an object play which role, by their meanings; e-mail fields by their type."""
    known = list(fields)
    roles = {
        role: tuple(field.name for meaning in meanings for field in known if field.meaning == meaning)
        for role, meanings in MEANINGS.items()
    }
    emails = [field for field in known if field.type is FieldType.EMAIL and field.position is None]
    roles["email"] = tuple(field.name for field in sorted(emails, key=lambda field: field.meaning != "email"))
    return {role: names for role, names in roles.items() if names}


def kind_of(fields: Iterable[Field]) -> str | None:
    """Return what kind of record two objects hold, by the fields of both; None where they do not say."""
    known = list(fields)
    meanings = {field.meaning for field in known}
    for kind, telling in _TELLING:
        if meanings & telling:
            return kind
    return PERSON if any(field.type is FieldType.EMAIL for field in known) else None


def cascade(steps: Iterable[Step], schema: Schema, *, small_groups: bool = False) -> tuple[MatchRule, ...]:
    """Return the match rules that these steps come to; a step whose roles a side lacks is left out.

    ``small_groups``: the steps that may link one pair of a few copies do so.
    """
    rules = []
    for step in steps:
        left, right = (_keys(step, roles_of(schema[side].values()), schema[side]) for side in SIDES)
        if left and right:
            small = small_groups and step.copies
            rule = MatchRule(left, right, step.name, step.finding, step.guards, step.most, step.tells_apart, small)
            rules.append(rule)
    return tuple(rules)


def _keys(step: Step, roles: Roles, fields: Mapping[str, Field]) -> tuple[Key, ...]:
    """Return every way to make the key of a step, the primary first."""
    ways = [
        [part_of(compare, [fields[name] for name in names]) for names in _ways(role, roles)]
        for compare, role in step.parts
    ]
    return tuple(product(*ways))


def _ways(role: str, roles: Roles) -> list[tuple[str, ...]]:
    """Return the fields that play a role, each alone; a full name is of its parts, or written whole."""
    if role != "full name":
        return [(name,) for name in roles.get(role, ())]
    parts = [names[0] for each in ("given name", "family name") if (names := roles.get(each))]
    return ([tuple(parts)] if len(parts) == 2 else []) + [(name,) for name in roles.get("name", ())]
