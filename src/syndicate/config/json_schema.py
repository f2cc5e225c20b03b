"""A JSON Schema of config.yaml, which editors use to complete and check it.

Derived from the model, so that it cannot differ from it (JSON Schema, draft 2020-12). It knows
names, types, choices and minimums; `syndicate check` knows the rest.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, Literal, get_args, get_origin, get_type_hints

from syndicate.config.binder import NAMED
from syndicate.config.model import Config

DRAFT = "https://json-schema.org/draft/2020-12/schema"
TYPES = {str: "string", bool: "boolean", int: "integer", float: "number"}

FROM_OUTSIDE = {
    "type": "object",
    "properties": {
        "env": {"type": "string", "description": "an environment variable"},
        "file": {"type": "string", "description": "a file, relative to config.yaml"},
    },
    "minProperties": 1,
    "maxProperties": 1,
    "additionalProperties": False,
}
"""Text that is not in config.yaml itself."""


def json_schema() -> dict[str, object]:
    """The schema as a value that `json.dumps` takes."""
    return {"$schema": DRAFT, "title": "config.yaml of syndicate", **_section(Config)}


def _section(section: type[Any]) -> dict[str, object]:
    hints = get_type_hints(section)
    fields = [f for f in dataclasses.fields(section) if not (section in NAMED and f.name == "name")]
    return {
        "type": "object",
        "description": (section.__doc__ or "").partition("\n")[0],
        "properties": {field.name: _setting(hints[field.name], field) for field in fields},
        "required": [field.name for field in fields if _is_required(field)],
        "additionalProperties": False,
    }


def _setting(hint: Any, field: dataclasses.Field[object]) -> dict[str, object]:
    schema = _type(hint)
    schema["description"] = field.metadata["meaning"]
    if "min" in field.metadata:
        schema["minimum"] = field.metadata["min"]
    if not _is_required(field):
        schema = _or_null(schema)
    if isinstance(field.default, str | int | float) and field.default != "":
        schema["default"] = field.default
    return schema


def _type(hint: Any) -> dict[str, object]:
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return _section(hint)
    match get_origin(hint):
        case origin if origin is Mapping:
            return {"type": "object", "additionalProperties": _type(get_args(hint)[1])}
        case origin if origin is tuple:
            return {"type": "array", "items": _type(get_args(hint)[0])}
        case origin if origin is Literal:
            return {"enum": list(get_args(hint))}
    if hint is str:
        return {"anyOf": [{"type": "string"}, FROM_OUTSIDE]}
    return {"type": TYPES[hint]}


def _or_null(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema that also accepts null: a setting without a value has its default."""
    if "anyOf" in schema:
        return {**schema, "anyOf": [*schema["anyOf"], {"type": "null"}]}
    if "enum" in schema:
        return {**schema, "enum": [*schema["enum"], None]}
    return {**schema, "type": [schema["type"], "null"]}


def _is_required(field: dataclasses.Field[object]) -> bool:
    missing = dataclasses.MISSING
    return field.default is missing and field.default_factory is missing
