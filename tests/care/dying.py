"""
A process whose children are repairs that die at their n-th operation on a disk, as by kill -9.

It reads a folder and a number a line, and answers with how the repair ended and how many operations it had.
"""

from __future__ import annotations

import os
import subprocess
import sys
import traceback
from collections.abc import Callable
from pathlib import Path

from cardcat.storage.disk import Disk
from tests.care.bad import repaired
from tests.faults.steps import OPERATIONS
from tests.support import Desk

ROOT = Path(__file__).parents[2]
KILLED = 9


class Dying(Disk):
    """Ends the process before its n-th operation; 0: counts only."""

    def __init__(self, last: int) -> None:
        super().__init__()
        self.last, self.count = last, 0
        for name in OPERATIONS:
            setattr(self, name, self._counted(getattr(self, name)))

    def _counted(self, plain: Callable[..., object]) -> Callable[..., object]:
        def operation(*arguments: object, **named: object) -> object:
            self.count += 1
            if self.count == self.last:
                os._exit(KILLED)
            return plain(*arguments, **named)

        return operation


def main() -> None:
    """Serve until the requests end."""
    for line in sys.stdin:
        number, folder = line.rstrip("\n").split(" ", 1)
        receiving, sending = os.pipe()
        child = os.fork()
        if not child:
            _run(Path(folder), int(number), sending)
        os.close(sending)
        with os.fdopen(receiving) as told:
            count = told.read() or "0"
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), count, flush=True)  # noqa: T201 - the answer


def _run(folder: Path, last: int, sending: int) -> None:
    code = 1
    try:
        disk = Dying(last)
        repaired(Desk(folder), disk=disk)
        os.write(sending, str(disk.count).encode())
        code = 0
    except BaseException:  # noqa: BLE001 - told to whoever asked, who is another process
        traceback.print_exc()
    finally:
        os._exit(code)


class Repairs:
    """The other end: asks for repairs."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.care.dying"],
            cwd=ROOT,
            env=os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), *filter(None, sys.path)])},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, folder: Path, last: int) -> tuple[int, int]:
        """How a repair ended that was to die at step *last* (0: never), and how many it had."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(f"{last} {folder}\n")
        self._process.stdin.flush()
        code, count = self._process.stdout.readline().split()
        return int(code), int(count)

    def close(self) -> None:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()


if __name__ == "__main__":
    main()
