"""The description of the interface as OpenAPI 3.1, made from the messages themselves."""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, get_args, get_origin, get_type_hints

from sync.protocol.messages import MEDIA_GZIP, MEDIA_JSON, MEDIA_ZSTD, PROTO, Request
from sync.server.service import MAX_COMMANDS, MAX_WANT

Schema = dict[str, Any]
_HASH = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
_WHOLE = {"type": "integer", "minimum": 0}
_TEXT = {"type": "string"}
_PLAIN: Mapping[Any, Schema] = {
    str: _TEXT,
    int: {"type": "integer"},
    bool: {"type": "boolean"},
    float: {"type": "number"},
    datetime: {"type": "string", "format": "date-time"},
    date: {"type": "string", "format": "date"},
}


def describe() -> Schema:
    """Return the whole description."""
    paths: dict[str, Schema] = {}
    for path, method, operation in _operations():
        paths.setdefault(path, {})[method] = operation
    return {
        "openapi": "3.1.0",
        "info": {"title": "Hoa Ban", "version": str(PROTO)},
        "paths": paths,
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def model(of: Any) -> Schema:
    """Return the JSON schema of a type that travels; unknown fields are let through."""
    if dataclasses.is_dataclass(of) and isinstance(of, type):
        hints = get_type_hints(of)
        fields = dataclasses.fields(of)
        needed = [f.name for f in fields if _is_needed(f)]
        named = {f.name: model(hints[f.name]) for f in fields}
        return {"type": "object", "properties": named, "required": needed}
    origin, args = get_origin(of), get_args(of)
    if origin in (tuple, frozenset):
        return {"type": "array", "items": model(args[0])}
    if origin is not None and issubclass(origin, Mapping):
        return {"type": "object", "additionalProperties": model(args[1])}
    if type(None) in args:
        inner = next(a for a in args if a is not type(None))
        return {"anyOf": [model(inner), {"type": "null"}]}
    if isinstance(of, type) and issubclass(of, enum.Enum):
        return {"enum": [m.value for m in of]}
    return _PLAIN.get(of, {})


def _is_needed(field: dataclasses.Field[Any]) -> bool:
    missing = dataclasses.MISSING
    return field.default is missing and field.default_factory is missing


def _request() -> Schema:
    """Return the schema of the one request, with the limits that the server looks at."""
    made = model(Request)
    made["properties"] |= {
        "proto": {"const": PROTO},
        "device": {"type": "string", "minLength": 1, "maxLength": 64},
        "cursor": _WHOLE,
        "want": {"type": "integer", "minimum": 0, "maximum": MAX_WANT},
    }
    commands = made["properties"]["commands"]
    commands["maxItems"] = MAX_COMMANDS
    commands["items"]["properties"]["n"] = {"type": "integer", "minimum": 1}
    commands["items"]["required"].append("n")
    return made


def _form(*needed: str, **optional: Schema) -> Schema:
    named = dict.fromkeys(needed, _TEXT) | optional
    return {"type": "object", "properties": named, "required": list(needed)}


def _json(schema: Schema) -> Schema:
    return {"required": True, "content": {MEDIA_JSON: {"schema": schema}}}


def _operation(
    name: str,
    *,
    body: Schema | None = None,
    ask: tuple[Schema, ...] = (),
    answers: tuple[str, ...] = (MEDIA_JSON,),
    token: bool = True,
) -> Schema:
    error = {"description": "a typed error", "content": {MEDIA_JSON: {"schema": _ERROR}}}
    made: Schema = {
        "operationId": name,
        "parameters": list(ask),
        "responses": {
            "2XX": {"description": "done", "content": {kind: {} for kind in answers}},
            "4XX": error,
            "503": error,
        },
    }
    if body is not None:
        made["requestBody"] = body
    if token:
        made["security"] = [{"token": []}]
    return made


def _asked(name: str, place: str, schema: Schema) -> Schema:
    return {"name": name, "in": place, "required": place == "path", "schema": schema}


_ERROR: Schema = {
    "type": "object",
    "properties": {
        "error": {
            "type": "object",
            "properties": {"code": _TEXT, "params": {"type": "object"}, "field": _TEXT},
            "required": ["code"],
        }
    },
    "required": ["error"],
}
_PLAN: Schema = {
    "type": "object",
    "properties": {"size": _WHOLE, "leaves": {"type": "array", "items": _HASH}},
    "required": ["size", "leaves"],
}
_WAITING: Schema = {"type": "array", "items": {"type": "object"}}


_AT, _FILE = "/sync/v1", "/sync/v1/files/{sha256}"


def _operations() -> list[tuple[str, str, Schema]]:
    erased = _form("device", waiting=_WAITING, erased={"type": "boolean"})
    waits = (
        _asked("cursor", "query", _WHOLE),
        _asked("scope", "query", _TEXT),
        _asked("seconds", "query", {"type": "integer", "minimum": 0, "maximum": 55}),
    )
    signs = _form("login", "password", device=_TEXT, second=_TEXT)
    sign_in = _operation("sign_in", body=_json(signs), token=False)
    answer = _form("id", certificate=_TEXT, signature=_TEXT, scheme=_TEXT, code=_TEXT)
    refresh = _operation("refresh", body=_json(_form("refresh", device=_TEXT)), token=False)
    streams = (MEDIA_ZSTD, MEDIA_GZIP)
    return [
        (_AT, "post", _operation("sync", body=_json(_request()), answers=streams)),
        (f"{_AT}/wait", "get", _operation("wait", ask=waits)),
        (f"{_AT}/session", "post", sign_in),
        (f"{_AT}/session", "delete", _operation("sign_out")),
        (f"{_AT}/session/second", "post", _operation("second", body=_json(answer), token=False)),
        (f"{_AT}/session/refresh", "post", refresh),
        (f"{_AT}/device/erased", "post", _operation("erased", body=_json(erased), token=False)),
        (f"{_AT}/password", "post", _operation("password", body=_json(_form("old", "new")))),
        *_of_files(),
        *_of_snapshots(),
        ("/health", "get", _operation("health", token=False)),
        ("/ready", "get", _operation("ready", token=False)),
        ("/metrics", "get", _operation("metrics", answers=("text/plain",), token=False)),
    ]


def _of_files() -> list[tuple[str, str, Schema]]:
    file = _asked("sha256", "path", _HASH)
    bytes_in = {"required": True, "content": {"application/octet-stream": {}}}
    ranges = (_asked("Range", "header", _TEXT), _asked("If-Range", "header", _TEXT))
    offsets = tuple(_asked(n, "header", _WHOLE) for n in ("Upload-Offset", "Upload-Length"))
    octets = ("application/octet-stream",)
    return [
        (_FILE, "post", _operation("begin", ask=(file,), body=_json(_PLAN))),
        (_FILE, "patch", _operation("append", ask=(file, *offsets), body=bytes_in)),
        (_FILE, "get", _operation("read", ask=(file, *ranges), answers=octets)),
        (_FILE, "head", _operation("offset", ask=(file,))),
        (f"{_FILE}/leaves", "get", _operation("leaves", ask=(file,))),
    ]


def _of_snapshots() -> list[tuple[str, str, Schema]]:
    part = _asked("sha256", "path", _HASH)
    ranges = (_asked("Range", "header", _TEXT), _asked("If-Range", "header", _TEXT))
    lag = {"type": "object", "additionalProperties": _WHOLE}
    ask = _form("device", "public", "form") | {"required": ["device", "public", "lag"]}
    ask["properties"]["lag"] = lag
    octets = ("application/octet-stream",)
    at = f"{_AT}/snapshots"
    return [
        (f"{_AT}/keys", "post", _operation("keys", body=_json(_form("device", "public")))),
        (at, "post", _operation("snapshots", body=_json(ask))),
        (f"{at}/{{sha256}}", "get", _operation("snapshot", ask=(part, *ranges), answers=octets)),
    ]
