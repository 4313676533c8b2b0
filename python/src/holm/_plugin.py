"""Plugins that are loaded, and sessions of them."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Callable, TypeVar, overload

from ._errors import check, error_of
from ._ffi import ffi, lib, owned, string, text
from ._host import UnderWay, raised
from ._values import Value, as_type, taken, written

T = TypeVar("T")


@dataclass
class Report:
    """What a call used, whether it succeeded or not: `call(…, report=report)` fills it in."""

    cpu: float = 0.0
    """Seconds spent executing the plugin, functions of the host included."""
    wall: float = 0.0
    """Seconds from start to end."""
    memory: int = 0
    """The most linear memory that the instance had, in bytes."""
    fuel: int = 0
    """Units of fuel, where a limit on fuel was set."""
    host_calls: int = 0
    """How often the plugin called the host."""


class Cancel:
    """Ends calls from another thread. Once it is used, it stays so."""

    def __init__(self) -> None:
        place = ffi.new("holm_cancel **")
        check(lib.holm_cancel_new(place))
        self._pointer = owned(self, place[0], lib.holm_cancel_free)

    def cancel(self) -> None:
        """Ends the calls that were given this, and those that will be: they raise `Cancelled`. A plugin that computes ends
        within a few milliseconds, one inside a function of the host when that returns."""
        lib.holm_cancel_now(self._pointer)


@dataclass(frozen=True)
class Function:
    """A function of a plugin."""

    name: str
    """The name to call it by; functions of an interface may be called by the part behind `#`."""
    signature: str
    """Its types, for people."""
    params: Sequence[tuple[str, str]]
    """Names and types of its parameters."""
    results: Sequence[str]
    """Types of its results."""
    refused: str | None
    """Why it cannot be called, if it cannot."""


class _Callable:
    """What has functions to call: a plugin, or a session."""

    _pointer: Any
    _function: Callable[..., Any]

    @overload
    def call(
        self,
        function: str,
        *args: Value,
        returns: type[T],
        context: object = None,
        cancel: Cancel | None = None,
        report: Report | None = None,
    ) -> T: ...

    @overload
    def call(
        self,
        function: str,
        *args: Value,
        returns: None = None,
        context: object = None,
        cancel: Cancel | None = None,
        report: Report | None = None,
    ) -> Any: ...

    def call(
        self,
        function: str,
        *args: Value,
        returns: type[Any] | None = None,
        context: object = None,
        cancel: Cancel | None = None,
        report: Report | None = None,
    ) -> Any:
        """Calls a function and waits for it; other threads of Python go on meanwhile.

        What it returns is text, bytes, a number, a truth value, `None`, a list or a dictionary. `returns` says which is
        wanted; of a plugin that returns bytes or text, other types are then read as JSON. `context` is for functions of the
        host (`Call.context`).

        Raises `Usage` for a function that it has not, or arguments or a result of other types; `Failed` for an error that
        the plugin returned; `Trap`, `Limit`, `Cancelled`; `HostError` for an exception in a function of the host.
        """
        value = self._call(function, args, context, cancel, report)
        return value if returns is None else as_type(value, returns)

    @overload
    async def call_async(
        self,
        function: str,
        *args: Value,
        returns: type[T],
        context: object = None,
        report: Report | None = None,
    ) -> T: ...

    @overload
    async def call_async(
        self,
        function: str,
        *args: Value,
        returns: None = None,
        context: object = None,
        report: Report | None = None,
    ) -> Any: ...

    async def call_async(
        self,
        function: str,
        *args: Value,
        returns: type[Any] | None = None,
        context: object = None,
        report: Report | None = None,
    ) -> Any:
        """As `call`, on a thread of the event loop's executor. Cancelling the task ends the call."""
        cancel = Cancel()
        made = functools.partial(
            self.call, function, *args, returns=returns, context=context, cancel=cancel, report=report
        )
        running = asyncio.get_running_loop().run_in_executor(None, made)
        try:
            return await asyncio.shield(running)
        except asyncio.CancelledError:
            cancel.cancel()
            # When the task has ended, so has the call.
            await asyncio.wait([running])
            if not running.cancelled():
                running.exception()
            raise

    def _call(
        self, function: str, args: Sequence[Value], context: object, cancel: Cancel | None, report: Report | None
    ) -> Any:
        keep: list[Any] = []
        values = ffi.new("holm_value[]", [written(arg, keep) for arg in args])
        under_way = UnderWay(context)
        handle = ffi.new_handle(under_way)
        used, options = ffi.new("holm_report *"), ffi.new("holm_call_options *")
        used.size, options.size = ffi.sizeof("holm_report"), ffi.sizeof("holm_call_options")
        options.user = handle
        options.report = used
        if cancel is not None:
            options.cancel = cancel._pointer
        result = ffi.new("holm_data **")
        error = error_of(self._function(self._pointer, text(function), values, len(args), options, result))
        if report is not None:
            report.cpu, report.wall = used.cpu_ns / 1e9, used.wall_ns / 1e9
            report.memory, report.fuel, report.host_calls = used.memory, used.fuel, used.host_calls
        if error is not None:
            raise raised(error, under_way)
        return taken(result[0])


