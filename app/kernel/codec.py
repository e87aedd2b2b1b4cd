"""Frozen dataclasses to plain JSON values and back, from their type hints.

Commands, events and rows all travel through here, so the wire has one form:
enums as values, dates as ISO 8601, tuples and sets as lists. Missing fields take their
defaults, unknown fields are ignored; a wrong type is a `RuleViolation("argument", field)`.
"""

from __future__ import annotations

import dataclasses
import enum
import operator
import types
import typing
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime
from functools import cache, lru_cache
from typing import Any, TypeVar, Union, get_args, get_origin

from app.kernel.errors import RuleViolation

T = TypeVar("T")
Json = Any
_Coder = Callable[[Any], Any]
_PLAIN = (str, int, bool)


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


def named_types(model: type) -> Iterator[type]:
    """Yield the dataclasses and enums that a dataclass is made of, deep, each as it is met."""
    for hint in _hints(model).values():
        for found in _inside(hint):
            yield found
            if dataclasses.is_dataclass(found):
                yield from named_types(found)


def _inside(hint: Any) -> Iterator[type]:
    for part in get_args(hint):
        yield from _inside(part)
    if isinstance(hint, type) and (dataclasses.is_dataclass(hint) or issubclass(hint, enum.Enum)):
        yield hint


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
        return _mapping_encoder(args[1])
    if isinstance(hint, type) and issubclass(hint, enum.Enum):
        return operator.attrgetter("_value_")
    if hint is datetime:
        return _time_text
    return date.isoformat if hint is date else lambda v: v


def _time_text(value: datetime) -> str:
    # Equal times of two zones are spelled differently, so only those of one are remembered.
    return _utc_text(value) if value.tzinfo is UTC else value.isoformat()


@lru_cache(maxsize=4096)
def _utc_text(value: datetime) -> str:
    return value.isoformat()


@lru_cache(maxsize=4096)
def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _mapping_encoder(hint: Any) -> _Coder:
    if hint in _PLAIN or hint is Any:
        return dict
    item = _encoder(hint)
    return lambda v: {k: item(x) for k, x in v.items()}


def _sequence_encoder(item: _Coder, *, ordered: bool) -> _Coder:
    def encode(value: Any) -> list[Json]:
        encoded = [item(x) for x in value]
        return encoded if ordered else sorted(encoded)

    return encode


def _dataclass_encoder(model: type) -> _Coder:
    """Return the encoder of a model, written out field by field as dataclasses do `__init__`.

    Rows, events and receipts all pass here, several times per command: a loop over a plan
    takes three times as long.
    """
    hints = _hints(model)
    names: dict[str, Any] = {}
    lines = ["def encode(value):", "    out = {}"]
    for place, field in enumerate(dataclasses.fields(model)):
        default, test = _default(field), ""
        if default is None:
            test = "if item is not None: "
        elif default is not dataclasses.MISSING:
            names[f"d{place}"] = default
            test = f"if item is not d{place} and item != d{place}: "
        spelled = _spelling(hints[field.name], f"c{place}", names, none=default is not None)
        lines += [f"    item = value.{field.name}", f"    {test}out[{field.name!r}] = {spelled}"]
    lines.append("    return out")
    exec("\n".join(lines), names)  # noqa: S102 - the names are those of our own dataclasses
    return typing.cast("_Coder", names["encode"])


def _spelling(hint: Any, coder: str, names: dict[str, Any], *, none: bool) -> str:
    """Return the expression that encodes `item`; `none` says that it may be None."""
    bare = hint if none else _optional(hint) or hint
    if bare in _PLAIN or _optional(bare) in _PLAIN:
        return "item"
    if isinstance(bare, type) and issubclass(bare, enum.Enum):
        return "item._value_"
    if bare is date:
        return "item.isoformat()"
    names[coder] = _encoder(bare)
    return f"{coder}(item)"


def _optional(hint: Any) -> Any:
    """Return T of `T | None`, None for any other type."""
    args = get_args(hint)
    if get_origin(hint) in (Union, types.UnionType) and len(args) == 2 and args[1] is type(None):
        return args[0]
    return None


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
        if args[1] is Any:
            return lambda v: dict(_expect(v, dict))
        value = _decoder(args[1])
        return lambda v: {str(k): value(x) for k, x in _expect(v, dict).items()}
    return _plain_decoder(hint)


def _plain_decoder(hint: Any) -> _Coder:
    if isinstance(hint, type) and issubclass(hint, enum.Enum):
        return _enum_decoder(hint)
    if hint is datetime:
        return lambda v: _time(_expect(v, str))
    if hint is date:
        return lambda v: date.fromisoformat(_expect(v, str))
    if hint is float:
        return lambda v: float(_expect(v, (int, float)))
    if hint is int:
        return _whole
    if hint in (str, bool):
        return lambda v: _expect(v, hint)
    return lambda v: v


def _enum_decoder(hint: type[enum.Enum]) -> _Coder:
    # A look-up costs a tenth of the call that an enum's class is; the call names the error.
    members = {member.value: member for member in hint}
    return lambda v: members.get(v) or hint(v)


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
    coders = {f.name: _decoder(hints[f.name]) for f in dataclasses.fields(model)}
    exact = {n: h if h in _PLAIN else _optional(h) for n, h in hints.items() if n in coders}
    plain = {n: h for n, h in exact.items() if h in _PLAIN}
    needed = [f.name for f in dataclasses.fields(model) if _default(f) is dataclasses.MISSING]

    def decode(data: Any) -> Any:
        values: dict[str, Any] = {}
        for name, item in _expect(data, Mapping).items():
            if plain.get(name) is type(item):
                values[name] = item
                continue
            coder = coders.get(name)
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
