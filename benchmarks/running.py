"""Running cardcat as its users do: a process of its own, from its start to its end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

PROGRAM = "from cardcat.cli.main import run; run()"


def cardcat(*words: str, home: Path) -> int:
    """Run a command with nothing of the user's; the bytes of memory that its largest process had at most."""
    return run(f"cardcat {' '.join(words)}", [sys.executable, "-c", PROGRAM, *words], home)


def asked(*words: str, home: Path) -> dict[str, Any]:
    """What a command answers to `--json`."""
    cardcat(*words, "--json", home=home)
    answer: dict[str, Any] = json.loads((home / "answer").read_text(encoding="utf-8"))
    return answer


def run(name: str, command: Sequence[str], home: Path) -> int:
    """
    Run *command* for a user at *home*; the bytes of memory that its largest process had at most.

    What it answers is in the file `answer` there. SystemExit with what it said if it fails: then nothing was
    measured. Whatever ends the waiting ends the command and what it started, too.
    """
    said = home / "said"
    with (home / "answer").open("wb") as answer, said.open("wb") as complaints:
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})  # until it is known whom to end
        process = subprocess.Popen(
            command,
            env=os.environ | {"HOME": str(home)},
            stdout=answer,
            stderr=complaints,
            start_new_session=True,
            preexec_fn=lambda: signal.pthread_sigmask(signal.SIG_SETMASK, mask),  # noqa: PLW1509 - no threads
        )
        try:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
            _, status, usage = os.wait4(process.pid, 0)
        except BaseException:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            raise
        process.returncode = os.waitstatus_to_exitcode(status)
    if status:
        words = "".join(file.read_text(errors="replace")[-1000:] for file in (home / "answer", said))
        sys.exit(f"{name} failed: {words}")
    return usage.ru_maxrss * 1024


def end_tidily() -> None:
    """Have SIGTERM end the script as an error does, so that what it mounted and made is taken away."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended before its time"))
