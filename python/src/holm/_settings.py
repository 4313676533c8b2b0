"""What a plugin is given, and how much of it it may use."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, NewType, Union

from ._ffi import ffi

Grant = NewType("Grant", str)
"""One capability, as a line of a manifest: `dir=./data::/data:ro`. A plugin has what it was granted and nothing else."""

Size = Union[int, str]
"""Bytes: 65536, `"16MiB"`, `"512K"`."""

Time = Union[float, timedelta]
"""Seconds, or a `timedelta`."""


def dir(host: str | os.PathLike[str], guest: str, *, read_only: bool = False) -> Grant:
    """The directory `host`, which the plugin calls `guest`."""
    return Grant(f"dir={os.fspath(host)}::{guest}:{'ro' if read_only else 'rw'}")


def env(name: str, value: str) -> Grant:
    """An environment variable."""
    return Grant(f"env={name}={value}")


def config(name: str, value: str) -> Grant:
    """A configuration value: `wasi:config`, or Extism's."""
    return Grant(f"config={name}={value}")


def http(pattern: str) -> Grant:
    """Sites to send HTTP requests to: `https://api.example.com`, `https://*.example.com/v1`."""
    return Grant(f"http={pattern}")


def net(pattern: str) -> Grant:
    """Hosts to connect to by TCP and UDP: `api.example.com:443`, `10.0.0.0/8:5432`."""
    return Grant(f"net={pattern}")


def listen(pattern: str) -> Grant:
    """Addresses to listen on: `127.0.0.1:8080`."""
    return Grant(f"listen={pattern}")


@dataclass(frozen=True)
class Limits:
    """How much a plugin may use. `None` leaves a bound to the library's default; it never means "unlimited"."""

    memory: Size | None = None
    """All linear memories of an instance together."""
    cpu: Time | None = None
    """Time that a call spends executing the plugin's code."""
    wall: Time | None = None
    """Time from the start of a call to its end, waiting included."""
    fuel: int | None = None
    """Units of work of a call, about one per WebAssembly instruction."""
    stack: Size | None = None
    """The plugin's call stack."""
    max_output: Size | None = None
    """What the plugin may print."""
    table_elements: int | None = None
    """All tables together, in elements."""
    handles: int | None = None
    """What the host keeps for the plugin and the plugin has a handle to."""

    def pointer(self) -> Any:
        """The same for the library."""
        limits = ffi.new("holm_limits *")
        limits.size = ffi.sizeof("holm_limits")
        limits.memory, limits.stack, limits.max_output = map(_size, (self.memory, self.stack, self.max_output))
        limits.cpu_ns, limits.wall_ns = _nanoseconds(self.cpu), _nanoseconds(self.wall)
        limits.fuel, limits.table_elements, limits.handles = map(
            _size, (self.fuel, self.table_elements, self.handles)
        )
        return limits


@dataclass(frozen=True)
class Pooled:
    """Calls are made on at most `most` instances, each of which serves one after the other."""

    most: int


def pooled(most: int) -> Pooled:
    """At most `most` instances, each of which serves one call after the other: what a call leaves in one may be seen by
    another. Calls beyond wait for a free one, within their limit on wall time."""
    return Pooled(most)


@dataclass(frozen=True)
class Breaker:
    """After how many failures in a row a plugin is left alone, and for how long. Then one call decides."""

    failures: int
    """Traps and limits, not errors that the plugin returns."""
    pause: Time
    """How long calls are refused."""


@dataclass(frozen=True)
class Asks:
    """What a plugin asks for. It is a wish: a host gives what it decides to give."""

    grants: list[Grant]
    limits: Limits


_UNITS = {"": 1, "b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "tb": 10**12}
_UNITS |= {unit + end: 1 << shift for unit, shift in zip("kmgt", (10, 20, 30, 40)) for end in ("", "ib")}


def _size(size: Size | None) -> int:
    if size is None:
        return 0
    if isinstance(size, str):
        read = re.fullmatch(r"\s*(\d+)\s*([a-zA-Z]*)\s*", size)
        if read is None or read[2].lower() not in _UNITS:
            raise ValueError(f"`{size}` is not a size; one looks like this: 64MiB")
        size = int(read[1]) * _UNITS[read[2].lower()]
    if not 0 < size < 1 << 64:
        raise ValueError(f"a limit is a positive number, and not {size}")
    return size


def _nanoseconds(time: Time | None) -> int:
    if time is None:
        return 0
    seconds = time.total_seconds() if isinstance(time, timedelta) else time
    if not 0 < seconds < 1e9:
        raise ValueError(f"a limit on time is a positive number of seconds, and not {time}")
    return max(1, round(seconds * 1e9))


def nanoseconds(time: Time) -> int:
    """A time for the library."""
    return _nanoseconds(time)
