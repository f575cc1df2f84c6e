"""Whether parts of a sync are made as the settings file has them: what is made otherwise, no page could show."""

from collections.abc import Mapping

from bothways.errors import UnknownKey, WrongType
from bothways.service.reading import SYNC
from bothways.service.schema import ANY, FILTER, SYNC_SHAPES, TEXT, Shape, filter_shape
from bothways.service.workspace import Workspace
from bothways.service.yaml_file import nearest

PARTS = tuple(part for part in SYNC if part != "state")
"""What of a sync a draft can change: it is turned on and off by itself."""


def refuse_unformed(workspace: Workspace, parts: Mapping[str, object], file: str) -> None:
    """Raise UnknownKey, WrongType, and UnknownApp for an app of other objects; whether what they say fits is not asked.

    None stands for a part that is taken out. ``file`` stands for the name of the file.
    """
    for part, value in parts.items():
        if part not in PARTS:
            raise UnknownKey(where=file, key=part, hint=nearest(part, PARTS))
        if (value is not None or part == "objects") and not _is_formed(value, SYNC_SHAPES[part]):
            raise WrongType(where=file, key=part, expected="keys with values", got="something else")
    objects = parts.get("objects")
    if isinstance(objects, Mapping):
        for app in objects:
            workspace.app(app)
        if len(objects) != 2:
            raise WrongType(where=file, key="objects", expected="two apps", got=str(len(objects)))


def _is_formed(value: object, shape: Shape) -> bool:
    """Tell whether there are lists, keys with values and texts where the shape has them, whatever they say."""
    if "$ref" in shape:
        shape = filter_shape() if shape["$ref"] == FILTER["$ref"] else TEXT
    if "anyOf" in shape:
        return any(_is_formed(value, each) for each in shape["anyOf"])
    kind = shape.get("type")
    if isinstance(value, Mapping):
        known, more = shape.get("properties", {}), shape.get("additionalProperties")
        inside = ((each, known.get(key, more if isinstance(more, Mapping) else ANY)) for key, each in value.items())
        return not shape or (kind == "object" and all(_is_formed(each, of) for each, of in inside))
    if isinstance(value, list | tuple):
        return not shape or (kind == "array" and all(_is_formed(each, shape.get("items", ANY)) for each in value))
    if kind == "string" or "enum" in shape:
        return isinstance(value, str)
    return value is None if kind == "null" else kind not in ("object", "array")
