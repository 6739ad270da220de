"""Duplicates are contents with several library copies. What a backup made is no waste."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from cardcat.catalog.duplicates import all_duplicates, list_duplicates, refresh_duplicates
from cardcat.catalog.engine import Catalog
from tests.catalog.helpers import fill, rows_of

LIBRARY = ("library", "present")
SIZES = {"a": 100, "b": 7, "c": 1_000}


class Library:
    """Copies on record, made by hand: a content a letter, a folder of its own for each copy."""

    def __init__(self, c: Connection) -> None:
        self.c = c
        fill(c)
        for number, (name, size) in enumerate(SIZES.items(), 1):
            hash_ = hashlib.sha256(name.encode()).hexdigest()
            c.execute(
                text(
                    f"INSERT INTO content_identity VALUES ({number}, '{hash_}', 'image', {size}, 'x', 's', 1)"
                )
            )
            c.execute(
                text(
                    "INSERT INTO media_files (hash, file_size_bytes, file_size_human, media_type, extension,"
                    " date_added, date_modified, path)"
                    f" VALUES ('{hash_}', {size}, '', 'image', 'jpg', 1, 1, '{name}')"
                )
            )

    def put(self, name: str, *copies: tuple[str, str]) -> None:
        """Copies of the content *name*, each with its role and status."""
        content = list(SIZES).index(name) + 1
        for role, status in copies:
            folder = self.c.execute(
                text("INSERT INTO folders (location_id, path, path_raw) SELECT 1, count(*), x'' FROM folders")
            ).lastrowid
            self.c.execute(
                text(
                    "INSERT INTO file_locations (folder_id, name, name_raw, content_id, size, mtime_ns, role,"
                    " status, evidence, first_seen_at, last_seen_at)"
                    f" VALUES ({folder}, 'x', x'', {content}, 1, 1, '{role}', '{status}', 'read_back', 1, 1)"
                )
            )

    def lose(self, name: str, copies: int) -> None:
        """That many of its library copies are deleted."""
        self.c.execute(
            text(
                "UPDATE file_locations SET status = 'deleted' WHERE id IN (SELECT f.id FROM file_locations f"
                f" WHERE content_id = {list(SIZES).index(name) + 1} AND role = 'library' LIMIT {copies})"
            )
        )

    def groups(self) -> dict[str, tuple[int, int, int]]:
        """Refresh; then by content: copies, their bytes, what is wasted."""
        refresh_duplicates(self.c)
        rows = self.c.execute(
            text(
                "SELECT m.path, total_copies, total_size_bytes, wasted_space_bytes FROM duplicate_groups g"
                " JOIN media_files m ON m.id = g.media_file_id AND m.hash = g.media_file_hash"
            )
        )
        return {row[0]: tuple(row[1:]) for row in rows}


def library(c: Connection) -> Library:
    return Library(c)


def test_library_copies_are_counted(catalog: Catalog) -> None:
    with catalog.write() as c:
        shelf = library(c)
        shelf.put("a", LIBRARY, LIBRARY, LIBRARY)
        shelf.put("b", LIBRARY)
        assert shelf.groups() == {"a": (3, 300, 200)}


@pytest.mark.parametrize("role", ["backup", "archive", "source"])
def test_a_deliberate_copy_is_no_waste(catalog: Catalog, role: str) -> None:
    with catalog.write() as c:
        shelf = library(c)
        shelf.put("a", LIBRARY, (role, "present"), (role, "present"))
        shelf.put("b", LIBRARY, LIBRARY, (role, "present"))
        assert shelf.groups() == {"b": (2, 14, 7)}


@pytest.mark.parametrize(
    ("status", "counts"),
    [
        ("present", True),
        ("unavailable", True),  # on an unplugged drive
        ("missing", False),
        ("quarantined", False),
        ("deleted", False),
    ],
)
def test_only_copies_that_are_held_count(catalog: Catalog, status: str, counts: bool) -> None:
    with catalog.write() as c:
        shelf = library(c)
        shelf.put("a", LIBRARY, ("library", status))
        assert bool(shelf.groups()) is counts


def test_again_without_a_change_nothing_is_written(catalog: Catalog) -> None:
    with catalog.write() as c:
        shelf = library(c)
        shelf.put("a", LIBRARY, LIBRARY)
        first = refresh_duplicates(c)
        before = c.execute(text("SELECT * FROM duplicate_groups")).all()
        again = refresh_duplicates(c)
        assert (first.new, first.changed, first.gone) == (1, 0, 0)
        assert (again.new, again.changed, again.gone) == (0, 0, 0)
        assert again.now == first.now
        assert c.execute(text("SELECT * FROM duplicate_groups")).all() == before


def test_what_has_changed_is_told_and_a_group_keeps_its_id(catalog: Catalog) -> None:
    with catalog.write() as c:
        shelf = library(c)
        shelf.put("a", LIBRARY, LIBRARY)
        shelf.put("b", LIBRARY, LIBRARY)
        refresh_duplicates(c)
        ids = {group.path: group.id for group in list_duplicates(c)}
        shelf.put("a", LIBRARY)
        shelf.lose("b", 1)
        shelf.put("c", LIBRARY, LIBRARY)
        found = refresh_duplicates(c)
        assert (found.new, found.changed, found.gone) == (1, 1, 1)
        after = {group.path: group.id for group in list_duplicates(c)}
        assert after["a"] == ids["a"]
        assert set(after) == {"a", "c"}
        assert (found.now.groups, found.now.copies) == (2, 5)
        assert (found.now.size, found.now.wasted) == (2_300, 1_200)


def test_the_largest_waste_comes_first(catalog: Catalog) -> None:
    with catalog.write() as c:
        shelf = library(c)
        shelf.put("a", *[LIBRARY] * 4)
        shelf.put("b", *[LIBRARY] * 9)
        shelf.put("c", LIBRARY, LIBRARY)
        refresh_duplicates(c)
        found = list_duplicates(c)
        assert [(group.path, group.wasted, group.copies, group.size) for group in found] == [
            ("c", 1_000, 2, 1_000),
            ("a", 300, 4, 100),
            ("b", 56, 9, 7),
        ]
        assert list_duplicates(c, 1) == found[:1]


def test_a_transaction_that_fails_leaves_the_groups_as_they_were(catalog: Catalog, path: Path) -> None:
    with catalog.write() as c:
        shelf = library(c)
        shelf.put("a", LIBRARY, LIBRARY)
        refresh_duplicates(c)
    before = rows_of(path)["duplicate_groups"]

    def fail() -> None:
        with catalog.write() as c:
            c.execute(text("UPDATE file_locations SET status = 'deleted'"))
            refresh_duplicates(c)
            raise LookupError

    with pytest.raises(LookupError):
        fail()
    assert rows_of(path)["duplicate_groups"] == before


def test_an_empty_catalog_has_none(catalog: Catalog) -> None:
    with catalog.write() as c:
        assert refresh_duplicates(c).now == all_duplicates(c)
        assert all_duplicates(c).wasted == 0
