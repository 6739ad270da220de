"""A real exFAT, as a card and as a drive: nothing fails for its name, nothing is claimed that is not so."""

from __future__ import annotations

import hashlib
import os
import subprocess
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from cardcat.catalog.engine import open_catalog
from cardcat.catalog.items import items_of
from cardcat.model import BackupResult, Layout, SessionStatus
from cardcat.safety.verdict import safe_to_format
from cardcat.storage.disk import Disk
from tests.drives import drive, exfat_drive, plugged_in, pulled, require_mounted
from tests.faults.names import exfat_holds, ext4_holds
from tests.plan.strategies import TRAPS, generated
from tests.support import DAY, Desk, files_below, fill, jpeg

EVERY = int(os.environ.get("CARDCAT_FAULTS", "0")) > 0
NAMES = 10_000 if EVERY else 300
BATCH = 400  # names of one run

TWINS = (
    *("IMG_1.JPG img_1.jpg Img_1.Jpg IMG_1.xmp img_1.XMP stra\u00dfe.txt STRASSE.TXT".split()),
    *("caf\u00e9.txt cafe\u0301.txt CAF\u00c9.TXT \u212a.txt K.txt k.txt \u017f.txt s.txt".split()),
)
FORBIDDEN = (*(f"a{char}b.JPG" for char in ':?*"<>|\\\t\n\r\x01\x1b\x1f\x7f'), '?*"<>|\\.txt')
ENDS = (
    "dot.",
    "dots...",
    "space ",
    "spaces   ",
    "both. .",
    ". .",
    "x.JPG.",
    "x.JPG ",
    "con.",
    "nul ",
    "aux .txt",
)
DEVICES = ("CON", "con.JPG", "Nul", "nul.txt", "COM1.JPG", "lpt9.xmp", "PRN", "AUX.tar.gz", "COM\u00b2.txt")
INVALID = tuple(map(os.fsdecode, (b"caf\xe9.JPG", b"\xff", b"\xed\xa0\x80.txt", b"a\x80b", b"\xc3.\xa9")))
LONG = (
    "L" * 251 + ".JPG",
    "L" * 255,
    "\u00e9" * 125 + ".JPG",
    "\u6f22" * 83 + ".JPG",
    "?" * 255,
    "\U0001f600" * 63,
)


def content(name: str) -> bytes:
    """Bytes that only a file of this name has; a photo where it is named like one."""
    mark = hashlib.sha256(os.fsencode(name)).hexdigest().encode()
    return jpeg(1) + mark if name.lower().endswith(".jpg") else mark


def put(card: Path, names: Sequence[str]) -> dict[str, bytes]:
    """A file of each name in a folder of the card; those that it can't tell from one before are left out."""
    folder = card / "DCIM"
    folder.mkdir(exist_ok=True)
    files = {}
    for name in names:
        path = folder / name
        if not os.path.lexists(path):
            path.write_bytes(content(name))
            os.utime(path, ns=(DAY, DAY + 987_654_321))
            files[f"DCIM/{name}"] = content(name)
    return files


def arrived(desk: Desk, root: Path, result: BackupResult, files: dict[str, bytes]) -> None:
    """Every file has its bytes there, and its true name is on record."""
    assert result.status == SessionStatus.COMPLETED
    assert [finding for finding in result.findings if finding.failed or finding.attention] == []
    with open_catalog(str(desk.catalog)) as catalog, catalog.read() as c:
        rows = {row.path: row for row in items_of(c, result.sessions[0].id)}
    assert rows.keys() == files.keys()
    counts = result.sessions[0].counts
    assert (counts.scanned, counts.failed, counts.pending) == (len(files), 0, 0)
    for path, data in files.items():
        assert (root / str(rows[path].destination_path)).read_bytes() == data, path
        assert rows[path].hash == hashlib.sha256(data).hexdigest()
    assert sorted(files_below(root).values()) == sorted(files.values())


def check_sums(root: Path) -> None:
    """What stands on the drive is what its lists say, as everybody's tool sees it."""
    lists = [path for path in (root / ".cardcat/manifests").iterdir() if path.suffix != ".jsonl"]
    assert lists
    for each in lists:
        subprocess.run(["sha256sum", "--check", "--strict", "--quiet", each], cwd=root, check=True)


def round_trip(desk: Desk, card: Path, drive_name: str, names: Sequence[str], layout: Layout) -> None:
    """Back up files of these names, look at what came of it, and see that a second run has nothing to do."""
    files = put(card, names)
    root = desk.folder / drive_name
    arrived(desk, root, desk.backup(drive_name, source=card, layout=layout), files)
    check_sums(root)

    again = desk.backup(drive_name, source=card, layout=layout)

    assert (again.sessions[0].counts.copied, again.bytes_read_from_source) == (0, 0)
    arrived(desk, root, again, files)


@pytest.fixture
def stick(desk: Desk) -> Iterator[Path]:
    """A drive with exFAT, named `stick` on the desk."""
    with exfat_drive(desk.folder / "stick", label="STICK") as place:
        yield place


