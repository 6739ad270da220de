"""The Prefect project that a user owns and edits: the flows, the tasks and prefect.yaml."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from cardcat.errors import UsageError
from cardcat.paths import display
from cardcat.shipped import ROOT

_OWNED = ("flows", "tasks", "prefect.yaml")


def init_project(folder: Path) -> None:
    """
    Copy the flows, the tasks and prefect.yaml into *folder*, for a user to own and edit; make it if need be.

    UsageError, and nothing is copied, if something of these names is there or the folder can't be written.
    """
    for name in _OWNED:
        if os.path.lexists(folder / name):
            raise UsageError(
                f"There is a {name} already in {display(str(folder))}, and nothing is overwritten.",
                hint="Name a new or empty folder.",
            )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name in _OWNED:
            _copy(ROOT / name, folder / name)
    except OSError as error:
        raise UsageError(
            f"The Prefect project can't be written to {display(str(folder))}: {error.strerror or error}.",
            hint="Name a folder that you may write to.",
        ) from error


def _copy(source: Path, target: Path) -> None:
    """Copy a file or a folder of files. A target that has come into being since raises FileExistsError."""
    if source.is_dir():
        unwanted = shutil.ignore_patterns("__pycache__")
        # Contents only: the files of an installation may be read-only, the user's own are not.
        shutil.copytree(source, target, ignore=unwanted, copy_function=shutil.copyfile)
    else:
        with target.open("xb") as copy:
            copy.write(source.read_bytes())
