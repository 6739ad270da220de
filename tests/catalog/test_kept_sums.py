"""The sums of a large catalog are kept until something is written to it; never are they of another moment."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Connection

from cardcat.catalog import kept_sums, looks, volumes
from cardcat.catalog.engine import Catalog, open_catalog
from cardcat.catalog.tables import file_locations, folders
from cardcat.catalog.volumes import (
    KnownVolume,
    list_volumes,
    remember_device,
    remember_location,
    remember_volume,
)
from cardcat.model import Role
from tests.catalog.helpers import volume_named

LARGE = looks.LARGE


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Every catalog is large here, and one that was just written will look different when it is again."""
    place = tmp_path / "cache"
    monkeypatch.setenv("XDG_CACHE_HOME", str(place))
    monkeypatch.setattr(looks, "LARGE", 0)
    monkeypatch.setattr(looks, "SETTLED_NS", -(10**18))
    return place / "cardcat" / "sums"


@pytest.fixture
def add(catalog: Catalog) -> Callable[[str], None]:
    """What adds one more copy of 10 bytes to the drive."""
    with catalog.write() as c:
        drive = remember_volume(c, volume_named("drive"), remember_device(c, 1), 1)
        root = remember_location(c, volume_id=drive.id, uuid=None, path="", role=Role.BACKUP, now=1)
        c.execute(folders.insert(), {"id": 1, "location_id": root.id, "path": "", "path_raw": b""})

    def copy(name: str) -> None:
        values = {"folder_id": 1, "name": name, "size": 10, "mtime_ns": 1, "role": "backup"}
        seen = {"evidence": "synced", "first_seen_at": 1, "last_seen_at": 1}
        with catalog.write() as c:
            c.execute(file_locations.insert(), values | seen)

    copy("first.jpg")
    return copy


def held(catalog: Catalog) -> list[tuple[int, int]]:
    return [(row.copies, row.bytes) for row in list_volumes(catalog)]


def test_they_are_not_worked_out_again(
    catalog: Catalog, add: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = held(catalog)
    monkeypatch.delattr(volumes, "_sums")

    assert first == held(catalog) == [(1, 10)]


def test_whatever_was_written_since_counts(catalog: Catalog, add: Callable[[str], None]) -> None:
    for number in range(2, 5):
        add(f"{number}.jpg")
        assert held(catalog) == [(number, 10 * number)]


def test_what_is_written_while_they_are_worked_out_counts_the_next_time(
    catalog: Catalog, add: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    sums = volumes._sums

    def late(c: Connection) -> kept_sums.Sums:
        add("second.jpg")
        return sums(c)

    monkeypatch.setattr(volumes, "_sums", late)
    assert held(catalog) == [(1, 10)]
    monkeypatch.setattr(volumes, "_sums", sums)

    assert held(catalog) == [(2, 20)]


def test_what_is_kept_is_not_taken_for_a_moment_before_it(
    catalog: Catalog, add: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process writes, and keeps its sums, after this one has begun to read."""
    every_volume = volumes.every_volume

    def late(c: Connection) -> list[KnownVolume]:
        known = every_volume(c)
        monkeypatch.setattr(volumes, "every_volume", every_volume)
        add("second.jpg")
        assert held(catalog) == [(2, 20)]
        return known

    monkeypatch.setattr(volumes, "every_volume", late)

    assert held(catalog) == [(1, 10)]


def test_what_is_written_before_this_one_reads_counts(
    catalog: Catalog, add: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """After it has looked that nothing was written since the sums were kept."""
    assert held(catalog) == [(1, 10)]
    every_volume = volumes.every_volume

    def late(c: Connection) -> list[KnownVolume]:
        add("second.jpg")
        return every_volume(c)

    monkeypatch.setattr(volumes, "every_volume", late)

    assert held(catalog) == [(2, 20)]


def test_those_of_a_catalog_that_was_just_written_are_not_kept(
    catalog: Catalog, add: Callable[[str], None], cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second writing within the same tick of the clock would leave the file as it looked."""
    monkeypatch.setattr(looks, "SETTLED_NS", 10**18)

    assert held(catalog) == [(1, 10)]
    assert not cache.exists()


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text.replace("[1, 1, 10]", "[1, 7, 10]"),
        lambda text: text.replace('"form": 1', '"form": 0'),
        lambda text: text[:-9],
        lambda text: "",
        lambda text: "[]",
        lambda text: "{}",
    ],
    ids=["other-number", "other-form", "cut", "empty", "list", "nothing"],
)
def test_a_damaged_file_counts_for_nothing(
    catalog: Catalog, add: Callable[[str], None], cache: Path, damage: Callable[[str], str]
) -> None:
    held(catalog)
    (file,) = cache.iterdir()
    before = file.read_text()
    file.write_text(damage(before))

    assert file.read_text() != before
    assert held(catalog) == [(1, 10)]
    assert file.read_text() == before


def test_where_nothing_can_be_kept_they_are_worked_out_each_time(
    catalog: Catalog, add: Callable[[str], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))

    assert held(catalog) == held(catalog) == [(1, 10)]


def test_of_a_small_catalog_nothing_is_kept(
    catalog: Catalog, add: Callable[[str], None], cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(looks, "LARGE", LARGE)

    assert held(catalog) == [(1, 10)]
    assert not cache.exists()


def test_two_catalogs_do_not_share_them(
    catalog: Catalog, add: Callable[[str], None], cache: Path, tmp_path: Path
) -> None:
    held(catalog)
    with open_catalog(tmp_path / "other.db") as other:
        assert held(other) == []
    assert held(catalog) == [(1, 10)]
    assert len([*cache.iterdir()]) == 2
