"""The country of national phone numbers: that of the record, where it names one, else that of its account."""

from collections.abc import Mapping
from dataclasses import replace

from bothways.engine.keys import own_country
from bothways.engine.sides import Side
from bothways.engine.spec import FieldMap
from bothways.records import Field, Value


def read_there(mapping: FieldMap, values: Mapping[Side, Mapping[str, Value] | None]) -> FieldMap:
    """Return a mapping as it holds for these records: each phone number in its record's own country.

    Values of one pair are compared, and made of each other, by the mapping as it holds there.
    """
    if not (mapping.left.countries or mapping.right.countries):
        return mapping
    left, right = _there(mapping.left, values.get(Side.LEFT)), _there(mapping.right, values.get(Side.RIGHT))
    return mapping if left is mapping.left and right is mapping.right else replace(mapping, left=left, right=right)


def _there(field: Field, values: Mapping[str, Value] | None) -> Field:
    own = own_country(field.countries, values) if values and field.countries else None
    return field if own in (None, field.region) else replace(field, region=own)
