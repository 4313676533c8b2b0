"""Run plugins: any WebAssembly, sandboxed, with nothing granted by default.

```python
import holm

runtime = holm.Runtime()
plugin = runtime.plugin("greet.wasm", grants=[holm.dir("./data", "/data", read_only=True)])
print(plugin.call("greet", "Ada"))
```
"""

from ._errors import (
    Busy,
    Cancelled,
    Denied,
    Error,
    Failed,
    HostError,
    Invalid,
    Kind,
    Limit,
    NotFound,
    Trap,
    Usage,
)
from ._ffi import lib as _lib, string as _string
from ._host import Call, HostFunction, char, f32, host, s8, s16, s32, s64, u8, u16, u32, u64
from ._plugin import Cancel, Function, Plugin, Report, Session, Watch
from ._runtime import Runtime
from ._settings import Asks, Breaker, Grant, Limits, Pooled, config, dir, env, http, listen, net, pooled
from ._values import Err, Ok, Result, Value

__version__: str = _string(_lib.holm_version())

__all__ = [
    "Asks",
    "Breaker",
    "Busy",
    "Call",
    "Cancel",
    "Cancelled",
    "Denied",
    "Err",
    "Error",
    "Failed",
    "Function",
    "Grant",
    "HostError",
    "HostFunction",
    "Invalid",
    "Kind",
    "Limit",
    "Limits",
    "NotFound",
    "Ok",
    "Plugin",
    "Pooled",
    "Report",
    "Result",
    "Runtime",
    "Session",
    "Trap",
    "Usage",
    "Value",
    "Watch",
    "char",
    "config",
    "dir",
    "env",
    "f32",
    "host",
    "http",
    "listen",
    "net",
    "pooled",
    "s8",
    "s16",
    "s32",
    "s64",
    "u8",
    "u16",
    "u32",
    "u64",
]
