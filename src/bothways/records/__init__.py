"""The vocabulary: records, fields and the rules for their values."""

from bothways.records.choices import Choices, LeftOut, Unpaired, goes_back, option_named, same_labels, suggest
from bothways.records.clean import CASES, CLEANERS, clean
from bothways.records.coerce import CannotCoerce, Coerced, coerce, coercion_between
from bothways.records.made import READABLE, Recipe, made_field, named_field, recipe_of
from bothways.records.named import ids_in, name_form, name_of, named, same_name
from bothways.records.normal import is_valid_email, normal_email, normal_phone
from bothways.records.parse import parse_boolean, text_of
from bothways.records.record import Record, Ref, Value
from bothways.records.types import Field, FieldType, Option, one_of
from bothways.records.values import can_be_kept, canonical, elements, ids_of, is_blank, may_be_rewriting, same

__all__ = [
    "CASES",
    "CLEANERS",
    "READABLE",
    "CannotCoerce",
    "Choices",
    "Coerced",
    "Field",
    "FieldType",
    "LeftOut",
    "Option",
    "Recipe",
    "Record",
    "Ref",
    "Unpaired",
    "Value",
    "can_be_kept",
    "canonical",
    "clean",
    "coerce",
    "coercion_between",
    "elements",
    "goes_back",
    "ids_in",
    "ids_of",
    "is_blank",
    "is_valid_email",
    "made_field",
    "may_be_rewriting",
    "name_form",
    "name_of",
    "named",
    "named_field",
    "normal_email",
    "normal_phone",
    "one_of",
    "option_named",
    "parse_boolean",
    "recipe_of",
    "same",
    "same_labels",
    "same_name",
    "suggest",
    "text_of",
]
