"""A command's process ends as soon as all is done: nothing is lost, and nothing is taken apart."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import atexit, sys, threading, time
from cardcat.cli import main

class Part:
    def __del__(self):
        print("taken apart")

def slow():
    time.sleep(0.05)
    print("thread")

def work(arguments):
    threading.Thread(target=slow).start()
    atexit.register(print, "at exit")
    print("said")
    if arguments == ["bug"]:
        raise ValueError("a bug")
    if arguments == ["twice"]:
        raise KeyboardInterrupt
    return 7

part = Part()
main.main = work
main.run()
"""


FIRST = "import atexit; atexit.register(print, 'first')\n"


def ended(word: str, *, stdout: int = subprocess.PIPE, before: str = "") -> tuple[int, list[str], str]:
    buffered = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    done = subprocess.run(
        [sys.executable, "-c", before + PROGRAM, word],
        stdout=stdout,
        stderr=subprocess.PIPE,
        env=buffered,
        text=True,
        check=False,
    )
    return done.returncode, (done.stdout or "").split("\n"), done.stderr


def test_threads_and_what_is_to_be_done_at_exit_come_first() -> None:
    assert ended("") == (7, ["said", "thread", "at exit", ""], "")


def test_what_others_had_to_be_done_at_exit_before_is_done_too() -> None:
    code, said, _ = ended("", before=FIRST)
    assert (code, said[:4]) == (7, ["said", "thread", "at exit", "first"])


def test_a_second_ctrl_c_has_its_exit_code() -> None:
    assert ended("twice") == (130, ["said", "thread", "at exit", ""], "")


def test_a_bug_ends_as_python_ends_it() -> None:
    code, said, told = ended("bug")
    assert (code, said) == (1, ["said", "thread", "at exit", "taken apart", ""])
    assert told.endswith("ValueError: a bug\n")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
def test_what_can_not_be_written_any_more_is_not_passed_over() -> None:
    full = os.open("/dev/full", os.O_WRONLY)
    try:
        code, _, told = ended("", stdout=full)
    finally:
        os.close(full)
    assert code == 120  # Python's own, for what was printed and could not be written
    assert "No space left on device" in told