@pytest.fixture
def camera(desk: Desk) -> Iterator[Path]:
    """A card with exFAT."""
    with exfat_drive(desk.folder / "camera", label="CAMERA") as place:
        yield place


@pytest.mark.usefixtures("stick")
@pytest.mark.parametrize("layout", Layout)
def test_every_name_of_a_linux_card_finds_a_place_on_exfat(desk: Desk, layout: Layout) -> None:
    names = (*TRAPS, *TWINS, *FORBIDDEN, *ENDS, *DEVICES, *INVALID, *LONG)

    round_trip(desk, desk.card, "stick", tuple(filter(ext4_holds, names)), layout)


@pytest.mark.parametrize("layout", Layout)
def test_every_name_of_an_exfat_card_finds_a_place_on_linux(desk: Desk, camera: Path, layout: Layout) -> None:
    long = ("\u6f22" * 255, "\u6f22" * 251 + ".JPG", "\u00e9" * 255, "\U0001f600" * 127)
    names = (*TRAPS, *TWINS, *ENDS, *DEVICES, *LONG, *long)

    round_trip(desk, camera, "drive", tuple(filter(exfat_holds, names)), layout)


@pytest.mark.usefixtures("stick")
@pytest.mark.parametrize("layout", Layout)
def test_every_name_goes_from_exfat_to_exfat(desk: Desk, camera: Path, layout: Layout) -> None:
    names = (*TRAPS, *TWINS, *ENDS, *DEVICES, *LONG)

    round_trip(desk, camera, "stick", tuple(filter(exfat_holds, names)), layout)


@pytest.mark.parametrize("layout", Layout)
def test_twins_that_come_later_get_names_of_their_own_on_exfat(
    desk: Desk, stick: Path, layout: Layout
) -> None:
    """A name that the drive takes for one that is there already, from another run and another folder."""
    for number, names in enumerate((("IMG_1.JPG", "caf\u00e9.txt"), ("img_1.jpg", "CAFE\u0301.TXT"))):
        files = {f"DCIM/{number if layout is Layout.DATED else 0}/{name}": content(name) for name in names}
        fill(desk.card, files)
        result = desk.backup("stick", layout=layout)
        assert result.status == SessionStatus.COMPLETED
        assert result.sessions[0].counts.copied == 2
    assert sorted(files_below(stick).values()) == sorted(files_below(desk.card).values())
    check_sums(stick)


@pytest.mark.parametrize("layout", Layout)
def test_folders_and_structures_keep_apart_on_exfat(desk: Desk, stick: Path, layout: Layout) -> None:
    files = {
        "DCIM/A:B/1.txt": b"1", "DCIM/a:b/1.txt": b"2", "DCIM/A%3AB/1.txt": b"3", "DCIM/con/1.txt": b"4",
        "DCIM/end./1.txt": b"5", "DCIM/end/1.txt": b"6", "DCIM/caf\udce9/1.txt": b"7",
        "PRIVATE/AVCHD/BDMV/IN?EX.BDM": b"8", "PRIVATE/AVCHD/BDMV/in?ex.bdm": b"9",
    }  # fmt: skip
    fill(desk.card, files)

    assert desk.backup("stick", layout=layout).status == SessionStatus.COMPLETED

    assert sorted(files_below(stick).values()) == sorted(files.values())
    check_sums(stick)
    again = desk.backup("stick", layout=layout)
    assert (again.sessions[0].counts.copied, again.bytes_read_from_source) == (0, 0)


def test_what_exfat_holds_is_not_said_to_be_proved_cold(desk: Desk, stick: Path) -> None:
    """Its driver is a program, whose memory the kernel does not show: read back, and no more than that."""
    fill(desk.card, {"DCIM/IMG_1.JPG": jpeg(1), "DCIM/a.txt": b"a"})
    desk.backup("stick")

    assert desk.ask("SELECT DISTINCT evidence, verified_how FROM file_locations") == [
        ("read_back", "fuseblk: memory may have answered")
    ]
    assert desk.ask("SELECT is_cold FROM session_details") == [(0,)]
    verdict = safe_to_format(desk.card, catalog=str(desk.catalog))
    assert not verdict.safe
    assert {reason.path for reason in verdict.reasons} == {"DCIM/IMG_1.JPG", "DCIM/a.txt"}
    assert all("memory" in reason.reason for reason in verdict.reasons)
    require_mounted(stick)


def test_times_that_exfat_rounds_are_no_change(desk: Desk, stick: Path, camera: Path) -> None:
    fill(camera, {"DCIM/IMG_1.JPG": jpeg(1), "DCIM/a.txt": b"a"}, mtime_ns=DAY + 1_987_654_321)
    fill(desk.card, {"DCIM/IMG_2.JPG": jpeg(2), "DCIM/b.txt": b"b"}, mtime_ns=DAY + 1_987_654_321)
    for source in (camera, desk.card):
        desk.backup("stick", source=source)
        again = desk.backup("stick", source=source)
        assert (again.sessions[0].counts.copied, again.bytes_read_from_source) == (0, 0)
        assert again.findings == ()
    assert {path.stat().st_mtime_ns for path in stick.glob("2024/*/*")} == {DAY + 1_000_000_000}


