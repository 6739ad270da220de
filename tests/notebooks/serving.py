"""`cardcat notebook` as a program of its own."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def served(*arguments: str, catalog: Path, folder: Path | None = None) -> Iterator[subprocess.Popen[str]]:
    """`cardcat notebook`, ended in the end whatever happens."""
    words = [sys.executable, "-m", "cardcat.cli.main", "notebook", *arguments, "--no-browser", "--json"]
    program = "from cardcat.cli.main import run; run()"
    command = [sys.executable, "-c", program, *words[3:], "--catalog", str(catalog)]
    with subprocess.Popen(
        command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGINT)


def address_of(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    told = ""
    for line in process.stdout:
        told += line
        if line.startswith("}"):
            return str(json.loads(told)["address"])
    assert process.stderr is not None
    raise AssertionError(process.stderr.read())
