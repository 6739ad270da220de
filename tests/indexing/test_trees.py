"""Whatever happens to a tree between two indexes, the catalog then says what a first one would say."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests.indexing.conftest import Library

NAMES = st.sampled_from(["a", "b", "c.JPG", "c.XMP", "d.txt", "\u00e9", "\udcff"])
PATHS = st.lists(NAMES, min_size=1, max_size=3).map("/".join)
BYTES = st.sampled_from([b"", b"one", b"two", b"three", b"x" * 70_000])
TIMES = st.integers(1, 3)  # few, so that files of one look have other bytes

Edit = Callable[[Path], None]


def written(path: str, data: bytes, time: int) -> Edit:
    def edit(root: Path) -> None:
        target = root / path
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
        except OSError:  # a file is in the way, or a folder
            return
        os.utime(target, ns=(time, time))

    return edit


def moved(old: str, new: str) -> Edit:
    def edit(root: Path) -> None:
        try:
            (root / new).parent.mkdir(parents=True, exist_ok=True)
            (root / old).rename(root / new)
        except OSError:
            return

    return edit


def removed(path: str) -> Edit:
    def edit(root: Path) -> None:
        target = root / path
        if target.is_dir():
            shutil.rmtree(target)
        else:
            with suppress(OSError):
                target.unlink()

    return edit


EDITS = st.one_of(
    st.builds(written, PATHS, BYTES, TIMES),
    st.builds(moved, PATHS, PATHS),
    st.builds(removed, PATHS),
)


Seen = dict[str, tuple[int, int, bytes]]


def files_of(root: Path) -> dict[str, Path]:
    return {
        os.path.relpath(Path(where, name), root): Path(where, name)
        for where, _, names in os.walk(root)
        for name in names
    }


def told_apart(root: Path, seen: Seen) -> None:
    """Size and time of a file that was edited differ from those before: what else could tell it."""
    for path, file in files_of(root).items():
        status, data = file.stat(), file.read_bytes()
        look = (status.st_size, status.st_mtime_ns)
        if path in seen and seen[path][:2] == look and seen[path][2] != data:
            look = (look[0], 1_000 + len(seen) + look[1])
            os.utime(file, ns=(look[1], look[1]))
        seen[path] = (*look, data)


@settings(max_examples=25, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(rounds=st.lists(st.lists(EDITS, max_size=8), min_size=2, max_size=4))
def test_the_catalog_is_that_of_a_first_index(empty_catalog: Path, rounds: list[list[Edit]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        library, anew = (made(Path(folder, name), empty_catalog) for name in ("one", "two"))
        seen: Seen = {}
        for edits in rounds:
            before = numbers(library)
            for edit in edits:
                edit(library.root)
            told_apart(library.root, seen)
            library.index()
            assert before <= numbers(library), "no row is ever lost"
            assert set(library.rows("present")) == set(files_of(library.root))
        anew.index(library.root)
        assert library.rows("present") == anew.rows()
        assert library.folders() >= anew.folders()
        assert library.one().has_changed is False


def made(folder: Path, catalog: Path) -> Library:
    library = Library(folder)
    library.root.mkdir(parents=True)
    shutil.copy(catalog, library.catalog)
    return library


def numbers(library: Library) -> set[int]:
    return {id_ for (id_,) in library.ask("SELECT id FROM file_locations")}