@pytest.mark.parametrize("hours", [1, -1, 12, 5.75])
def test_an_exfat_card_and_drive_in_another_time_zone_are_not_copied_again(
    desk: Desk, stick: Path, camera: Path, hours: float
) -> None:
    files = {"DCIM/IMG_1.JPG": jpeg(1), "DCIM/a.txt": b"a", "PRIVATE/AVCHD/BDMV/INDEX.BDM": b"i"}
    fill(camera, files, mtime_ns=DAY)
    desk.backup("stick", source=camera)
    there = files_below(stick)
    for path in (*camera.rglob("*"), *stick.glob("2024/**/*")):
        if path.is_file():
            time = path.stat().st_mtime_ns + int(hours * 3_600) * 1_000_000_000
            os.utime(path, ns=(time, time))

    again = desk.backup("stick", source=camera)

    assert again.sessions[0].counts.copied == 0
    assert again.bytes_read_from_source == sum(map(len, files.values()))
    assert files_below(stick) == there
    assert desk.backup("stick", source=camera).bytes_read_from_source == 0


class Optimist(Disk):
    """Believes that every drive has room."""

    def free_bytes(self, path: str | os.PathLike[str]) -> int:
        return 1 << 60


def test_an_exfat_drive_that_fills_up_ends_its_session_only(desk: Desk) -> None:
    photos = {f"DCIM/IMG_{n}.JPG": jpeg(n) + os.urandom(1 << 20) for n in range(12)}
    fill(desk.card, photos)
    with exfat_drive(desk.folder / "stick", megabytes=40) as stick:
        own = bytes(Disk().free_bytes(stick) - (8 << 20))
        (stick / "own.bin").write_bytes(own)
        result = desk.backup("stick", "two", disk=Optimist())
        assert [s.status for s in result.sessions] == [SessionStatus.FAILED, SessionStatus.COMPLETED]
        assert [s.exit_code for s in result.sessions] == [10, 0]
        assert "no space left" in (result.sessions[0].message or "")
        assert set(files_below(stick).values()) <= {*photos.values(), own}

        (stick / "own.bin").unlink()
        assert desk.backup("stick").status == SessionStatus.COMPLETED
        assert sorted(files_below(stick).values()) == sorted(photos.values())
        check_sums(stick)


def test_small_files_are_counted_with_the_room_they_take_on_exfat(desk: Desk) -> None:
    """300 notes of a few bytes take 38 MB there: said before the first of them is copied."""
    fill(desk.card, {f"{n}.txt": b"%d" % n for n in range(300)})
    with exfat_drive(desk.folder / "stick", cluster=1 << 17) as stick:
        result = desk.backup("stick")
        assert result.sessions[0].exit_code == 10
        assert "too small" in (result.sessions[0].message or "")
        assert files_below(stick) == {}


def test_an_exfat_drive_that_is_pulled_is_finished_when_it_is_back(desk: Desk, stick: Path) -> None:
    files = put(desk.card, [f"IMG_{n}?.JPG" for n in range(6)])

    class Pulled(Disk):
        left = 3

        def rename_new(self, source: str | os.PathLike[str], target: str | os.PathLike[str]) -> None:
            if str(target).startswith(f"{stick}/2024"):
                self.left -= 1
                if not self.left:
                    pulled(stick)
            super().rename_new(source, target)

    result = desk.backup("stick", "two", disk=Pulled())

    assert [s.status for s in result.sessions] == [SessionStatus.FAILED, SessionStatus.COMPLETED]
    assert list(stick.iterdir()) == []
    with plugged_in(stick, "-t", "exfat-fuse"):
        arrived(desk, stick, desk.backup("stick"), files)
        check_sums(stick)


WAYS: dict[str, tuple[Callable[[str], bool], bool]] = {
    "ext4 to exFAT": (ext4_holds, True),
    "ext4 to ext4": (ext4_holds, False),
    "exFAT to ext4": (exfat_holds, False),
}


@pytest.mark.parametrize("way", WAYS)
def test_generated_names_survive_a_round_trip(tmp_path: Path, way: str) -> None:
    """300 of them for each way; 10,000 where `CARDCAT_FAULTS` asks for the whole table."""
    holds, is_exfat = WAYS[way]
    names = generated(NAMES, holds)
    for number, start in enumerate(range(0, len(names), BATCH)):
        desk = Desk(tmp_path / str(number))
        desk.folder.mkdir()
        layout = list(Layout)[number % 2]
        make = exfat_drive if is_exfat else drive
        card = exfat_drive if holds is exfat_holds else drive
        with make(desk.folder / "stick"), card(desk.folder / "source") as source:
            round_trip(desk, source, "stick", names[start : start + BATCH], layout)
