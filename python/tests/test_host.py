from __future__ import annotations

import asyncio
import gc
import weakref

import pytest
from conftest import Load

import holm


def test_functions_of_the_host_know_whose_call_they_are_part_of(load: Load) -> None:
    seen: list[tuple[str, object, str]] = []

    def write(call: holm.Call, text: str) -> None:
        seen.append((call.plugin, call.context, text))

    plugin = load(write, name="greeter")
    plugin.call("greet", "Ada", context=7)
    plugin.call("greet", "Bob")
    assert seen == [("greeter", 7, "greeting Ada"), ("greeter", None, "greeting Bob")]


def test_an_exception_ends_the_call_and_is_its_cause(load: Load) -> None:
    def write(text: str) -> None:
        raise KeyError(text)

    session = load(write).session()
    session.call("count")
    with pytest.raises(holm.HostError, match="KeyError: 'greeting Ada'") as told:
        session.call("greet", "Ada")
    assert isinstance(told.value.__cause__, KeyError)
    assert session.call("count") == 1, "on another instance"


def test_an_error_of_a_kind_ends_the_call_with_that_kind(load: Load) -> None:
    def write(text: str) -> None:
        raise holm.Denied("not on a Sunday")

    with pytest.raises(holm.Denied, match="plugin.wasm: not on a Sunday"):
        load(write).call("greet", "Ada")


def test_an_interrupt_in_a_function_of_the_host_stays_one(load: Load) -> None:
    def write(text: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        load(write).call("greet", "Ada")


def test_a_result_of_another_type_ends_the_call(load: Load) -> None:
    def lookup(key: str) -> holm.Result[str, str]:
        return 5  # type: ignore[return-value]

    with pytest.raises(holm.Error, match="`lookup` returned"):
        load(lookup=lookup).call("find", "colour")


def test_a_plugin_may_be_called_by_a_function_of_the_host_that_another_plugin_calls(load: Load) -> None:
    inner = load()

    def lookup(key: str) -> holm.Result[str, str]:
        return holm.Ok(inner.call("greet", key, returns=str))

    assert load(lookup=lookup).call("find", "Ada") == "Hello, Ada!"


def test_types_are_those_of_the_annotations() -> None:
    def many(
        a: str, b: bytes, c: bool, d: int, e: float, f: holm.u8, g: list[str], h: str | None, i: tuple[holm.char, holm.f32]
    ) -> holm.Result[None, list[bytes]]:
        raise NotImplementedError

    function = holm.HostFunction(many)
    assert function.signature == (
        "func(string, list<u8>, bool, s64, f64, u8, list<string>, option<string>, tuple<char, f32>)"
        " -> result<_, list<list<u8>>>"
    )


def test_types_that_are_not_said_are_a_mistake(load: Load) -> None:
    with pytest.raises(TypeError, match="text needs an annotation"):
        load(lambda text: None)
    with pytest.raises(TypeError, match="what it returns"):

        def write(text: str):  # type: ignore[no-untyped-def]
            pass

        load(write)
    with pytest.raises(holm.Usage, match="is no type"):
        load(holm.host("func(strng)")(print))
    with pytest.raises(holm.Invalid, match="and the host has"):
        load(holm.host("func(u32)")(print))


def test_types_may_be_said(load: Load) -> None:
    told: list[str] = []
    plugin = load(holm.host("func(text: string)")(told.append))
    plugin.call("greet", "Ada")
    assert told == ["greeting Ada"]


def test_what_is_lent_is_let_go_of(load: Load) -> None:
    class Log:
        def write(self, text: str) -> None:
            pass

    log = Log()
    gone = weakref.ref(log)
    plugin = load(log.write)
    session = plugin.session()
    del log, plugin
    gc.collect()
    assert gone() is not None
    session.call("greet", "Ada")
    del session
    gc.collect()
    assert gone() is None


def test_an_instance_may_call_the_host_while_it_starts(runtime: holm.Runtime) -> None:
    started: list[object] = []

    def start(call: holm.Call) -> None:
        started.append(call.context)

    text = b'(module (import "host" "start" (func $start)) (start $start) (func (export "run")))'
    runtime.plugin(text, provide={("host", "start"): start}).call("run", context=7)
    assert started == [None]


def test_calls_are_made_from_tasks(load: Load) -> None:
    async def main() -> None:
        plugin = load(instances=holm.pooled(2))
        waits = [plugin.call_async("wait", 20) for _ in range(4)]
        assert await asyncio.gather(*waits) == [None] * 4
        assert await plugin.call_async("greet", "Ada", returns=str) == "Hello, Ada!"
        with pytest.raises(holm.Trap):
            await plugin.call_async("trap")

    asyncio.run(main())


def test_a_task_that_is_cancelled_ends_its_call(load: Load) -> None:
    async def main() -> None:
        plugin = load(instances=holm.pooled(1))
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(plugin.call_async("spin"), 0.05)
        assert await plugin.call_async("count") == 1

    asyncio.run(main())
