"""The catalog as commands that only ask want it: as it is, and none if there is none."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from cardcat.cli import output
from cardcat.paths import display

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Connection

HINT = "The first backup or index makes it: cardcat backup SOURCE DEST, or cardcat index FOLDER"


@contextmanager
def reading(where: str | None) -> Iterator[Connection | None]:
    """
    A connection to the catalog at *where* that can't change it; None if there is no catalog yet.

    No file is made. Raises CatalogError if there is one that can't be used.
    """
    if present(where) is None:
        yield None
        return
    from cardcat.catalog.engine import open_catalog

    with open_catalog(where, create=False) as catalog, catalog.read() as connection:
        yield connection


def present(where: str | None) -> Path | None:
    """The file of the catalog at *where*, None if there is none yet."""
    from cardcat.catalog.engine import is_absent, local_path

    return None if is_absent(where) else local_path(where)


def say_absent(where: str | None) -> None:
    """Say that there is nothing to ask yet."""
    from cardcat.catalog.engine import local_path

    output.say(f"There is no catalog at {display(str(local_path(where)))} yet.")
    output.say(HINT)
