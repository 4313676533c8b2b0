from __future__ import annotations

import gc
import math
import threading
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from conftest import GUESTS, Load

import holm


def test_text_bytes_and_records_go_in_and_come_out(load: Load) -> None:
    plugin = load()
    assert plugin.call("greet", "Ada") == "Hello, Ada!"
    data = bytes(range(256)) * 400
    assert plugin.call("echo", data) == data
    assert plugin.call("echo", b"") == b""
    ada = {"name": "Ada", "age": 36, "tags": ["x"]}
    assert plugin.call("birthday", ada) == {**ada, "age": 37}
    assert plugin.call("birthday", {"name": "Ada", "tags": ()})["age"] is None
    assert plugin.call("wait", 0) is None
    assert plugin.call("find", "colour") == "blue"


def test_values_of_every_type_cross(runtime: holm.Runtime) -> None:
    types = runtime.plugin(GUESTS / "types.wasm")
    assert types.call("add", 2, 3) == 5
    assert types.call("join", ["a", "b"], "-") == "a-b"
    assert types.call("bump", 1) == 2
    assert types.call("bump", None) is None
    assert types.call("upper", "é") == "É"
    assert types.call("even", 3 + 1) is None
    assert types.call("negate", True) is False
    assert types.call("largest", [3, 9, -1]) == 9
    assert types.call("area", {"rectangle": {"x": 2.0, "y": 3.0}}) == 6.0
    assert types.call("next", "red") == "green"
    assert types.call("floats", math.inf, 1.0, returns=float) == math.inf
    assert math.isnan(types.call("floats", math.nan, 1.0, returns=float))
    with pytest.raises(holm.Failed):
        types.call("even", 3)


def test_what_is_wanted_is_what_is_returned(load: Load) -> None:
    plugin = load()
    assert plugin.call("greet", "Ada", returns=str) == "Hello, Ada!"
    assert plugin.call("greet", "Ada", returns=bytes) == b"Hello, Ada!"
    assert plugin.call("echo", b"text", returns=str) == "text"
    assert plugin.call("echo", b'{"a": [1]}', returns=dict) == {"a": [1]}
    assert plugin.call("count", returns=float) == 1.0
    wrong: list[tuple[bytes, type[Any]]] = [(b"\xff", str), (b"{", dict), (b"1", list), (b"true", int)]
    for data, returns in wrong:
        with pytest.raises(holm.Usage):
            plugin.call("echo", data, returns=returns)


def test_what_does_not_fit_is_refused(load: Load) -> None:
    plugin = load()
    wrong: list[tuple[Any, ...]] = [("greet",), ("greet", 1), ("greet", "a", "b"), ("grow", -1), ("grow", 1 << 40), ("gret", "a")]
    for call in wrong:
        with pytest.raises(holm.Usage):
            plugin.call(*call)
    with pytest.raises(holm.Usage, match="set cannot be given"):
        plugin.call("greet", {1})  # type: ignore[call-overload]
    with pytest.raises(holm.Usage) as told:
        plugin.call("gret", "a")
    assert "greet" in told.value.notes[0] and told.value.kind is holm.Kind.USAGE
    with pytest.raises(ValueError, match="NUL"):
        plugin.call("a\0b")


def test_a_trap_says_where_and_the_next_call_works(load: Load) -> None:
    plugin = load(instances=holm.pooled(1))
    with pytest.raises(holm.Trap) as told:
        plugin.call("trap")
    assert any("trap" in frame for frame in told.value.frames)
    assert plugin.call("count") == 1


@pytest.mark.parametrize(
    "limits, kind",
    [
        (holm.Limits(cpu=0.03), holm.Kind.OUT_OF_CPU),
        (holm.Limits(wall=timedelta(milliseconds=30)), holm.Kind.OUT_OF_TIME),
        (holm.Limits(fuel=1_000_000), holm.Kind.OUT_OF_FUEL),
    ],
)
def test_a_loop_ends_at_its_limit(load: Load, limits: holm.Limits, kind: holm.Kind) -> None:
    plugin, report = load(limits=limits), holm.Report()
    with pytest.raises(holm.Limit) as told:
        plugin.call("spin", report=report)
    assert told.value.kind is kind
    assert report.cpu > 0 and report.wall >= report.cpu and report.memory >= 65536
    assert plugin.call("count") == 1


