"""The library itself: what is in `holm.h`, and who keeps what is lent to it."""

from __future__ import annotations

import weakref
from typing import Any, Callable

from holm import _holm

ffi: Any = _holm.ffi
lib: Any = _holm.lib

if lib.holm_abi_version() != lib.HOLM_ABI_VERSION:
    raise ImportError("holm: the library that was found is not the one that this package was made for")

# Objects that the library has a pointer to, by that pointer, until it lets go of them.
_lent: dict[Any, object] = {}


@ffi.callback("holm_drop_fn")  # type: ignore[untyped-decorator]
def drop(user: Any) -> None:
    """Lets go of what was lent."""
    _lent.pop(user, None)


def lend(thing: object) -> Any:
    """A pointer to `thing`, which stays until the library drops it."""
    handle = ffi.new_handle(thing)
    _lent[handle] = handle
    return handle


def owned(owner: object, pointer: Any, free: Callable[[Any], None]) -> Any:
    """`pointer`, freed when `owner` is. When the program ends, there is nobody left to free it for."""
    weakref.finalize(owner, free, pointer).atexit = False
    return pointer


def text(value: str) -> bytes:
    """Text as C has it."""
    encoded = value.encode()
    if b"\0" in encoded:
        raise ValueError("text for the library cannot hold a NUL character")
    return encoded


def string(pointer: Any) -> str:
    """C's text."""
    return "" if pointer == ffi.NULL else str(ffi.string(pointer).decode())
