"""The command as a process of its own: what it imports, signals, closed streams, odd terminals."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.support import Desk, fill, jpeg

HEAVY = ("prefect", "polars", "duckdb", "pandera")
BUFFERED = dict(os.environ) | {"PYTHONUNBUFFERED": ""}  # as it is for a user: errors come late, at the flush
RUN = "from cardcat.cli.main import run; run()"

# A backup that says when it has begun, and goes on until it is asked to stop, or for ever.
PATIENT = """
import sys, time, types
from cardcat.cli.main import run
from cardcat.model import BackupResult, Counts, SessionResult, SessionStatus

def patient(options, *, catalog, stop):
    print("begun", file=sys.stderr, flush=True)
    while not stop() or {obstinate}:
        time.sleep(0.01)
    session = SessionResult(1, "/mnt/a", SessionStatus.CANCELLED, False, Counts(scanned=2, pending=2), 0, 0)
    return BackupResult(SessionStatus.CANCELLED, (session,), 0, 0.1)

sys.modules["cardcat.backup"] = types.SimpleNamespace(backup=patient)
run()
"""


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A catalog with a session in it."""
    desk = Desk(tmp_path_factory.mktemp("desk"))
    fill(desk.card, {"1.JPG": jpeg(1)})
    desk.backup()
    return desk.catalog


def start(*arguments: str | bytes, code: str = RUN, **environment: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=BUFFERED | environment,
    )


def ended(process: subprocess.Popen[bytes]) -> tuple[int, str, str]:
    out, err = process.communicate(timeout=60)
    return process.returncode, out.decode(), err.decode()


@pytest.mark.parametrize(
    ("words", "unwanted"),
    [
        ("--help", (*HEAVY, "sqlalchemy", "rich")),
        ("backup --help", (*HEAVY, "sqlalchemy", "rich")),
        ("sessions list", HEAVY),
        ("sessions show 1", HEAVY),
        ("volumes list", HEAVY),
        ("catalog status", HEAVY),
        ("show 1.JPG", HEAVY),
        ("metadata refresh", HEAVY),
    ],
)
def test_quick_commands_import_little(words: str, unwanted: tuple[str, ...], catalog: Path) -> None:
    code = (
        "import sys; from cardcat.cli.main import main; main(sys.argv[1:]);"
        f"print('loaded:', [name for name in {unwanted!r} if name in sys.modules])"
    )
    _, out, err = ended(start(*words.split(), code=code, CARDCAT_CATALOG=str(catalog)))
    assert out.splitlines()[-1] == "loaded: []", err


def patient(number: signal.Signals, *, obstinate: bool = False) -> tuple[int, str, str]:
    """What a backup says that gets this signal, or if it is obstinate gets it twice."""
    code = PATIENT.format(obstinate=obstinate)
    process = start("backup", "/card", "/mnt/a", "--direct", "--json", code=code)
    assert process.stderr is not None
    assert process.stderr.readline() == b"begun\n"
    process.send_signal(number)
    if obstinate:
        assert process.stderr.readline() == b"\n"
        assert b"Press Ctrl-C again" in process.stderr.readline()
        process.send_signal(number)
    return ended(process)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_a_backup_after_what_is_in_hand(number: signal.Signals) -> None:
    code, out, err = patient(number)
    assert code == 130
    assert json.loads(out)["sessions"][0]["status"] == "cancelled"
    assert ("Press Ctrl-C again" in err) == (number is signal.SIGINT)
    assert "Traceback" not in err


def test_a_second_ctrl_c_ends_it_at_once() -> None:
    code, out, err = patient(signal.SIGINT, obstinate=True)
    assert code == 130
    assert json.loads(out)["error"]["exit_code"] == 130
    assert "Traceback" not in err


def test_names_that_are_no_text_come_through(tmp_path: Path) -> None:
    card = tmp_path / os.fsdecode(b"card\xff\x1b[31m")
    fill(card, {os.fsdecode(b"DCIM/\xfe\n.JPG"): jpeg(1)})
    drive = tmp_path / os.fsdecode(b"drive\xff")
    drive.mkdir()
    where = {"CARDCAT_CATALOG": str(tmp_path / "catalog.db")}
    words = (b"backup", os.fsencode(card), os.fsencode(drive), b"--direct", b"--layout", b"tree")
    code, out, err = ended(start(*words, **where))
    assert code == 0, err
    assert "drive\\xff" in out
    assert "\x1b" not in out + err
    assert (drive / os.fsdecode(b"DCIM/\xfe\n.JPG")).is_file()
    code, out, err = ended(start("sessions", "show", "1", **where))
    assert f"Source:       {tmp_path}/card\\xff\\x1b[31m\n" in out


@pytest.mark.parametrize(
    "environment", [{"PYTHONIOENCODING": "ascii"}, {"LC_ALL": "C", "PYTHONUTF8": "0"}, {"TERM": "dumb"}]
)
def test_any_terminal_takes_any_name(tmp_path: Path, environment: Mapping[str, str]) -> None:
    code, out, err = ended(start("safe-to-format", str(tmp_path / "Zürich 写真"), **environment))
    assert code == 3
    assert "can't be opened" in err
    assert "Traceback" not in out + err


@pytest.mark.parametrize("words", ["--help", "sessions list", "sessions list --json", "sessions list --no"])
@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_streams_that_are_closed_or_full_show_no_traceback(tmp_path: Path, words: str, stream: str) -> None:
    command = [sys.executable, "-c", RUN, *words.split()]
    environment = BUFFERED | {"CARDCAT_CATALOG": str(tmp_path / "catalog.db")}
    number = {"stdout": 1, "stderr": 2}[stream]
    for redirection in (f"{number}>&-", f"{number}>/dev/full"):
        shell = ["sh", "-c", f'"$@" {redirection}', "sh", *command]
        done = subprocess.run(shell, capture_output=True, env=environment, check=False, timeout=60)
        assert done.returncode in (0, 1, 2)
        assert b"Traceback" not in done.stdout + done.stderr
        assert b"Exception ignored" not in done.stdout + done.stderr


@pytest.mark.parametrize("words", ["--help", "sessions list", "sessions list --json"])
def test_a_reader_who_has_gone_is_no_error(tmp_path: Path, words: str) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    environment = BUFFERED | {"CARDCAT_CATALOG": str(tmp_path / "catalog.db")}
    done = subprocess.run(
        [sys.executable, "-c", RUN, *words.split()],
        stdout=writing,
        stderr=subprocess.PIPE,
        env=environment,
        check=False,
        timeout=60,
    )
    os.close(writing)
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize("words", ["--help", "--version", "sessions list", "sessions list --json"])
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_full_disk_below_the_answer_is_an_error(tmp_path: Path, words: str, unbuffered: str) -> None:
    environment = {"CARDCAT_CATALOG": str(tmp_path / "catalog.db"), "PYTHONUNBUFFERED": unbuffered}
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-c", RUN, *words.split()],
            env=BUFFERED | environment,
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
            timeout=60,
        )
    assert done.returncode == 1
    assert done.stderr == b"No space left on device while the answer was written to standard output.\n"


def test_completion_knows_the_commands(tmp_path: Path) -> None:
    asked = {"_CARDCAT_COMPLETE": "complete_bash", "COMP_WORDS": "cardcat s", "COMP_CWORD": "1"}
    code, out, _ = ended(start(**asked))
    assert code == 0
    assert set(out.split()) == {"safe-to-format", "sessions", "server", "show"}
    code, out, _ = ended(start("--show-completion", "bash", _TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION="1"))
    assert code == 0
    assert "_CARDCAT_COMPLETE=complete_bash" in out