def test_memory_ends_at_its_limit(load: Load) -> None:
    plugin = load(limits=holm.Limits(memory="8MiB"))
    assert plugin.call("grow", 2) == 2
    with pytest.raises(holm.Limit) as told:
        plugin.call("grow", 64)
    assert told.value.kind is holm.Kind.OUT_OF_MEMORY


def test_limits_that_are_none_are_a_mistake(load: Load) -> None:
    for limits in [holm.Limits(memory="much"), holm.Limits(fuel=0), holm.Limits(wall=-1.0), holm.Limits(memory=1 << 64)]:
        with pytest.raises(ValueError):
            load(limits=limits)


def test_a_breaker_leaves_alone_what_only_fails(load: Load) -> None:
    plugin = load(breaker=holm.Breaker(failures=1, pause=60))
    with pytest.raises(holm.Trap):
        plugin.call("trap")
    with pytest.raises(holm.Busy, match="left alone"):
        plugin.call("count")


def test_a_session_keeps_its_instance(load: Load) -> None:
    plugin = load()
    with plugin.session() as session:
        assert [session.call("count") for _ in range(3)] == [1, 2, 3]
        with pytest.raises(holm.Trap):
            session.call("trap")
        assert session.call("count") == 1
        assert session.instances == 2
    assert plugin.call("count") == 1
    session = plugin.session()
    del plugin
    gc.collect()
    assert session.call("greet", "Ada") == "Hello, Ada!"


def test_a_call_is_cancelled_from_another_thread(load: Load) -> None:
    plugin, cancel = load(), holm.Cancel()
    timer = threading.Timer(0.05, cancel.cancel)
    timer.start()
    with pytest.raises(holm.Cancelled):
        plugin.call("spin", cancel=cancel)
    timer.join()


def test_other_threads_go_on_while_a_plugin_computes(load: Load) -> None:
    plugin, cancel, counted = load(), holm.Cancel(), 0
    ended = threading.Event()

    def spin() -> None:
        with pytest.raises(holm.Cancelled):
            plugin.call("spin", cancel=cancel)
        ended.set()

    thread = threading.Thread(target=spin)
    thread.start()
    while counted < 100:
        counted += 1
        time.sleep(0.0001)
    assert not ended.is_set()
    cancel.cancel()
    thread.join()
    assert ended.is_set()


