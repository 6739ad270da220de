"""How a process of our own is told what this one knows."""

from __future__ import annotations

import subprocess
import sys

import pytest

_SHOW = "from cardcat.own_process import python_command; print(*python_command('none')[:4])"


@pytest.mark.parametrize(("mode", "is_told"), [("utf8=1", True), ("utf8=0", False)])
def test_it_is_told_that_names_are_utf_8(mode: str, is_told: bool) -> None:
    """Where a variable has made them so: such a process reads none."""
    command = [sys.executable, "-X", mode, "-c", _SHOW]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert ("-X utf8" in done.stdout) is is_told
