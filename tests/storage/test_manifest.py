"""A drive's own lists: standard tools check them, and we read them back whatever happened to them."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import subprocess
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cardcat.model import Evidence, Kind
from cardcat.storage.disk import Disk, StrPath
from cardcat.storage.manifest import (
    ManifestEntry,
    listed_by,
    manifest_names,
    read_manifest,
    write_manifest,
)
from cardcat.storage.sums import from_line, to_line

NOW = 1_714_557_600  # 2024-05-01T10:00:00Z
NAME = "SHA256SUMS-20240501T100000Z-7"
ENTRY = ManifestEntry(
    path="2024/2024-05-01/IMG_1.JPG",
    sha256=hashlib.sha256(b"a").hexdigest(),
    size=1,
    mtime_ns=-5,
    xxh3="0" * 31 + "f",
    sample="1-abc",
    kind=Kind.IMAGE,
    verified_at=NOW,
    evidence=Evidence.READ_BACK_COLD,
    source_path=os.fsdecode(b"DCIM/\xff.JPG"),
    media={"camera_make": "Ca\u0301non\n", "duration_seconds": 1.5, "resolution_width": 6000, "iso": None},
)

AWKWARD = [
    b"plain.jpg",
    b"with space",
    b" leading and trailing ",
    b"-rf",
    b"-",
    b"--check",
    b"*star",
    b"new\nline",
    b"carriage\rreturn\r",
    b"back\\slash",
    b"\\",
    b"\\n",
    b"bad \xff\xfe utf-8",
    "ünïcode 写真".encode(),
    b"#comment",
    b"folder/-",
    b"x" * 255,
]


def write(root: Path, *entries: ManifestEntry, disk: Disk | None = None, session: int = 7) -> Path | None:
    written = write_manifest(disk or Disk(), root, session, NOW, {"source": "/media/card"}, entries)
    return written.path if written else None


def claimed(root: Path) -> list[ManifestEntry]:
    return [entry for name in manifest_names(root) for entry in read_manifest(root, name)]


def make(root: Path, name: bytes) -> ManifestEntry:
    path = root / os.fsdecode(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"content of " + name)
    return ManifestEntry(
        os.fsdecode(name), hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_size, 5
    )


def check(root: Path, manifest: Path) -> subprocess.CompletedProcess[bytes]:
    command = ["sha256sum", "--check", "--strict", str(manifest.relative_to(root))]
    return subprocess.run(command, cwd=root, capture_output=True, check=False, stdin=subprocess.DEVNULL)


def test_sha256sum_accepts_every_name_and_finds_every_damage(tmp_path: Path) -> None:
    entries = [make(tmp_path, name) for name in AWKWARD]
    manifest = write(tmp_path, *entries)
    assert manifest == tmp_path / ".cardcat/manifests" / NAME

    checked = check(tmp_path, manifest)
    assert (checked.returncode, checked.stderr) == (0, b"")
    assert checked.stdout.count(b": OK\n") == len(AWKWARD)

    for entry in entries:
        path = tmp_path / entry.path
        content = path.read_bytes()
        path.write_bytes(b"damaged")
        assert check(tmp_path, manifest).stdout.count(b": FAILED\n") == 1
        path.write_bytes(content)


@pytest.mark.parametrize("name", AWKWARD)
def test_our_lines_are_those_of_sha256sum(tmp_path: Path, name: bytes) -> None:
    entry = make(tmp_path, name)
    if name != b"-":
        written = subprocess.run(
            [b"sha256sum", b"--", name], cwd=tmp_path, capture_output=True, check=True
        ).stdout
        assert to_line(entry.path, entry.sha256) == written

    assert from_line(to_line(entry.path, entry.sha256)[:-1]) == (entry.path, entry.sha256)


def test_everything_is_read_as_it_was_written(tmp_path: Path) -> None:
    bare = ManifestEntry(os.fsdecode(b"\xff\n"), "0" * 64, 0, 0)

    write(tmp_path, ENTRY, bare)

    assert claimed(tmp_path) == [ENTRY, bare]


def test_the_longer_list_is_json_that_others_can_read(tmp_path: Path) -> None:
    write(tmp_path, ENTRY)

    text = (tmp_path / ".cardcat/manifests" / f"{NAME}.jsonl").read_bytes().decode("utf-8", "strict")
    header, entry, counted = [json.loads(line) for line in text.splitlines()]

    assert header == {
        "format": "cardcat manifest",
        "version": 1,
        "session": 7,
        "written_at": NOW,
        "source": "/media/card",
    }
    assert counted == {"files": 1, "files_not_in_mhl": 0}
    assert entry["path"] == ENTRY.path
    assert (entry["source_path"], entry["source_path_b64"]) == ("DCIM/\\xff.JPG", "RENJTS//LkpQRw==")
    assert (entry["kind"], entry["evidence"]) == ("image", "read_back_cold")


def test_odd_values_do_not_spoil_the_list(tmp_path: Path) -> None:
    odd = replace(ENTRY, media={"lens_model": "\udcff", "duration_seconds": float("nan"), "iso": "100"})

    write(tmp_path, odd)

    (entry,) = claimed(tmp_path)
    assert entry.media == {"lens_model": "\udcff", "iso": "100"}
    assert b"NaN" not in (tmp_path / ".cardcat/manifests" / f"{NAME}.jsonl").read_bytes()


def test_nothing_makes_no_manifest(tmp_path: Path) -> None:
    assert write(tmp_path) is None
    assert os.listdir(tmp_path) == []
    assert claimed(tmp_path) == []


def test_a_manifest_is_read_only_and_replaces_nothing(tmp_path: Path) -> None:
    first, second = write(tmp_path, ENTRY), write(tmp_path, replace(ENTRY, path="b"))

    assert first is not None
    assert second is not None
    assert (first.name, second.name) == (NAME, f"{NAME}-2")
    assert {path.stat().st_mode & 0o777 for path in first.parent.iterdir()} == {0o444}
    assert [entry.path for entry in claimed(tmp_path)] == [ENTRY.path, "b"]


def test_manifests_are_read_in_the_order_of_their_times(tmp_path: Path, disk: Disk) -> None:
    for session, now in ((9, NOW + 5), (10, NOW), (11, NOW + 60)):
        write_manifest(disk, tmp_path, session, now, {}, [replace(ENTRY, path=str(session))])

    assert [entry.path for entry in claimed(tmp_path)] == ["10", "9", "11"]


class Failing(Disk):
    """Fails at the n-th step that changes something."""

    def __init__(self, step: int) -> None:
        super().__init__()
        self.left = step

    def _step(self) -> None:
        self.left -= 1
        if not self.left:
            raise OSError(errno.EIO, "Input/output error")

    def open_new(self, path: StrPath) -> int:
        self._step()
        return super().open_new(path)

    def write(self, fd: int, view: memoryview) -> None:
        self._step()
        super().write(fd, view)

    def fsync(self, fd: int) -> None:
        self._step()
        super().fsync(fd)

    def rename_new(self, source: StrPath, target: StrPath) -> None:
        self._step()
        super().rename_new(source, target)

    def fsync_folder(self, path: StrPath | int) -> None:
        self._step()
        super().fsync_folder(path)


def test_a_failure_at_any_step_leaves_no_half_manifest(tmp_path: Path) -> None:
    smooth = Failing(1_000)
    write(tmp_path / "smooth", ENTRY, disk=smooth)
    steps = 1_000 - smooth.left
    assert steps > 10

    for step in range(1, steps + 1):
        root = tmp_path / str(step)
        with pytest.raises(OSError, match="output"):
            write(root, ENTRY, disk=Failing(step))

        for path in (root / ".cardcat").rglob("SHA256SUMS*"):
            assert path.parent.name == "manifests"
            assert path.read_bytes().endswith(b"\n")
            assert ENTRY.sha256.encode() in path.read_bytes()
        assert write(root, ENTRY) is not None


def entry_line(**changes: object) -> bytes:
    said = {"path": "a", "sha256": "0" * 64, "size": 1, "mtime_ns": 1} | changes
    return json.dumps({name: value for name, value in said.items() if value is not ...}).encode()


GOOD = entry_line(path="good")


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff\xfe",
        b"[" * 100_000,
        entry_line(path=...),
        entry_line(path=5),
        entry_line(path_b64="***"),
        entry_line(sha256=...),
        entry_line(sha256="0" * 63),
        entry_line(sha256="G" * 64),
        entry_line(sha256="A" * 64),
        entry_line(size=-1),
        entry_line(size="1"),
        entry_line(size=1.5),
        entry_line(size=True),
        entry_line(size=1 << 70),
        entry_line(mtime_ns=...),
        entry_line(verified_at="now"),
        entry_line(pad="x" * (2 << 20)),
    ],
)
def test_a_damaged_line_is_passed_over(tmp_path: Path, line: bytes) -> None:
    folder = tmp_path / ".cardcat/manifests"
    folder.mkdir(parents=True)
    (folder / f"{NAME}.jsonl").write_bytes(GOOD + b"\n" + line + b"\n" + GOOD + b"\n" + GOOD[:-1])

    assert [entry.path for entry in claimed(tmp_path)] == ["good", "good"]


HOSTILE = [
    "/etc/passwd",
    "..",
    "../a",
    "a/../../b",
    "a/..",
    "./a",
    "a//b",
    "a/",
    "a\0b",
    "C:/a",
    "c:\\a",
    "Z:",
    "",
]


@pytest.mark.parametrize("path", HOSTILE)
def test_a_path_that_leads_elsewhere_is_refused(tmp_path: Path, path: str) -> None:
    folder = tmp_path / ".cardcat/manifests"
    folder.mkdir(parents=True)
    (folder / f"{NAME}.jsonl").write_bytes(entry_line(path=path) + b"\n" + GOOD + b"\n")
    (folder / "SHA256SUMS-2").write_bytes(b"%s  %s\n" % (b"0" * 64, path.encode()))

    assert [entry.path for entry in claimed(tmp_path)] == ["good"]


def test_no_more_is_kept_in_mind_than_fits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, *(replace(ENTRY, path=str(number)) for number in range(9)))
    assert len(listed_by(tmp_path, 7)) == 9
    monkeypatch.setattr("cardcat.storage.manifest._MOST_TOLD", 5)
    assert len(listed_by(tmp_path, 7)) == 5


def test_unknown_words_are_as_good_as_none(tmp_path: Path) -> None:
    folder = tmp_path / ".cardcat/manifests"
    folder.mkdir(parents=True)
    line = entry_line(kind="hologram", evidence=["x"], xxh3="short", sample=5, media=[], new_field=1)
    (folder / f"{NAME}.jsonl").write_bytes(line + b"\n")

    assert claimed(tmp_path) == [ManifestEntry("a", "0" * 64, 1, 1)]


def test_of_whole_lists_nothing_is_kept_in_mind_and_no_file_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entries = [make(tmp_path, name) for name in AWKWARD]
    write(tmp_path, *entries)

    def looked_at(*_: object) -> bytes:
        raise AssertionError

    monkeypatch.setattr("cardcat.storage.manifest.listed_key", looked_at)
    monkeypatch.setattr("cardcat.storage.manifest._as_it_is", looked_at)
    assert claimed(tmp_path) == entries


@pytest.mark.parametrize("lost", range(3))
@pytest.mark.parametrize("suffix", ["", ".jsonl"])
def test_a_line_that_one_list_has_lost_is_known_to_the_other(tmp_path: Path, suffix: str, lost: int) -> None:
    entries = [make(tmp_path, name) for name in (b"a", b"b", b"c")]
    manifest = write(tmp_path, *entries)
    assert manifest is not None
    damaged = manifest.with_name(manifest.name + suffix)
    lines = damaged.read_bytes().splitlines(keepends=True)
    lines[lost + bool(suffix)] = b"damaged\n"  # after the line about the whole
    damaged.unlink()
    damaged.write_bytes(b"".join(lines))

    found = claimed(tmp_path)

    assert sorted((entry.path, entry.sha256, entry.size) for entry in found) == [
        (entry.path, entry.sha256, entry.size) for entry in entries
    ]


@pytest.mark.parametrize("longer", [None, b"", b"damaged\n"])
def test_where_the_longer_list_is_lost_the_sums_tell(tmp_path: Path, longer: bytes | None) -> None:
    entries = [make(tmp_path, name) for name in AWKWARD]
    manifest = write(tmp_path, *entries)
    assert manifest is not None
    beside = manifest.with_name(manifest.name + ".jsonl")
    beside.unlink()
    if longer is not None:
        beside.write_bytes(longer)
    (tmp_path / entries[0].path).unlink()

    found = claimed(tmp_path)

    mtimes = {entry.path: os.lstat(tmp_path / entry.path).st_mtime_ns for entry in entries[1:]}
    assert found == [replace(entry, mtime_ns=mtimes[entry.path]) for entry in entries[1:]]


def test_what_is_no_plain_file_is_not_read(tmp_path: Path) -> None:
    folder = tmp_path / ".cardcat/manifests"
    folder.mkdir(parents=True)
    os.mkfifo(folder / "SHA256SUMS-1.jsonl")
    (folder / "SHA256SUMS-2.jsonl").mkdir()
    (folder / "SHA256SUMS-3").symlink_to(tmp_path / "loop")

    assert claimed(tmp_path) == []


PARTS = st.binary(min_size=1, max_size=60).filter(
    lambda name: b"/" not in name and b"\0" not in name and name not in (b".", b"..") and name[1:2] != b":"
)
TEXTS = st.text(max_size=20)
ENTRIES = st.builds(
    ManifestEntry,
    path=st.lists(PARTS, min_size=1, max_size=3).map(lambda parts: os.fsdecode(b"/".join(parts))),
    sha256=st.binary(min_size=32, max_size=32).map(bytes.hex),
    size=st.integers(0, 2**63 - 1),
    mtime_ns=st.integers(-(2**63) + 1, 2**63 - 1),
    xxh3=st.none() | st.binary(min_size=16, max_size=16).map(bytes.hex),
    sample=st.none() | TEXTS,
    kind=st.none() | st.sampled_from(Kind),
    verified_at=st.none() | st.integers(0, 2**40),
    evidence=st.none() | st.sampled_from(Evidence),
    source_path=st.none() | st.binary(max_size=30).map(os.fsdecode),
    media=st.none()
    | st.dictionaries(
        TEXTS, st.none() | TEXTS | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    ),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(ENTRIES, min_size=1, max_size=5))
def test_any_entries_survive_the_drive(entries: list[ManifestEntry]) -> None:
    with tempfile.TemporaryDirectory() as place:
        manifest = write(Path(place), *entries)

        assert claimed(Path(place)) == entries
        assert manifest is not None
        lines = manifest.read_bytes().split(b"\n")

    assert [from_line(line) for line in lines[:-1]] == [(entry.path, entry.sha256) for entry in entries]


@given(st.binary(max_size=200))
def test_any_line_is_a_sum_or_none(line: bytes) -> None:
    from_line(line)
    found = from_line(b"\\" + b"0" * 64 + b"  " + line)
    assert found is None or found[1] == "0" * 64


def test_what_a_damaged_half_of_a_manifest_lost_the_other_one_knows(tmp_path: Path) -> None:
    entries = [replace(ENTRY, path=name) for name in ("a.JPG", "b.JPG")]
    for each in entries:
        (tmp_path / each.path).write_bytes(b"x")
    written = write_manifest(Disk(), tmp_path, 1, 1, {}, entries)
    assert written is not None
    more = written.path.with_name(written.path.name + ".jsonl")
    more.chmod(0o600)
    lines = more.read_bytes().splitlines(keepends=True)
    more.write_bytes(b"".join(line for line in lines if b"b.JPG" not in line))

    assert {each.path for each in claimed(tmp_path)} == {"a.JPG", "b.JPG"}
