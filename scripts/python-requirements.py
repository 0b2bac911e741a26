"""Prints what pyproject.toml pins for building and testing the Python package, a line each, for pip."""

import re
from pathlib import Path

# By hand: Python 3.10 has no reader of TOML.
text = (Path(__file__).resolve().parent.parent / "pyproject.toml").read_text()
for key in ("requires", "test"):
    listed = re.search(rf"^{key} = \[(.*)\]$", text, re.MULTILINE)
    assert listed, f"pyproject.toml has no list {key}"
    print(*re.findall(r'"([^"]+)"', listed.group(1)), sep="\n")
