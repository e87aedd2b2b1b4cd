"""Frozen dataclasses to plain JSON values and back, from their type hints.

Commands, events and rows all travel through here, so the wire has one form:
enums as values, dates as ISO 8601, tuples and sets as lists. Missing fields take their
defaults, unknown fields are ignored; a wrong type is a `RuleViolation("argument", field)`.
"""

from __future__ import annotations

import dataclasses
import enum
import types
import typing
from collections.abc import Callable, Mapping
from datetime import date, datetime
from functools import cache
from typing import Any, TypeVar, Union, get_args, get_origin

from app.kernel.errors import RuleViolation

T = TypeVar("T")
Json = Any
_Coder = Callable[[Any], Any]


def to_json(value: object) -> dict[str, Json]:
    """Return the JSON object of a dataclass; fields equal to their default are left out."""
    model: Any = type(value)
    return typing.cast("dict[str, Json]", _encoder(model)(value))


def from_json(model: type[T], data: Mapping[str, Json]) -> T:
    """Build the dataclass `model` from a JSON object.

    Raises `RuleViolation("argument", field=…)` where a value is missing or of a wrong type.
    """
    if not isinstance(data, Mapping):
        raise RuleViolation("argument", field=model.__name__)
    hint: Any = model
    return typing.cast("T", _decoder(hint)(data))


def fields_of(model: type) -> dict[str, str]:
    """Return the field names of a dataclass with the names of their types, for `schema`."""
    hints = _hints(model)
    return {f.name: _type_name(hints[f.name]) for f in dataclasses.fields(model)}


def _type_name(hint: Any) -> str:
    origin, args = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        return "|".join("null" if a is type(None) else _type_name(a) for a in args)
    if origin in (tuple, frozenset):
        return f"[{_type_name(args[0])}]"
    if origin is not None and args:
        return f"{{{_type_name(args[-1])}}}"
    return str(getattr(hint, "__name__", hint))


@cache
def _hints(model: type) -> dict[str, Any]:
    return typing.get_type_hints(model)


def _default(field: dataclasses.Field[Any]) -> Any:
    if field.default_factory is not dataclasses.MISSING:
        return field.default_factory()
    return field.default


@cache
def _encoder(hint: Any) -> _Coder:
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return _dataclass_encoder(hint)
    origin, args = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        inner = _encoder(next(a for a in args if a is not type(None)))
        return lambda v: None if v is None else inner(v)
    if origin in (tuple, frozenset):
        return _sequence_encoder(_encoder(args[0]), ordered=origin is tuple)
    if origin in (dict, Mapping):
        item = _encoder(args[1])
        return lambda v: {k: item(x) for k, x in v.items()}
    if isinstance(hint, type) and issubclass(hint, enum.Enum):
        return lambda v: v.value
    if hint in (date, datetime):
        return lambda v: v.isoformat()
    return lambda v: v


def _sequence_encoder(item: _Coder, *, ordered: bool) -> _Coder:
    def encode(value: Any) -> list[Json]:
        encoded = [item(x) for x in value]
        return encoded if ordered else sorted(encoded)

    return encode


def _dataclass_encoder(model: type) -> _Coder:
    hints = _hints(model)
    plan = [(f.name, _encoder(hints[f.name]), _default(f)) for f in dataclasses.fields(model)]

    def encode(value: Any) -> dict[str, Json]:
        out: dict[str, Json] = {}
        for name, coder, default in plan:
            item = getattr(value, name)
            if item is default or item == default:
                continue
            out[name] = coder(item)
        return out

    return encode


@cache
def _decoder(hint: Any) -> _Coder:
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return _dataclass_decoder(hint)
    origin, args = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        inner = _decoder(next(a for a in args if a is not type(None)))
        return lambda v: None if v is None else inner(v)
    if origin in (tuple, frozenset):
        item = _decoder(args[0])
        return lambda v: origin(item(x) for x in _expect(v, list))
    if origin in (dict, Mapping):
        value = _decoder(args[1])
        return lambda v: {str(k): value(x) for k, x in _expect(v, dict).items()}
    return _plain_decoder(hint)


def _plain_decoder(hint: Any) -> _Coder:
    if isinstance(hint, type) and issubclass(hint, enum.Enum):
        return hint
    if hint in (date, datetime):
        return lambda v: hint.fromisoformat(_expect(v, str))
    if hint is float:
        return lambda v: float(_expect(v, (int, float)))
    if hint is int:
        return _whole
    if hint in (str, bool):
        return lambda v: _expect(v, hint)
    return lambda v: v


def _whole(value: Any) -> int:
    if isinstance(value, bool):
        raise TypeError("bool where a whole number belongs")
    return typing.cast("int", _expect(value, int))


def _expect(value: Any, kind: Any) -> Any:
    if not isinstance(value, kind):
        raise TypeError(f"{type(value).__name__} where another type belongs")
    return value


def _dataclass_decoder(model: type) -> _Coder:
    hints = _hints(model)
    plan = {f.name: _decoder(hints[f.name]) for f in dataclasses.fields(model)}
    needed = [f.name for f in dataclasses.fields(model) if _default(f) is dataclasses.MISSING]

    def decode(data: Any) -> Any:
        values: dict[str, Any] = {}
        for name, item in _expect(data, Mapping).items():
            coder = plan.get(name)
            if coder is None:
                continue
            try:
                values[name] = coder(item)
            except (TypeError, ValueError) as error:
                raise RuleViolation("argument", field=name) from error
        for name in needed:
            if name not in values:
                raise RuleViolation("argument", field=name)
        return model(**values)

    return decode
