"""The vocabulary: records, fields and the rules for their values."""

from bothways.records.choices import Choices, LeftOut, Unpaired, option_named, suggest
from bothways.records.clean import CASES, CLEANERS, clean
from bothways.records.coerce import CannotCoerce, Coerced, coerce, coercion_between
from bothways.records.normal import is_valid_email, normal_email, normal_phone
from bothways.records.parse import parse_boolean, text_of
from bothways.records.record import Record, Ref, Value
from bothways.records.types import Field, FieldType, Option
from bothways.records.values import can_be_kept, canonical, is_blank, may_be_rewriting, same

__all__ = [
    "CASES",
    "CLEANERS",
    "CannotCoerce",
    "Choices",
    "Coerced",
    "Field",
    "FieldType",
    "LeftOut",
    "Option",
    "Record",
    "Ref",
    "Unpaired",
    "Value",
    "can_be_kept",
    "canonical",
    "clean",
    "coerce",
    "coercion_between",
    "is_blank",
    "is_valid_email",
    "may_be_rewriting",
    "normal_email",
    "normal_phone",
    "option_named",
    "parse_boolean",
    "same",
    "suggest",
    "text_of",
]
