"""The command as a process of its own, whose end, words and memory can be asked for."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

RUN = "from cardcat.cli.main import run; run()"
PATIENCE = 120.0  # seconds; what takes longer hangs

# Says at its end how much memory (KiB) it ever had, by itself or in one of its workers. Not by the parent's
# count: that begins with what the parent had itself.
WEIGHED = """\
import atexit, os, resource, sys
def weigh():
    own = next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM"))
    os.write({fd}, b"%d" % max(own, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss))
atexit.register(weigh)
"""

# Says that it works when the first file of the card is to be read, and goes on when its input ends.
PATIENT = """\
import sys, threading
from cardcat.storage.disk import Disk
plain, first = Disk.open_source, threading.Lock()
def patient(self, *arguments, **more):
    with first:
        if not sys.stdin.closed:
            print("works", flush=True)
            sys.stdin.read()
            sys.stdin.close()
    return plain(self, *arguments, **more)
Disk.open_source = patient
"""


@dataclass(frozen=True)
class Ended:
    """How a command ended: exit code, what it said, and the most memory (bytes) that it or a child had."""

    code: int
    out: str
    err: str
    memory: int


class Command:
    """A command at work."""

    def __init__(self, words: Sequence[str | Path], catalog: Path, before: str, folder: Path | None) -> None:
        self._said = b""
        self._err = tempfile.TemporaryFile()  # noqa: SIM115 - closed when the command has ended
        self._scale, weight = os.pipe()
        self.process = subprocess.Popen(
            [sys.executable, "-c", WEIGHED.format(fd=weight) + before + RUN, *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._err,
            env=os.environ | {"CARDCAT_CATALOG": str(catalog), "COLUMNS": "80"} | _home(folder),
            cwd=folder,
            pass_fds=(weight,),
        )
        os.close(weight)

    @property
    def pid(self) -> int:
        return self.process.pid

    def works(self) -> None:
        """Return when a patient one says so."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if line != b"works\n":
            self._said = line
            raise AssertionError(self.ended())

    def kill(self) -> None:
        self.process.kill()
        self.ended()

    def ended(self) -> Ended:
        """Let it go on, and wait for its end."""
        watchdog = threading.Timer(PATIENCE, self.process.kill)
        watchdog.start()
        assert self.process.stdin is not None
        if self.process.stdin.closed:  # it was let go on before
            self.process.stdin = None
        out, _ = self.process.communicate()
        watchdog.cancel()
        with self._err, os.fdopen(self._scale, "rb") as scale:
            self._err.seek(0)
            err, weight = self._err.read(), int(scale.read() or 0)
        return Ended(self.process.returncode, (self._said + out).decode(), err.decode(), weight << 10)


def _home(folder: Path | None) -> dict[str, str]:
    """Everything that a program may take for its own place, in *folder*."""
    names = ("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME", "TMPDIR")
    return dict.fromkeys(names, str(folder)) if folder else {}


def start(*words: str | Path, catalog: Path, before: str = "", folder: Path | None = None) -> Command:
    """Start `cardcat` with *words*, in *folder*; *before* is Python that comes first."""
    return Command(words, catalog, before, folder)


def run(*words: str | Path, catalog: Path, before: str = "", folder: Path | None = None) -> Ended:
    """Run `cardcat` with *words* to its end."""
    return start(*words, catalog=catalog, before=before, folder=folder).ended()
