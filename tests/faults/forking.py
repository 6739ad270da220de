"""
A process that has imported everything and runs nothing: each of its children is one run that may die.

It reads a line of JSON for each run and answers with how the child ended. No thread is ever started in it,
so that forking is safe.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import traceback
from pathlib import Path

from tests.faults.faulty import ALL
from tests.faults.powercut import recorded
from tests.faults.scene import back_up, simplified
from tests.faults.steps import Step, Watched
from tests.support import Desk

ROOT = Path(__file__).parents[2]
KILLED = 9


def main() -> None:
    """Serve until the requests end."""
    with simplified():
        for line in sys.stdin:
            child = os.fork()
            if not child:
                _run(json.loads(line))
            _, status = os.waitpid(child, 0)
            print(os.waitstatus_to_exitcode(status), flush=True)  # noqa: T201 - the answer


def _run(asked: dict[str, str]) -> None:
    """In the child: back up with one fault. Ends the process."""
    code = 1
    try:
        folder = Path(asked["folder"])
        step = Step(int(asked["number"]), asked["operation"], asked["drive"], asked["path"])
        kind = ALL[asked["kind"]]
        fault = kind.at(step, folder)
        if kind.name == "power cut":
            fault = recorded(folder, fault)
        back_up(Desk(folder), Watched(folder, fault))
        code = 0
    except BaseException:  # noqa: BLE001 - told to whoever asked, who is another process
        traceback.print_exc()
    finally:
        os._exit(code)


class Forks:
    """The other end: asks for runs."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.forking"],
            cwd=ROOT,
            env=os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), *filter(None, sys.path)])},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, folder: Path, kind: str, step: Step) -> int:
        """How a backup ended that a fault befell at a step."""
        assert self._process.stdin
        assert self._process.stdout
        asked = {name: str(getattr(step, name)) for name in Step.__slots__}
        line = json.dumps(asked | {"folder": str(folder), "kind": kind})
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())

    def close(self) -> None:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()


if __name__ == "__main__":
    main()
