"""Functions of the host."""

from __future__ import annotations

import inspect
import types
import typing
from typing import Annotated, Any, Callable, Union

from ._errors import Error, HostError, Kind, check
from ._ffi import ffi, lib, string, text
from ._values import Err, Ok, read, written

s8 = Annotated[int, "s8"]
s16 = Annotated[int, "s16"]
s32 = Annotated[int, "s32"]
s64 = Annotated[int, "s64"]
u8 = Annotated[int, "u8"]
u16 = Annotated[int, "u16"]
u32 = Annotated[int, "u32"]
u64 = Annotated[int, "u64"]
f32 = Annotated[float, "f32"]
char = Annotated[str, "char"]

_SIMPLE: dict[Any, str] = {str: "string", bytes: "list<u8>", bool: "bool", int: "s64", float: "f64"}


class Call:
    """The call of a plugin that a function of the host is part of: a function whose first parameter is annotated with
    this is given it. It must not be kept."""

    def __init__(self, plugin: str, context: object) -> None:
        self.plugin = plugin
        """The plugin's name."""
        self.context = context
        """What `Plugin.call` was given as `context`."""


class UnderWay:
    """What belongs to a call while it goes on."""

    def __init__(self, context: object) -> None:
        self.context = context
        self.raised: BaseException | None = None


class HostFunction:
    """A function of the host whose types are said: see `host`."""

    def __init__(self, function: Callable[..., Any], signature: str | None = None) -> None:
        parameters = _parameters(function)
        self.function = function
        self.wants_call = bool(parameters) and parameters[0][1] is Call
        self.signature = signature or _signature(function, parameters[1:] if self.wants_call else parameters)
        check(lib.holm_check_signature(text(self.signature)))

    def __call__(self, *args: Any) -> Any:
        return self.function(*args)

    def answer(self, call: Any, under_way: UnderWay, args: list[Any], answer: Any) -> None:
        """Answers the library."""
        if self.wants_call:
            args.insert(0, Call(string(lib.holm_call_plugin(call)), under_way.context))
        result = self.function(*args)
        if result is None and "->" not in self.signature:
            return
        keep: list[Any] = []
        value = ffi.new("holm_value *", written(result, keep))
        lib.holm_answer_value(answer, value[0])


def host(signature: str) -> Callable[[Callable[..., Any]], HostFunction]:
    """Says the types of a function of the host in WIT's words, where annotations do not:

    ```python
    @holm.host("func(key: string) -> result<string, string>")
    def lookup(key): ...
    ```
    """
    return lambda function: HostFunction(function, signature)


def _parameters(function: Callable[..., Any]) -> list[tuple[str, Any]]:
    try:
        hints = typing.get_type_hints(function, include_extras=True)
    except (NameError, TypeError):
        hints = {}
    try:
        names = list(inspect.signature(function).parameters)
    except (TypeError, ValueError):
        names = []
    return [(name, hints.get(name)) for name in names]


def _signature(function: Callable[..., Any], parameters: list[tuple[str, Any]]) -> str:
    name = getattr(function, "__name__", "a function of the host")
    missing = [parameter for parameter, hint in parameters if hint is None]
    if missing:
        raise TypeError(f"{name}: {', '.join(missing)} needs an annotation that can be read here, or use @holm.host(…)")
    params = ", ".join(_type(hint, name) for _, hint in parameters)
    hints = typing.get_type_hints(function, include_extras=True)
    if "return" not in hints:
        raise TypeError(f"{name}: what it returns needs an annotation, `None` for nothing")
    result = hints["return"]
    return f"func({params})" if result in (None, type(None)) else f"func({params}) -> {_type(result, name)}"


def _type(hint: Any, name: str) -> str:
    if hint in _SIMPLE:
        return _SIMPLE[hint]
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin is Annotated and args[1:] and isinstance(args[1], str):
        return args[1]
    inner = [arg for arg in args if arg is not type(None)]
    if origin is list:
        return f"list<{_type(args[0], name)}>"
    if origin is tuple and args and Ellipsis not in args:
        return f"tuple<{', '.join(_type(arg, name) for arg in args)}>"
    if origin in (Union, types.UnionType) and len(args) == 2:
        if len(inner) == 1:
            return f"option<{_type(inner[0], name)}>"
        if [typing.get_origin(arg) for arg in args] == [Ok, Err]:
            ok, err = (_half(typing.get_args(arg)[0], name) for arg in args)
            return "result" if (ok, err) == ("_", "_") else f"result<{ok}, {err}>" if err != "_" else f"result<{ok}>"
    raise TypeError(f"{name}: {hint} is no type of a plugin's; @holm.host(…) says others")


def _half(hint: Any, name: str) -> str:
    return "_" if hint in (None, type(None)) else _type(hint, name)


def _fail(answer: Any, error: BaseException) -> None:
    kind = error.kind if isinstance(error, Error) else Kind.INTERNAL
    message = error.args[0] if isinstance(error, Error) and error.args else f"{type(error).__name__}: {error}"
    lib.holm_answer_fail(answer, kind.value, str(message).replace("\0", "\ufffd").encode(errors="replace"))


@ffi.callback("holm_host_fn")  # type: ignore[untyped-decorator]
def called(user: Any, call: Any, args: Any, count: int, answer: Any) -> None:
    """What the library calls, for all functions of the host."""
    handle = lib.holm_call_user(call)
    # While an instance starts there is no call yet.
    under_way: UnderWay = ffi.from_handle(handle) if handle != ffi.NULL else UnderWay(None)
    try:
        function: HostFunction = ffi.from_handle(user)
        function.answer(call, under_way, [read(args[at]) for at in range(count)], answer)
    except BaseException as error:  # It goes on where the call was made.
        under_way.raised = error
        _fail(answer, error)


def raised(error: Error, under_way: UnderWay) -> BaseException:
    """The error of a call, with the exception of the host's that it is because of."""
    cause = under_way.raised
    if cause is None:
        return error
    if not isinstance(cause, Exception):
        return cause
    if not isinstance(cause, Error):
        error = HostError(str(error.args[0]), kind=error.kind, notes=error.notes, frames=error.frames)
    error.__cause__ = cause
    return error
