"""Folders to be indexed, and what the catalog says of them."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from cardcat.catalog.engine import open_catalog
from cardcat.indexing import Indexed, IndexedLocation, index
from cardcat.storage.disk import Disk, StrPath
from tests.support import fill

ROWS = """
SELECT o.path, o.path_raw, f.name, f.name_raw, k.cas_id, f.status
FROM file_locations f JOIN folders o ON o.id = f.folder_id LEFT JOIN content_identity k ON k.id = f.content_id
"""


@dataclass
class Library:
    """A folder of files, and a catalog beside it."""

    folder: Path

    @property
    def root(self) -> Path:
        return self.folder / "library"

    @property
    def catalog(self) -> Path:
        return self.folder / "catalog.db"

    def fill(self, files: Mapping[str, bytes]) -> Library:
        fill(self.root, files)
        return self

    def move(self, old: str, new: str) -> None:
        (self.root / new).parent.mkdir(parents=True, exist_ok=True)
        (self.root / old).rename(self.root / new)

    def index(self, *paths: Path, **options: Any) -> Indexed:
        return index(paths or (self.root,), catalog=self.catalog, **options)

    def again(self, **options: Any) -> Indexed:
        """All that was indexed before."""
        return index(None, catalog=self.catalog, **options)

    def one(self, *paths: Path, **options: Any) -> IndexedLocation:
        (found,) = self.index(*paths, **options).locations
        return found

    def ask(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(f"file:{self.catalog}?mode=ro", uri=True)) as c:
            return c.execute(query, values).fetchall()

    def write(self, query: str, *values: object) -> None:
        with closing(sqlite3.connect(self.catalog)) as c, c:
            c.execute(query, values)

    def rows(self, status: str | None = None) -> dict[str, tuple[str | None, str]]:
        """By exact path: the hash and the status."""
        found = {}
        for folder, folder_raw, name, name_raw, hash_, is_ in self.ask(ROWS):
            where, what = os.fsdecode(folder_raw) or folder, os.fsdecode(name_raw) or name
            if status in (None, is_):
                found[f"{where}/{what}" if where else what] = (hash_, is_)
        return found

    def statuses(self) -> dict[str, str]:
        return {path: status for path, (_, status) in sorted(self.rows().items())}

    def ids(self) -> dict[str, int]:
        """By path, the number of the row."""
        query = "SELECT ltrim(o.path || '/' || f.name, '/'), f.id FROM file_locations f "
        return dict(self.ask(query + "JOIN folders o ON o.id = f.folder_id"))

    def folders(self) -> set[str]:
        return {path for (path,) in self.ask("SELECT path FROM folders")}


class Counting(Disk):
    """Tells which files were opened."""

    def __init__(self) -> None:
        super().__init__()
        self.opened: list[str] = []

    def open_source(self, path: StrPath) -> int:
        self.opened.append(Path(path).name)
        return super().open_source(path)


@pytest.fixture(scope="session")
def empty_catalog(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A catalog with nothing in it, to be copied: to make one takes longer than an index."""
    path = tmp_path_factory.mktemp("empty") / "catalog.db"
    open_catalog(path).close()
    return path


@pytest.fixture
def library(tmp_path: Path, empty_catalog: Path) -> Library:
    made = Library(tmp_path)
    made.root.mkdir()
    shutil.copy(empty_catalog, made.catalog)
    return made
