"""Guests, and a runtime whose cache is the tests' own."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import holm

GUESTS = Path(__file__).parents[2] / "guests" / "prebuilt"


@pytest.fixture(scope="session")
def runtime(tmp_path_factory: pytest.TempPathFactory) -> Iterator[holm.Runtime]:
    yield holm.Runtime(cache=tmp_path_factory.mktemp("cache") / "holm")


def lookup(key: str) -> holm.Result[str, str]:
    return holm.Ok("blue") if key == "colour" else holm.Err(f"nobody knows {key}")


def pause(milliseconds: holm.u32) -> None:
    time.sleep(milliseconds / 1000)


Load = Callable[..., holm.Plugin]


@pytest.fixture
def load(runtime: holm.Runtime) -> Load:
    """Loads `plugin.wasm` with the functions of the host that it needs, of which `write` and `lookup` may be others."""

    def loaded(write: Any = None, lookup: Any = lookup, **settings: Any) -> holm.Plugin:
        def ignore(text: str) -> None:
            pass

        provide = {
            ("acme:host/log", "write"): write or ignore,
            ("acme:host/data@0.1.0", "lookup"): lookup,
            ("", "pause"): pause,
        }
        return runtime.plugin(GUESTS / "plugin.wasm", provide=provide, **settings)

    return loaded
