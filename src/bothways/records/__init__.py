"""The vocabulary: records, fields and the rules for their values."""

from bothways.records.coerce import CannotCoerce, Coerced, coerce, coercion_between
from bothways.records.normal import normal_email, normal_phone
from bothways.records.record import Record, Ref, Value
from bothways.records.types import Field, FieldType, Option
from bothways.records.values import canonical, is_blank, is_text, may_be_rewriting, same

__all__ = [
    "CannotCoerce",
    "Coerced",
    "Field",
    "FieldType",
    "Option",
    "Record",
    "Ref",
    "Value",
    "canonical",
    "coerce",
    "coercion_between",
    "is_blank",
    "is_text",
    "may_be_rewriting",
    "normal_email",
    "normal_phone",
    "same",
]
