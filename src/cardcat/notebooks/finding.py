"""Which notebooks there are: those that come with cardcat, and a user's own copies of them."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from pathlib import Path

from cardcat.errors import UsageError
from cardcat.paths import display, quoted
from cardcat.shipped import ROOT

FOLDER = ROOT / "notebooks"
_SUFFIX = ".py"


@dataclass(frozen=True, slots=True)
class Notebook:
    """A notebook by its *name*. *told* says what it shows; *is_ours* that it came with cardcat."""

    name: str
    path: Path
    told: str
    is_ours: bool


def notebooks() -> list[Notebook]:
    """All that come with cardcat, by name."""
    found = [path for path in sorted(FOLDER.glob(f"*{_SUFFIX}")) if not path.stem.startswith("_")]
    return [Notebook(path.stem, path, _told(path), is_ours=True) for path in found]


def notebook_named(given: str) -> Notebook:
    """The notebook that *given* means: a name of ours, or the path of a file. UsageError if there is none."""
    for notebook in notebooks():
        if notebook.name == given:
            return notebook
    path = Path(given)
    if path.suffix == _SUFFIX and path.is_file():
        return Notebook(path.stem, path.absolute(), "", is_ours=False)
    names = ", ".join(notebook.name for notebook in notebooks())
    raise UsageError(
        f"There is no notebook {display(given)}.",
        hint=f"Name one of these, or a notebook's file that ends in .py: {names}",
    )


def own_copy(notebook: Notebook, folder: Path) -> Path:
    """Where a copy of *notebook* in *folder* would be. UsageError if something is there already."""
    place = folder / notebook.path.name
    if place.is_symlink() or place.exists():
        raise UsageError(
            f"There is a {place.name} already in {display(str(folder))}, and nothing is overwritten.",
            hint=f"To go on with that one: cardcat notebook {quoted(f'./{place.name}')} --edit",
        )
    return place


def _told(path: Path) -> str:
    return (ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "").partition("\n")[0]
