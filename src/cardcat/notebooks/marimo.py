"""Marimo as a program of its own: never imported here, given no say over the user's files, asking nobody."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from cardcat.answers import write_new
from cardcat.catalog.engine import local_path
from cardcat.errors import CardcatError
from cardcat.notebooks.finding import Notebook
from cardcat.notebooks.look import KEPT
from cardcat.paths import display

_ASKS_NOBODY = {"MARIMO_SKIP_UPDATE_CHECK": "1"}
_LONGEST = 1800.0  # seconds that an export may take


@contextmanager
def apart(notebook: Notebook) -> Iterator[Path]:
    """
    A copy of *notebook* in a folder of its own that is gone afterwards; a user's own is where it is.

    Marimo leaves files beside what it runs, and the installed ones may belong to somebody else.
    """
    if not notebook.is_ours:
        yield notebook.path
        return
    with tempfile.TemporaryDirectory(prefix="cardcat-notebook-", ignore_cleanup_errors=True) as folder:
        place = Path(folder) / notebook.path.name
        copy_to(notebook, place)
        yield place


def copy_to(notebook: Notebook, place: Path) -> None:
    """Copy *notebook* to the new file *place*. UsageError if it is taken, DestinationError if it can't be."""
    write_new(notebook.path.read_bytes(), place)


def command(*arguments: str) -> list[str]:
    """The command line of this installation's marimo."""
    return [sys.executable, "-m", "marimo", "--quiet", *arguments]


def environment(catalog: str | None) -> dict[str, str]:
    """What a notebook is started with: the catalog that was chosen, wherever it runs."""
    return {**os.environ, **_ASKS_NOBODY, "CARDCAT_CATALOG": str(local_path(catalog))}


def exported(notebook: Notebook, kind: str, options: Sequence[str], catalog: str | None) -> str:
    """What `marimo export KIND` makes of *notebook*. CardcatError if it makes nothing."""
    with apart(notebook) as place, tempfile.TemporaryDirectory(prefix="cardcat-notebook-") as folder:
        result = Path(folder, "exported")
        _run(
            command("export", kind, str(place), *options, "--output", str(result)),
            place.parent,
            {**environment(catalog), KEPT: "1"},
        )
        return result.read_text(encoding="utf-8")


def assets() -> Path:
    """The folder with what marimo's pages are made of."""
    found = find_spec("marimo")
    if found is None or found.origin is None:
        raise CardcatError("The notebooks need marimo, which is not installed.", hint="pip install marimo")
    return Path(found.origin).parent / "_static" / "assets"


def _run(words: Sequence[str], folder: Path, variables: Mapping[str, str]) -> None:
    try:
        subprocess.run(
            words, cwd=folder, env=dict(variables), stdin=subprocess.DEVNULL, capture_output=True,
            timeout=_LONGEST, check=True,
        )  # fmt: skip
    except subprocess.CalledProcessError as error:
        raise failed(error.stderr or error.stdout) from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise failed(str(error).encode()) from error


def failed(told: bytes) -> CardcatError:
    """What is said of a marimo that ended in another way than it should."""
    lines = [line.strip() for line in told.decode("utf-8", "replace").splitlines() if line.strip()]
    why = f": {display(lines[-1])}" if lines else ""
    return CardcatError(
        f"Marimo, which runs the notebook, ended{why}.", hint="See what is amiss: cardcat doctor"
    )
