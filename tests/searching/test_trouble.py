"""What can't be read, or changes while the search runs, is in no group and is told of, alone."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import time
from array import array
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cardcat.errors import CardcatError
from cardcat.searching import search as searching
from cardcat.searching.found import Found
from cardcat.searching.grouping import shared_out
from cardcat.searching.search import Search, find_duplicates
from cardcat.searching.workers import Workers, workers
from cardcat.storage.quick.columns import Files, Listed
from cardcat.storage.quick.digests import WHOLE, Reader, _files_in_a_batch
from cardcat.storage.reading import thread_buffer
from tests.searching.oracle import equal_files, told

Do = Callable[[Path], object]


def shelf(root: Path) -> Path:
    """Two groups of three, small files and large ones; the one that trouble comes to is `sub/victim`."""
    (root / "sub").mkdir(parents=True)
    for name in ("a", "b", "sub/victim"):
        (root / name).write_bytes(bytes(100))
        (root / f"{name}.large").write_bytes(bytes(3 * WHOLE))
    return root


def search_with(monkeypatch: pytest.MonkeyPatch, stage: str, root: Path, do: Do, processes: int) -> Found:
    """Search *root*, and *do* something to it before the given stage reads."""
    usual = getattr(searching, stage)
    done: list[object] = []

    def first(*given: Any) -> Any:
        if not done and (stage == "same_sizes" or any(isinstance(one, Files) for one in given)):
            done.append(do(root))
        return usual(*given)

    monkeypatch.setattr(searching, stage, first)
    return find_duplicates(Search((str(root),), processes=processes))


def append(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"more")


def rewrite(path: Path) -> None:
    """Other bytes, the same size."""
    path.write_bytes(b"\1" * path.stat().st_size)


def become_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def become_link(path: Path) -> None:
    path.rename(path.with_suffix(".away"))
    path.symlink_to(path.with_suffix(".away").name)


def be_replaced(path: Path) -> None:
    """Another file of the same bytes, size and time: but not the one that was listed."""
    data, status = path.read_bytes(), path.stat()
    fresh = path.with_suffix(".fresh")
    fresh.write_bytes(data)
    os.utime(fresh, ns=(status.st_atime_ns, status.st_mtime_ns))
    fresh.rename(path)


CHANGES: dict[str, Do] = {
    "grows": append,
    "is cut short": lambda path: os.truncate(path, 1),
    "gets other bytes": rewrite,
    "is gone": Path.unlink,
    "becomes a pipe": become_pipe,
    "becomes a link": become_link,
    "is replaced": be_replaced,
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("processes", [1, 2])
def test_a_small_file_that_changes_before_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: str, processes: int
) -> None:
    root = shelf(tmp_path / "root")
    found = search_with(
        monkeypatch, "same_sizes", root, lambda root: CHANGES[change](root / "sub/victim"), processes
    )
    assert [one.path for one in found.unread] == [str(root / "sub/victim")]
    assert sorted(len(group.copies) for group in found.groups) == [2, 3]
    assert all(str(root / "sub/victim") not in copy.paths for group in found.groups for copy in group.copies)


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("stage", ["same_sizes", "alike"])
def test_a_large_file_that_changes_before_its_sample_or_the_rest_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: str, stage: str
) -> None:
    root = shelf(tmp_path / "root")
    victim = root / "sub/victim.large"
    found = search_with(monkeypatch, stage, root, lambda _: CHANGES[change](victim), 2)
    assert [one.path for one in found.unread] == [str(victim)]
    assert sorted(len(group.copies) for group in found.groups) == [2, 3]


def test_a_folder_that_becomes_a_link_leads_nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root, other = shelf(tmp_path / "root"), shelf(tmp_path / "other")

    def swap(root: Path) -> None:
        (root / "sub").rename(root / "away")
        (root / "sub").symlink_to(other / "sub")

    found = search_with(monkeypatch, "same_sizes", root, swap, 1)
    assert [one.path for one in found.unread] == [str(root / "sub/victim"), str(root / "sub/victim.large")]
    assert [len(group.copies) for group in found.groups] == [2, 2]


def test_a_folder_that_is_replaced_while_it_is_listed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root, other = shelf(tmp_path / "root"), shelf(tmp_path / "other")
    take = searching._Run._take
    done: list[object] = []

    def swap(run: Any, listed: Listed) -> None:
        if listed.below and not done:
            done.append((root / "sub").rename(root.with_name("away")))
            (other / "sub").rename(root / "sub")
        take(run, listed)

    monkeypatch.setattr(searching._Run, "_take", swap)
    monkeypatch.setattr(searching, "_FOLDERS", 1)
    found = find_duplicates(Search((str(root),), processes=1))
    assert [(one.path, "another folder" in one.message) for one in found.unread] == [
        (str(root / "sub"), True)
    ]


@pytest.mark.skipif(
    not os.geteuid(), reason="nothing is unreadable to root: the next test takes the right away"
)
def test_what_may_not_be_read_is_told_of(tmp_path: Path) -> None:
    root = shelf(tmp_path / "root")
    (root / "sub").chmod(0)
    (root / "a").chmod(0)
    try:
        found = find_duplicates(Search((str(root),)))
    finally:
        (root / "sub").chmod(0o755)
    assert [one.path for one in found.unread] == [str(root / "a"), str(root / "sub")]


@pytest.mark.skipif(bool(os.geteuid()), reason="only root can become somebody who may not read")
def test_what_somebody_else_may_not_read_is_told_of(tmp_path: Path) -> None:
    root = shelf(tmp_path / "root")
    (root / "closed").mkdir(mode=0o700)
    (root / "a").chmod(0)
    script = (
        "import os, sys\n"
        "from cardcat.searching.search import Search, find_duplicates\n"
        "os.setgid(65534); os.setuid(65534)\n"
        "found = find_duplicates(Search((sys.argv[1],)))\n"
        "print(*(one.path for one in found.unread), *(len(group.copies) for group in found.groups))"
    )
    for folder in (tmp_path, *tmp_path.parents[:-2]):
        folder.chmod(folder.stat().st_mode | 0o055)
    said = subprocess.run(
        [sys.executable, "-c", script, root], capture_output=True, text=True, check=True, cwd="/"
    ).stdout.split()
    assert said == [str(root / "a"), str(root / "closed"), "3", "2"]


def test_a_disk_that_fails_is_told_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = shelf(tmp_path / "root")
    bad = (root / "sub/victim").stat().st_ino
    usual = os.pread

    def pread(fd: int, length: int, offset: int) -> bytes:
        if os.fstat(fd).st_ino == bad:
            raise OSError(5, "Input/output error")
        return usual(fd, length, offset)

    monkeypatch.setattr(os, "pread", pread)
    found = find_duplicates(Search((str(root),), processes=2))
    assert [(one.path, one.message) for one in found.unread] == [
        (str(root / "sub/victim"), "input/output error")
    ]


def test_short_reads_are_gone_on_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = shelf(tmp_path / "root")
    (root / "other").write_bytes(bytes(99) + b"x")
    (root / "other.large").write_bytes(bytes(3 * WHOLE - 1) + b"x")
    pread, preadv = os.pread, os.preadv
    monkeypatch.setattr(os, "pread", lambda fd, length, offset: pread(fd, min(length, 7), offset))
    monkeypatch.setattr(os, "preadv", lambda fd, views, offset: preadv(fd, [views[0][:999]], offset))
    found = find_duplicates(Search((str(root),), processes=1))
    assert told(found) == equal_files(root)
    assert not found.unread


def test_processes_share_no_buffer() -> None:
    """Memory that was mapped before the fork would be one for all of them."""
    thread_buffer()[:1] = b"\0"

    def fill(_: object) -> int:
        reader = Reader([], Files([]), whole=True, sure=False)
        reader._buffer[:1] = b"\1"
        return reader._buffer[0]

    with workers(fill, 2) as helpers:
        helpers.ask(0, None)
        while not (answers := helpers.answers()):
            pass
    assert answers == [(0, 1)]
    assert thread_buffer()[0] == 0


def test_a_worker_that_dies_ends_the_search_with_a_sentence() -> None:
    def die(_: object) -> None:
        os._exit(9)

    with workers(die, 2) as helpers:
        helpers.ask(0, "work")
        with pytest.raises(CardcatError, match="ended before its time"):
            _wait_for_ever(helpers)


def _wait_for_ever(helpers: Workers[None]) -> None:
    while True:
        helpers.answers()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_signal_ends_it_at_once(tmp_path: Path, number: signal.Signals) -> None:
    """Two files without bytes on the disk that take hours to read; nobody reads on when it was killed."""
    for name in ("a", "b"):
        with (tmp_path / name).open("wb") as file:
            file.truncate(1 << 42)
    script = (
        "import signal\nsignal.signal(signal.SIGINT, signal.default_int_handler)\n"  # if it is ignored here
        "from cardcat.cli.main import run\nrun()"
    )
    command = [sys.executable, "-c", script, "duplicates", "find", str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as search:
        try:
            children = _children(search)
            search.send_signal(number)
            out, err = search.communicate(timeout=60)
        finally:
            search.kill()
    told = (-number, "", "") if number is signal.SIGKILL else (130, "", "Cancelled.\n")
    assert (search.returncode, out, err) == told
    until = time.monotonic() + 60
    while any(_is_running(child) for child in children):
        assert time.monotonic() < until, "a process was left behind"
        time.sleep(0.01)


def _children(search: subprocess.Popen[str]) -> list[int]:
    """The processes that read: those that have the large files open."""
    until = time.monotonic() + 60
    while time.monotonic() < until and search.poll() is None:
        listed = Path(f"/proc/{search.pid}/task/{search.pid}/children").read_text("ascii").split()
        found = [int(pid) for pid in listed if _reads_a_file(int(pid))]
        if found:
            return found
        time.sleep(0.01)
    raise AssertionError("nothing was read")


def _reads_a_file(pid: int) -> bool:
    try:
        return int(_field(pid, "rchar")) > 1 << 28
    except OSError:
        return False


def _field(pid: int, name: str) -> str:
    lines = Path(f"/proc/{pid}/io").read_text("ascii").splitlines()
    return next(line.split()[1] for line in lines if line.startswith(name))


def _is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.parametrize(("allowed", "batch"), [(64, 1), (256, 32), (1024, 128), (-1, 128)])
def test_no_more_files_are_open_than_a_process_may_have(
    monkeypatch: pytest.MonkeyPatch, allowed: int, batch: int
) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (allowed, allowed))
    assert _files_in_a_batch() == batch


def test_several_disks_are_read_by_turns() -> None:
    files = Files([""])
    files.devices = array("Q", [1, 1, 1, 2, 2])
    assert shared_out(files, array("Q", range(5)), 2) == [range(2), range(3, 5), range(2, 3)]
    assert shared_out(files, array("Q"), 2) == []
