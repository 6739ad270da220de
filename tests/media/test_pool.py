"""Hostile files cost their own metadata, never the run."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardcat.media import pool as pool_module
from cardcat.media.pool import MetadataPool
from cardcat.media.process import worker_command
from cardcat.media.protocol import Limits, pack_answer, pack_requests, unpack_answer, unpack_requests
from cardcat.metadata import DateSource, Details, Metadata
from cardcat.model import Kind

WORKER = Path(__file__).with_name("hostile_worker.py")
BOOT = "import json, runpy, sys; sys.path[:] = json.loads(sys.argv[1]); runpy.run_path({!r})"


class HostilePool(MetadataPool):
    """A pool with the worker whose reader does as the file is called."""

    def command(self) -> Sequence[str]:
        command = worker_command(self._limits)
        return [*command[:3], BOOT.format(str(WORKER)), *command[4:]]


def asked(*names: str) -> list[tuple[Path, Kind]]:
    return [(Path(name), Kind.IMAGE) for name in names]


def said(found: Sequence[Metadata]) -> list[str | None]:
    return [one.trouble or one.camera_model for one in found]


def test_answers_are_in_the_order_of_the_files() -> None:
    names = [f"n{number}" for number in range(200)]

    with HostilePool(2) as pool:
        assert said(pool.read(asked(*names))) == names
        assert said(pool.read(asked("once", "more"))) == ["once", "more"]
        assert pool.read([]) == []


def test_what_is_no_media_needs_no_process() -> None:
    with HostilePool(2) as pool:
        assert pool.read([(Path("a"), Kind.SIDECAR), (Path("b"), Kind.AUDIO)]) == [Metadata(), Metadata()]
        assert not pool._alive


@pytest.mark.parametrize(("files", "processes"), [(0, 0), (1, 1), (9, 2)])
def test_the_processes_can_be_started_before_they_are_needed(files: int, processes: int) -> None:
    with HostilePool(2) as pool:
        pool.start(files)
        pool._threads.shutdown()  # when all have been started
        assert len(pool._alive) == processes


def test_one_that_hangs_before_it_is_ready_holds_nobody_up() -> None:
    class Hanging(MetadataPool):
        def command(self) -> Sequence[str]:
            return [sys.executable, "-c", "import time; time.sleep(60)"]

    pool = Hanging(2)
    pool.start(2)
    until(lambda: len(pool._alive) == 2)
    workers = list(pool._alive)  # known, so that they can be ended
    pool.close()
    assert not any(worker.is_alive() for worker in workers)


@pytest.mark.parametrize(
    ("name", "cause"),
    [
        ("segfault", "the process that read it crashed: SIGSEGV"),
        ("hang", "it takes longer than 1 s"),
        ("deaf", "it takes longer than 1 s"),
        ("greedy", "it needs more than 512 MiB of memory"),
        ("broken", "the process that read it crashed: exit code 1"),
        ("quit", "the process that read it crashed: exit code 0"),
    ],
)
def test_a_hostile_file_costs_only_its_own_metadata(name: str, cause: str) -> None:
    with HostilePool(1, Limits(seconds=1.0, memory=512 << 20)) as pool:
        found = said(pool.read(asked("a", name, "b", "c")))

    assert found == ["a", f"its metadata can't be read: {cause}", "b", "c"]


def test_a_library_that_prints_disturbs_nothing() -> None:
    with HostilePool(1) as pool:
        assert said(pool.read(asked("loud", "a"))) == ["loud", "a"]


def test_many_threads_may_share_a_pool() -> None:
    found: dict[int, list[str | None]] = {}

    def read(number: int) -> None:
        found[number] = said(pool.read(asked(*[f"{number} {at}" for at in range(100)])))

    with HostilePool(2) as pool:
        threads = [threading.Thread(target=read, args=(number,)) for number in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(pool._alive) <= 2

    assert found == {number: [f"{number} {at}" for at in range(100)] for number in range(6)}


def worker_of(pool: MetadataPool) -> tuple[int, int, str, str]:
    pid, session, standard_input, folder = (pool.read(asked("pid"))[0].software or "").split()
    return int(pid), int(session), standard_input, folder


def test_the_worker_is_out_of_reach_of_the_terminal() -> None:
    with HostilePool(1) as pool:
        pid, session, standard_input, folder = worker_of(pool)
        os.kill(pid, signal.SIGINT)

        assert session == pid != os.getsid(0)
        assert (standard_input, folder) == ("/dev/null", "/")
        assert worker_of(pool)[0] == pid


def test_a_worker_that_was_killed_between_files_is_replaced_without_loss() -> None:
    with HostilePool(1) as pool:
        pid = worker_of(pool)[0]
        os.kill(pid, signal.SIGKILL)
        until(lambda: is_gone(pid))

        assert said(pool.read(asked("a"))) == ["a"]


def test_a_worker_is_replaced_before_its_libraries_leak_much(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool_module, "_LIFE", 3)

    with HostilePool(1) as pool:
        first = worker_of(pool)[0]
        pool.read(asked("a", "b"))
        assert worker_of(pool)[0] != first
        assert len(pool._alive) == 1


def test_workers_end_with_the_pool() -> None:
    with HostilePool(1) as pool:
        pid = worker_of(pool)[0]
    assert is_gone(pid)


def test_a_pool_can_be_closed_while_it_reads() -> None:
    found: list[Metadata] = []
    pool = HostilePool(1, Limits(seconds=3600.0))
    reading = threading.Thread(target=lambda: found.extend(pool.read(asked("hang", "hang"))), daemon=True)
    reading.start()
    until(lambda: any(is_busy(worker._process.pid) for worker in list(pool._alive)))

    closing = threading.Thread(target=pool.close, daemon=True)
    closing.start()
    until(lambda: not closing.is_alive() and not reading.is_alive())

    assert len(found) == 2
    assert all(one.trouble for one in found)
    assert not pool._alive


def test_a_worker_ends_itself_when_a_file_takes_too_long() -> None:
    """Even if the program does not look, or is no more."""
    pool = HostilePool(1, Limits(seconds=0.5))
    with subprocess.Popen(pool.command(), stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as worker:
        assert worker.stdin
        worker.stdin.write(pack_requests(asked("hang")))
        worker.stdin.flush()
        try:
            assert worker.wait(60) == -signal.SIGALRM
        finally:
            worker.kill()


def test_no_process_at_all_is_trouble_of_every_file(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[int] = []

    class NoPool(MetadataPool):
        def command(self) -> Sequence[str]:
            started.append(1)
            return ["/nowhere/python"]

    class SilentPool(NoPool):
        def command(self) -> Sequence[str]:
            return [sys.executable, "-c", "pass"]

    for kind in (NoPool, SilentPool):
        with kind(1) as pool:
            assert all(one.trouble for one in pool.read(asked(*"abcdefgh")))
    assert len(started) == 3, "it is not tried for ever"


PROGRAM = """
import sys
sys.path[:] = {path!r}
from test_pool import HostilePool, asked, worker_of
from cardcat.media.protocol import Limits
pool = HostilePool(1, Limits(seconds=600.0))
print(worker_of(pool)[0], flush=True)
pool.read(asked({name!r}))
input()
"""


@pytest.mark.parametrize("name", ["a", "hang"])
def test_workers_die_with_the_program_even_in_the_middle_of_a_file(name: str) -> None:
    code = PROGRAM.format(path=[str(Path(__file__).parent), *sys.path], name=name)
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", code], stdin=pipe, stdout=pipe) as program:
        assert program.stdout
        pid = int(program.stdout.readline())
        until(lambda: name != "hang" or is_busy(pid))
        program.kill()

    until(lambda: is_gone(pid))


def until(condition: Callable[[], bool]) -> None:
    """Wait for what must come; a minute means never."""
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def is_busy(pid: int) -> bool:
    """Whether the process has computed for a second."""
    times = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(times[11]) >= os.sysconf("SC_CLK_TCK")


def is_gone(pid: int) -> bool:
    """Whether the process has ended; the system may not have cleared it away yet."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def test_nothing_is_imported_from_the_folder_the_user_is_in(
    photo: Callable[..., bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("json", "exifread", "cardcat", "signal"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('imported from the wrong folder')")
    (tmp_path / "photo.jpg").write_bytes(photo())
    monkeypatch.chdir(tmp_path)
    for entry in (".", "", str(tmp_path)):
        monkeypatch.syspath_prepend(entry)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))

    with MetadataPool(1) as pool:
        assert pool.read([(Path("photo.jpg"), Kind.IMAGE)])[0].camera_make == "Canon"


