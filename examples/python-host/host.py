"""A host in Python: a plugin that greets, what it is lent, and one that never ends. `python host.py`."""

import time
from pathlib import Path

import holm

GUEST = Path(__file__).parents[2] / "guests" / "prebuilt" / "plugin.wasm"


def write(call: holm.Call, text: str) -> None:
    print(f"[{call.plugin}] {text}")


def lookup(key: str) -> holm.Result[str, str]:
    return holm.Ok("blue") if key == "colour" else holm.Err(f"nobody knows {key}")


def pause(milliseconds: holm.u32) -> None:
    time.sleep(milliseconds / 1000)


def main() -> None:
    plugin = holm.Runtime().plugin(
        GUEST,
        name="greeter",
        provide={("acme:host/log", "write"): write, ("acme:host/data", "lookup"): lookup, ("", "pause"): pause},
        limits=holm.Limits(memory="16MiB", cpu=0.05),
        instances=holm.pooled(2),
    )
    report = holm.Report()
    print(plugin.call("greet", "Ada", returns=str, report=report))
    print(f"{report.cpu * 1e6:.0f} us of CPU, {report.memory >> 10} KiB, {report.host_calls} calls of the host")
    print("the colour is", plugin.call("find", "colour"))
    try:
        plugin.call("spin")
    except holm.Limit as error:
        print(error)


if __name__ == "__main__":
    main()
