"""The vocabulary: records, fields and the rules for their values."""

from bothways.records.coerce import CannotCoerce, Coerced, coerce, coercion_between
from bothways.records.normal import is_valid_email, normal_email, normal_phone
from bothways.records.parse import text_of
from bothways.records.record import Record, Ref, Value
from bothways.records.types import Field, FieldType, Option
from bothways.records.values import can_be_kept, canonical, is_blank, may_be_rewriting, same

__all__ = [
    "CannotCoerce",
    "Coerced",
    "Field",
    "FieldType",
    "Option",
    "Record",
    "Ref",
    "Value",
    "can_be_kept",
    "canonical",
    "coerce",
    "coercion_between",
    "is_blank",
    "is_valid_email",
    "may_be_rewriting",
    "normal_email",
    "normal_phone",
    "same",
    "text_of",
]
