"""Two apps that call countries otherwise, and one that refuses some people: what makes issues of a few causes."""

from bothways.connectors.base import WriteItem
from bothways.records import Field, FieldType, Option
from tests.office import SYNC

SETTINGS = (
    SYNC
    + """\
    fields:
      - {Anna: email, Bert: email}
      - {Anna: name, Bert: name}
      # how countries are called
      - {Anna: land, Bert: country, other: hold}   # as agreed
"""
)


def land(name: str, *options: tuple[str, str]) -> Field:
    return Field(
        name, FieldType.CHOICE, "Country", meaning="landOfBirth", options=tuple(Option(*each) for each in options)
    )


ANNAS = land("land", ("uk", "UK"), ("holland", "Holland"), ("fr", "France"))
BERTS = land("country", ("gb", "United Kingdom"), ("nl", "Netherlands"), ("fr", "France"))


def refuse_closed(item: WriteItem) -> tuple[str, tuple[str, ...]] | None:
    return ("Period closed", ()) if item.values.get("name", "").startswith("Closed") else None