class Plugin(_Callable):
    """A plugin, ready to be called by any number of threads at once. `Runtime.plugin` makes them."""

    def __init__(self, pointer: Any) -> None:
        self._pointer = owned(self, pointer, lib.holm_plugin_free)
        self._function = lib.holm_plugin_call

    @property
    def name(self) -> str:
        """The plugin's name."""
        return string(lib.holm_plugin_name(self._pointer))

    @property
    def digest(self) -> str:
        """The SHA-256 of its bytes, in hexadecimal."""
        place = ffi.new("holm_data **")
        check(lib.holm_plugin_digest(self._pointer, place))
        return str(taken(place[0]))

    def functions(self) -> list[Function]:
        """The functions that it has, with their types."""
        place = ffi.new("holm_data **")
        check(lib.holm_plugin_functions(self._pointer, place))
        described: list[Mapping[str, Any]] = taken(place[0])
        return [
            Function(
                name=one["name"],
                signature=one["signature"],
                params=[(param["name"], param["type"]) for param in one["params"]],
                results=one["results"],
                refused=one["refused"],
            )
            for one in described
        ]

    def session(self) -> Session:
        """An instance of one's own, which is kept from call to call."""
        return Session(self)

    def reload(self) -> None:
        """Reads the plugin again: calls under way finish on the code they began with, later ones get the new. Where the new
        code does not load, the old stays."""
        check(lib.holm_plugin_reload(self._pointer))

    def watch(self) -> Watch:
        """Looks at the plugin's file twice a second and reloads it when it has changed, until that is stopped."""
        return Watch(self)

    def __repr__(self) -> str:
        return f"holm.Plugin({self.name!r})"


class Session(_Callable):
    """An instance of a plugin that keeps what it has in memory from one call to the next. A call that traps or reaches a
    limit ends the instance, and the next call begins with a fresh one. One call at a time: others raise `Usage`."""

    def __init__(self, plugin: Plugin) -> None:
        place = ffi.new("holm_session **")
        check(lib.holm_session_open(plugin._pointer, place))
        self._pointer = owned(self, place[0], lib.holm_session_free)
        self._function = lib.holm_session_call

    @property
    def instances(self) -> int:
        """How many instances it has had: more than one if calls failed or it was restarted."""
        return int(lib.holm_session_instances(self._pointer))

    def restart(self) -> None:
        """Lets go of the instance: the next call begins with a fresh one, of the newest code."""
        check(lib.holm_session_restart(self._pointer))

    def __enter__(self) -> Session:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.restart()


class Watch:
    """Reloads a plugin when its file changes, until it is stopped; a context manager."""

    def __init__(self, plugin: Plugin) -> None:
        place = ffi.new("holm_watch **")
        check(lib.holm_plugin_watch(plugin._pointer, place))
        self._pointer: Any = place[0]

    def stop(self) -> None:
        """Watches no longer."""
        pointer, self._pointer = self._pointer, ffi.NULL
        lib.holm_watch_free(pointer)

    def __enter__(self) -> Watch:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()