def test_the_worker_brings_no_heavy_imports() -> None:
    code = "import sys, cardcat.media.worker; print(*sys.modules)"
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    loaded = subprocess.run(
        [sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True
    ).stdout

    heavy = {"sqlalchemy", "polars", "typer", "prefect", "pymediainfo", "exiv2", "PIL"}
    assert not heavy & set(loaded.split())


def test_the_program_itself_loads_no_parser() -> None:
    code = "import sys, cardcat.media.pool, cardcat.media.kind; print(*sys.modules)"
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    loaded = subprocess.run(
        [sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True
    ).stdout

    assert not {"exifread", "exiv2", "pymediainfo", "PIL", "polars", "sqlalchemy"} & set(loaded.split())


PATHS = st.binary(min_size=1).filter(lambda raw: b"\0" not in raw).map(lambda raw: Path(os.fsdecode(raw)))


@given(st.lists(st.tuples(PATHS, st.sampled_from(Kind))))
def test_requests_arrive_as_they_were_sent(requests: list[tuple[Path, Kind]]) -> None:
    line = pack_requests(requests)

    assert line.isascii()
    assert line.count(b"\n") == 1
    assert unpack_requests(line) == requests


INTEGERS = st.integers(-(1 << 53) + 1, (1 << 53) - 1)


@given(
    st.builds(
        Metadata,
        camera_make=st.none() | st.text(),
        duration_seconds=st.none() | st.floats(-1e9, 1e9),
        resolution_width=st.none() | INTEGERS,
        details=st.builds(
            Details,
            date_source=st.none() | st.sampled_from(DateSource),
            orientation=st.none() | INTEGERS,
            clips=st.lists(st.text()).map(tuple),
        ),
    )
)
def test_answers_arrive_as_they_were_sent(found: Metadata) -> None:
    assert unpack_answer(pack_answer(found)) == found


@pytest.mark.parametrize("line", [b"", b"[1]", b"{", b'{"colour": "red"}', b"null", b"\xff"])
def test_no_answer_of_a_worker_is_a_value_error(line: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - whatever its text
        unpack_answer(line)


@pytest.mark.parametrize("number", [1 << 53, -(1 << 64), float("inf"), float("nan")])
def test_a_number_that_no_database_holds_goes_no_further(number: float) -> None:
    found = unpack_answer(pack_answer(Metadata(duration_seconds=number, details=Details(bit_depth=number))))  # type: ignore[arg-type]

    assert found == Metadata()


def test_half_a_character_goes_no_further() -> None:
    found = unpack_answer(pack_answer(Metadata(software="a\ud800b", details=Details(codec="\udfff"))))

    assert (found.software, found.details.codec) == ("a?b", "?")
