"""The folder of ours in a destination: recognised, locked, cleaned, and nothing else touched."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from cardcat.errors import DestinationError
from cardcat.model import Marker
from cardcat.storage.destination import clean_incoming, incoming, lock, read_marker, write_marker
from cardcat.storage.disk import Disk, StrPath

VOLUME, LOCATION = "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0", "11111111-2222-3333-4444-555555555555"
MARKER = Marker(VOLUME, LOCATION, 1_700_000_000)


def mark(root: Path, disk: Disk | None = None) -> Marker:
    return write_marker(disk or Disk(), root, VOLUME, LOCATION, MARKER.created_at)


def test_a_marker_is_read_as_it_was_written(tmp_path: Path) -> None:
    assert read_marker(tmp_path) is None
    assert read_marker(tmp_path / "missing") is None

    assert mark(tmp_path / "new") == MARKER

    assert read_marker(tmp_path / "new") == MARKER
    assert "sha256sum -c" in (tmp_path / "new/.cardcat/README.txt").read_text("utf-8")
    assert sorted(os.listdir(tmp_path / "new/.cardcat")) == ["README.txt", "incoming", "marker.json"]
    assert os.listdir(tmp_path / "new/.cardcat/incoming") == []


def test_a_marker_of_another_destination_is_kept_beside_the_new_one(tmp_path: Path, disk: Disk) -> None:
    mark(tmp_path)
    other = "99999999-2222-3333-4444-555555555555"

    written = write_marker(disk, tmp_path, other, other, 5)

    assert (written.volume_uuid, written.location_uuid) == (other, other)
    assert read_marker(tmp_path) == written
    assert MARKER.volume_uuid in (tmp_path / ".cardcat/marker.json.of-another-5").read_text()


def test_a_marker_that_says_the_same_stays(tmp_path: Path, disk: Disk) -> None:
    mark(tmp_path)

    assert write_marker(disk, tmp_path, MARKER.volume_uuid, MARKER.location_uuid, 5) == MARKER


@pytest.mark.parametrize(
    "damage", ["", "{", "[]", "null", '{"format": 1}', '{"format": "cardcat destination"}', "\xff"]
)
def test_a_damaged_marker_is_kept_and_a_new_one_made(tmp_path: Path, damage: str) -> None:
    mark(tmp_path)
    (tmp_path / ".cardcat/marker.json").write_bytes(damage.encode("latin-1"))

    assert read_marker(tmp_path) is None
    assert mark(tmp_path) == MARKER

    kept = tmp_path / f".cardcat/marker.json.damaged-{MARKER.created_at}"
    assert kept.read_bytes() == damage.encode("latin-1")


def test_a_marker_with_no_uuid_in_it_is_damaged(tmp_path: Path) -> None:
    mark(tmp_path)
    path = tmp_path / ".cardcat/marker.json"
    said = json.loads(path.read_text())

    path.write_text(json.dumps(said | {"volume_uuid": "../../etc"}))

    assert read_marker(tmp_path) is None


def test_a_marker_of_a_newer_program_is_left_alone(tmp_path: Path) -> None:
    mark(tmp_path)
    path = tmp_path / ".cardcat/marker.json"
    newer = json.dumps(json.loads(path.read_text()) | {"version": 2})
    path.write_text(newer)

    with pytest.raises(DestinationError, match="newer") as caught:
        mark(tmp_path)
    assert caught.value.hint
    assert path.read_text() == newer


def test_a_marker_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    class Full(Disk):
        def fsync(self, fd: int) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        mark(tmp_path, Full())

    assert os.listdir(tmp_path / ".cardcat") == ["incoming"]
    assert os.listdir(tmp_path / ".cardcat/incoming") == []


def test_a_marker_is_synced_before_it_has_its_name(tmp_path: Path) -> None:
    class Recording(Disk):
        def __init__(self) -> None:
            super().__init__()
            self.calls: list[str] = []

        def fsync(self, fd: int) -> None:
            self.calls.append("fsync")

        def rename_new(self, source: StrPath, target: StrPath) -> None:
            self.calls.append(f"rename {Path(target).name}")
            super().rename_new(source, target)

        def fsync_folder(self, path: StrPath | int) -> None:
            self.calls.append(f"folder {Path(str(path)).name}")

    disk = Recording()

    mark(tmp_path, disk)

    assert disk.calls[-3:] == ["fsync", "rename marker.json", "folder .cardcat"]


def test_a_second_run_is_told_who_holds_the_destination(tmp_path: Path) -> None:
    with lock(tmp_path) as warning:
        assert warning is None
        with pytest.raises(DestinationError) as caught, lock(tmp_path):
            pass

    assert f"process {os.getpid()} on " in caught.value.message
    assert str(tmp_path) in caught.value.message
    assert caught.value.hint
    with lock(tmp_path):
        pass


def test_the_lock_holds_between_processes_and_ends_with_one(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from cardcat.storage.destination import lock\n"
        "with lock(Path(sys.argv[1])): print('held', flush=True); sys.stdin.read()"
    )
    other = subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    with other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"held\n"
        with pytest.raises(DestinationError, match=f"process {other.pid} on "), lock(tmp_path):
            pass
        other.kill()
    with lock(tmp_path) as warning:
        assert warning is None


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP])
def test_a_filesystem_without_locks_is_a_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def refuse(fd: int, operation: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", refuse)

    with lock(tmp_path) as warning:
        assert warning is not None
        assert str(tmp_path) in warning


def test_a_destination_that_cant_be_written_is_told(tmp_path: Path) -> None:
    class Readonly(Disk):
        def make_folders(self, path: StrPath, within: int | None = None) -> None:
            raise OSError(errno.EROFS, "Read-only file system")

    with pytest.raises(DestinationError, match="read-only file system") as caught, lock(tmp_path, Readonly()):
        pass
    assert caught.value.hint


def test_a_link_in_the_locks_place_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / ".cardcat").mkdir()
    (tmp_path / "precious").write_bytes(b"precious")
    (tmp_path / ".cardcat/lock").symlink_to(tmp_path / "precious")

    with pytest.raises(DestinationError), lock(tmp_path):
        pass
    assert (tmp_path / "precious").read_bytes() == b"precious"


def test_what_was_left_unfinished_is_removed_and_nothing_else(tmp_path: Path, disk: Disk) -> None:
    mark(tmp_path)
    for session, name in ((1, "a"), (1, "b"), (2, "c/d")):
        path = incoming(tmp_path, session) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"half")
    (tmp_path / ".cardcat/incoming/loose").write_bytes(b"half")
    (tmp_path / "2024").mkdir()
    (tmp_path / "2024/photo").write_bytes(b"precious")
    (incoming(tmp_path, 1) / "link").symlink_to(tmp_path / "2024")

    assert clean_incoming(disk, tmp_path) == 5

    assert os.listdir(tmp_path / ".cardcat/incoming") == []
    assert (tmp_path / "2024/photo").read_bytes() == b"precious"
    assert read_marker(tmp_path) == MARKER
    assert clean_incoming(disk, tmp_path) == 0
    assert clean_incoming(disk, tmp_path / "missing") == 0


@pytest.mark.parametrize("name", [".cardcat/incoming", ".cardcat"])
def test_a_link_in_the_folders_place_is_not_emptied(tmp_path: Path, disk: Disk, name: str) -> None:
    photos = tmp_path / "photos"
    (photos / "incoming").mkdir(parents=True)
    (photos / "incoming/photo").write_bytes(b"precious")
    root = tmp_path / "root"
    (root / name).parent.mkdir(parents=True)
    (root / name).symlink_to(photos / "incoming" if name.endswith("incoming") else photos)

    assert clean_incoming(disk, root) == 0
    assert (photos / "incoming/photo").read_bytes() == b"precious"
