"""What is printed in the README and in the examples runs."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import GUESTS

ROOT = Path(__file__).parents[2]
EXAMPLES = re.findall(r"^## (.+?)\n.*?^```python\n(.*?)^```", (ROOT / "python" / "README.md").read_text(), re.M | re.S)


def test_the_readme_has_five_examples() -> None:
    assert len(EXAMPLES) == 5


@pytest.mark.parametrize("title, code", EXAMPLES, ids=[title for title, _ in EXAMPLES])
def test_an_example_of_the_readme_runs(title: str, code: str, tmp_path: Path) -> None:
    for guest in ("types.wasm", "plugin.wasm"):
        shutil.copy(GUESTS / guest, tmp_path)
    (tmp_path / "data").mkdir()
    subprocess.run([sys.executable, "-W", "error", "-c", code], cwd=tmp_path, check=True)


def test_the_example_host_runs() -> None:
    script = ROOT / "examples" / "python-host" / "host.py"
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, check=True)
    assert "Hello, Ada!" in done.stdout and "out of CPU time" in done.stdout, done.stdout
