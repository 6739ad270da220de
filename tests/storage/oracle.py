"""The film industry's own tools, which say whether a history is right."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

TOOLS = Path(sys.executable).parent

COMPLETE = 0
MISSING, WRONG = 10, 11  # files that are listed: not there, or with other bytes
NEW = 21  # files that are not listed


def _run(tool: str, *words: str | Path) -> int:
    program = TOOLS / tool
    if not program.exists():
        pytest.skip("ascmhl is not installed")
    done = subprocess.run([program, *words], capture_output=True, check=False)
    assert b"Traceback" not in done.stderr, done.stderr.decode()
    return done.returncode


def diff(root: Path) -> int:
    """The exit code of `ascmhl diff`: every file listed, and every listed file there."""
    return _run("ascmhl", "diff", root)


def verify(root: Path) -> int:
    """The exit code of `ascmhl-debug verify`, which hashes every file."""
    return _run("ascmhl-debug", "verify", root)


def create(root: Path, *words: str) -> int:
    """What a person does who seals a folder with the tool: a generation of everything that is there."""
    return _run("ascmhl", "create", root, *words)


def check_schema(root: Path) -> None:
    """Check every file of the history against the schema; it is in the tool's source, not in its wheel."""
    schema = os.environ.get("CARDCAT_ASCMHL_XSD")
    if not schema:
        pytest.skip("CARDCAT_ASCMHL_XSD does not name the folder with the schema of ASC MHL")
    for file in sorted((root / "ascmhl").iterdir()):
        is_chain = file.suffix == ".xml"
        xsd = Path(schema, "ASCMHLDirectory.xsd" if is_chain else "ASCMHL.xsd")
        assert _run("ascmhl-debug", "xsd-schema-check", "-xsd", str(xsd), file) == 0, file
