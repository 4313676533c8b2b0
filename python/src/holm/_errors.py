"""Errors: what failed, on which plugin, why, and the next step."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from typing import Any, Callable

from ._ffi import ffi, lib, string


class Kind(enum.Enum):
    """What went wrong, as far as a caller has to tell cases apart. The numbers are those of `holm.h`."""

    NOT_FOUND = 1
    INVALID = 2
    UNSUPPORTED = 3
    TOO_COSTLY = 4
    MISSING_IMPORTS = 5
    USAGE = 6
    DENIED = 7
    OUT_OF_CPU = 8
    OUT_OF_TIME = 9
    OUT_OF_FUEL = 10
    OUT_OF_MEMORY = 11
    HOST_FULL = 12
    OUT_OF_HANDLES = 13
    OUT_OF_OUTPUT = 14
    STACK_OVERFLOW = 15
    TRAP = 16
    FAILED = 17
    NO_RESPONSE = 18
    IO = 19
    BROKEN_PIPE = 20
    CANCELLED = 21
    INTERNAL = 22


class Error(Exception):
    """Whatever goes wrong. Its text says what failed, on which plugin, and why.

    A function of the host that raises one ends the call that it is part of with an error of that kind.
    """

    kind: Kind
    """What went wrong."""
    notes: Sequence[str]
    """Lines that help: the next step, or where to look."""
    frames: Sequence[str]
    """The plugin's stack when it trapped, innermost call first."""

    def __init__(
        self, message: str, *, kind: Kind | None = None, notes: Sequence[str] = (), frames: Sequence[str] = ()
    ) -> None:
        super().__init__(message)
        self.kind = kind or _KINDS.get(type(self), Kind.INTERNAL)
        self.notes = tuple(notes)
        self.frames = tuple(frames)

    def __str__(self) -> str:
        message = str(self.args[0]) if self.args else ""
        return "\n".join([message, *(f"  note: {note}" for note in self.notes)])


class NotFound(Error):
    """The plugin, or a file that was named, does not exist."""


class Invalid(Error):
    """It cannot be loaded: no WebAssembly, or it needs or imports what is not there."""


class Usage(Error):
    """What the caller asked for makes no sense: no such function, wrong arguments."""


class Denied(Error):
    """A grant would be needed and was not given, or nobody trusted has signed the plugin."""


class Limit(Error):
    """A limit was reached: `kind` says which."""


class Busy(Error):
    """All instances are busy, or a breaker leaves the plugin alone. The next try may succeed."""


class Trap(Error):
    """The plugin trapped: `frames` says where."""


class Failed(Error):
    """The plugin said that it failed: it returned an error in place of a result."""


class Cancelled(Error):
    """The call was cancelled."""


class HostError(Error):
    """A function of the host raised an exception, which is this one's `__cause__`."""


_KINDS: dict[type[Error], Kind] = {
    NotFound: Kind.NOT_FOUND,
    Invalid: Kind.INVALID,
    Usage: Kind.USAGE,
    Denied: Kind.DENIED,
    Limit: Kind.OUT_OF_TIME,
    Busy: Kind.HOST_FULL,
    Trap: Kind.TRAP,
    Failed: Kind.FAILED,
    Cancelled: Kind.CANCELLED,
}

_CLASSES: dict[Kind, type[Error]] = {
    **{kind: cls for cls, kind in _KINDS.items()},
    Kind.UNSUPPORTED: Invalid,
    Kind.TOO_COSTLY: Invalid,
    Kind.MISSING_IMPORTS: Invalid,
    Kind.OUT_OF_CPU: Limit,
    Kind.OUT_OF_FUEL: Limit,
    Kind.OUT_OF_MEMORY: Limit,
    Kind.OUT_OF_HANDLES: Limit,
    Kind.OUT_OF_OUTPUT: Limit,
    Kind.STACK_OVERFLOW: Limit,
    Kind.NO_RESPONSE: Failed,
}


def error_of(pointer: Any) -> Error | None:
    """The library's error, which is freed; `None` where it is none."""
    if pointer == ffi.NULL:
        return None
    try:
        number = int(lib.holm_error_kind(pointer))
        kind = Kind(number) if number in Kind._value2member_map_ else Kind.INTERNAL
        message = string(lib.holm_error_message(pointer))
        notes, frames = _all(lib.holm_error_note, pointer), _all(lib.holm_error_frame, pointer)
    finally:
        lib.holm_error_free(pointer)
    return _CLASSES.get(kind, Error)(message, kind=kind, notes=notes, frames=frames)


def check(pointer: Any) -> None:
    """Raises the library's error, if it is one."""
    error = error_of(pointer)
    if error is not None:
        raise error


def _all(nth: Callable[[Any, int], Any], pointer: Any) -> list[str]:
    texts: list[str] = []
    while (text := nth(pointer, len(texts))) != ffi.NULL:
        texts.append(string(text))
    return texts
