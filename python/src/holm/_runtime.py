"""Runtimes, which load plugins."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Mapping
from typing import Any, Callable

from ._errors import check
from ._ffi import drop, ffi, lend, lib, owned, text
from ._host import HostFunction, called
from ._plugin import Plugin
from ._settings import Asks, Breaker, Grant, Limits, Pooled, nanoseconds
from ._values import taken

OnLine = Callable[[str, bool], None]
"""Is told of a line that a plugin printed, and whether it went to standard error."""


class Runtime:
    """What all plugins of a program share: compiled code, engines, a thread. One for a program is enough.

    `cache` is the directory that compiled code is kept in, the user's own where `holm` keeps it too unless it is said;
    `False` keeps none. `instances` bounds the instances of all plugins together (1000). `trust` has public Ed25519 keys, in
    any form that `wasmsign2` writes: once there is one, only plugins that are signed with one of them are taken.
    """

    def __init__(
        self,
        *,
        cache: str | os.PathLike[str] | bool = True,
        instances: int | None = None,
        trust: Iterable[bytes] = (),
    ) -> None:
        builder = lib.holm_runtime_builder_new()
        if cache is False:
            lib.holm_runtime_builder_no_cache(builder)
        elif cache is not True:
            lib.holm_runtime_builder_cache(builder, text(os.fspath(cache)))
        if instances is not None:
            lib.holm_runtime_builder_instances(builder, instances)
        for key in trust:
            lib.holm_runtime_builder_trust(builder, key, len(key))
        place = ffi.new("holm_runtime **")
        check(lib.holm_runtime_builder_build(builder, place))
        self._pointer = owned(self, place[0], lib.holm_runtime_free)

    def plugin(
        self,
        source: str | os.PathLike[str] | bytes,
        *,
        name: str | None = None,
        grants: Iterable[Grant | str] = (),
        limits: Limits | None = None,
        provide: Mapping[tuple[str, str], Callable[..., Any]] | None = None,
        instances: Pooled | None = None,
        breaker: Breaker | None = None,
        abi: str | None = None,
        on_line: OnLine | None = None,
    ) -> Plugin:
        """Loads a plugin: a file of WebAssembly, binary or text, or the bytes of one.

        It has what it is granted and nothing else. `provide` lends it functions of the host, by the core module or the
        interface that it imports them from (`""` for a function of a component's world itself) and their names; their types
        are those of their annotations (`str`, `bytes`, `bool`, `int` for s64, `float` for f64, `holm.u32` and so on,
        `list[…]`, `… | None`, `holm.Result[…, …]`), or said with `holm.host`. Calls are made on a fresh instance each unless
        `instances` is `holm.pooled(…)`. What it prints goes to the logger `holm.guest` unless `on_line` takes it.

        Raises `NotFound`, `Invalid` (with all imports that are missing at once), `Denied` for a plugin that nobody trusted
        has signed, `Usage` for grants that are none.
        """
        # Whatever can be wrong is looked at before there is a builder, which nobody would free.
        functions = {place: _hosted(function) for place, function in (provide or {}).items()}
        limited = limits.pointer() if limits is not None else None
        pause = nanoseconds(breaker.pause) if breaker is not None else 0
        lines = [text(grant) for grant in grants]
        said_abi = text(abi) if abi is not None else None
        places = {place: (text(place[0]), text(place[1])) for place in functions}
        builder = self._builder(source, name)
        for line in lines:
            lib.holm_plugin_builder_grant(builder, line)
        if limited is not None:
            lib.holm_plugin_builder_limits(builder, limited)
        if instances is not None:
            lib.holm_plugin_builder_pooled(builder, max(0, instances.most))
        if breaker is not None:
            lib.holm_plugin_builder_breaker(builder, max(0, breaker.failures), pause)
        if said_abi is not None:
            lib.holm_plugin_builder_abi(builder, said_abi)
        for place, function in functions.items():
            signature = text(function.signature)
            lib.holm_plugin_builder_provide(builder, *places[place], signature, called, lend(function), drop)
        lib.holm_plugin_builder_on_line(builder, line_printed, lend(on_line or _to_logging), drop)
        loaded = ffi.new("holm_plugin **")
        check(lib.holm_plugin_builder_load(builder, loaded))
        return Plugin(loaded[0])

    def asks(self, source: str | os.PathLike[str] | bytes) -> Asks:
        """What a plugin asks for, in the manifest that it carries or that lies beside it (`NAME.holm.toml` beside
        `NAME.wasm`). Nothing of it is given unless the host gives it: `plugin(…, grants=asks.grants)`."""
        builder = self._builder(source, None)
        try:
            place = ffi.new("holm_data **")
            check(lib.holm_plugin_builder_asks(builder, place))
        finally:
            lib.holm_plugin_builder_free(builder)
        asks = taken(place[0])
        limits = {key.removesuffix("_ns"): _limit(key, value) for key, value in asks["limits"].items()}
        return Asks(grants=[Grant(line) for line in asks["grants"]], limits=Limits(**limits))

    def _builder(self, source: str | os.PathLike[str] | bytes, name: str | None) -> Any:
        named = text(name) if name is not None else None
        if isinstance(source, bytes):
            return lib.holm_plugin_builder_from_bytes(self._pointer, named or b"plugin", source, len(source))
        builder = lib.holm_plugin_builder_new(self._pointer, text(os.fspath(source)))
        if named is not None:
            lib.holm_plugin_builder_name(builder, named)
        return builder


def _limit(key: str, value: int) -> Any:
    return value / 1e9 if key.endswith("_ns") else value


def _hosted(function: Callable[..., Any]) -> HostFunction:
    return function if isinstance(function, HostFunction) else HostFunction(function)


def _to_logging(line: str, error: bool) -> None:
    logging.getLogger("holm.guest").log(logging.WARNING if error else logging.INFO, "%s", line)


@ffi.callback("holm_line_fn")  # type: ignore[untyped-decorator]
def line_printed(user: Any, error: bool, line: Any, size: int) -> None:
    """What the library calls for each line, for all plugins."""
    tell: OnLine = ffi.from_handle(user)
    tell(bytes(ffi.buffer(line, size)).decode(errors="replace"), bool(error))
