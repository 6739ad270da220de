"""Running cardcat as its users do: a process of its own, from its start to its end."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from benchmarks.memory import watched

ANSWER = "answer"
"""The file of a user's home that has what the last command answered."""

PROGRAM = "from cardcat.cli.main import run; run()"


def cardcat(*words: str, home: Path) -> int:
    """Run a command with nothing of the user's; the bytes of memory that its processes took at most."""
    return run(f"cardcat {' '.join(words)}", [sys.executable, "-c", PROGRAM, *words], home)


def asked(*words: str, home: Path) -> dict[str, Any]:
    """What a command answers to `--json`."""
    cardcat(*words, "--json", home=home)
    answer: dict[str, Any] = json.loads((home / ANSWER).read_text(encoding="utf-8"))
    return answer


def run(name: str, command: Sequence[str], home: Path) -> int:
    """
    Run *command* for a user at *home*; the bytes of memory that all its processes together had at most.

    What it answers is in the file `ANSWER` there. SystemExit with what it said if it fails: then nothing was
    measured. Whatever ends the waiting ends the command and what it started, too.
    """
    said = home / "said"
    with (home / ANSWER).open("wb") as answer, said.open("wb") as complaints:
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})  # until it is known whom to end
        process = subprocess.Popen(
            command,
            env=environment(home),
            stdout=answer,
            stderr=complaints,
            start_new_session=True,
            preexec_fn=lambda: signal.pthread_sigmask(signal.SIG_SETMASK, mask),  # noqa: PLW1509 - no threads
        )
        try:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
            with watched(process.pid) as peak:
                _, status, usage = os.wait4(process.pid, 0)
        except BaseException:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            raise
        process.returncode = os.waitstatus_to_exitcode(status)
    if status:
        words = "".join(file.read_text(errors="replace")[-1000:] for file in (home / ANSWER, said))
        sys.exit(f"{name} failed: {words}")
    return max(peak.seen, _most_of_one(usage))


def _most_of_one(usage: resource.struct_rusage) -> int:
    """Bytes of the largest process: its peak may fall between two looks. 0 where it is that of its fork."""
    inherited = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 11 // 10
    return usage.ru_maxrss * 1024 if usage.ru_maxrss > inherited else 0


def environment(home: Path) -> dict[str, str]:
    """That of a user at *home*, who has set nothing."""
    kept = {name: text for name, text in os.environ.items() if not name.startswith("XDG_")}
    return kept | {"HOME": str(home)}


def end_tidily() -> None:
    """Have SIGTERM end the script as an error does, so that what it mounted and made is taken away."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended before its time"))
