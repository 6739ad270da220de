"""A notebook as a file to keep: a page that needs nothing else, or one for Jupyter."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

from cardcat.errors import DestinationError, UsageError
from cardcat.notebooks.finding import Notebook
from cardcat.notebooks.marimo import assets, exported, put
from cardcat.notebooks.single import single_page
from cardcat.paths import display
from cardcat.text import cause

_CELL = re.compile(r"^# %%.*\n", re.MULTILINE)
_PYTHON = {"display_name": "Python 3", "language": "python", "name": "python3"}


def free_file(file: Path, option: str) -> Path:
    """The real place of a new file that *option* names. UsageError if it is taken or has no folder."""
    place = Path(os.path.realpath(file.parent), file.name)
    if os.path.lexists(place):
        raise UsageError(
            f"{display(str(place))} is there already, and nothing is ever overwritten.",
            hint=f"Give another name to {option}.",
        )
    if not place.parent.is_dir():
        raise UsageError(
            f"{display(str(place))} can't be written: there is no such folder.",
            hint=f"Give {option} a place in a folder that is there.",
        )
    if not os.access(place.parent, os.W_OK | os.X_OK):
        raise UsageError(
            f"{display(str(place))} can't be written: the folder can't be written to.",
            hint=f"Give {option} a place in a folder of yours.",
        )
    return place


def export_html(notebook: Notebook, place: Path, catalog: str | None = None) -> None:
    """
    Run *notebook* and write what it shows to *place*, which `free_file` gave: one file that asks nobody.

    CardcatError if the notebook can't be run, CatalogError if the catalog's name can't be one.
    """
    page = exported(notebook, "html", ["--no-include-code"], catalog)
    _write(place, single_page(page, assets()))


def export_jupyter(notebook: Notebook, place: Path, catalog: str | None = None) -> None:
    """Write *notebook* to *place* for Jupyter: its cells, in the order in which they run."""
    _write(place, jupyter(exported(notebook, "script", [], catalog)))


def jupyter(script: str) -> str:
    """A script with a `# %%` before each cell as a Jupyter notebook. What is before the first goes first."""
    parts = [part.strip() for part in _CELL.split(script)]
    cells = [_cell(number, part) for number, part in enumerate(part for part in parts if part)]
    document = {
        "cells": cells,
        "metadata": {"kernelspec": _PYTHON, "language_info": {"name": "python"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return json.dumps(document, indent=1) + "\n"


def _cell(number: int, source: str) -> dict[str, object]:
    return {
        "cell_type": "code",
        "id": f"cell-{number}",
        "execution_count": None,
        "metadata": {},
        "outputs": [],
        "source": source.splitlines(keepends=True),
    }


def _write(place: Path, content: str) -> None:
    try:
        put(place, content.encode("utf-8"))
    except OSError as error:
        raise DestinationError(
            f"{display(str(place))} could not be written: {cause(error)}.", hint="Give another place."
        ) from error
