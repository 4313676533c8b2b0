"""Counts lines, words and bytes of its standard input, or of the files that are named."""

import sys

from componentize_py_types import Err
from wit_world import exports
from wit_world.imports import environment

import count


class Run(exports.Run):
    """The world's `wasi:cli/run`: ends well, or with the error that makes the exit code 1."""

    def run(self) -> None:
        # `sys.argv` is that of the time when the component was made.
        names = environment.get_arguments()[1:]
        if not names:
            print(count.line(sys.stdin.buffer.read(), "standard input"))
        failed = [name for name in names if not tell(name)]
        if failed:
            raise Err(None)


def tell(name: str) -> bool:
    """Prints what is in one file; whether it could be read."""
    try:
        with open(name, "rb") as file:
            print(count.line(file.read(), name))
    except OSError as error:
        print(f"{name}: {error.strerror}", file=sys.stderr)
        return False
    return True
