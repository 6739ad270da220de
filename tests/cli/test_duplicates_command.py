"""`cardcat duplicates`."""

from __future__ import annotations

from pathlib import Path

import pytest

from cardcat.catalog.engine import open_catalog
from tests.catalog.test_duplicates import LIBRARY, Library
from tests.cli.conftest import Run


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    """A catalog with two duplicates, not counted yet."""
    path = tmp_path / "shelf.db"
    with open_catalog(path) as opened, opened.write() as c:
        library = Library(c)
        library.put("a", LIBRARY, LIBRARY, LIBRARY)
        library.put("c", LIBRARY, LIBRARY, ("backup", "present"))
        library.put("b", LIBRARY, ("backup", "present"))
    return path


def test_they_are_counted_and_listed(cardcat: Run, shelf: Path) -> None:
    where = ("--catalog", str(shelf))
    uncounted = cardcat("duplicates", "list", *where).out
    first = cardcat("duplicates", "refresh", *where)
    assert first.out.splitlines() == [
        "2 files in 5 copies: 1.2 KB more than needed.",
        "Since the last time: 2 new.",
        "The largest: cardcat duplicates list",
    ]
    assert cardcat("duplicates", "list", *where).out == uncounted
    lines = uncounted.splitlines()
    assert [line.split()[:3] for line in lines[1:3]] == [["1.0", "KB", "2"], ["200", "B", "3"]]
    assert lines[-2].startswith("In all: 2 files in 5 copies: 1.2 KB more than needed.")


def test_a_limit_is_told_of(cardcat: Run, shelf: Path) -> None:
    cardcat("duplicates", "refresh", "--catalog", str(shelf))
    answer = cardcat("duplicates", "list", "--limit", "1", "--catalog", str(shelf))
    assert "… and 1 more (--limit 2 lists them all)" in answer.out


def test_in_json(cardcat: Run, shelf: Path) -> None:
    where = ("--catalog", str(shelf), "--json")
    assert cardcat("duplicates", "refresh", *where).json == {
        "total_groups": 2,
        "total_copies": 5,
        "total_size_bytes": 2_300,
        "wasted_space_bytes": 1_200,
        "new": 2,
        "changed": 0,
        "gone": 0,
    }
    document = cardcat("duplicates", "list", "--limit", "1", *where).json
    assert document["total_groups"] == 2
    (group,) = document["groups"]
    assert (group["path"], group["copies"], group["wasted_space_bytes"]) == ("c", 2, 1_000)
    assert len(group["hash"]) == 64


def test_backups_alone_are_none(cardcat: Run, catalog: Path) -> None:
    answer = cardcat("duplicates", "refresh", "--catalog", str(catalog))
    assert (answer.code, answer.err) == (0, "")
    assert answer.out.startswith("No library holds a photo or video more than once.")


def test_without_a_catalog_there_are_none(cardcat: Run, tmp_path: Path) -> None:
    path = tmp_path / "nowhere" / "catalog.db"
    for command in ("refresh", "list"):
        plain = cardcat("duplicates", command, "--catalog", str(path))
        assert (plain.code, plain.out.splitlines()[0]) == (0, f"There is no catalog at {path} yet.")
        assert cardcat("duplicates", command, "--catalog", str(path), "--json").json["total_groups"] == 0
    assert not path.parent.exists()
