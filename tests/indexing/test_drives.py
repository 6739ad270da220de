"""Libraries on drives that come and go: what is not there to be looked at is never missing."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from cardcat.errors import SourceError, UsageError
from cardcat.indexing import ScanState
from cardcat.storage.disk import Disk, StrPath
from tests.drives import drive, mounted, plugged_in, pulled
from tests.indexing.conftest import Library
from tests.support import fill, jpeg

FILES = {"photos/A.JPG": jpeg(1), "photos/B.JPG": jpeg(2), "C.txt": b"words"}


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Path]:
    with drive(tmp_path / "ARCHIVE", label="ARCHIVE") as there:
        fill(there, FILES)
        yield there


def test_an_unplugged_drive_keeps_its_files_and_gets_them_back_unread(library: Library, place: Path) -> None:
    library.index(place / "photos")
    pulled(place)
    away = library.again()
    (found,) = away.locations
    assert (found.is_there, found.unavailable, away.exit_code) == (False, 2, 0)
    assert set(library.statuses().values()) == {"unavailable"}
    assert library.again().locations[0].unavailable == 0
    with plugged_in(place):
        found = library.again().locations[0]
        assert (found.state, found.back, found.missing, found.bytes_read) == (ScanState.COMPLETE, 2, 0, 0)
    assert set(library.statuses().values()) == {"present"}


def test_a_drive_is_found_again_wherever_it_is_mounted(library: Library, place: Path, tmp_path: Path) -> None:
    library.index(place / "photos")
    pulled(place)
    image = place.with_name("ARCHIVE.img")
    other = tmp_path / "other"
    shutil.move(image, other.with_name("other.img"))
    with plugged_in(other):
        (found,) = library.again().locations
        assert (found.path, found.unchanged) == (str(other / "photos"), 2)
        assert library.one(other / "photos").location_id == found.location_id
    shutil.move(other.with_name("other.img"), image)


def test_the_empty_folder_of_an_unplugged_drive_is_refused(library: Library, place: Path) -> None:
    library.index(place)
    pulled(place)
    for path in (place, place / "photos"):
        path.mkdir(exist_ok=True)
        with pytest.raises(SourceError, match="not there now"):
            library.index(path)
    assert set(library.statuses().values()) == {"present"}
    (place / "photos").rmdir()


def test_a_folder_that_is_gone_from_its_drive_is_an_error_and_misses_nothing(
    library: Library, place: Path
) -> None:
    library.index(place / "photos")
    (place / "photos").rename(place / "pictures")
    result = library.again()
    (found,) = result.locations
    assert (found.state, found.missing, found.is_there) == (ScanState.ERROR, 0, True)
    assert result.exit_code == SourceError.exit_code
    assert set(library.statuses().values()) == {"present"}
    assert library.ask("SELECT scan_state FROM locations") == [("error",)]


def test_another_filesystem_inside_is_left_alone(library: Library, place: Path) -> None:
    fill(library.root, {"inner/hidden.txt": b"h", "top.txt": b"t"})
    library.index()
    with mounted("none", library.root / "inner", "-t", "tmpfs"):
        fill(library.root / "inner", {"other.txt": b"o"})
        assert library.one().has_changed is False
    with mounted(library.root, library.root / "inner", "--bind"):  # the same device number
        assert library.one().has_changed is False
    assert set(library.rows()) == {"inner/hidden.txt", "top.txt"}


def test_a_part_that_is_mounted_alone_is_not_taken_for_another_folder(
    library: Library, place: Path, tmp_path: Path
) -> None:
    library.index(place)
    with mounted(place / "photos", tmp_path / "alone", "--bind"):
        fill(tmp_path, {"photos/of/others.txt": b"o"})
        with pytest.raises(UsageError, match="no more is mounted"):
            library.index(tmp_path / "alone")
    assert set(library.rows()) == set(FILES)


class Pulling(Disk):
    """Pulls the drive when a file of that name is opened, or when the n-th folder is listed."""

    def __init__(self, place: Path, *, name: str = "", listing: int = 0) -> None:
        super().__init__()
        self.place, self.name, self.listing = place, name, listing

    def open_source(self, path: StrPath) -> int:
        if Path(path).name == self.name:
            pulled(self.place)
            raise OSError(5, "Input/output error")
        return super().open_source(path)

    def list_folder(self, path: StrPath | int) -> list[str]:
        self.listing -= 1
        if self.listing == 0:
            pulled(self.place)
            return []
        return super().list_folder(path)


@pytest.mark.parametrize("pulling", [{"name": "B.JPG"}, {"listing": 1}, {"listing": 2}])
def test_a_drive_that_is_pulled_in_the_middle_misses_nothing(
    library: Library, place: Path, pulling: dict[str, str | int]
) -> None:
    library.index(place)
    fill(place, {"photos/B.JPG": jpeg(9)}, mtime_ns=5)
    (place / "C.txt").unlink()
    found = library.one(place, disk=Pulling(place, **pulling))  # type: ignore[arg-type]
    assert (found.state, found.exit_code) == (ScanState.ERROR, SourceError.exit_code)
    assert set(library.statuses().values()) == {"present"}
