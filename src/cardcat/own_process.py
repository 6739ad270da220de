"""Processes of our own: Python programs that import what this one imports, however it is installed."""

from __future__ import annotations

import json
import sys
from pathlib import Path

_BOOT = "import json, sys; sys.path[:] = json.loads(sys.argv[1]); from {} import main; sys.exit(main())"


def python_command(module: str, *arguments: str) -> list[str]:
    """
    The command of a process that does `main` of *module*; its last arguments are *arguments*.

    Nothing is imported from the folder the user is in, and no environment variable changes what is. Names are
    the same bytes to both.
    """
    utf8 = ("-X", "utf8") if sys.flags.utf8_mode else ()  # it may be a variable's doing
    return [sys.executable, "-I", *utf8, "-c", _BOOT.format(module), json.dumps(_import_path()), *arguments]


def _import_path() -> list[str]:
    try:
        here = str(Path.cwd())
    except OSError:  # the folder has been removed
        here = ""
    safe = [entry for entry in sys.path if Path(entry).is_absolute() and entry != here]
    package = str(Path(__file__).parents[1])
    return safe if package in safe else [*safe, package]
