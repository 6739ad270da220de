"""A notebook as a file to keep: a page that needs nothing else, or one for Jupyter."""

from __future__ import annotations

import json
import re
from pathlib import Path

from cardcat.answers import write_new
from cardcat.notebooks.finding import Notebook
from cardcat.notebooks.marimo import assets, exported
from cardcat.notebooks.single import single_page

_CELL = re.compile(r"^# %%.*\n", re.MULTILINE)
_PYTHON = {"display_name": "Python 3", "language": "python", "name": "python3"}


def export_html(notebook: Notebook, place: Path, catalog: str | None = None) -> None:
    """
    Run *notebook* and write what it shows to the new file *place*: one file that asks nobody.

    UsageError if *place* is taken, DestinationError if it can't be written. CardcatError if the notebook
    can't be run, CatalogError if the catalog's name can't be one.
    """
    page = exported(notebook, "html", ["--no-include-code"], catalog)
    write_new(single_page(page, assets()).encode("utf-8"), place)


def export_jupyter(notebook: Notebook, place: Path, catalog: str | None = None) -> None:
    """Write *notebook* to the new file *place* for Jupyter: its cells, in the order in which they run."""
    write_new(jupyter(exported(notebook, "script", [], catalog)).encode("utf-8"), place)


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