def test_threads_call_at_once(load: Load) -> None:
    told: list[str] = []

    def write(text: str) -> None:
        told.append(text)

    plugin = load(write, instances=holm.pooled(3))
    replies: list[bool] = []

    def call(thread: int) -> None:
        for number in range(50):
            name = f"{thread}-{number}"
            replies.append(plugin.call("greet", name) == f"Hello, {name}!")

    threads = [threading.Thread(target=call, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert replies == [True] * 200 and len(told) == 200


def test_a_plugin_is_reloaded(runtime: holm.Runtime, tmp_path: Path) -> None:
    file = tmp_path / "answer.wat"
    file.write_text('(module (func (export "answer") (result i32) (i32.const 1)))')
    plugin = runtime.plugin(file)
    digest = plugin.digest
    assert (plugin.name, plugin.call("answer")) == ("answer.wat", 1)
    file.write_text('(module (func (export "answer") (result i32) (i32.const 2)))')
    plugin.reload()
    assert plugin.call("answer") == 2 and plugin.digest != digest
    file.write_text("(module (func")
    with pytest.raises(holm.Invalid):
        plugin.reload()
    assert plugin.call("answer") == 2
    with plugin.watch() as watch:
        file.write_text('(module (func (export "answer") (result i32) (i32.const 33)))')
        until = time.monotonic() + 30
        while plugin.call("answer") != 33:
            assert time.monotonic() < until, "it is not reloaded"
            time.sleep(0.05)
    watch.stop()
    with pytest.raises(holm.Usage):
        runtime.plugin(b"(module)").watch()


def test_what_cannot_be_loaded_says_why(runtime: holm.Runtime) -> None:
    with pytest.raises(holm.NotFound):
        runtime.plugin("/nowhere/x.wasm")
    with pytest.raises(holm.Invalid):
        runtime.plugin(b"junk")
    with pytest.raises(holm.Invalid) as told:
        runtime.plugin(GUESTS / "plugin.wasm")
    assert told.value.kind is holm.Kind.MISSING_IMPORTS and "pause" in str(told.value)
    with pytest.raises(holm.Usage, match="no grant"):
        runtime.plugin(GUESTS / "types.wasm", grants=["dog=./data"])
    with pytest.raises(holm.Denied, match="not signed"):
        holm.Runtime(cache=False, instances=2, trust=[b"\x01\x58" + b"\x66" * 31]).plugin(GUESTS / "types.wasm")
    with pytest.raises(holm.Usage, match="public key"):
        holm.Runtime(trust=[b"junk"])


def test_functions_are_described(load: Load) -> None:
    [greet] = [function for function in load().functions() if function.name == "greet"]
    assert greet.signature == "func(name: string) -> string"
    assert (list(greet.params), list(greet.results), greet.refused) == ([("name", "string")], ["string"], None)


def test_a_plugin_asks_and_the_host_decides(runtime: holm.Runtime, tmp_path: Path) -> None:
    (tmp_path / "notes.wat").write_text('(module (func (export "run")))')
    asked = 'holm = 1\n[grants]\ndir = "./notes:/notes"\n[limits]\nmemory = "16MiB"\nwall = "50ms"\n'
    (tmp_path / "notes.holm.toml").write_text(asked)
    asks = runtime.asks(tmp_path / "notes.wat")
    assert asks.grants == [f"dir = {tmp_path}/notes::/notes"]
    assert asks.limits == holm.Limits(memory=16 << 20, wall=0.05)
    (tmp_path / "notes").mkdir()
    runtime.plugin(tmp_path / "notes.wat", grants=asks.grants, limits=asks.limits).call("run")


PRINTS = rb"""(module
    (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 1)
    (data (i32.const 0) "\10\00\00\00\08\00\00\00")
    (data (i32.const 16) "one\ntwo\n")
    (func (export "print") (param i32)
        (drop (call $write (local.get 0) (i32.const 0) (i32.const 1) (i32.const 8)))))"""


def test_what_a_plugin_prints_is_told(runtime: holm.Runtime, caplog: pytest.LogCaptureFixture) -> None:
    lines: list[tuple[str, bool]] = []
    told = runtime.plugin(PRINTS, on_line=lambda line, error: lines.append((line, error)))
    told.call("print", 1)
    told.call("print", 2)
    assert lines == [("one", False), ("two", False), ("one", True), ("two", True)]
    runtime.plugin(PRINTS).call("print", 2)
    assert [record.getMessage() for record in caplog.records] == ["one", "two"]


def test_plugins_of_extism_take_bytes_text_and_json(runtime: holm.Runtime) -> None:
    plugin = runtime.plugin(GUESTS / "extism-kit.wasm", grants=[holm.config("name", "Ada")])
    assert plugin.call("echo", "text") == b"text"
    assert plugin.call("echo", [1, {"a": None}], returns=list) == [1, {"a": None}]
    assert plugin.call("count_vowels", "hello", returns=dict)["count"] == 2
    session = plugin.session()
    with pytest.raises(holm.Failed):
        session.call("fail", "")
    assert session.call("echo", b"", returns=bytes) == b""
    assert session.instances == 1
