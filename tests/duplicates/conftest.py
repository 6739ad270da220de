"""Libraries to be explained: real trees, indexed as a person would."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from cardcat.duplicates.filters import Filters
from cardcat.duplicates.listing import Listing, list_groups
from cardcat.indexing import index
from tests.support import fill, jpeg

PHOTOS = [jpeg(number) for number in range(12)]
HEIC = b"\0\0\0\x18ftypheic\0\0\0\0heicmif1"
MOV = b"\0\0\0\x14ftypqt  \0\0\0\0qt  "


@dataclass
class Shelf:
    """Folders of files, and a catalog beside them."""

    folder: Path
    mode: str = "content"  # what is inside photos says nothing of why they are there twice

    @property
    def root(self) -> Path:
        return self.folder / "library"

    @property
    def catalog(self) -> Path:
        return self.folder / "catalog.db"

    def fill(self, files: Mapping[str, bytes | int], root: str = "library") -> Shelf:
        """Write files below *root*; a number stands for a photo. Then index it."""
        written = {path: PHOTOS[data] if isinstance(data, int) else data for path, data in files.items()}
        indexed = index([fill(self.folder / root, written)], catalog=self.catalog, mode=self.mode)
        assert [one.exit_code for one in indexed.locations] == [0]
        return self

    def listed(self, **filters: object) -> Listing:
        return list_groups(self.catalog, Filters(**filters))  # type: ignore[arg-type]

    def reasons(self, **filters: object) -> dict[str, str]:
        """By the path of the primary copy of each duplicate, why it is there twice."""
        rows = self.listed(**filters).groups.select("path", "why").iter_rows()
        return dict(sorted(rows))

    def findings(self) -> list[tuple[str, str, str, str, int]]:
        """Of each finding about folders: why, which folder, how it is in the other one, and files."""
        return [
            (one.why.value, one.place.path_of(one.path).partition("library")[2], one.kind,
             one.other_place.path_of(one.other_path).partition("library")[2], one.files)
            for one in self.listed().findings
        ]  # fmt: skip


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shelf:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return Shelf(tmp_path)
