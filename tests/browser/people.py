"""Whom the two accounts hold, and the syncs that keep them in step.

Everybody is there before the first run, which therefore links, creates and holds all of them at once. Each journey has
people of its own, so that journeys can be taken in any order on one and the same workspace.
"""

from collections.abc import Iterator, Mapping

from bothways.sandbox.hubspot import Admin
from bothways.sandbox.hubspot.schema import prop

SYNCS = """\
syncs:
  people:
    state: on
    objects: {east: contacts, west: contacts}
    require: []
    match:
      - {east: email, west: email, compare: email}
      - {east: phone, west: phone, compare: phone}
    conflicts: {default_app: east, per_field: {jobtitle: ask, company: ask, fax: ask}}
    fields:
      - {east: email, west: email}
      - {east: firstname, west: firstname}
      - {east: lastname, west: lastname}
      - {east: phone, west: phone}
      - {east: jobtitle, west: jobtitle}
      - {east: city, west: city}
      - {east: company, west: company}
      - {east: fax, west: fax}
      # how each calls countries, and tiers
      - {east: land, west: land, other: hold}
      - {east: tier, west: tier, other: hold}   # in nobody's way
    guards: {first_run: 1000}
  firms:
    state: on
    objects: {east: companies, west: companies}
    match: [{east: domain, west: domain, compare: domain}]
    fields:
      - {east: name, west: name}
      - {east: domain, west: domain}
      - {east: city, west: city}
  deals:
    state: draft
    objects: {east: deals, west: deals}
    match: [{east: dealname, west: dealname, compare: text}]
"""

EASTERN = (("uk", "UK"), ("holland", "Holland"), ("no", "Norway"))
WESTERN = (("gb", "United Kingdom"), ("nl", "Netherlands"), ("no", "Norway"))
"""Countries as each calls them, by their keys."""

Row = Mapping[str, str]

PAIRS = ("Dana Novak", "Chen Wei", "Amal Haddad")
"""People whom both know alike."""

ALONE = "Rob Teal"
"""Somebody whom east alone knows, and the first run makes known to west."""

DOUBTS = ("Eve Park", "Gus Lind", "Hana Mori", "Ivo Kral", "Jan Vos", "Kim Berg")
"""People of east of whom west holds two by the same telephone number."""

DIFFER = {
    "Lea Blum": ("Buyer", "Cook"),
    "Max Frei": ("Clerk", "Guard"),
    "Nia Cole": ("Clerk", "Guard"),
    "Oto Hahn": ("Clerk", "Guard"),
    "Pia Lund": ("Nurse", "Pilot"),
    "Quin Roe": ("Smith", "Tutor"),
    "Rea Sole": ("Miner", "Baker"),
}
"""People whom both know, with another job title in each; nobody ever decides about the last one."""

LANDS = {
    **dict.fromkeys(("Ada Holm", "Bo Nyman", "Cai Munk", "Dag Rask", "Eli Skov", "Finn Toft", "Gry Vang"), "uk"),
    **dict.fromkeys(("Hal Wolf", "Ian York"), "holland"),
}
"""People whom both know, of countries that west calls otherwise."""

TIERS = {"Jo Abel": "gold", "Kai Beck": "silver"}
"""The same of tiers; nobody ever pairs these."""

EMPLOYED = {
    "Lil Carr": ("Acme", "Apex"),
    **dict.fromkeys((f"Mo Unit{letter}" for letter in "abcdefghijklm"), ("Bolt", "Brio")),
    "Nan Dorn": ("Cord", "Cove"),
    "Ole Egge": ("Dale", "Dune"),
}
"""People whom both know, with another employer in each: one of his own, 13 alike, two for a rule."""

FAXES = {"Pat Foss": ("111", "222")}
"""The same of a field about which nobody ever decides."""

FIRMS = ("Acorn Tools", "Birch Paper", "Cedar Boats")


def settle_in(east: Admin, west: Admin) -> None:
    """Fill both accounts."""
    both = [_person(name) for name in PAIRS]
    for account, lands, tiers in ((east, EASTERN, ("gold", "silver")), (west, WESTERN, ("first", "second"))):
        account.define("contacts", prop("land", "Land", "enumeration", "select", options=lands, custom=True))
        account.define("contacts", prop("tier", "Tier", "enumeration", "select", options=tiers, custom=True))
    east.seed(
        "contacts",
        [*both, _person(ALONE), *_of(0), *({**_person(name), "email": "", "phone": _phone(name)} for name in DOUBTS)],
    )
    west.seed("contacts", [*both, *_of(1), *_doubles()])
    for place, account in enumerate((east, west)):
        account.seed("contacts", list(_more(place)))
    for account in (east, west):
        account.seed("companies", [{"name": name, "domain": f"{_word(name)}.example"} for name in FIRMS])


def found(account: Admin, name: str) -> Row:
    """Return what an account holds of a person, by first and last name, or of a firm; the first of several."""
    return account.records(_object(name))[id_of(account, name)]


def id_of(account: Admin, name: str) -> str:
    """Return the id of a person or a firm in an account."""
    rows = account.records(_object(name))
    return next(
        id for id, row in rows.items() if name in (f"{row.get('firstname')} {row.get('lastname')}", row.get("name"))
    )


def move(account: Admin, name: str, city: str) -> None:
    """Let a person or a firm be in another city, as somebody who edits the record does."""
    account.edit(_object(name), id_of(account, name), {"city": city})


def _object(name: str) -> str:
    return "companies" if name in FIRMS else "contacts"


def _person(name: str) -> dict[str, str]:
    first, last = name.split()
    return {"firstname": first, "lastname": last, "email": f"{_word(name)}@mail.example", "city": "Oslo"}


def _of(place: int) -> Iterator[dict[str, str]]:
    return ({**_person(name), "jobtitle": jobs[place]} for name, jobs in DIFFER.items())


def _more(place: int) -> Iterator[dict[str, str]]:
    for name, held in (EMPLOYED | FAXES).items():
        yield {**_person(name), "fax" if name in FAXES else "company": held[place]}
    for name, word in (LANDS | TIERS).items():
        yield {**_person(name), **({"tier" if name in TIERS else "land": word} if place == 0 else {})}


def _doubles() -> Iterator[dict[str, str]]:
    for name in DOUBTS:
        first, last = name.split()
        phone = _phone(name)
        yield {"firstname": first, "lastname": last, "phone": phone, "email": f"{_word(name)}@home.example"}
        yield {"firstname": first[0] + ".", "lastname": last, "phone": phone, "email": f"{_word(name)}@work.example"}


def _phone(name: str) -> str:
    return f"+44 20 7946 09{DOUBTS.index(name):02}"


def _word(name: str) -> str:
    return name.lower().replace(" ", ".")
