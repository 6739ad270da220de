"""The history on a drive, as the industry's own tool finds it: after us, after others, after a kill."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

import pytest
import xxhash
from hypothesis import given, settings
from hypothesis import strategies as st

from cardcat.storage.destination import clean_incoming
from cardcat.storage.disk import Disk, StrPath
from cardcat.storage.manifest import ManifestEntry, write_manifest
from cardcat.storage.mhl.chain import CHAIN, LARGEST, read_chain
from cardcat.storage.mhl.telling import Author, Stuck, Way, carry_on
from tests.storage import oracle
from tests.support import snapshot

NOON = 1_714_557_600
AUTHOR = Author("Archive", "studio", "0.1.0")

AWKWARD = [
    b"plain.jpg", b"folder/plain.jpg", b" ", b" led", b"followed ", b"tab\tbed", b"carriage\rreturn",
    b"new\nline", "写真 \u0085\u2028\ufeff.jpg".encode(), b"<&>\"']]>", b"\x7f", b"-rf", b"#comment", b"!not",
    b"*.jpg", b"empty",
]  # fmt: skip
SPOILT_BY_THE_TOOL = AWKWARD[7:9]  # it indents what looks like a new line when it writes them itself
UNHOLDABLE = [b"\x01", b"esc\x1b[31m", b"odd \xff\xfe", "\ufffe".encode(), b"folder/\x02"]


def make(root: Path, name: bytes, content: bytes | None = None) -> ManifestEntry:
    path = root / os.fsdecode(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    content = (b"" if name == b"empty" else b"content of " + name) if content is None else content
    path.write_bytes(content)
    return ManifestEntry(
        path=os.fsdecode(name),
        sha256=hashlib.sha256(content).hexdigest(),
        size=len(content),
        mtime_ns=path.stat().st_mtime_ns,
        xxh3=xxhash.xxh3_128_hexdigest(content),
        verified_at=NOON,
    )


def listed(root: Path, session: int, *names: bytes, disk: Disk | None = None) -> str:
    """Make files, and the manifest that lists them; its name."""
    entries = [make(root, name) for name in names]
    written = write_manifest(disk or Disk(), root, session, NOON + session, {}, entries)
    assert written is not None
    return written.path.name


class Told(NamedTuple):
    """How many generations were added, and what was in the way of more."""

    generations: int = 0
    stuck: Stuck | None = None


def told(root: Path, *fresh: str, disk: Disk | None = None, author: Author = AUTHOR) -> Told:
    clean_incoming(Disk(), root)
    before = len(generations(root))
    stuck = carry_on(disk or Disk(), root, author, fresh)
    return Told(len(generations(root)) - before, stuck)


def session(root: Path, number: int, *names: bytes) -> Told:
    return told(root, listed(root, number, *names))


def generations(root: Path) -> list[str]:
    return sorted(path.name for path in (root / "ascmhl").glob("*.mhl"))


def in_chain(root: Path) -> list[str]:
    return [link.name for link in read_chain((root / "ascmhl" / CHAIN).read_bytes())]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    path = tmp_path / "Archive"
    path.mkdir()
    return path


def test_the_tool_accepts_every_name_and_finds_every_damage(root: Path) -> None:
    assert session(root, 1, *AWKWARD) == Told(1)
    assert (oracle.diff(root), oracle.verify(root)) == (oracle.COMPLETE, oracle.COMPLETE)

    (root / "plain.jpg").write_bytes(b"CONTENT of plain.jpg")
    assert (oracle.diff(root), oracle.verify(root)) == (oracle.COMPLETE, oracle.WRONG)
    (root / "plain.jpg").unlink()
    assert oracle.diff(root) == oracle.MISSING


def test_the_tool_reads_each_odd_name_for_what_it_is(root: Path) -> None:
    for name in AWKWARD[2:10]:
        make(root, name)
    listed(root, 1, *AWKWARD[:5])
    told(root)
    assert oracle.diff(root) == oracle.NEW
    listed(root, 2, *AWKWARD[5:10])
    told(root)
    assert oracle.diff(root) == oracle.COMPLETE


def test_each_session_adds_a_generation_of_its_own(root: Path) -> None:
    for number in (1, 2, 3):
        session(root, number, b"%d.jpg" % number)

    names = [f"000{number}_Archive_2024-05-01_10000{number}Z.mhl" for number in (1, 2, 3)]
    assert generations(root) == in_chain(root) == names
    for number, name in enumerate(names, 1):
        text = (root / "ascmhl" / name).read_text()
        assert text.count("<hash>") == 1
        assert f"{number}.jpg" in text
    assert (oracle.diff(root), oracle.verify(root)) == (oracle.COMPLETE, oracle.COMPLETE)


def test_the_files_of_a_history_are_as_the_schema_has_them(root: Path) -> None:
    session(root, 1, *AWKWARD)
    session(root, 2, b"more")
    oracle.check_schema(root)


def test_nothing_but_the_new_generation_and_the_chain_is_written(root: Path) -> None:
    class Counting(Disk):
        written = 0

        def write(self, fd: int, view: memoryview) -> None:
            Counting.written += len(view)
            super().write(fd, view)

    session(root, 1, *(b"%d.jpg" % number for number in range(500)))
    before = {name: seen for name, seen in snapshot(root).items() if name.endswith(".mhl")}
    name = listed(root, 2, b"one more")

    told(root, name, disk=Counting())

    assert Counting.written < 3_000
    after = snapshot(root)
    assert all(after[name] == seen for name, seen in before.items())


def test_nothing_new_writes_nothing(root: Path) -> None:
    session(root, 1, b"a")
    before = snapshot(root / "ascmhl")
    assert told(root) == Told(0)
    assert snapshot(root / "ascmhl") == before


def test_generations_are_read_only(root: Path) -> None:
    session(root, 1, b"a")
    assert (root / "ascmhl" / generations(root)[0]).stat().st_mode & 0o777 == 0o444


def test_somebody_elses_history_is_continued(root: Path) -> None:
    make(root, b"his own.txt")
    make(root, b"notes.tmp")
    assert oracle.create(root, "-i", "*.tmp") == 0
    his = snapshot(root / "ascmhl")
    chain = (root / "ascmhl" / CHAIN).read_bytes()

    session(root, 1, b"ours.jpg")

    assert (oracle.diff(root), oracle.verify(root)) == (oracle.COMPLETE, oracle.COMPLETE)
    after = snapshot(root / "ascmhl")
    assert all(after[name][3] == seen[3] for name, seen in his.items() if name.endswith(".mhl"))
    assert (root / "ascmhl" / CHAIN).read_bytes().startswith(chain.removesuffix(b"</ascmhldirectory>\n"))
    assert [name[:5] for name in in_chain(root)] == ["0001_", "0002_"]
    assert "<pattern>*.tmp</pattern>" in (root / "ascmhl" / generations(root)[1]).read_text()


def test_a_generation_of_somebody_else_between_ours_stays(root: Path) -> None:
    session(root, 1, *(name for name in AWKWARD if name not in SPOILT_BY_THE_TOOL))
    make(root, b"his own.txt")
    assert oracle.create(root) == 0
    before = snapshot(root / "ascmhl")
    session(root, 3, b"later.jpg")

    assert (oracle.diff(root), oracle.verify(root)) == (oracle.COMPLETE, oracle.COMPLETE)
    assert [name[:5] for name in in_chain(root)] == ["0001_", "0002_", "0003_"]
    assert oracle.create(root) == 0
    assert (oracle.diff(root), oracle.verify(root)) == (oracle.COMPLETE, oracle.COMPLETE)
    after = snapshot(root / "ascmhl")
    assert all(after[name] == seen for name, seen in before.items() if name.endswith(".mhl"))


def test_names_that_xml_cannot_hold_are_left_out(root: Path) -> None:
    entries = [make(root, name) for name in [*UNHOLDABLE, b"plain.jpg"]]
    written = write_manifest(Disk(), root, 1, NOON, {}, entries)
    assert written is not None
    assert (written.files, written.not_in_mhl) == (6, 5)
    assert told(root, written.path.name) == Told(1)
    for name in UNHOLDABLE:
        (root / os.fsdecode(name)).unlink()
    assert (oracle.diff(root), oracle.verify(root)) == (oracle.COMPLETE, oracle.COMPLETE)


def test_a_session_of_such_names_alone_makes_no_generation(root: Path) -> None:
    session(root, 1, b"plain.jpg")
    assert session(root, 2, *UNHOLDABLE) == Told(0)
    assert len(generations(root)) == 1


@pytest.mark.parametrize("number", [1, 2])
def test_manifests_of_one_second_each_get_their_generation(root: Path, number: int) -> None:
    first = [
        write_manifest(Disk(), root, each, NOON, {}, [make(root, b"%d" % each)]) for each in range(number)
    ]
    assert all(first)
    assert told(root) == Told(number)
    write_manifest(Disk(), root, 7, NOON, {}, [make(root, b"same second")])
    assert told(root) == Told(1)
    assert told(root) == Told(0)
    assert oracle.diff(root) == oracle.COMPLETE


def test_old_manifests_are_made_up_for_with_what_is_still_there(root: Path) -> None:
    """A drive that an older cardcat filled, or a killed one."""
    listed(root, 1, b"gone.jpg", b"there.jpg")
    listed(root, 2, b"changed.jpg")
    (root / "gone.jpg").unlink()
    (root / "changed.jpg").write_bytes(b"shorter")
    name = listed(root, 3, b"new.jpg")

    assert told(root, name) == Told(2)

    (root / "changed.jpg").unlink()
    assert (oracle.diff(root), oracle.verify(root)) == (oracle.COMPLETE, oracle.COMPLETE)


class Dying(Disk):
    """Raises at the n-th step that changes something, and at all that come after it, as after a kill."""

    def __init__(self, step: int) -> None:
        super().__init__()
        self.left = step

    def _step(self) -> None:
        self.left -= 1
        if self.left <= 0:
            raise OSError(errno.EIO, "Input/output error")


def _dying(name: str) -> Callable[..., object]:
    plain = getattr(Disk, name)

    def operation(self: Dying, *args: object, **kwargs: object) -> object:
        self._step()
        return plain(self, *args, **kwargs)

    return operation


for _name in (
    "open_new",
    "write",
    "fsync",
    "rename_new",
    "replace",
    "fsync_folder",
    "remove",
    "make_folders",
):
    setattr(Dying, _name, _dying(_name))


@pytest.mark.parametrize("before", [0, 1])
def test_killed_at_any_step_the_tool_accepts_what_is_there_and_the_next_run_completes_it(
    tmp_path: Path, before: int
) -> None:
    """At no step is there a history that the tool refuses; only whether it tells of the last session yet."""

    def prepared(name: str) -> Path:
        root = tmp_path / name / "Archive"
        for number in range(before):
            session(root, number, b"%d.jpg" % number)
        listed(root, 8, b"8.jpg")
        return root

    smooth = Dying(1_000)
    told(prepared("smooth"), disk=smooth)
    states = set()
    for step in range(1, 1_000 - smooth.left + 1):
        root = prepared(str(step))
        with pytest.raises(OSError, match="output"):
            carry_on(Dying(step), root, AUTHOR, ())
        is_there = (root / "ascmhl").exists()
        assert is_there is (root / "ascmhl" / CHAIN).exists()
        state = (is_there and len(generations(root)), is_there and len(in_chain(root)))
        if is_there and state not in states:
            assert oracle.diff(root) in (oracle.COMPLETE, oracle.NEW)
        states.add(state)

        assert told(root).stuck is None

        assert in_chain(root) == generations(root)
        assert len(generations(root)) == before + 1
    assert states == ({(False, False), (1, 1)} if not before else {(1, 1), (2, 1), (2, 2)})
    assert (oracle.diff(root), oracle.verify(root)) == (oracle.COMPLETE, oracle.COMPLETE)


def test_a_generation_that_did_not_get_into_the_chain_is_taken_in(root: Path) -> None:
    session(root, 1, b"1.jpg")
    chain = (root / "ascmhl" / CHAIN).read_bytes()
    session(root, 2, b"2.jpg")
    (root / "ascmhl" / CHAIN).write_bytes(chain)
    before = snapshot(root / "ascmhl")
    assert oracle.diff(root) == oracle.COMPLETE

    assert told(root) == Told(0)

    assert in_chain(root) == generations(root)
    after = snapshot(root / "ascmhl")
    assert all(after[name] == seen for name, seen in before.items() if name.endswith(".mhl"))
    assert (oracle.diff(root), oracle.verify(root)) == (oracle.COMPLETE, oracle.COMPLETE)


def test_a_lost_chain_of_our_own_is_made_again(root: Path) -> None:
    session(root, 1, b"1.jpg")
    session(root, 2, b"2.jpg")
    (root / "ascmhl" / CHAIN).unlink()
    assert told(root).stuck is None
    assert in_chain(root) == generations(root)
    assert oracle.verify(root) == oracle.COMPLETE


def test_an_empty_folder_of_that_name_is_used(root: Path) -> None:
    (root / "ascmhl").mkdir()
    assert session(root, 1, b"1.jpg") == Told(1)
    assert oracle.diff(root) == oracle.COMPLETE


def put_file(root: Path) -> None:
    (root / "ascmhl").write_bytes(b"mine")


def put_link(root: Path) -> None:
    (root.parent / "outside").mkdir()
    (root / "ascmhl").symlink_to(root.parent / "outside")


def put_dangling_link(root: Path) -> None:
    (root / "ascmhl").symlink_to(root.parent / "nowhere")


def put_linked_chain(root: Path) -> None:
    (root / "ascmhl").mkdir()
    (root.parent / "chain.xml").write_bytes(
        b"<ascmhldirectory xmlns='urn:ASC:MHL:DIRECTORY:v2.0'></ascmhldirectory>"
    )
    (root / "ascmhl" / CHAIN).symlink_to(root.parent / "chain.xml")


def put_damaged_chain(root: Path) -> None:
    session(root, 1, b"1.jpg")
    (root / "ascmhl" / CHAIN).write_bytes((root / "ascmhl" / CHAIN).read_bytes()[:-20])


def put_huge_chain(root: Path) -> None:
    """Whole, but for what of it is read."""
    session(root, 1, b"1.jpg")
    with (root / "ascmhl" / CHAIN).open("ab") as file:
        file.write(b" " * LARGEST + b"<!-- his -->")


def put_foreign_generation_without_chain(root: Path) -> None:
    make(root, b"his.txt")
    oracle.create(root)
    (root / "ascmhl" / CHAIN).unlink()


@pytest.mark.parametrize(
    "obstacle",
    [
        put_file, put_link, put_dangling_link, put_linked_chain, put_damaged_chain, put_huge_chain,
        put_foreign_generation_without_chain,
    ],
)  # fmt: skip
def test_what_is_no_history_is_left_alone_and_told_of(root: Path, obstacle: Callable[[Path], None]) -> None:
    obstacle(root)
    listed(root, 7, b"ours.jpg")
    before = snapshot(root.parent)

    answer = told(root)

    assert answer.generations == 0
    assert answer.stuck
    assert answer.stuck.trouble.split()[0] in ("is", "has")
    assert answer.stuck.way is Way.MOVE
    shutil.rmtree(root / ".cardcat/incoming", ignore_errors=True)
    after = snapshot(root.parent)
    wanted = {name for name in before if not name.startswith("Archive/.cardcat/incoming")}
    assert [name for name in after.keys() | wanted if after.get(name, b"")[3:] != before[name][3:]] == []


def test_a_chain_that_changes_meanwhile_is_not_replaced(root: Path) -> None:
    session(root, 1, b"1.jpg")
    listed(root, 2, b"2.jpg")
    chain = root / "ascmhl" / CHAIN

    class Busy(Disk):
        def open_new(self, path: StrPath) -> int:
            if str(path).endswith(CHAIN):
                chain.write_bytes(chain.read_bytes() + b"<!-- his -->")
            return super().open_new(path)

    answer = told(root, disk=Busy())

    assert answer.stuck == Stuck("was changed by somebody else just now", Way.WAIT)
    assert chain.read_bytes().endswith(b"<!-- his -->")
    assert told(root).stuck is None
    assert b"<!-- his -->" in chain.read_bytes()
    assert in_chain(root) == generations(root)


@pytest.mark.parametrize("number", [errno.EACCES, errno.EPERM])
def test_a_history_that_is_not_ours_to_write_is_told_of(root: Path, number: int) -> None:
    class Locked(Disk):
        def rename_new(self, source: StrPath, target: StrPath) -> None:
            if "ascmhl" in str(target):
                raise OSError(number, os.strerror(number), str(target))
            super().rename_new(source, target)

    listed(root, 1, b"1.jpg")
    answer = told(root, disk=Locked())
    assert answer.stuck == Stuck(f"can't be written to: {os.strerror(number).lower()}", Way.ALLOW)


@pytest.mark.parametrize("number", [errno.EIO, errno.ENOSPC, errno.EROFS])
def test_a_drive_that_fails_is_the_callers_to_tell(root: Path, number: int) -> None:
    class Failing(Disk):
        def open_new(self, path: StrPath) -> int:
            raise OSError(number, os.strerror(number), str(path))

    listed(root, 1, b"1.jpg")
    with pytest.raises(OSError, match=os.strerror(number)):
        told(root, disk=Failing())


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("", "root"), ("...", "root"), ("a/b:c*?", "a_b_c__"), ("\udcff\x01", "__"), ("写真 ü", "写真 ü"),
        ("x" * 300, "x" * 60), (" spaced. ", "spaced"),
    ],
)  # fmt: skip
def test_the_roots_name_fits_any_drive(root: Path, name: str, wanted: str) -> None:
    listed(root, 1, b"1.jpg")
    told(root, author=Author(name, "\x01host\udcff", "0"))
    assert generations(root) == [f"0001_{wanted}_2024-05-01_100001Z.mhl"]
    assert oracle.diff(root) == oracle.COMPLETE


def test_files_that_no_hash_is_known_of_are_left_out(root: Path) -> None:
    """Of a manifest that lost its longer list, SHA-256 alone is known; the format has no place for it."""
    name = listed(root, 1, b"1.jpg")
    (root / ".cardcat/manifests" / f"{name}.jsonl").unlink()
    assert told(root) == Told(0)
    assert not (root / "ascmhl").exists()


def test_names_that_nobody_gives_are_passed_over(root: Path) -> None:
    session(root, 1, b"1.jpg")
    folder = root / "ascmhl"
    for name in ("0002.mhl", "x.mhl", "9" * 200 + "_a.mhl", "._0001_Archive_2024-05-01_100001Z.mhl"):
        (folder / name).write_bytes(b"not xml")
    (folder / "0005_link.mhl").symlink_to("nowhere")
    (folder / "0006_folder_2024-05-01_100002Z.mhl").mkdir()
    (root / ".cardcat/manifests/SHA256SUMS-20249999T999999Z-1").write_bytes(b"%s  1.jpg\n" % (b"0" * 64))
    (root / ".cardcat/manifests/SHA256SUMS-<b>").write_bytes(b"%s  1.jpg\n" % (b"0" * 64))
    assert session(root, 2, b"2.jpg") == Told(1)
    assert in_chain(root)[-1] == "0007_Archive_2024-05-01_100002Z.mhl"


CHARACTERS = st.characters(codec="utf-8", exclude_characters="/\0")
PARTS = st.text(CHARACTERS, min_size=1, max_size=20).filter(
    lambda name: name not in (".", "..") and name[1:2] != ":"
)


@settings(max_examples=8, deadline=None)
@given(st.sets(st.lists(PARTS, min_size=1, max_size=2).map("/".join), min_size=1, max_size=40))
def test_any_names_survive_the_drive(names: Iterable[str]) -> None:
    with tempfile.TemporaryDirectory() as place:
        root = Path(place) / "Archive"
        root.mkdir()
        entries = []
        for name in names:
            try:
                entries.append(make(root, name.encode()))
            except OSError:  # a file and a folder of one name
                continue
        written = write_manifest(Disk(), root, 1, NOON, {}, entries)
        assert written is not None
        assert told(root, written.path.name).stuck is None
        if written.files > written.not_in_mhl:
            found = oracle.diff(root)
            assert found == (oracle.NEW if written.not_in_mhl else oracle.COMPLETE)
