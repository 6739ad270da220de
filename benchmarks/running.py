"""Running cardcat as its users do: a process of its own, from its start to its end."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

PROGRAM = "from cardcat.cli.main import run; run()"


def cardcat(*words: str, home: Path) -> int:
    """
    Run a command with nothing of the user's; the bytes of memory that its largest process had at most.

    SystemExit with what it said if it fails: then nothing was measured.
    """
    said = home / "said"
    with said.open("wb") as out:
        command = [sys.executable, "-c", PROGRAM, *words]
        process = subprocess.Popen(command, env=os.environ | {"HOME": str(home)}, stdout=out, stderr=out)
        _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"cardcat {' '.join(words)} failed: {said.read_text(errors='replace')[-1000:]}")
    return usage.ru_maxrss * 1024
