"""Python's values as a plugin's, and back."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, Union, cast

from ._errors import Usage
from ._ffi import ffi, lib

T = TypeVar("T")
E = TypeVar("E")


@dataclass(frozen=True)
class Ok(Generic[T]):
    """The good half of a `result`."""

    value: T


@dataclass(frozen=True)
class Err(Generic[E]):
    """The other half of a `result`."""

    error: E


Result = Union[Ok[T], Err[E]]
"""What a function of the host returns that a plugin imports as `result<T, E>`."""

Value = Union[None, bool, int, float, str, bytes, Sequence[Any], Mapping[str, Any], Ok[Any], Err[Any]]
"""What can be given to a plugin. Records are dictionaries (their fields in kebab case), lists and tuples sequences, flags
lists of names, an option its value or `None`, an enum its case, a variant its case or `{case: payload}`."""


def written(value: Value, keep: list[Any]) -> tuple[int, Any, int]:
    """Kind, data and size of a value for the library. `keep` has to live for as long as they are used."""
    if isinstance(value, str):
        return _in(lib.HOLM_VALUE_KIND_TEXT, value.encode(), keep)
    if isinstance(value, (bytes, bytearray, memoryview)):
        return _in(lib.HOLM_VALUE_KIND_BYTES, bytes(value), keep)
    try:
        text = json.dumps(value if value is None else _plain(value), ensure_ascii=False)
    except (TypeError, ValueError) as error:
        raise Usage(f"a {type(value).__name__} cannot be given to a plugin: {error}") from error
    return _in(lib.HOLM_VALUE_KIND_JSON, text.encode(), keep)


def _in(kind: int, data: bytes, keep: list[Any]) -> tuple[int, Any, int]:
    buffer = ffi.from_buffer("uint8_t[]", data)
    keep.append(buffer)
    return kind, buffer, len(data)


def _plain(value: Any) -> Any:
    """In the words that JSON has: bytes are numbers, and numbers that are none have names."""
    if isinstance(value, (bytes, bytearray)):
        return list(value)
    if isinstance(value, float) and not math.isfinite(value):
        return "nan" if math.isnan(value) else "inf" if value > 0 else "-inf"
    if isinstance(value, Ok):
        return {"ok": _plain(value.value)}
    if isinstance(value, Err):
        return {"err": _plain(value.error)}
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_plain(item) for item in value]
    return value


def read(value: Any) -> Any:
    """What the library's value is."""
    data = bytes(ffi.buffer(value.data, value.size)) if value.size else b""
    if value.kind == lib.HOLM_VALUE_KIND_BYTES:
        return data
    if value.kind == lib.HOLM_VALUE_KIND_TEXT:
        return data.decode()
    return json.loads(data) if value.kind == lib.HOLM_VALUE_KIND_JSON else None


def taken(pointer: Any) -> Any:
    """What the library's data are, which are freed."""
    try:
        return read(lib.holm_data_value(pointer))
    finally:
        lib.holm_data_free(pointer)


def as_type(value: Any, returns: type[T]) -> T:
    """`value` as a caller wants it. Of a plugin that returns bytes or text, what is neither is taken for JSON."""
    wanted: Any = returns
    if wanted is None or wanted is type(None):
        return cast(T, None)
    try:
        if wanted is bytes and isinstance(value, (str, list)):
            value = value.encode() if isinstance(value, str) else bytes(value)
        elif wanted is str and isinstance(value, bytes):
            value = value.decode()
        elif wanted is float and isinstance(value, (int, str)) and not isinstance(value, bool):
            value = float(value)
        elif wanted not in (str, bytes) and isinstance(value, (str, bytes)):
            value = json.loads(value)
    except ValueError as error:
        raise Usage(f"it returned what is no {returns.__name__}: {error}") from error
    if not isinstance(value, returns) or (isinstance(value, bool) and wanted is int):
        raise Usage(f"it returned a {type(value).__name__} where a {returns.__name__} was expected")
    return value
